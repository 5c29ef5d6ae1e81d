/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/memory.h"

/* The smallest page: memory may end at any multiple of it. */
#define PAGE UINT64_C(4096)

void unwind_cursor_init(struct unwind_cursor *cursor, const struct unwind_source *source,
			uint64_t at, uint64_t end)
{
	cursor->source = source;
	cursor->window = 0;
	cursor->filled = 0;
	unwind_cursor_seek(cursor, at, end);
}

void unwind_cursor_seek(struct unwind_cursor *cursor, uint64_t at, uint64_t end)
{
	cursor->at = at;
	cursor->end = end;
	cursor->failed = at > end;
}

bool unwind_cursor_more(const struct unwind_cursor *cursor)
{
	return !cursor->failed && cursor->at < cursor->end;
}

static bool window_fill(struct unwind_cursor *cursor)
{
	uint64_t size = UNWIND_WINDOW, to_page = PAGE - cursor->at % PAGE;

	cursor->window = cursor->at;
	cursor->filled = 0;
	if (size > cursor->end - cursor->at)
		size = cursor->end - cursor->at;
	if (cursor->source->read(cursor->source->user, cursor->at, cursor->bytes, size)) {
		if (size <= to_page)
			return false;
		size = to_page;
		if (cursor->source->read(cursor->source->user, cursor->at, cursor->bytes, size))
			return false;
	}
	cursor->filled = (uint32_t)size;
	return true;
}

uint8_t unwind_cursor_u8(struct unwind_cursor *cursor)
{
	uint64_t offset = cursor->at - cursor->window;

	if (!unwind_cursor_more(cursor)) {
		cursor->failed = true;
		return 0;
	}
	if (offset >= cursor->filled) {
		if (!window_fill(cursor)) {
			cursor->failed = true;
			return 0;
		}
		offset = 0;
	}
	cursor->at++;
	return cursor->bytes[offset];
}

uint64_t unwind_cursor_unsigned(struct unwind_cursor *cursor, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)unwind_cursor_u8(cursor) << (8 * i);
	return cursor->failed ? 0 : value;
}

int64_t unwind_cursor_signed(struct unwind_cursor *cursor, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(unwind_cursor_unsigned(cursor, size) << unused) >> unused;
}

/* Ten bytes hold 64 bits; a longer encoding has no use and is refused. */
static uint64_t read_leb(struct unwind_cursor *cursor, unsigned *shift, uint8_t *last)
{
	uint64_t value = 0;

	for (*shift = 0; *shift < 70; *shift += 7) {
		*last = unwind_cursor_u8(cursor);
		if (*shift < 64)
			value |= (uint64_t)(*last & 0x7f) << *shift;
		if (!(*last & 0x80)) {
			*shift += 7;
			return cursor->failed ? 0 : value;
		}
	}
	cursor->failed = true;
	return 0;
}

uint64_t unwind_cursor_uleb(struct unwind_cursor *cursor)
{
	unsigned shift;
	uint8_t last;

	return read_leb(cursor, &shift, &last);
}

int64_t unwind_cursor_sleb(struct unwind_cursor *cursor)
{
	unsigned shift;
	uint8_t last = 0;
	uint64_t value = read_leb(cursor, &shift, &last);

	if (!cursor->failed && (last & 0x40) && shift < 64)
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

void unwind_cursor_skip(struct unwind_cursor *cursor, uint64_t size)
{
	if (cursor->failed || size > cursor->end - cursor->at)
		cursor->failed = true;
	else
		cursor->at += size;
}

bool unwind_read_word(const struct unwind_source *source, uint64_t address, uint64_t *ret)
{
	return !source->read(source->user, address, ret, sizeof(*ret));
}
