/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

/* Length of the sequence that begins with `c`, not below 0x80; 0 when none does. */
static size_t lead_length(unsigned char c)
{
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* What may follow a lead byte is narrower for four of them (Unicode 15, table 3-7). */
static bool second_fits(unsigned char lead, unsigned char second)
{
	unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t utf8_sequence(const char *text, size_t size, size_t *bad)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t length;

	*bad = 1;
	if (!size)
		return 0;
	if (s[0] < 0x80)
		return 1;
	length = lead_length(s[0]);
	if (!length || size < 2 || !second_fits(s[0], s[1]))
		return 0;
	for (size_t i = 2; i < length; i++) {
		if (i >= size || (s[i] & 0xc0) != 0x80) {
			*bad = i;
			return 0;
		}
	}
	return length;
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

uint32_t utf8_next(const char *text, size_t size, size_t *length_ret)
{
	size_t bad, length = utf8_sequence(text, size, &bad);

	*length_ret = length ? length : bad;
	return length ? utf8_decode(text, length) : 0xfffd;
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
