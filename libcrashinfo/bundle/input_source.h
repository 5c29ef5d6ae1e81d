/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of one input, the first of which can be looked at before they are read. */
#ifndef BUNDLE_INPUT_SOURCE_H
#define BUNDLE_INPUT_SOURCE_H

#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/input.h>

#include "base/strbuf.h"

struct input_source {
	int fd; /* -1: none */
	char *name;
	char modified[28];  /* as in struct crashinfo_input */
	struct strbuf head; /* read ahead */
	size_t head_offset; /* of it read by now */
};

/* Takes over `fd` (unless it is standard input) and `name`, also on failure. */
struct crashinfo_error *input_source_open(struct input_source *source, int fd, char *name);
void input_source_close(struct input_source *source);

/* As crashinfo_inputs_read(). */
struct crashinfo_error *input_source_read(struct input_source *source, char *buffer,
					  size_t capacity, size_t *size_ret);
/* Read all of it; LIMIT when it has more than `max_bytes`. */
struct crashinfo_error *input_source_read_all(struct input_source *source, size_t max_bytes,
					      struct strbuf *buf);

/* The journal of uploads lies beside or among reports and is none; its version follows. */
#define INPUT_JOURNAL_MARK "ddcrash-journal "

/* What the beginning of an input says about it. */
enum input_format {
	INPUT_FORMAT_EMPTY, /* nothing but blanks */
	INPUT_FORMAT_JSON,
	INPUT_FORMAT_STREAM,
	INPUT_FORMAT_UNKNOWN,
};
enum input_format input_sniff(const char *text, size_t size);

#endif
