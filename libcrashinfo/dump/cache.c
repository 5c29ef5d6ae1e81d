/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096
/* A few of each module's tables and code, and the stack of a thread. */
#define PAGES 512

struct page {
	int fd; /* -1: empty */
	unsigned size;
	uint64_t offset;
	unsigned char bytes[PAGE];
};

struct dump_cache {
	struct page pages[PAGES];
};

struct dump_cache *dump_cache_create(void)
{
	struct dump_cache *cache = malloc(sizeof(*cache));

	for (size_t i = 0; cache && i < PAGES; i++)
		cache->pages[i].fd = -1;
	return cache;
}

void dump_cache_destroy(struct dump_cache *cache)
{
	free(cache);
}

void dump_cache_forget(struct dump_cache *cache, int fd)
{
	for (size_t i = 0; i < PAGES; i++)
		if (cache->pages[i].fd == fd)
			cache->pages[i].fd = -1;
}

static unsigned read_page(int fd, uint64_t offset, unsigned char *to)
{
	ssize_t got;

	do
		got = pread(fd, to, PAGE, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got > 0 ? (unsigned)got : 0;
}

static const struct page *page_at(struct dump_cache *cache, int fd, uint64_t offset)
{
	/* Files differ in their high bits only where two modules are unwound in turns. */
	struct page *page = &cache->pages[(offset / PAGE + (unsigned)fd * 37u) % PAGES];

	if (page->fd != fd || page->offset != offset) {
		page->fd = fd;
		page->offset = offset;
		page->size = read_page(fd, offset, page->bytes);
	}
	return page;
}

bool dump_cache_read(struct dump_cache *cache, int fd, uint64_t offset, void *to, size_t size)
{
	unsigned char *at = to;

	if (fd < 0 || (size && offset + (size - 1) < offset))
		return false;
	while (size) {
		size_t within = (size_t)(offset % PAGE), chunk = PAGE - within;
		const struct page *page = page_at(cache, fd, offset - within);

		if (chunk > size)
			chunk = size;
		if (within + chunk > page->size)
			return false;
		memcpy(at, page->bytes + within, chunk);
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
