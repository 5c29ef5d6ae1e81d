/* SPDX-License-Identifier: Apache-2.0 */
#include "json/string.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

#define REPLACEMENT 0xfffdu

static uint32_t hex4(const char *digits)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 4 | (uint32_t)hex_digit(digits[i]);
	return value;
}

/* The code point of the escape \uXXXX at `at`, and of a second one if both are one pair. */
static uint32_t unescape_unicode(const char **at, const char *end)
{
	uint32_t high = hex4(*at + 2), low;

	*at += 6;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return REPLACEMENT;
	low = hex4(*at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	*at += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The code point of the escape at `at`, which is moved behind it. The text has been checked. */
static uint32_t unescape(const char **at, const char *end)
{
	char c = (*at)[1];

	if (c == 'u')
		return unescape_unicode(at, end);
	*at += 2;
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return (unsigned char)c;
	}
}

int json_bytes_next(struct json_bytes *bytes)
{
	if (bytes->given < bytes->held)
		return (unsigned char)bytes->pending[bytes->given++];
	if (bytes->at == bytes->end)
		return -1;
	if (*bytes->at != '\\')
		return (unsigned char)*bytes->at++;
	bytes->held = (unsigned char)utf8_encode(unescape(&bytes->at, bytes->end), bytes->pending);
	bytes->given = 1;
	return (unsigned char)bytes->pending[0];
}

bool json_string_is(const struct crashinfo_json *json, const struct json_node *node,
		    const char *text, size_t size)
{
	struct crashinfo_slice quoted = json_quoted(json, node);
	struct json_bytes bytes;

	if (json_type(node) != CRASHINFO_JSON_STRING)
		return false;
	if (!(node->info & JSON_FLAG))
		return quoted.size == size && !memcmp(quoted.data, text, size);
	bytes = json_bytes_of(json, node);
	for (size_t i = 0; i < size; i++)
		if (json_bytes_next(&bytes) != (unsigned char)text[i])
			return false;
	return json_bytes_next(&bytes) < 0;
}

int json_string_compare(const struct crashinfo_json *json, const struct json_node *a,
			const struct json_node *b)
{
	struct json_bytes left = json_bytes_of(json, a), right = json_bytes_of(json, b);
	int l, r;

	if (!((a->info | b->info) & JSON_FLAG)) {
		size_t l_size = json_quoted(json, a).size, r_size = json_quoted(json, b).size;
		int order = memcmp(left.at, right.at, l_size < r_size ? l_size : r_size);

		return order ? order : (l_size > r_size) - (l_size < r_size);
	}
	do {
		l = json_bytes_next(&left);
		r = json_bytes_next(&right);
	} while (l == r && l >= 0);
	return l - r;
}

bool crashinfo_json_string_equals(const struct crashinfo_json *json, crashinfo_json_node node,
				  const char *text)
{
	size_t size = strlen(text);

	return json_may_be_long(&json->nodes[node], size) &&
	       json_string_is(json, &json->nodes[node], text, size);
}

/* Unescape `quoted` into `out`, which has room for it; the size. Escapes are never shorter. */
static size_t unescape_all(struct crashinfo_slice quoted, char *out)
{
	const char *at = quoted.data, *end = at + quoted.size;
	char *to = out;

	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		size_t plain = (size_t)((escape ? escape : end) - at);

		memcpy(to, at, plain);
		to += plain;
		at += plain;
		if (escape)
			to += utf8_encode(unescape(&at, end), to);
	}
	return (size_t)(to - out);
}

struct crashinfo_error *crashinfo_json_string(const struct crashinfo_json *json,
					      crashinfo_json_node node, struct crashinfo_slice *ret,
					      char **storage)
{
	struct crashinfo_slice quoted = json_quoted(json, &json->nodes[node]);
	char *unescaped;

	if (crashinfo_json_type(json, node) != CRASHINFO_JSON_STRING)
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT, "not a string");
	if (!(json->nodes[node].info & JSON_FLAG)) {
		*storage = NULL;
		*ret = quoted;
		return NULL;
	}
	unescaped = malloc(quoted.size);
	if (!unescaped)
		return crashinfo_error_no_memory();
	*storage = unescaped;
	*ret = (struct crashinfo_slice){unescaped, unescape_all(quoted, unescaped)};
	return NULL;
}
