/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for a program that makes one report and ends, while a process waits for it to begin: what
 * is small is cut off a block that begins in the program itself, what is large is mapped. Each page
 * that is touched for the first time costs as much as a thousand instructions, so nothing is kept
 * apart by size, and pieces are taken back only when none that is used lies behind them in their
 * block. That is enough for a server, which keeps nothing of one client to the next.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN ((size_t)16)
#define FIRST ((size_t)160 << 10) /* in the program */
#define BLOCK ((size_t)1 << 20)   /* those that follow */
#define LARGE ((size_t)96 << 10)  /* from here on it has a mapping of its own */

/* In front of what the caller gets. */
struct piece {
	size_t size; /* without this; a multiple of ALIGN, and the flags below */
	union {
		size_t mapped;        /* bytes of its mapping */
		struct piece *before; /* in the block, NULL for the first */
	};
};

#define IS_MAPPED ((size_t)1)
#define IS_FREE   ((size_t)2)
#define FLAGS     (IS_MAPPED | IS_FREE)

_Static_assert(sizeof(struct piece) == ALIGN, "pieces are aligned");

static unsigned char first[FIRST] __attribute__((aligned(16)));
static unsigned char *next = first, *end = first + FIRST;
static struct piece *last;           /* of the block, NULL when there is none */
static unsigned char *fresh = first; /* from here on nothing was written */
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void enter(void)
{
	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
		continue;
}

static void leave(void)
{
	atomic_flag_clear_explicit(&lock, memory_order_release);
}

static struct piece *piece_of(void *memory)
{
	return (struct piece *)memory - 1;
}

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void *allocate_large(size_t size)
{
	struct piece *piece = map(size + sizeof(*piece));

	if (!piece)
		return NULL;
	*piece = (struct piece){size | IS_MAPPED, {size + sizeof(*piece)}};
	return piece + 1;
}

/* Where `size` bytes, which are not large, are left. */
static bool make_room(size_t size)
{
	if (size <= (size_t)(end - next))
		return true;
	next = fresh = map(BLOCK);
	last = NULL;
	end = next ? next + BLOCK : NULL;
	return next;
}

static void *allocate_small(size_t size, bool zeroed)
{
	struct piece *piece = NULL;
	unsigned char *used;

	enter();
	if (make_room(size + sizeof(*piece))) {
		piece = (struct piece *)(void *)next;
		next += size + sizeof(*piece);
		used = next < fresh ? next : fresh;
		if (zeroed && used > (unsigned char *)piece)
			memset(piece, 0, (size_t)(used - (unsigned char *)piece));
		if (next > fresh)
			fresh = next;
		*piece = (struct piece){size, {.before = last}};
		last = piece;
	}
	leave();
	return piece ? piece + 1 : NULL;
}

static void *allocate(size_t size, bool zeroed)
{
	void *memory = NULL;

	if (size <= PTRDIFF_MAX - 2 * ALIGN) {
		size = size ? (size + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
		memory = size < LARGE ? allocate_small(size, zeroed) : allocate_large(size);
	}
	if (!memory)
		errno = ENOMEM;
	return memory;
}

void *malloc(size_t size)
{
	return allocate(size, false);
}

void *calloc(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		total = SIZE_MAX;
	return allocate(total, true);
}

void free(void *memory)
{
	int saved = errno;
	struct piece *piece;

	if (!memory)
		return;
	piece = piece_of(memory);
	if (piece->size & IS_MAPPED) {
		munmap(piece, piece->mapped);
	} else {
		enter();
		piece->size |= IS_FREE;
		for (; last && last->size & IS_FREE; last = last->before)
			next = (unsigned char *)last;
		leave();
	}
	errno = saved;
}

/* Whether it is the last one and could be made as large as that where it is. */
static bool extend(struct piece *piece, size_t size)
{
	unsigned char *start = (unsigned char *)(piece + 1);
	bool is_done = false;

	enter();
	if (piece == last && size <= (size_t)(end - start)) {
		piece->size = size;
		next = start + size;
		if (next > fresh)
			fresh = next;
		is_done = true;
	}
	leave();
	return is_done;
}

static void *resize_mapping(struct piece *piece, size_t size)
{
	struct piece *moved;

	moved = mremap(piece, piece->mapped, size + sizeof(*piece), MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		return NULL;
	*moved = (struct piece){size | IS_MAPPED, {size + sizeof(*moved)}};
	return moved + 1;
}

static void *move(struct piece *piece, size_t size)
{
	void *to = allocate(size, false);

	if (!to)
		return NULL;
	memcpy(to, piece + 1, piece->size);
	free(piece + 1);
	return to;
}

void *realloc(void *memory, size_t size)
{
	struct piece *piece;
	void *moved = NULL;

	if (!memory)
		return malloc(size);
	piece = piece_of(memory);
	if (size <= PTRDIFF_MAX - 2 * ALIGN) {
		size_t rounded = (size + ALIGN - 1) & ~(ALIGN - 1);

		if (size <= (piece->size & ~FLAGS) || extend(piece, rounded))
			return memory;
		moved = piece->size & IS_MAPPED ? resize_mapping(piece, rounded)
						: move(piece, size);
	}
	if (!moved)
		errno = ENOMEM;
	return moved;
}
