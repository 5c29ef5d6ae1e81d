/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/lines.h"

#include <string.h>

void stream_lines_init(struct stream_lines *lines, size_t max_bytes)
{
	*lines = (struct stream_lines){.max_bytes = max_bytes};
}

void stream_lines_deinit(struct stream_lines *lines)
{
	strbuf_deinit(&lines->held);
}

bool stream_lines_failed(const struct stream_lines *lines)
{
	return lines->held.failed;
}

/* Keep `size` bytes of an unfinished line: one more than the limit, which may be a "\r". */
static void hold(struct stream_lines *lines, const char *bytes, size_t size)
{
	size_t room;

	if (lines->given_out)
		strbuf_clear(&lines->held);
	lines->given_out = false;
	room = lines->max_bytes + 1 - lines->held.size;
	lines->cut |= size > room;
	strbuf_add(&lines->held, bytes, size < room ? size : room);
}

static bool is_holding(const struct stream_lines *lines)
{
	return lines->held.size && !lines->given_out;
}

static struct stream_line finish(const struct stream_lines *lines, const char *text, size_t size,
				 bool cut)
{
	if (!cut && size && text[size - 1] == '\r')
		size--;
	cut |= size > lines->max_bytes;
	return (struct stream_line){.text = {text, cut ? lines->max_bytes : size}, .cut = cut};
}

static struct stream_line give_out(struct stream_lines *lines)
{
	bool cut = lines->cut;

	lines->given_out = true;
	lines->cut = false;
	return finish(lines, lines->held.data, lines->held.size, cut);
}

bool stream_lines_next(struct stream_lines *lines, struct crashinfo_slice *bytes,
		       struct stream_line *ret)
{
	const char *begin = bytes->data;
	const char *newline = bytes->size ? memchr(begin, '\n', bytes->size) : NULL;
	size_t size = newline ? (size_t)(newline - begin) : bytes->size;
	size_t taken = newline ? size + 1 : size;

	if (!newline || is_holding(lines))
		hold(lines, begin, size);
	bytes->data += taken;
	bytes->size -= taken;
	if (!newline || lines->held.failed)
		return false;
	*ret = is_holding(lines) ? give_out(lines) : finish(lines, begin, size, false);
	return true;
}

bool stream_lines_last(struct stream_lines *lines, struct stream_line *ret)
{
	if (lines->held.failed || !is_holding(lines))
		return false;
	*ret = give_out(lines);
	return true;
}
