/* SPDX-License-Identifier: Apache-2.0 */
/* URI templates of RFC 6570 and JSON Pointers of RFC 6901. */
#include "schema/format.h"

#include <string.h>

#include "base/number.h"

static bool is_percent(const char *text, size_t size)
{
	return size >= 3 && text[0] == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0;
}

/* Bytes of one varchar, 0 when there is none. */
static size_t varchar_size(const char *text, size_t size)
{
	char c = size ? text[0] : '\0';

	if (c == '%')
		return is_percent(text, size) ? 3 : 0;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* varname: varchars with single dots between them. */
static size_t varname_size(const char *text, size_t size)
{
	size_t i = 0;

	for (;;) {
		size_t n = varchar_size(text + i, size - i);

		if (!n)
			return 0;
		do {
			i += n;
			n = varchar_size(text + i, size - i);
		} while (n);
		if (i == size || text[i] != '.')
			return i;
		i++;
	}
}

/* "*", or ":" and a number from 1 to 9999; nothing is fine too. */
static size_t modifier_size(const char *text, size_t size)
{
	size_t i = 1;

	if (size && text[0] == '*')
		return 1;
	if (!size || text[0] != ':')
		return 0;
	while (i < size && i < 5 && text[i] >= (i == 1 ? '1' : '0') && text[i] <= '9')
		i++;
	return i > 1 ? i : 0;
}

/* What stands between the braces. */
static bool is_expression(const char *text, size_t size)
{
	size_t i = size && text[0] && strchr("+#./;?&=,!@|", text[0]) ? 1 : 0;

	/* kept for extensions: no meaning was given to them */
	if (i && strchr("=,!@|", text[0]))
		return false;
	for (;; i++) {
		size_t n = varname_size(text + i, size - i);

		if (!n)
			return false;
		i += n;
		i += modifier_size(text + i, size - i);
		if (i == size)
			return true;
		if (text[i] != ',')
			return false;
	}
}

static bool is_literal(const char *text, size_t size)
{
	unsigned char c = (unsigned char)text[0];

	if (c == '%')
		return is_percent(text, size);
	return c > 0x20 && c != 0x7f && !strchr("\"<>\\^`{|}", c);
}

bool format_uri_template(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const char *end;

		if (text[i] != '{') {
			if (!is_literal(text + i, size - i))
				return false;
			continue;
		}
		end = memchr(text + i, '}', size - i);
		if (!end || !is_expression(text + i + 1, (size_t)(end - text) - i - 1))
			return false;
		i = (size_t)(end - text);
	}
	return true;
}

bool format_json_pointer(const char *text, size_t size)
{
	if (size && text[0] != '/')
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] == '~' && (i + 1 == size || (text[i + 1] != '0' && text[i + 1] != '1')))
			return false;
	return true;
}

bool format_relative_json_pointer(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && text[i] >= '0' && text[i] <= '9')
		i++;
	if (!i || (i > 1 && text[0] == '0'))
		return false;
	return (i + 1 == size && text[i] == '#') || format_json_pointer(text + i, size - i);
}
