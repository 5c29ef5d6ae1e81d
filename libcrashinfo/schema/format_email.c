/* SPDX-License-Identifier: Apache-2.0 */
/* E-mail addresses: Mailbox of RFC 5321 and its extension by RFC 6531. */
#include "schema/format.h"

#include <string.h>
#include <strings.h>

#define LOCAL_PART_MAX 64

struct mailbox_rules {
	bool utf8; /* characters beyond ASCII are letters */
	schema_format_fn *domain;
};

static bool is_atom_char(unsigned char c, bool utf8)
{
	if (c >= 0x80)
		return utf8;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Atoms with single dots between them. */
static bool is_dot_string(const char *text, size_t size, bool utf8)
{
	bool after_dot = true;

	for (size_t i = 0; i < size; i++) {
		bool dot = text[i] == '.';

		if (dot ? after_dot : !is_atom_char((unsigned char)text[i], utf8))
			return false;
		after_dot = dot;
	}
	return !after_dot;
}

/* Bytes of the quoted string that `text` begins with, 0 when it does not end or holds others. */
static size_t quoted_size(const char *text, size_t size, bool utf8)
{
	for (size_t i = 1; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"')
			return i + 1;
		if (c == '\\' && ++i < size)
			c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f || (c >= 0x80 && (!utf8 || text[i - 1] == '\\')))
			return 0;
	}
	return 0;
}

static bool is_address_literal(const char *text, size_t size)
{
	if (size < 2 || text[0] != '[' || text[size - 1] != ']')
		return false;
	text++;
	size -= 2;
	if (size > 5 && !strncasecmp(text, "IPv6:", 5))
		return format_ipv6(text + 5, size - 5);
	return format_ipv4(text, size);
}

static bool is_mailbox(const char *text, size_t size, const struct mailbox_rules *rules)
{
	const char *at = NULL;
	size_t local;

	if (size && text[0] == '"') {
		local = quoted_size(text, size, rules->utf8);
		if (!local || local == size || text[local] != '@')
			return false;
	} else {
		at = memchr(text, '@', size);
		if (!at || !is_dot_string(text, (size_t)(at - text), rules->utf8))
			return false;
		local = (size_t)(at - text);
	}
	text += local + 1;
	size -= local + 1;
	return local <= LOCAL_PART_MAX &&
	       (is_address_literal(text, size) || rules->domain(text, size));
}

bool format_email(const char *text, size_t size)
{
	static const struct mailbox_rules rules = {false, format_hostname};

	return is_mailbox(text, size, &rules);
}

bool format_idn_email(const char *text, size_t size)
{
	static const struct mailbox_rules rules = {true, format_idn_hostname};

	return is_mailbox(text, size, &rules);
}
