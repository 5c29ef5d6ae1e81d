/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack's memory as a file of the report, for unwinding elsewhere. A line is an address and
 * what is there in base64; a page of zeros is its address alone.
 */
#include "snapshot.h"

#include "maps.h"
#include "memory.h"
#include "state.h"

#define PAGE 4096
/* The innermost frames, and those that the stack began with. */
#define TOP_BYTES  (256 << 10)
#define BASE_BYTES (64 << 10)
/* Where the stack overflowed it begins with memory that can't be read. */
#define SKIPPED_PAGES_MAX 4
/* Program headers and build id of an image, which follow its header. */
#define HEADER_BYTES 1024
#define HEADERS_MAX  64
/* Code without a file, the kernel's library for one. */
#define CODE_BYTES (16 << 10)

static bool is_lost;

void snapshot_stack_is(bool complete)
{
	is_lost = !complete;
}

bool snapshot_is_wanted(const struct crash *crash)
{
	return !crash->exception && state.copies_stack && is_lost;
}

static void write_base64(struct writer *w, const unsigned char *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16;
		char text[4];

		if (i + 1 < size)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < size)
			group |= bytes[i + 2];
		for (unsigned n = 0; n < 4; n++)
			text[n] = digits[group >> (18 - 6 * n) & 63];
		if (i + 1 >= size)
			text[2] = '=';
		if (i + 2 >= size)
			text[3] = '=';
		writer_bytes(w, text, sizeof(text));
	}
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/* False when it can't be read. */
static bool write_bytes(struct writer *w, uint64_t address, size_t size)
{
	static unsigned char bytes[PAGE];

	if (!memory_read_own(NULL, address, bytes, size))
		return false;
	writer_hex(w, address, 1);
	if (size < PAGE || !is_zero(bytes, size)) {
		writer_text(w, " ");
		write_base64(w, bytes, size);
	}
	writer_text(w, "\n");
	return true;
}

static void write_pages(struct writer *w, uint64_t start, uint64_t end)
{
	unsigned skipped = 0;

	for (uint64_t at = start; at < end && !w->failed; at += PAGE)
		if (!write_bytes(w, at, PAGE) && skipped++ == SKIPPED_PAGES_MAX)
			return;
}

static void write_stack(struct writer *w, uint64_t sp)
{
	uint64_t start = sp & -(uint64_t)PAGE, top = start + TOP_BYTES, end = maps_watched();

	/* A stack pointer just below the stack is that of an overflow. */
	if (end <= start) {
		write_pages(w, start, top);
		return;
	}
	write_pages(w, start, top < end ? top : end);
	if (top < end)
		write_pages(w, end - top > BASE_BYTES ? end - BASE_BYTES : top, end);
}

/* Headers of the images that have code, and code that no file has. */
static void write_images(struct writer *w)
{
	const struct map *header = NULL;
	unsigned count = 0, n;

	for (n = 0; n < maps_count() && count < HEADERS_MAX; n++) {
		const struct map *map = maps_first() + n;

		if (!map->offset && map->inode)
			header = map;
		if (!map->executable)
			continue;
		if (!map->inode) {
			uint64_t size = map->end - map->start;

			write_pages(w, map->start,
				    map->start + (size < CODE_BYTES ? size : CODE_BYTES));
			count++;
		} else if (header && header->inode == map->inode) {
			write_bytes(w, header->start, HEADER_BYTES);
			header = NULL;
			count++;
		}
	}
}

void snapshot_write(struct writer *w, const struct crash *crash)
{
	uint64_t sp = arch_context_register(crash->context, arch_registers[1].context);

	write_images(w);
	write_stack(w, sp);
}
