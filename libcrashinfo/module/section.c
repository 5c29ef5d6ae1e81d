/* SPDX-License-Identifier: Apache-2.0 */
#include "module/section.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/cursor.h"

/* Deflate cannot do better, so a header that says more lies; zstd can, and is held by the limit. */
#define DEFLATE_RATIO 1032

/* ISA-L counts in 32 bits. */
static uint32_t portion(size_t left)
{
	return left > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)left;
}

static bool inflate_zlib(const unsigned char *from, size_t size, unsigned char *to, size_t to_size)
{
	_free_ struct inflate_state *state = malloc(sizeof(*state));
	size_t in = 0, out = 0;

	if (!state)
		return false;
	isal_inflate_init(state);
	state->crc_flag = ISAL_ZLIB;
	while (state->block_state != ISAL_BLOCK_FINISH) {
		uint32_t given = portion(size - in), room = portion(to_size - out);

		state->next_in = (uint8_t *)from + in;
		state->avail_in = given;
		state->next_out = to + out;
		state->avail_out = room;
		if (isal_inflate(state) != ISAL_DECOMP_OK)
			return false;
		in += given - state->avail_in;
		out += room - state->avail_out;
		/* no way on: what is there ends too early, or is more than was said */
		if (given == state->avail_in && room == state->avail_out &&
		    state->block_state != ISAL_BLOCK_FINISH)
			return false;
	}
	return out == to_size;
}

static bool inflate_bytes(const struct module_compressed *from, unsigned char *to)
{
	size_t size = (size_t)from->inflated_size;

	if (from->zstd)
		return ZSTD_decompress(to, size, from->data, from->size) == size;
	return inflate_zlib(from->data, from->size, to, size);
}

void module_section_inflate(struct module_section *section)
{
	const struct module_compressed from = section->compressed;
	unsigned char *to;

	if (!from.data)
		return;
	section->compressed.data = NULL;
	to = malloc((size_t)from.inflated_size + 1);
	if (!to || !inflate_bytes(&from, to)) {
		section->damaged = true;
		free(to);
		return;
	}
	section->size = (size_t)from.inflated_size;
	section->data = section->owned = to;
}

static void set_compressed(struct cursor *c, uint64_t inflated_size, bool zstd, uint64_t max,
			   struct module_section *ret)
{
	ret->limited = inflated_size > max || inflated_size > SIZE_MAX - 1;
	ret->damaged = !zstd && inflated_size / DEFLATE_RATIO > cursor_left(c);
	if (!ret->limited && !ret->damaged)
		ret->compressed =
			(struct module_compressed){c->at, cursor_left(c), inflated_size, zstd};
}

/* "ZLIB" and the size in big-endian order. */
static void read_old(const unsigned char *raw, size_t size, uint64_t max,
		     struct module_section *ret)
{
	struct cursor c = cursor_make(raw, size, true);
	const unsigned char *magic = cursor_bytes(&c, 4);
	uint64_t to_size = cursor_u64(&c);

	ret->damaged = c.failed || memcmp(magic, "ZLIB", 4) != 0;
	if (!ret->damaged)
		set_compressed(&c, to_size, false, max, ret);
}

static void read_compressed(const struct elf_file *file, const unsigned char *raw, size_t size,
			    uint64_t max, struct module_section *ret)
{
	const char *ident = elf_getident(file->elf, NULL);
	struct cursor c = cursor_make(raw, size, ident && ident[EI_DATA] == ELFDATA2MSB);
	bool wide = ident && ident[EI_CLASS] == ELFCLASS64;
	uint32_t type = cursor_u32(&c);
	uint64_t to_size;

	if (wide)
		cursor_skip(&c, 4);
	to_size = wide ? cursor_u64(&c) : cursor_u32(&c);
	cursor_skip(&c, wide ? 8 : 4);
	/* 1 is zlib, 2 is zstd, which elf.h does not know yet */
	ret->damaged = c.failed || (type != 1 && type != 2);
	if (!ret->damaged)
		set_compressed(&c, to_size, type == 2, max, ret);
}

void module_section_find_debug(const struct elf_file *file, const char *name, uint64_t max,
			       struct module_section *ret)
{
	char full[64];
	Elf_Scn *section;
	GElf_Shdr header;
	Elf_Data *data;
	bool old = false;

	*ret = (struct module_section){.tried = true};
	snprintf(full, sizeof(full), ".debug_%s", name);
	section = elf_file_section(file, full);
	if (!section) {
		snprintf(full, sizeof(full), ".zdebug_%s", name);
		section = elf_file_section(file, full);
		old = true;
	}
	if (!section)
		return;
	data = elf_rawdata(section, NULL);
	if (!data || !gelf_getshdr(section, &header)) {
		ret->damaged = true;
		return;
	}
	if (header.sh_flags & SHF_COMPRESSED) {
		read_compressed(file, data->d_buf, data->d_size, max, ret);
	} else if (old) {
		read_old(data->d_buf, data->d_size, max, ret);
	} else {
		ret->data = data->d_buf;
		ret->size = data->d_size;
	}
}

void module_section_deinit(struct module_section *section)
{
	free(section->owned);
	*section = (struct module_section){0};
}
