/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/reader.h"

/* Padding of LEB128 numbers is legal; more than this of it is no number. */
#define LEB_MAX_BITS 126

void reader_init(struct reader *r, const struct unwind_memory *memory, uint64_t at, uint64_t size)
{
	r->memory = *memory;
	r->at = at;
	r->end = size > UINT64_MAX - at ? UINT64_MAX : at + size;
	r->buffer_at = at;
	r->buffered = 0;
	r->failed = false;
}

static bool fail(struct reader *r)
{
	r->failed = true;
	r->at = r->end;
	return false;
}

/* Make the `size` bytes at the reader's place available in the buffer. */
static bool fill(struct reader *r, unsigned size)
{
	uint64_t left = r->end - r->at, wanted;

	if (r->failed || size > left)
		return fail(r);
	if (r->at >= r->buffer_at && r->at - r->buffer_at + size <= r->buffered)
		return true;
	wanted = left < sizeof(r->buffer) ? left : sizeof(r->buffer);
	r->buffer_at = r->at;
	r->buffered = (unsigned)wanted;
	if (r->memory.read(r->memory.context, r->at, r->buffer, (size_t)wanted))
		return true;
	/* The end of readable memory may be nearer than a full buffer. */
	r->buffered = size;
	return r->memory.read(r->memory.context, r->at, r->buffer, size) || fail(r);
}

uint64_t reader_uint(struct reader *r, unsigned size)
{
	const unsigned char *bytes;
	uint64_t value = 0;

	if (!fill(r, size))
		return 0;
	bytes = r->buffer + (r->at - r->buffer_at);
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	r->at += size;
	return value;
}

uint64_t reader_uleb(struct reader *r)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = reader_u8(r);

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80) || r->failed)
			return value;
		if (shift > LEB_MAX_BITS)
			fail(r);
	}
}

int64_t reader_sleb(struct reader *r)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = reader_u8(r);

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (shift > LEB_MAX_BITS)
			fail(r);
		if (byte & 0x80 && !r->failed)
			continue;
		if (byte & 0x40 && shift + 7 < 64)
			value |= ~(uint64_t)0 << (shift + 7);
		return (int64_t)value;
	}
}

void reader_skip(struct reader *r, uint64_t size)
{
	if (r->failed || size > r->end - r->at)
		fail(r);
	else
		r->at += size;
}

static uint64_t sign_extend(uint64_t value, unsigned bits)
{
	uint64_t sign = (uint64_t)1 << (bits - 1);

	return (value ^ sign) - sign;
}

static uint64_t encoded_value(struct reader *r, uint8_t format)
{
	switch (format) {
	case PE_ABSPTR:
	case PE_UDATA8:
	case PE_SDATA8: return reader_uint(r, 8);
	case PE_ULEB128: return reader_uleb(r);
	case PE_SLEB128: return (uint64_t)reader_sleb(r);
	case PE_UDATA2: return reader_uint(r, 2);
	case PE_UDATA4: return reader_uint(r, 4);
	case PE_SDATA2: return sign_extend(reader_uint(r, 2), 16);
	case PE_SDATA4: return sign_extend(reader_uint(r, 4), 32);
	default: fail(r); return 0;
	}
}

uint64_t reader_encoded(struct reader *r, uint8_t encoding, const struct pointer_bases *bases)
{
	uint64_t place = r->at, value;

	if ((encoding & 0x70) == PE_ALIGNED) {
		reader_skip(r, -place & 7);
		return reader_uint(r, 8);
	}
	value = encoded_value(r, encoding & 0x0f);
	/* A zero stands for "none" whatever it would be relative to. */
	if (!value)
		return 0;
	switch (encoding & 0x70) {
	case PE_ABSPTR: break;
	case PE_PCREL: value += place; break;
	case PE_TEXTREL: value += bases->text; break;
	case PE_DATAREL: value += bases->data; break;
	case PE_FUNCREL: value += bases->function; break;
	default: fail(r);
	}
	if (encoding & PE_INDIRECT && !r->failed && !read_word(&r->memory, value, &value))
		fail(r);
	return r->failed ? 0 : value;
}
