/* SPDX-License-Identifier: Apache-2.0 */
#include "module/section.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "module/library.h"

/* Deflate cannot do better, so a header that says more lies; zstd can, and is held by the limit. */
#define DEFLATE_RATIO 1032

/* Bytes between two looks at what has come; ISA-L counts in 32 bits, too. */
#define PORTION (1u << 20)
/* Compressed bytes that are given back to the page cache together. */
#define INPUT_BEHIND (2u << 20)

struct inflation {
	struct module_section *section;
	struct module_compressed from;
	module_section_watch *watch;
	void *user;
	size_t in, out; /* bytes taken and made */
	size_t behind;  /* bytes of the input that are given back */
};

static void forget_pages(const void *start, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)start, to;

	to = (from + size) & ~(page - 1);
	from = (from + page - 1) & ~(page - 1);
	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

void module_section_forget(const struct module_section *section, size_t from, size_t to)
{
	if (section->owned && from < to)
		forget_pages(section->data + from, to - from);
}

/* What was made is told, and what was taken is not held on to. */
static void tell(struct inflation *inflation)
{
	bool done = inflation->in == inflation->from.size;

	if (inflation->watch)
		inflation->watch(inflation->user, inflation->section, inflation->out);
	if (inflation->in - inflation->behind < (done ? PORTION : INPUT_BEHIND))
		return;
	forget_pages(inflation->from.data + inflation->behind, inflation->in - inflation->behind);
	inflation->behind = inflation->in;
}

static uint32_t portion(size_t left)
{
	return left > PORTION ? PORTION : (uint32_t)left;
}

static bool inflate_zlib(struct inflation *inflation)
{
	_free_ struct inflate_state *state = malloc(sizeof(*state));
	size_t size = inflation->from.size, to_size = (size_t)inflation->from.inflated_size;

	if (!state)
		return false;
	isal_inflate_init(state);
	state->crc_flag = ISAL_ZLIB;
	while (state->block_state != ISAL_BLOCK_FINISH) {
		uint32_t given = portion(size - inflation->in);
		uint32_t room = portion(to_size - inflation->out);

		state->next_in = (uint8_t *)inflation->from.data + inflation->in;
		state->avail_in = given;
		state->next_out = (uint8_t *)inflation->section->owned + inflation->out;
		state->avail_out = room;
		if (isal_inflate(state) != ISAL_DECOMP_OK)
			return false;
		inflation->in += given - state->avail_in;
		inflation->out += room - state->avail_out;
		/* no way on: what is there ends too early, or is more than was said */
		if (given == state->avail_in && room == state->avail_out &&
		    state->block_state != ISAL_BLOCK_FINISH)
			return false;
		tell(inflation);
	}
	return inflation->out == to_size;
}

/* Of libzstd, loaded by the first section that needs it. */
static struct libzstd {
	__typeof__(ZSTD_decompress) *decompress;
} libzstd;
static pthread_once_t zstd_once = PTHREAD_ONCE_INIT;

static void load_zstd(void)
{
	static const struct library_function rows[] = {
		{"ZSTD_decompress", offsetof(struct libzstd, decompress)},
	};

	library_load("libzstd.so.1", rows, 1, &libzstd);
}

static bool inflate_zstd(struct inflation *inflation)
{
	size_t size = (size_t)inflation->from.inflated_size;

	pthread_once(&zstd_once, load_zstd);
	if (!libzstd.decompress ||
	    libzstd.decompress(inflation->section->owned, size, inflation->from.data,
			       inflation->from.size) != size)
		return false;
	inflation->in = inflation->from.size;
	inflation->out = size;
	tell(inflation);
	return true;
}

void module_section_inflate(struct module_section *section, module_section_watch *watch, void *user)
{
	struct inflation inflation = {
		.section = section, .from = section->compressed, .watch = watch, .user = user};
	void *to;

	if (!inflation.from.data || section->owned)
		return;
	/* pages, as some may be given back before the others */
	to = mmap(NULL, (size_t)inflation.from.inflated_size + 1, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (to == MAP_FAILED) {
		section->damaged = true;
		return;
	}
	section->size = (size_t)inflation.from.inflated_size;
	section->data = section->owned = to;
	if (inflation.from.zstd ? inflate_zstd(&inflation) : inflate_zlib(&inflation))
		return;
	munmap(to, section->size + 1);
	section->data = section->owned = NULL;
	section->size = 0;
	section->damaged = true;
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

	*ret = (struct module_section){0};
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
	if (section->owned)
		munmap(section->owned, section->size + 1);
	*section = (struct module_section){0};
}
