/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every call of the library is given: the limits it must keep and where its log goes.
 * All members may be changed before use; NULL in place of a context means the defaults.
 */
#ifndef CRASHINFO_CONTEXT_H
#define CRASHINFO_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Bounds on everything that input controls. crashinfo_limits_default() gives the values and
 * libcrashinfo/base/limits.c the reason for each. Reaching one is an error or a note in the
 * result, never silence.
 */
struct crashinfo_limits {
	size_t input_bytes;          /* one input file read into memory */
	size_t input_errors;         /* bad documents or archive members before a file is left */
	size_t member_bytes;         /* the same for what an archive or compressed file holds */
	size_t archive_members;      /* of one file, those of archives in archives too */
	size_t archive_bytes;        /* of one file, expanded */
	size_t archive_ratio;        /* expanded bytes for each byte of a file */
	size_t archive_depth;        /* archives within each other, compressed files included */
	size_t archive_header_bytes; /* names, tables, directories and windows held at once */
	size_t json_depth;           /* nested arrays and objects */
	size_t json_nodes;           /* values and member names in one document */
	size_t stream_line_bytes;    /* one line of a collector stream */
	size_t stream_frames;        /* frames kept per stack of a stream */
	size_t stream_entries;       /* counters, files, log messages of one stream, each */
	size_t stream_report_bytes;  /* payload kept from one stream */
	size_t maps_entries;         /* lines of one maps text */
	size_t stack_frames;         /* frames of one stack that are symbolized */
	size_t inline_depth;         /* inlined frames at one address */
	size_t tree_files;           /* files looked at below one debug folder */
	size_t tree_depth;           /* nested folders below one debug folder */
	size_t download_bytes;       /* one debug file from a server */
	size_t inflated_bytes;       /* what one compressed section may grow to */
	size_t symbol_bytes;         /* what all of one module may, with those of its dwz file */
	size_t windowed_bytes;       /* compressed .debug_info from this size on is kept in part */
	size_t demangled_bytes;      /* length of one demangled name */
	size_t long_names_bytes;     /* names and paths beyond 4 KiB in all answers together */
	size_t note_bytes;           /* one ELF note segment or section */
	size_t core_note_bytes;      /* the list of mapped files of one core file */
	size_t core_threads;         /* of one core file */
	size_t pattern_steps;        /* of matching one pattern of a schema with one string */
	size_t scrub_rules;          /* of one file of scrubbing rules */
	size_t scrub_milliseconds;   /* of the processor for one of them and one string */
	size_t schema_steps;         /* schemas tried for each value of a document */
};

enum crashinfo_log_level {
	CRASHINFO_LOG_ERROR,
	CRASHINFO_LOG_WARNING,
	CRASHINFO_LOG_INFO,
	CRASHINFO_LOG_DEBUG,
};

/* Called with one line without newline; `message` lives until the call returns. */
typedef void crashinfo_log_fn(void *user, enum crashinfo_log_level level, const char *message);

struct crashinfo_context {
	struct crashinfo_limits limits;
	crashinfo_log_fn *log; /* NULL: nothing is logged */
	void *log_user;
};

struct crashinfo_limits crashinfo_limits_default(void);

/* A context with default limits and no log. */
struct crashinfo_context crashinfo_context_default(void);

/* The version of the library, "MAJOR.MINOR.PATCH"; static storage. */
const char *crashinfo_version(void);

#ifdef __cplusplus
}
#endif
#endif
