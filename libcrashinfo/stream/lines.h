/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts bytes that come in pieces of any size into lines, in bounded memory. */
#ifndef STREAM_LINES_H
#define STREAM_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/json.h>

#include "base/strbuf.h"

struct stream_lines {
	struct strbuf held; /* the beginning of a line whose end has not come yet */
	size_t max_bytes;   /* of a line */
	bool cut;           /* the line is longer than what `held` has of it */
	bool given_out;     /* what is held was returned as a line */
};

struct stream_line {
	struct crashinfo_slice text; /* without "\n" or "\r\n"; valid until the next call */
	bool cut;                    /* it is longer than max_bytes, which is what `text` has */
};

void stream_lines_init(struct stream_lines *lines, size_t max_bytes);
void stream_lines_deinit(struct stream_lines *lines);

/*
 * Take the next line off the front of `*bytes`, which is moved behind it. False when its end has
 * not come yet: all of `*bytes` is taken then. Check stream_lines_failed() after false.
 */
bool stream_lines_next(struct stream_lines *lines, struct crashinfo_slice *bytes,
		       struct stream_line *ret);

/* At the end of input: the last line when it has no newline. */
bool stream_lines_last(struct stream_lines *lines, struct stream_line *ret);

/* Memory ran out; the lines are incomplete. */
bool stream_lines_failed(const struct stream_lines *lines);

#endif
