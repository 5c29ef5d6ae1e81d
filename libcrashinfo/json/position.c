/* SPDX-License-Identifier: Apache-2.0 */
#include "json/position.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "json/document.h"

/* 16 bytes at a time: a report may be large and have a hundred findings. */
typedef signed char chars __attribute__((vector_size(16)));

/* Bytes that equal `byte`, or with `at_least` those not below it as signed numbers. */
static inline __attribute__((always_inline)) size_t count_bytes(const char *text, size_t size,
								signed char byte, bool at_least)
{
	size_t count = 0, i = 0;

	while (size - i >= sizeof(chars)) {
		chars sum = {0}, bytes;

		/* a lane holds up to 127 */
		for (int round = 0; round < 127 && size - i >= sizeof(bytes); round++) {
			memcpy(&bytes, text + i, sizeof(bytes));
			sum -= (chars)(at_least ? bytes >= byte : bytes == byte);
			i += sizeof(bytes);
		}
		for (size_t lane = 0; lane < sizeof(sum); lane++)
			count += (unsigned char)sum[lane];
	}
	for (; i < size; i++)
		count += at_least ? (signed char)text[i] >= byte : text[i] == byte;
	return count;
}

static size_t count_newlines(const char *text, size_t size)
{
	return count_bytes(text, size, '\n', false);
}

/* Code points of valid UTF-8: the bytes that do not continue one, 0x80 to 0xbf. */
static size_t count_code_points(const char *text, size_t size)
{
	return count_bytes(text, size, (signed char)0xc0, true);
}

struct json_cursor json_cursor_make(const char *text)
{
	return (struct json_cursor){.text = text, .line = 1, .column = 1};
}

void json_cursor_move(struct json_cursor *cursor, size_t offset)
{
	const char *from, *newline;
	size_t size;

	if (offset < cursor->offset)
		*cursor = json_cursor_make(cursor->text);
	from = cursor->text + cursor->offset;
	size = offset - cursor->offset;
	newline = memrchr(from, '\n', size);
	if (!cursor->offset && size >= 3 && !memcmp(from, "\xef\xbb\xbf", 3))
		cursor->column--;
	cursor->offset = offset;
	if (newline) {
		cursor->line += (uint32_t)count_newlines(from, (size_t)(newline + 1 - from));
		cursor->column = 1;
		size -= (size_t)(newline + 1 - from);
		from = newline + 1;
	}
	cursor->column += (uint32_t)count_code_points(from, size);
}

void json_text_position(const char *text, size_t offset, uint32_t *line_ret, uint32_t *column_ret)
{
	const char *newline = memrchr(text, '\n', offset);
	const char *start = newline ? newline + 1 : text;
	size_t length = offset - (size_t)(start - text);

	if (!newline && length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		start += 3;
		length -= 3;
	}
	*line_ret = (uint32_t)count_newlines(text, (size_t)(start - text)) + 1;
	*column_ret = (uint32_t)utf8_length(start, length) + 1;
}

void crashinfo_json_position(const struct crashinfo_json *json, size_t offset, uint32_t *line_ret,
			     uint32_t *column_ret)
{
	json_text_position(json->text, offset, line_ret, column_ret);
}
