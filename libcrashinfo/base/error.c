/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/error.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct crashinfo_error no_memory = {
	.code = CRASHINFO_ERROR_NO_MEMORY,
	.message = (char *)"out of memory",
};

struct crashinfo_error *crashinfo_error_no_memory(void)
{
	return &no_memory;
}

void crashinfo_error_destroy(struct crashinfo_error *error)
{
	if (!error || error == &no_memory)
		return;
	free(error->message);
	free(error->source);
	free(error);
}

static struct crashinfo_error *error_vcreate(enum crashinfo_error_code code, int errnum,
					     const char *format, va_list args)
{
	struct crashinfo_error *error = calloc(1, sizeof(*error));

	if (!error)
		return &no_memory;
	error->code = code;
	error->errnum = errnum;
	if (vasprintf(&error->message, format, args) < 0) {
		free(error);
		return &no_memory;
	}
	return error;
}

struct crashinfo_error *crashinfo_error_create(enum crashinfo_error_code code, const char *format,
					       ...)
{
	struct crashinfo_error *error;
	va_list args;

	va_start(args, format);
	error = error_vcreate(code, 0, format, args);
	va_end(args);
	return error;
}

/* Replace the message by the `asprintf`-made `message`; the old one stays when that failed. */
static struct crashinfo_error *error_set_message(struct crashinfo_error *error, int length,
						 char *message)
{
	if (length < 0) {
		crashinfo_error_destroy(error);
		return &no_memory;
	}
	free(error->message);
	error->message = message;
	return error;
}

struct crashinfo_error *crashinfo_error_from_errno(int errnum, const char *format, ...)
{
	struct crashinfo_error *error;
	char *message = NULL;
	va_list args;
	int length;

	va_start(args, format);
	error = error_vcreate(CRASHINFO_ERROR_OS, errnum, format, args);
	va_end(args);
	if (error == &no_memory)
		return error;
	/* thread safe, and the same in every libc */
	errno = errnum;
	length = asprintf(&message, "%s: %m", error->message);
	return error_set_message(error, length, message);
}

struct crashinfo_error *crashinfo_error_wrap(struct crashinfo_error *error, const char *format, ...)
{
	char *prefix = NULL, *message = NULL;
	va_list args;
	int length;

	if (!error || error == &no_memory)
		return error;
	va_start(args, format);
	length = vasprintf(&prefix, format, args);
	va_end(args);
	if (length >= 0) {
		length = asprintf(&message, "%s: %s", prefix, error->message);
		free(prefix);
	}
	return error_set_message(error, length, message);
}

struct crashinfo_error *crashinfo_error_at(struct crashinfo_error *error, const char *source,
					   uint64_t offset, uint32_t line, uint32_t column)
{
	if (!error || error == &no_memory)
		return error;
	error->offset = offset;
	error->line = line;
	error->column = column;
	if (source) {
		/* without memory the position is still worth having */
		free(error->source);
		error->source = strdup(source);
	}
	return error;
}
