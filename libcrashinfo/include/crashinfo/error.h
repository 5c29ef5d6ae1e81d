/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of libcrashinfo.
 *
 * Every function that can fail returns `struct crashinfo_error *`: NULL on success, otherwise an
 * object that the caller owns and must pass to crashinfo_error_destroy() or hand on. Output
 * parameters are untouched when an error is returned. Nothing in the library prints, exits,
 * changes signals or changes the locale.
 */
#ifndef CRASHINFO_ERROR_H
#define CRASHINFO_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crashinfo_error_code {
	CRASHINFO_ERROR_OTHER,
	CRASHINFO_ERROR_NO_MEMORY,
	CRASHINFO_ERROR_OS,          /* a system call failed; errnum says how */
	CRASHINFO_ERROR_NOT_FOUND,   /* what was asked for does not exist */
	CRASHINFO_ERROR_SYNTAX,      /* text breaks its grammar (JSON, maps, a number) */
	CRASHINFO_ERROR_FORMAT,      /* well-formed text or file, but not what was expected of it */
	CRASHINFO_ERROR_LIMIT,       /* a limit of struct crashinfo_limits was reached */
	CRASHINFO_ERROR_MISMATCH,    /* a build id, CRC or other identity differs */
	CRASHINFO_ERROR_UNSUPPORTED, /* valid, but this build or version cannot handle it */
	CRASHINFO_ERROR_INVALID_ARGUMENT,
};

struct crashinfo_error {
	enum crashinfo_error_code code;
	int errnum;      /* errno of the failed call, 0 when there is none */
	char *message;   /* one line, UTF-8, may hold bytes of the input: escape before printing */
	char *source;    /* file, member or "-" the position refers to; NULL when unknown */
	uint64_t offset; /* bytes from the start of source; meaningful when line != 0 */
	uint32_t line;   /* from 1; 0 when there is no position */
	uint32_t column; /* from 1, in Unicode code points; 0 when only the line is known */
};

/* Free `error`; NULL is a no-op, and so is the static out-of-memory object. */
void crashinfo_error_destroy(struct crashinfo_error *error);

/* A new error; `format` is as in printf. Never NULL: out of memory gives the static object. */
struct crashinfo_error *crashinfo_error_create(enum crashinfo_error_code code, const char *format,
					       ...) __attribute__((format(printf, 2, 3)));

/* An error of code OS that appends strerror(errnum) to the message. */
struct crashinfo_error *crashinfo_error_from_errno(int errnum, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The static object for a failed allocation; destroying it is a no-op. */
struct crashinfo_error *crashinfo_error_no_memory(void);

/*
 * Put "`format`: " in front of the message of `error`, which is taken over; returns it. Code,
 * errnum and position stay. NULL stays NULL, so a call can be wrapped in place.
 */
struct crashinfo_error *crashinfo_error_wrap(struct crashinfo_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Record where in which input `error` happened. `source` is copied, NULL leaves it as it is. */
struct crashinfo_error *crashinfo_error_at(struct crashinfo_error *error, const char *source,
					   uint64_t offset, uint32_t line, uint32_t column);

#ifdef __cplusplus
}
#endif
#endif
