/* SPDX-License-Identifier: Apache-2.0 */
/* Collector streams in a row in one source, each read to its end and no further. */
#ifndef BUNDLE_INPUT_STREAM_H
#define BUNDLE_INPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/error.h>

#include "bundle/input_source.h"
#include "stream/cut.h"

/* Zero-initialized, it is at the beginning of the first stream. */
struct input_stream {
	struct stream_cut cut;
	bool done;                    /* read to its end */
	char ahead[STREAM_CUT_BYTES]; /* its beginning, which is not in the source any more */
	size_t ahead_size, ahead_offset;
};

/* As crashinfo_inputs_read(). */
struct crashinfo_error *input_stream_read(struct input_stream *stream, struct input_source *source,
					  char *buffer, size_t capacity, size_t *size_ret);

/*
 * Pass over what is left of the stream and what is no stream behind it; `*found_ret` says whether
 * there is another. From a pipe that stays open nothing is awaited for long.
 */
struct crashinfo_error *input_stream_next(struct input_stream *stream, struct input_source *source,
					  bool *found_ret);

#endif
