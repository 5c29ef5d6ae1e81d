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

/* Bytes of either side in one call: ISA-L counts in 32 bits. */
#define PORTION (1u << 20)
/* What is visited and forgotten stays in the processor's cache, which is a quarter faster. */
#define VISITED_PORTION (256u << 10)
/* Compressed bytes that are given back to the page cache together. */
#define INPUT_BEHIND (2u << 20)

struct inflation {
	struct module_section *section;
	struct module_compressed from;
	module_section_visit *visit; /* NULL: all of it is kept */
	void *user;
	unsigned char *visited; /* what is made for it, a portion */
	size_t in, out;         /* bytes taken and made */
	size_t behind;          /* bytes of the input that are given back */
	bool stopped;           /* no more is needed */
};

/* Of whole pages only. */
static void advise(const void *start, size_t size, int advice)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)start, to;

	to = (from + size) & ~(page - 1);
	from = (from + page - 1) & ~(page - 1);
	if (from < to)
		madvise((void *)from, to - from, advice);
}

void module_section_forget(const struct module_section *section, size_t from, size_t to)
{
	if (section->owned && from < to)
		advise((unsigned char *)section->owned + from, to - from, MADV_DONTNEED);
}

void module_section_expect(const struct module_section *section, size_t from, size_t to)
{
	/* at once, which costs less than page by page; before Linux 5.14 it is done so */
	if (section->owned && from < to)
		advise((unsigned char *)section->owned + from, to - from, MADV_POPULATE_WRITE);
}

void module_section_keep(struct module_section *section, const unsigned char *bytes, size_t from,
			 size_t to)
{
	memcpy((unsigned char *)section->owned + from, bytes, to - from);
}

static uint32_t input_of(const struct inflation *inflation)
{
	size_t left = inflation->from.size - inflation->in;

	return left > PORTION ? PORTION : (uint32_t)left;
}

/* How much may be made now, and where. */
static uint32_t output_of(const struct inflation *inflation, void **ret)
{
	size_t left = (size_t)inflation->from.inflated_size - inflation->out;
	uint32_t most = inflation->visit ? VISITED_PORTION : PORTION;

	*ret = inflation->visit ? inflation->visited
				: (unsigned char *)inflation->section->owned + inflation->out;
	return left > most ? most : (uint32_t)left;
}

/* What was made is shown, and what was taken is not held on to. */
static void note(struct inflation *inflation, size_t taken, size_t made)
{
	bool done = inflation->in + taken == inflation->from.size;

	inflation->in += taken;
	inflation->out += made;
	if (inflation->visit && made)
		inflation->stopped =
			!inflation->visit(inflation->user, inflation->section, inflation->visited,
					  inflation->out - made, inflation->out);
	if (inflation->in - inflation->behind < (done ? PORTION : INPUT_BEHIND))
		return;
	advise(inflation->from.data + inflation->behind, inflation->in - inflation->behind,
	       MADV_DONTNEED);
	inflation->behind = inflation->in;
}

static bool inflate_zlib(struct inflation *inflation)
{
	_free_ struct inflate_state *state = malloc(sizeof(*state));

	if (!state)
		return false;
	isal_inflate_init(state);
	state->crc_flag = ISAL_ZLIB;
	while (state->block_state != ISAL_BLOCK_FINISH && !inflation->stopped) {
		uint32_t given = input_of(inflation), room;
		void *to;

		room = output_of(inflation, &to);
		state->next_in = (uint8_t *)inflation->from.data + inflation->in;
		state->avail_in = given;
		state->next_out = to;
		state->avail_out = room;
		if (isal_inflate(state) != ISAL_DECOMP_OK)
			return false;
		/* no way on: what is there ends too early, or is more than was said */
		if (given == state->avail_in && room == state->avail_out &&
		    state->block_state != ISAL_BLOCK_FINISH)
			return false;
		note(inflation, given - state->avail_in, room - state->avail_out);
	}
	return inflation->stopped || inflation->out == inflation->from.inflated_size;
}

/* Of libzstd, loaded by the first section that needs it. */
static struct libzstd {
	__typeof__(ZSTD_createDCtx) *create;
	__typeof__(ZSTD_freeDCtx) *destroy;
	__typeof__(ZSTD_decompressStream) *decompress;
	__typeof__(ZSTD_isError) *is_error;
} libzstd;
static pthread_once_t zstd_once = PTHREAD_ONCE_INIT;

static void load_zstd(void)
{
	static const struct library_function rows[] = {
		{"ZSTD_createDCtx", offsetof(struct libzstd, create)},
		{"ZSTD_freeDCtx", offsetof(struct libzstd, destroy)},
		{"ZSTD_decompressStream", offsetof(struct libzstd, decompress)},
		{"ZSTD_isError", offsetof(struct libzstd, is_error)},
	};

	library_load("libzstd.so.1", rows, sizeof(rows) / sizeof(rows[0]), &libzstd);
}

static bool run_zstd(struct inflation *inflation, ZSTD_DCtx *state)
{
	while (!inflation->stopped) {
		ZSTD_inBuffer in = {inflation->from.data + inflation->in,
				    inflation->from.size - inflation->in, 0};
		ZSTD_outBuffer out = {0};
		size_t left;

		out.size = output_of(inflation, &out.dst);
		/* what can be made at once is made in place */
		if (inflation->visit)
			in.size = input_of(inflation);
		else
			out.size = (size_t)inflation->from.inflated_size - inflation->out;
		left = libzstd.decompress(state, &out, &in);
		if (libzstd.is_error(left))
			return false;
		note(inflation, in.pos, out.pos);
		/* another frame may follow */
		if (!left && inflation->in == inflation->from.size)
			break;
		if (!in.pos && !out.pos)
			return false;
	}
	return inflation->stopped || inflation->out == inflation->from.inflated_size;
}

static bool inflate_zstd(struct inflation *inflation)
{
	ZSTD_DCtx *state;
	bool ok;

	pthread_once(&zstd_once, load_zstd);
	state = libzstd.create ? libzstd.create() : NULL;
	if (!state)
		return false;
	ok = run_zstd(inflation, state);
	libzstd.destroy(state);
	return ok;
}

static bool run(struct inflation *inflation)
{
	_free_ unsigned char *visited = inflation->visit ? malloc(VISITED_PORTION) : NULL;

	inflation->visited = visited;
	if (inflation->visit && !visited)
		return false;
	return inflation->from.zstd ? inflate_zstd(inflation) : inflate_zlib(inflation);
}

void module_section_stream(struct module_section *section, module_section_visit *visit, void *user)
{
	struct inflation inflation = {
		.section = section, .from = section->compressed, .visit = visit, .user = user};
	void *to;

	if (!inflation.from.data || section->owned)
		return;
	/* pages, which take no memory before they are written to */
	to = mmap(NULL, (size_t)inflation.from.inflated_size + 1, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (to == MAP_FAILED) {
		section->damaged = true;
		return;
	}
	section->size = (size_t)inflation.from.inflated_size;
	section->data = section->owned = to;
	if (run(&inflation))
		return;
	section->data = NULL;
	section->size = 0;
	section->damaged = true;
}

void module_section_inflate(struct module_section *section)
{
	module_section_stream(section, NULL, NULL);
	/* nobody has seen any of it */
	if (section->damaged && section->owned) {
		munmap(section->owned, (size_t)section->compressed.inflated_size + 1);
		section->owned = NULL;
	}
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
		munmap(section->owned, (size_t)section->compressed.inflated_size + 1);
	*section = (struct module_section){0};
}
