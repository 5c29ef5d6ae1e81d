/* SPDX-License-Identifier: Apache-2.0 */
#include "json/position.h"

#include <string.h>

#include "base/utf8.h"
#include "json/document.h"

/* Newlines in 16 bytes at a time: a report may be large and have a hundred findings. */
typedef char chars __attribute__((vector_size(16)));

static size_t count_newlines(const char *text, size_t size)
{
	size_t count = 0, i = 0;

	while (size - i >= sizeof(chars)) {
		chars sum = {0}, bytes;

		/* a lane holds up to 127 */
		for (int round = 0; round < 127 && size - i >= sizeof(bytes); round++) {
			memcpy(&bytes, text + i, sizeof(bytes));
			sum -= (chars)(bytes == '\n');
			i += sizeof(bytes);
		}
		for (size_t lane = 0; lane < sizeof(sum); lane++)
			count += (unsigned char)sum[lane];
	}
	for (; i < size; i++)
		count += text[i] == '\n';
	return count;
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
