/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the bytes that matter in JSON text, 16 or 8 at a time. Nothing is read at or past `end`.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool scan_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Bytes a string cannot simply hold: the quote, the backslash, controls and all non-ASCII ones. */
static inline bool scan_is_special(char c)
{
	return (signed char)c < 0x20 || c == '"' || c == '\\';
}

/* Behind a byte order mark at the start of `text`. */
static inline const char *scan_mark(const char *text, const char *end)
{
	return end - text >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? text + 3 : text;
}

#ifndef __SSE2__
#define SCAN_BYTES(byte) (UINT64_MAX / 255 * (byte))

/* Whether any of the 8 bytes at `at` is special. */
static inline bool scan_any_special(const char *at)
{
	uint64_t word, quote, backslash, low;

	memcpy(&word, at, sizeof(word));
	quote = word ^ SCAN_BYTES('"');
	backslash = word ^ SCAN_BYTES('\\');
	low = (word - SCAN_BYTES(0x20)) | (quote - SCAN_BYTES(1)) | (backslash - SCAN_BYTES(1));
	return ((low & ~word) | word) & SCAN_BYTES(0x80);
}
#endif

#ifdef __SSE2__
/* A bit for each of the 16 bytes at `at` that is special. */
static inline unsigned scan_special_mask(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)at);
	/* signed: below space are the controls and what has the high bit */
	__m128i control = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash)));
}
#endif

/* The first special byte in [at, end), or `end`. */
static inline const char *scan_string(const char *at, const char *end)
{
#ifdef __SSE2__
	const char *start = at;

	for (; end - at >= 16; at += 16) {
		unsigned mask = scan_special_mask(at);

		if (mask)
			return at + __builtin_ctz(mask);
	}
	/* what is left, with bytes before it that are known not to be special */
	if (at < end && end - start >= 16) {
		unsigned mask = scan_special_mask(end - 16);

		return mask ? end - 16 + __builtin_ctz(mask) : end;
	}
#else
	while (end - at >= 8 && !scan_any_special(at))
		at += 8;
#endif
	while (at < end && !scan_is_special(*at))
		at++;
	return at;
}

/* The first byte in [at, end) that is not blank, or `end`. */
static inline const char *scan_blanks(const char *at, const char *end)
{
	if (at < end && (unsigned char)*at > ' ')
		return at;
	/* one space, as behind a colon */
	if (end - at >= 2 && *at == ' ' && (unsigned char)at[1] > ' ')
		return at + 1;
	while (at < end && scan_is_blank(*at)) {
		at++;
#ifdef __SSE2__
		/* the indent of a line */
		while (end - at >= 16) {
			__m128i bytes = _mm_loadu_si128((const __m128i *)at);
			int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));

			if (mask != 0xffff) {
				at += __builtin_ctz(~(unsigned)mask);
				break;
			}
			at += 16;
		}
#endif
	}
	return at;
}

#endif
