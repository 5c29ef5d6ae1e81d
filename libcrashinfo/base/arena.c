/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Large enough that a report takes a few blocks, small enough that a tiny one wastes little. */
#define ARENA_BLOCK_BYTES 16384

struct arena_block {
	struct arena_block *next;
	size_t capacity;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena)
{
	*arena = (struct arena){0};
}

void arena_deinit(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena_init(arena);
}

static struct arena_block *arena_add_block(struct arena *arena, size_t size)
{
	size_t capacity = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
	struct arena_block *block;

	if (capacity > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + capacity);
	if (!block)
		return NULL;
	block->capacity = capacity;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->used = 0;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	size_t align = alignof(max_align_t);
	void *p;

	if (size > SIZE_MAX - align)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!block || block->capacity - arena->used < size)
		block = arena_add_block(arena, size);
	if (!block)
		return NULL;
	p = block->data + arena->used;
	arena->used += size;
	return p;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	p = arena_alloc(arena, bytes);
	if (p)
		memset(p, 0, bytes);
	return p;
}

char *arena_memdup(struct arena *arena, const char *bytes, size_t size)
{
	char *p;

	if (size == SIZE_MAX)
		return NULL;
	p = arena_alloc(arena, size + 1);
	if (!p)
		return NULL;
	if (size)
		memcpy(p, bytes, size);
	p[size] = '\0';
	return p;
}

char *arena_strdup(struct arena *arena, const char *string)
{
	return arena_memdup(arena, string, strlen(string));
}
