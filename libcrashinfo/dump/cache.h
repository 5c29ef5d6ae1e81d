/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading small pieces of files, and of memory that reads like one. Pages that were read are kept.
 * Files are not mapped: one that shrinks meanwhile is then an answer and not a signal.
 */
#ifndef DUMP_CACHE_H
#define DUMP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/unwind.h"

struct dump_cache;

/* NULL when memory is out. */
struct dump_cache *dump_cache_create(void);
void dump_cache_destroy(struct dump_cache *cache);

/* Read `size` bytes of the open file at `offset`; false unless all can be read. */
bool dump_cache_read(struct dump_cache *cache, int fd, uint64_t offset, void *to, size_t size);
/* The descriptor is about to be closed. */
void dump_cache_forget(struct dump_cache *cache, int fd);

/* An open file as memory addressed by offset. */
struct dump_cached_file {
	struct dump_cache *cache;
	int fd;
};
/* Lives as long as `file`. */
struct unwind_memory dump_cached_memory(struct dump_cached_file *file);

#endif
