/* SPDX-License-Identifier: Apache-2.0 */
/* Sequential reading of foreign memory: bounded, failing softly, without a copy of the whole. */
#ifndef UNWIND_READER_H
#define UNWIND_READER_H

#include "unwind/unwind.h"

/*
 * After a read past `end` or of unreadable memory `failed` is set and all further reads give 0; a
 * parser may check once per record.
 */
struct reader {
	struct unwind_memory memory;
	uint64_t at, end;   /* in `memory` */
	uint64_t buffer_at; /* address of buffer[0] */
	unsigned buffered;  /* bytes of it that are valid */
	bool failed;
	unsigned char buffer[64];
};

void reader_init(struct reader *r, const struct unwind_memory *memory, uint64_t at, uint64_t size);
uint64_t reader_uint(struct reader *r, unsigned size);
uint64_t reader_uleb(struct reader *r);
int64_t reader_sleb(struct reader *r);
void reader_skip(struct reader *r, uint64_t size);

static inline uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)reader_uint(r, 1);
}

/* A word at `address` outside any sequence. */
static inline bool read_word(const struct unwind_memory *memory, uint64_t address, uint64_t *ret)
{
	return memory->read(memory->context, address, ret, sizeof(*ret));
}

/* DW_EH_PE_... */
enum {
	PE_ABSPTR = 0x00,
	PE_ULEB128 = 0x01,
	PE_UDATA2 = 0x02,
	PE_UDATA4 = 0x03,
	PE_UDATA8 = 0x04,
	PE_SLEB128 = 0x09,
	PE_SDATA2 = 0x0a,
	PE_SDATA4 = 0x0b,
	PE_SDATA8 = 0x0c,
	PE_PCREL = 0x10,
	PE_TEXTREL = 0x20,
	PE_DATAREL = 0x30,
	PE_FUNCREL = 0x40,
	PE_ALIGNED = 0x50,
	PE_INDIRECT = 0x80,
	PE_OMIT = 0xff,
};

/* What encoded pointers are relative to. */
struct pointer_bases {
	uint64_t text, data, function;
};

/* An encoded pointer; sets `failed` for encodings that do not exist. */
uint64_t reader_encoded(struct reader *r, uint8_t encoding, const struct pointer_bases *bases);

#endif
