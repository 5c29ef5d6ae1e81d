/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096
/* A few of each module's tables and code, and the stack of a thread. */
#define PAGES 512

/* What is kept at one place; apart from the bytes, so that an empty cache costs no memory. */
struct key {
	int fd; /* -1: empty */
	unsigned size;
	uint64_t offset;
};

struct dump_cache {
	struct key keys[PAGES];
	unsigned char pages[PAGES][PAGE];
};

struct dump_cache *dump_cache_create(void)
{
	struct dump_cache *cache = malloc(sizeof(*cache));

	for (size_t i = 0; cache && i < PAGES; i++)
		cache->keys[i].fd = -1;
	return cache;
}

void dump_cache_destroy(struct dump_cache *cache)
{
	free(cache);
}

void dump_cache_forget(struct dump_cache *cache, int fd)
{
	for (size_t i = 0; i < PAGES; i++)
		if (cache->keys[i].fd == fd)
			cache->keys[i].fd = -1;
}

static unsigned read_page(int fd, uint64_t offset, unsigned char *to)
{
	ssize_t got;

	do
		got = pread(fd, to, PAGE, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got > 0 ? (unsigned)got : 0;
}

/* The page at `offset`; *size_ret is how much of it there is. */
static const unsigned char *page_at(struct dump_cache *cache, int fd, uint64_t offset,
				    unsigned *size_ret)
{
	/* Files differ in their high bits only where two modules are unwound in turns. */
	size_t place = (offset / PAGE + (unsigned)fd * 37u) % PAGES;
	struct key *key = &cache->keys[place];

	if (key->fd != fd || key->offset != offset)
		*key = (struct key){fd, read_page(fd, offset, cache->pages[place]), offset};
	*size_ret = key->size;
	return cache->pages[place];
}

bool dump_cache_read(struct dump_cache *cache, int fd, uint64_t offset, void *to, size_t size)
{
	unsigned char *at = to;

	if (fd < 0 || (size && offset + (size - 1) < offset))
		return false;
	while (size) {
		size_t within = (size_t)(offset % PAGE), chunk = PAGE - within;
		unsigned available;
		const unsigned char *page = page_at(cache, fd, offset - within, &available);

		if (chunk > size)
			chunk = size;
		if (within + chunk > available)
			return false;
		memcpy(at, page + within, chunk);
		offset += chunk;
		at += chunk;
		size -= chunk;
	}
	return true;
}

static bool read_file(void *context, uint64_t address, void *to, size_t size)
{
	const struct dump_cached_file *file = context;

	return dump_cache_read(file->cache, file->fd, address, to, size);
}

struct unwind_memory dump_cached_memory(struct dump_cached_file *file)
{
	return (struct unwind_memory){.read = read_file, .context = file};
}
