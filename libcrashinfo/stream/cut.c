/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/cut.h"

#include <string.h>

#include "stream/markers.h"
#include "stream/stream.h"

/* Keep what the beginning of a line still takes of `bytes`. */
static void keep(struct stream_cut *cut, const char *bytes, size_t size)
{
	size_t room = sizeof(cut->line) - cut->size;

	if (size > room)
		size = room;
	memcpy(cut->line + cut->size, bytes, size);
	cut->size += size;
}

/* At the end of a line; whether it was the last one of the stream. */
static bool end_line(struct stream_cut *cut)
{
	struct crashinfo_slice line = {cut->line, cut->size};

	cut->size = 0;
	if (!stream_has_prefix(line, STREAM_MARKER_PREFIX))
		return false;
	if (!cut->section) {
		cut->section = stream_section_find(line);
		return !cut->section && stream_has_prefix(line, STREAM_DONE);
	}
	if (stream_has_prefix(line, cut->section->end))
		cut->section = NULL;
	return false;
}

size_t stream_cut_take(struct stream_cut *cut, const char *bytes, size_t size, bool *done_ret)
{
	size_t at = 0;

	while (at < size) {
		const char *newline = memchr(bytes + at, '\n', size - at);
		size_t end = newline ? (size_t)(newline - bytes) : size;

		keep(cut, bytes + at, end - at);
		at = newline ? end + 1 : end;
		if (newline && end_line(cut)) {
			*done_ret = true;
			return at;
		}
	}
	return at;
}

/* All collectors send these first; a stray section behind the end is none. */
static bool begins_stream(const struct stream_cut *cut)
{
	struct crashinfo_slice line = {cut->line, cut->size};

	return stream_has_prefix(line, STREAM_BEGIN(STREAM_CONFIG)) ||
	       stream_has_prefix(line, STREAM_BEGIN(STREAM_METADATA));
}

size_t stream_cut_seek(struct stream_cut *cut, const char *bytes, size_t size, bool *found_ret)
{
	size_t at = 0;

	if (!size)
		*found_ret = begins_stream(cut);
	while (at < size) {
		const char *newline = memchr(bytes + at, '\n', size - at);
		size_t room = sizeof(cut->line) - cut->size;
		size_t end = newline ? (size_t)(newline - bytes) : size;

		/* not more than is kept: the stream is read on from there */
		if (room && end - at > room)
			end = at + room;
		keep(cut, bytes + at, end - at);
		at = end;
		if ((newline || cut->size == sizeof(cut->line)) && room && begins_stream(cut)) {
			*found_ret = true;
			return at;
		}
		if (at < size && bytes[at] == '\n') {
			cut->size = 0;
			at++;
		}
	}
	return at;
}
