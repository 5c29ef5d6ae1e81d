/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given out piece by piece and freed all at once. Not thread safe. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* bytes taken of the newest block */
};

void arena_init(struct arena *arena);
/* Frees everything that was given out. */
void arena_deinit(struct arena *arena);

/* `size` bytes aligned for any type, uninitialized; NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);
/* Zeroed room for `count` elements of `size` bytes; NULL when memory is out or it overflows. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);
/* A copy of `size` bytes followed by a NUL. */
char *arena_memdup(struct arena *arena, const char *bytes, size_t size);
char *arena_strdup(struct arena *arena, const char *string);

#endif
