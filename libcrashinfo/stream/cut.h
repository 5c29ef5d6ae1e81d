/* SPDX-License-Identifier: Apache-2.0 */
/* Where one of several streams in a row ends and the next begins; bytes come in pieces. */
#ifndef STREAM_CUT_H
#define STREAM_CUT_H

#include <stdbool.h>
#include <stddef.h>

struct stream_section;

/* The beginning of a line; all markers are shorter. */
#define STREAM_CUT_BYTES 64

struct stream_cut {
	const struct stream_section *section; /* NULL between sections */
	char line[STREAM_CUT_BYTES];          /* beginning of the line at hand */
	size_t size;
};

/*
 * Within a stream: how many of `bytes` belong to it. `*done_ret` is set when its last line ends
 * with them; `cut` is as new then.
 */
size_t stream_cut_take(struct stream_cut *cut, const char *bytes, size_t size, bool *done_ret);

/*
 * Behind a stream: how many of `bytes` to pass over, none at the end of input. `*found_ret` is set
 * when `line` is the beginning of the next stream: the section of its config or metadata.
 */
size_t stream_cut_seek(struct stream_cut *cut, const char *bytes, size_t size, bool *found_ret);

#endif
