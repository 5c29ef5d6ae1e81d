/* SPDX-License-Identifier: Apache-2.0 */
/* The content of JSON strings. */
#ifndef JSON_STRING_H
#define JSON_STRING_H

#include "json/document.h"

/* The bytes of a string one by one, escapes resolved. */
struct json_bytes {
	const char *at, *end;
	char pending[4]; /* what one escape stands for */
	unsigned char given, held;
};

static inline struct json_bytes json_bytes_of(const struct crashinfo_json *json,
					      const struct json_node *node)
{
	struct crashinfo_slice quoted = json_quoted(json, node);

	return (struct json_bytes){.at = quoted.data, .end = quoted.data + quoted.size};
}

/* The next byte as 0 to 255, -1 at the end. */
int json_bytes_next(struct json_bytes *bytes);

/* Whether a node is a string of this content, which may hold NUL bytes. */
bool json_string_is(const struct crashinfo_json *json, const struct json_node *node,
		    const char *text, size_t size);

/* Order of two strings by their content, as memcmp() and then the length have it. */
int json_string_compare(const struct crashinfo_json *json, const struct json_node *a,
			const struct json_node *b);

#endif
