/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

/*
 * The compiler calls these four by name, for structure assignments say. Ours are hidden, so that
 * nothing in the signal handler binds to another object.
 */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

/* Keeps the compiler from turning the loop around it into a call of the function it is in. */
#define NOT_AN_IDIOM() __asm__ volatile("" ::: "memory")

#define EVERY_BYTE UINT64_C(0x0101010101010101)

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	return memmove(to, from, size);
}

/* Eight bytes at any alignment: a byte at a time takes as long as the kernel needs to write the
 * text of a large process's maps. */
static uint64_t load_word(const void *from)
{
	uint64_t word;

	__builtin_memcpy(&word, from, sizeof(word));
	return word;
}

static void copy_word(unsigned char *to, const unsigned char *from)
{
	uint64_t word = load_word(from);

	__builtin_memcpy(to, &word, sizeof(word));
	NOT_AN_IDIOM();
}

static void copy_forwards(unsigned char *to, const unsigned char *from, size_t size)
{
	for (; size >= 8; size -= 8, to += 8, from += 8)
		copy_word(to, from);
	for (; size; size--) {
		*to++ = *from++;
		NOT_AN_IDIOM();
	}
}

static void copy_backwards(unsigned char *to, const unsigned char *from, size_t size)
{
	for (; size >= 8; size -= 8)
		copy_word(to + size - 8, from + size - 8);
	while (size--) {
		to[size] = from[size];
		NOT_AN_IDIOM();
	}
}

void *memmove(void *to, const void *from, size_t size)
{
	if ((uintptr_t)to < (uintptr_t)from)
		copy_forwards(to, from, size);
	else
		copy_backwards(to, from, size);
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	const uint64_t word = EVERY_BYTE * (unsigned char)byte;
	unsigned char *t = to;

	for (; size >= 8; size -= 8, t += 8) {
		__builtin_memcpy(t, &word, sizeof(word));
		NOT_AN_IDIOM();
	}
	while (size--) {
		*t++ = (unsigned char)byte;
		NOT_AN_IDIOM();
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *left = a, *right = b;
	size_t i = 0;

	while (i + 8 <= size && load_word(left + i) == load_word(right + i)) {
		i += 8;
		NOT_AN_IDIOM();
	}
	for (; i < size; i++) {
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
		NOT_AN_IDIOM();
	}
	return 0;
}

size_t text_length(const char *text)
{
	size_t length = 0;

	while (text[length]) {
		NOT_AN_IDIOM();
		length++;
	}
	return length;
}

bool text_equal(const char *a, const char *b)
{
	size_t length = text_length(a);

	return length == text_length(b) && !memcmp(a, b, length);
}

bool text_begins(const char *text, size_t size, const char *prefix)
{
	size_t length = text_length(prefix);

	return length <= size && !memcmp(text, prefix, length);
}

bool text_ends(const char *text, size_t size, const char *suffix)
{
	size_t length = text_length(suffix);

	return length <= size && !memcmp(text + size - length, suffix, length);
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	return 16;
}

bool text_number(const char **at, const char *end, unsigned base, uint64_t *ret)
{
	const char *p = *at;
	uint64_t value = 0;
	unsigned next;

	for (; p < end && (next = digit(*p)) < base; p++)
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)next, &value))
			return false;
	if (p == *at)
		return false;
	*at = p;
	*ret = value;
	return true;
}

size_t text_find(const char *text, size_t size, char c)
{
	const uint64_t wanted = EVERY_BYTE * (unsigned char)c;
	size_t at = 0;

	/* A word has a zero byte where this is not 0. */
	for (; at + 8 <= size; at += 8) {
		uint64_t word = load_word(text + at) ^ wanted;

		if ((word - EVERY_BYTE) & ~word & EVERY_BYTE << 7)
			break;
	}
	while (at < size && text[at] != c)
		at++;
	return at;
}

size_t text_ascii(const char *text, size_t size)
{
	size_t length = 0;

	while (length + 8 <= size && !(load_word(text + length) & EVERY_BYTE << 7))
		length += 8;
	while (length < size && (unsigned char)text[length] < 0x80)
		length++;
	return length;
}

/* The table of well-formed sequences: lead byte range, its length, range of the second byte. */
static const struct {
	unsigned char first, last, length, second_first, second_last;
} utf8_leads[] = {
	{0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
	{0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
	{0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static bool is_sequence(const unsigned char *bytes, size_t size, size_t lead)
{
	if (size < utf8_leads[lead].length || bytes[1] < utf8_leads[lead].second_first ||
	    bytes[1] > utf8_leads[lead].second_last)
		return false;
	for (unsigned i = 2; i < utf8_leads[lead].length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
	return true;
}

unsigned utf8_sequence(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;

	if (!size || bytes[0] < 0x80)
		return size != 0;
	for (size_t i = 0; i < sizeof(utf8_leads) / sizeof(utf8_leads[0]); i++)
		if (bytes[0] >= utf8_leads[i].first && bytes[0] <= utf8_leads[i].last)
			return is_sequence(bytes, size, i) ? utf8_leads[i].length : 0;
	return 0;
}

size_t text_whole(const char *text, size_t size)
{
	size_t at = size;

	/* A sequence has three bytes behind its first at most. */
	while (at && size - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
		at--;
	return at && (unsigned char)text[at - 1] >= 0xc0 &&
			       !utf8_sequence(text + at - 1, size - at + 1)
		       ? at - 1
		       : size;
}
