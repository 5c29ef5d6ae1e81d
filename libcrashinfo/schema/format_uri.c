/* SPDX-License-Identifier: Apache-2.0 */
/* URIs of RFC 3986 and IRIs of RFC 3987. */
#include "schema/format.h"

#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "schema/uri.h"

/* What characters beyond ASCII may stand in a part of an IRI. */
enum beyond {
	BEYOND_NONE,
	BEYOND_UCS,     /* ucschar */
	BEYOND_PRIVATE, /* ucschar and iprivate, in queries */
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_unreserved(char c)
{
	return is_alpha(c) || is_digit(c) || (c && strchr("-._~", c));
}

static bool is_sub_delim(char c)
{
	return c && strchr("!$&'()*+,;=", c);
}

static bool is_beyond(uint32_t c, enum beyond beyond)
{
	bool private = (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xf0000 && (c & 0xffff) <= 0xfffd);

	if (private)
		return beyond == BEYOND_PRIVATE;
	if (c < 0x10000)
		return (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xf900 && c <= 0xfdcf) ||
		       (c >= 0xfdf0 && c <= 0xffef);
	return (c & 0xffff) <= 0xfffd && (c < 0xe0000 || c >= 0xe1000);
}

/* Whether a part holds unreserved characters, sub-delims, %XX and those of `others` only. */
static bool is_made_of(struct crashinfo_slice part, const char *others, enum beyond beyond)
{
	for (size_t i = 0; i < part.size; i++) {
		char c = part.data[i];

		if (c == '%') {
			if (i + 2 >= part.size || hex_digit(part.data[i + 1]) < 0 ||
			    hex_digit(part.data[i + 2]) < 0)
				return false;
			i += 2;
		} else if ((unsigned char)c >= 0x80) {
			size_t length;
			uint32_t code = utf8_next(part.data + i, part.size - i, &length);

			if (beyond == BEYOND_NONE || !is_beyond(code, beyond))
				return false;
			i += length - 1;
		} else if (!is_unreserved(c) && !is_sub_delim(c) && !(c && strchr(others, c))) {
			return false;
		}
	}
	return true;
}

static bool is_scheme(struct crashinfo_slice s)
{
	if (!s.size || !is_alpha(s.data[0]))
		return false;
	for (size_t i = 1; i < s.size; i++)
		if (!is_alpha(s.data[i]) && !is_digit(s.data[i]) &&
		    !(s.data[i] && strchr("+-.", s.data[i])))
			return false;
	return true;
}

/* "[" IPv6address or IPvFuture "]" */
static bool is_ip_literal(struct crashinfo_slice s)
{
	struct crashinfo_slice inside = {s.data + 1, s.size - 2};
	const char *dot;

	if (s.size < 2 || s.data[s.size - 1] != ']')
		return false;
	if (!inside.size || (inside.data[0] | 0x20) != 'v')
		return format_ipv6(inside.data, inside.size);
	dot = memchr(inside.data, '.', inside.size);
	if (!dot || dot == inside.data + 1 || dot + 1 == inside.data + inside.size)
		return false;
	for (const char *c = inside.data + 1; c < dot; c++)
		if (hex_digit(*c) < 0)
			return false;
	inside.size -= (size_t)(dot + 1 - inside.data);
	inside.data = dot + 1;
	return !memchr(inside.data, '%', inside.size) && is_made_of(inside, ":", BEYOND_NONE);
}

/* Cut ":port" off the end of a host. */
static void cut_port(struct crashinfo_slice *host)
{
	size_t i = host->size;

	while (i && is_digit(host->data[i - 1]))
		i--;
	if (i && host->data[i - 1] == ':')
		host->size = i - 1;
}

static bool is_authority(struct crashinfo_slice s, enum beyond beyond)
{
	const char *at = memchr(s.data, '@', s.size);

	if (at) {
		struct crashinfo_slice user = {s.data, (size_t)(at - s.data)};

		if (!is_made_of(user, ":", beyond))
			return false;
		s.size -= user.size + 1;
		s.data = at + 1;
	}
	cut_port(&s);
	return s.size && s.data[0] == '[' ? is_ip_literal(s) : is_made_of(s, "", beyond);
}

static bool is_reference(const struct uri *uri, enum beyond beyond)
{
	bool relative = !uri->scheme.data && !uri->authority.data;
	struct crashinfo_slice path = uri->path;
	const char *slash = path.size ? memchr(path.data, '/', path.size) : NULL;

	/* a colon in the first segment of a relative path would read as a scheme */
	if (relative && memchr(path.data, ':', slash ? (size_t)(slash - path.data) : path.size))
		return false;
	return (!uri->scheme.data || is_scheme(uri->scheme)) &&
	       (!uri->authority.data || is_authority(uri->authority, beyond)) &&
	       is_made_of(path, ":@/", beyond) &&
	       is_made_of(uri->query, ":@/?",
			  beyond == BEYOND_NONE ? BEYOND_NONE : BEYOND_PRIVATE) &&
	       is_made_of(uri->fragment, ":@/?", beyond);
}

bool format_uri_reference(const char *text, size_t size)
{
	struct uri uri = uri_split(text, size);

	return is_reference(&uri, BEYOND_NONE);
}

bool format_uri(const char *text, size_t size)
{
	struct uri uri = uri_split(text, size);

	return uri.scheme.data && is_reference(&uri, BEYOND_NONE);
}

bool format_iri_reference(const char *text, size_t size)
{
	struct uri uri = uri_split(text, size);

	return is_reference(&uri, BEYOND_UCS);
}

bool format_iri(const char *text, size_t size)
{
	struct uri uri = uri_split(text, size);

	return uri.scheme.data && is_reference(&uri, BEYOND_UCS);
}
