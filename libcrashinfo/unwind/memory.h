/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reading of the walked process. A read that fails sets `failed` and gives 0, so a sequence
 * of reads is checked once at its end.
 */
#ifndef UNWIND_MEMORY_H
#define UNWIND_MEMORY_H

#include "unwind/unwind.h"

/* Reading from another process costs a system call: fetch this much and serve reads from it. */
#define UNWIND_WINDOW 512

struct unwind_cursor {
	const struct unwind_source *source;
	uint64_t at, end; /* the next byte, and the first that may not be read */
	uint64_t window;  /* address of bytes[0] */
	uint32_t filled;
	bool failed;
	uint8_t bytes[UNWIND_WINDOW];
};

void unwind_cursor_init(struct unwind_cursor *cursor, const struct unwind_source *source,
			uint64_t at, uint64_t end);
/* Go on elsewhere; what is in the window stays useful. */
void unwind_cursor_seek(struct unwind_cursor *cursor, uint64_t at, uint64_t end);
bool unwind_cursor_more(const struct unwind_cursor *cursor);
uint8_t unwind_cursor_u8(struct unwind_cursor *cursor);
/* `size` bytes, little-endian; size at most 8. */
uint64_t unwind_cursor_unsigned(struct unwind_cursor *cursor, unsigned size);
int64_t unwind_cursor_signed(struct unwind_cursor *cursor, unsigned size);
uint64_t unwind_cursor_uleb(struct unwind_cursor *cursor);
int64_t unwind_cursor_sleb(struct unwind_cursor *cursor);
/* Step over a block; one that is longer than what is left fails. */
void unwind_cursor_skip(struct unwind_cursor *cursor, uint64_t size);

/* One word; false when it cannot be read. */
bool unwind_read_word(const struct unwind_source *source, uint64_t address, uint64_t *ret);

#endif
