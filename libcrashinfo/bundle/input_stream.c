/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/input_stream.h"

#include <string.h>

/* Take bytes that belong to the stream; none at its end. */
static struct crashinfo_error *take(struct input_stream *stream, struct input_source *source,
				    size_t capacity, struct crashinfo_slice *ret)
{
	struct crashinfo_slice bytes;
	struct crashinfo_error *error;
	size_t size;

	if (stream->ahead_offset < stream->ahead_size) {
		bytes.data = stream->ahead + stream->ahead_offset;
		bytes.size = stream->ahead_size - stream->ahead_offset;
		bytes.size = bytes.size < capacity ? bytes.size : capacity;
		stream->ahead_offset += bytes.size;
		/* part of one line, so that it cannot be the end */
		stream_cut_take(&stream->cut, bytes.data, bytes.size, &stream->done);
		*ret = bytes;
		return NULL;
	}
	error = input_source_take(source, &bytes);
	if (error)
		return error;
	size = bytes.size < capacity ? bytes.size : capacity;
	size = stream_cut_take(&stream->cut, bytes.data, size, &stream->done);
	input_source_give_back(source, bytes.size - size);
	*ret = (struct crashinfo_slice){bytes.data, size};
	return NULL;
}

struct crashinfo_error *input_stream_read(struct input_stream *stream, struct input_source *source,
					  char *buffer, size_t capacity, size_t *size_ret)
{
	struct crashinfo_slice bytes = {NULL, 0};
	struct crashinfo_error *error = NULL;

	if (!stream->done)
		error = take(stream, source, capacity, &bytes);
	if (error)
		return error;
	if (bytes.size)
		memcpy(buffer, bytes.data, bytes.size);
	*size_ret = bytes.size;
	return NULL;
}

static struct crashinfo_error *pass_over(struct input_stream *stream, struct input_source *source)
{
	struct crashinfo_slice bytes = {NULL, 1};
	struct crashinfo_error *error = NULL;

	while (!error && !stream->done && bytes.size && !input_source_is_idle(source))
		error = take(stream, source, SIZE_MAX, &bytes);
	return error;
}

struct crashinfo_error *input_stream_next(struct input_stream *stream, struct input_source *source,
					  bool *found_ret)
{
	struct crashinfo_slice bytes = {NULL, 1};
	struct crashinfo_error *error = pass_over(stream, source);
	struct stream_cut cut = {.size = 0};
	bool found = false;

	while (!error && stream->done && !found && bytes.size && !input_source_is_idle(source)) {
		size_t passed;

		error = input_source_take(source, &bytes);
		if (error)
			break;
		passed = stream_cut_seek(&cut, bytes.data, bytes.size, &found);
		input_source_give_back(source, bytes.size - passed);
	}
	if (error)
		return error;
	*stream = (struct input_stream){.ahead_size = found ? cut.size : 0};
	memcpy(stream->ahead, cut.line, cut.size);
	*found_ret = found;
	return NULL;
}
