/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/content.h"

#include <string.h>

#include <crashinfo/json.h>

#include "base/cleanup.h"

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool content_decode_base64(struct strbuf *buf, const char *text, size_t size)
{
	size_t padding = 0;

	if (size % 4)
		return false;
	while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
		padding++;
	strbuf_reserve(buf, size / 4 * 3);
	for (size_t i = 0; i < size; i += 4) {
		size_t digits = i + 4 == size ? 4 - padding : 4;
		unsigned bits = 0;

		for (size_t j = 0; j < 4; j++) {
			int value = j < digits ? base64_value(text[i + j]) : 0;

			if (value < 0)
				return false;
			bits = bits << 6 | (unsigned)value;
		}
		for (size_t j = 0; j + 1 < digits; j++)
			strbuf_addc(buf, (char)(bits >> (16 - 8 * j)));
	}
	return true;
}

bool content_is_json(const char *text, size_t size)
{
	struct crashinfo_json *json = NULL;
	_error_ struct crashinfo_error *error = NULL;

	error = crashinfo_json_parse(NULL, text, size, NULL, &json);
	crashinfo_json_destroy(json);
	return !error;
}
