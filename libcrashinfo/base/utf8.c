/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

/* Sequence length by lead byte and the range of its second byte (Unicode 15, table 3-7). */
struct lead {
	unsigned char first, last, length, low, high;
};

static const struct lead leads[] = {
	{0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
	{0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
	{0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const struct lead *lead_find(unsigned char c)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_sequence(const char *text, size_t size, size_t *bad)
{
	const unsigned char *s = (const unsigned char *)text;
	const struct lead *lead;

	*bad = 1;
	if (!size)
		return 0;
	if (s[0] < 0x80)
		return 1;
	lead = lead_find(s[0]);
	if (!lead || size < 2 || s[1] < lead->low || s[1] > lead->high)
		return 0;
	for (size_t i = 2; i < lead->length; i++) {
		if (i >= size || (s[i] & 0xc0) != 0x80) {
			*bad = i;
			return 0;
		}
	}
	return lead->length;
}

size_t utf8_valid_prefix(const char *text, size_t size)
{
	size_t i = 0, bad;

	while (i < size) {
		uint64_t word;
		size_t length;

		if (size - i >= sizeof(word)) {
			memcpy(&word, text + i, sizeof(word));
			if (!(word & 0x8080808080808080u)) {
				i += sizeof(word);
				continue;
			}
		}
		length = utf8_sequence(text + i, size - i, &bad);
		if (!length)
			break;
		i += length;
	}
	return i;
}

void utf8_add_lossy(struct strbuf *buf, const char *text, size_t size)
{
	while (size) {
		size_t valid = utf8_valid_prefix(text, size), bad;

		strbuf_add(buf, text, valid);
		text += valid;
		size -= valid;
		if (!size)
			break;
		utf8_sequence(text, size, &bad);
		strbuf_adds(buf, "\xef\xbf\xbd");
		text += bad;
		size -= bad;
	}
}

size_t utf8_encode(uint32_t c, char ret[4])
{
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = length; i-- > 1; c >>= 6)
		ret[i] = (char)(0x80 | (c & 0x3f));
	ret[0] = (char)(marks[length] | c);
	return length;
}

void utf8_add(struct strbuf *buf, uint32_t c)
{
	char bytes[4];

	strbuf_add(buf, bytes, utf8_encode(c, bytes));
}

static uint32_t utf8_decode(const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text;
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = s[0] & masks[length];

	for (size_t i = 1; i < length; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

static bool needs_escape(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x2028 ||
	       c == 0x2029;
}

void utf8_add_printable(struct strbuf *buf, const char *text, size_t size)
{
	size_t i = 0, bad;

	while (i < size) {
		size_t length = utf8_sequence(text + i, size - i, &bad);
		uint32_t c;

		if (!length) {
			strbuf_addf(buf, "\\x%02x", (unsigned char)text[i++]);
			continue;
		}
		c = utf8_decode(text + i, length);
		if (!needs_escape(c))
			strbuf_add(buf, text + i, length);
		else if (c < 0x80)
			strbuf_addf(buf, "\\x%02x", c);
		else
			strbuf_addf(buf, "\\u{%x}", c);
		i += length;
	}
}

size_t utf8_length(const char *text, size_t size)
{
	size_t i = 0, count = 0, bad;

	while (i < size) {
		size_t length = utf8_sequence(text + i, size - i, &bad);

		i += length ? length : 1;
		count++;
	}
	return count;
}
