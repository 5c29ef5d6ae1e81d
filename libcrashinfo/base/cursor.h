/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reading of binary data from strangers. A read past the end sets `failed`, returns zero
 * and leaves the cursor at the end, so a parser may check once per record.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const unsigned char *at, *end;
	bool big_endian;
	bool failed;
};

static inline struct cursor cursor_make(const void *bytes, size_t size, bool big_endian)
{
	const unsigned char *at = bytes;

	/* C has no NULL + 0 */
	return (struct cursor){.at = at, .end = size ? at + size : at, .big_endian = big_endian};
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* `size` bytes to read in place, NULL when there are fewer. */
static inline const unsigned char *cursor_bytes(struct cursor *c, uint64_t size)
{
	const unsigned char *bytes = c->at;

	if (size > cursor_left(c)) {
		c->failed = true;
		c->at = c->end;
		return NULL;
	}
	if (size)
		c->at += size;
	return bytes;
}

static inline void cursor_skip(struct cursor *c, uint64_t size)
{
	cursor_bytes(c, size);
}

/* Numbers at `bytes` in the order of this machine or of the other kind. */
static inline uint64_t cursor_load16(const unsigned char *bytes, bool swap)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return swap ? __builtin_bswap16(value) : value;
}

static inline uint64_t cursor_load32(const unsigned char *bytes, bool swap)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return swap ? __builtin_bswap32(value) : value;
}

static inline uint64_t cursor_load64(const unsigned char *bytes, bool swap)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return swap ? __builtin_bswap64(value) : value;
}

/* An unsigned number of 1 to 8 bytes in the cursor's byte order. */
static inline uint64_t cursor_uint(struct cursor *c, unsigned size)
{
	const unsigned char *bytes = cursor_bytes(c, size);
	bool swap = c->big_endian == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
	uint64_t value = 0;

	if (!bytes)
		return 0;
	switch (size) {
	case 1: return bytes[0];
	case 2: return cursor_load16(bytes, swap);
	case 4: return cursor_load32(bytes, swap);
	case 8: return cursor_load64(bytes, swap);
	default: break;
	}
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * (c->big_endian ? size - 1 - i : i);
	return value;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	return (uint8_t)cursor_uint(c, 1);
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_uint(c, 2);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_uint(c, 4);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	return cursor_uint(c, 8);
}

static inline uint64_t cursor_uleb(struct cursor *c)
{
	uint64_t value = 0;

	/* nearly all are below 128 */
	if (c->at < c->end && *c->at < 0x80)
		return *c->at++;
	for (unsigned shift = 0;; shift += 7) {
		unsigned char byte = cursor_u8(c);

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80) || c->failed)
			return value;
	}
}

static inline int64_t cursor_sleb(struct cursor *c)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		unsigned char byte = cursor_u8(c);

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80 && !c->failed)
			continue;
		if (byte & 0x40 && shift + 7 < 64)
			value |= ~(uint64_t)0 << (shift + 7);
		return (int64_t)value;
	}
}

/* A NUL-terminated string in place, NULL when no NUL follows. */
static inline const char *cursor_string(struct cursor *c)
{
	const unsigned char *nul = cursor_left(c) ? memchr(c->at, 0, cursor_left(c)) : NULL;

	if (!nul) {
		c->failed = true;
		c->at = c->end;
		return NULL;
	}
	return (const char *)cursor_bytes(c, (uint64_t)(nul - c->at) + 1);
}

#endif
