/* SPDX-License-Identifier: Apache-2.0 */
/* Names and addresses of hosts. */
#include "schema/format.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/number.h"

#define HOSTNAME_MAX 253
#define LABEL_MAX    63
/* Mapping may shorten a name; what is longer than this cannot become short enough. */
#define IDN_NAME_MAX (8 * HOSTNAME_MAX)

/* One decimal octet without leading zeros; returns its digits, 0 when there is none. */
static size_t octet_size(const char *text, size_t size)
{
	unsigned value = 0;
	size_t i = 0;

	while (i < size && i < 3 && text[i] >= '0' && text[i] <= '9')
		value = value * 10 + (unsigned)(text[i++] - '0');
	return value > 255 || (i > 1 && text[0] == '0') ? 0 : i;
}

bool format_ipv4(const char *text, size_t size)
{
	for (int octet = 0; octet < 4; octet++) {
		size_t digits;

		if (octet) {
			if (!size || text[0] != '.')
				return false;
			text++;
			size--;
		}
		digits = octet_size(text, size);
		if (!digits)
			return false;
		text += digits;
		size -= digits;
	}
	return size == 0;
}

static size_t group_size(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && hex_digit(text[i]) >= 0)
		i++;
	return i;
}

/*
 * Groups of hex digits between colons, the last of which may be an IPv4 address that counts two;
 * -1 when that is not what `text` holds.
 */
static int count_groups(const char *text, size_t size, bool ipv4_may_end)
{
	int groups = 0;

	if (!size)
		return 0;
	for (;;) {
		size_t digits = group_size(text, size);

		if (digits < size && text[digits] == '.')
			return ipv4_may_end && format_ipv4(text, size) ? groups + 2 : -1;
		if (digits < 1 || digits > 4)
			return -1;
		groups++;
		text += digits;
		size -= digits;
		if (!size)
			return groups;
		if (text[0] != ':')
			return -1;
		text++;
		size--;
	}
}

bool format_ipv6(const char *text, size_t size)
{
	const char *gap = memmem(text, size, "::", 2);
	int before, after;

	if (!gap)
		return count_groups(text, size, true) == 8;
	before = count_groups(text, (size_t)(gap - text), false);
	after = count_groups(gap + 2, size - (size_t)(gap - text) - 2, true);
	return before >= 0 && after >= 0 && before + after <= 7;
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

static bool is_label(const char *text, size_t size)
{
	if (size < 1 || size > LABEL_MAX || text[0] == '-' || text[size - 1] == '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_label_char(text[i]))
			return false;
	return true;
}

/* Labels of letters, digits and hyphens; `*has_ace` when one is in Punycode. */
static bool is_ascii_hostname(const char *text, size_t size, bool *has_ace)
{
	if (size > HOSTNAME_MAX)
		return false;
	for (;;) {
		const char *dot = memchr(text, '.', size);
		size_t label = dot ? (size_t)(dot - text) : size;

		if (!is_label(text, label))
			return false;
		if (label >= 4 && !strncasecmp(text, "xn--", 4))
			*has_ace = true;
		if (!dot)
			return true;
		text += label + 1;
		size -= label + 1;
	}
}

/* The strict checks for each label, those of registration: RFC 5892 with all context rules. */
static bool labels_are_registrable(char *name)
{
	char *next = name;

	for (char *label = strsep(&next, "."); label; label = strsep(&next, ".")) {
		uint8_t *ascii = NULL;

		if (idn2_register_u8((const uint8_t *)label, NULL, &ascii, IDN2_NFC_INPUT) !=
		    IDN2_OK)
			return false;
		idn2_free(ascii);
	}
	return true;
}

bool format_idn_hostname(const char *text, size_t size)
{
	_free_ char *name = NULL, *ascii = NULL, *unicode = NULL;
	bool has_ace;

	if (!size || size > IDN_NAME_MAX || memchr(text, 0, size))
		return false;
	name = strndup(text, size);
	/* mapped as UTS 46 has it, then back, so that A-labels are looked into as well */
	if (!name || idn2_lookup_u8((const uint8_t *)name, (uint8_t **)&ascii,
				    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	return is_ascii_hostname(ascii, strlen(ascii), &has_ace) &&
	       idn2_to_unicode_8z8z(ascii, &unicode, 0) == IDN2_OK &&
	       labels_are_registrable(unicode);
}

bool format_hostname(const char *text, size_t size)
{
	bool has_ace = false;

	return is_ascii_hostname(text, size, &has_ace) &&
	       (!has_ace || format_idn_hostname(text, size));
}
