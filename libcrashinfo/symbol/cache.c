/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the cache in place: a block is checked when it is first used. */
#include "symbol/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"

struct cache_file {
	const struct cache_header *header;
	const unsigned char *checksums; /* uint32_t each, which need not be aligned */
	const unsigned char *body;
	unsigned char *checked; /* per block: 0 not yet, 1 good, 2 bad */
	void *map;              /* NULL when the bytes belong to somebody else */
	size_t map_size;
	size_t intervals, nodes, text; /* offsets in the body */
	bool damaged;
};

char *cache_path(const char *dir, const char *build_id)
{
	size_t size = strlen(build_id);
	char *path = NULL;

	if (size < 4 || size >= CACHE_ID_TEXT || strspn(build_id, "0123456789abcdef") != size)
		return NULL;
	if (asprintf(&path, "%s/%.2s/%s.ddsym", dir, build_id, build_id + 2) < 0)
		return NULL;
	return path;
}

static bool header_fits(const struct cache_header *header, size_t size, const char *build_id)
{
	uint64_t parts = header->interval_count * (uint64_t)(4 + sizeof(struct cache_interval)) +
			 header->node_count * (uint64_t)sizeof(struct cache_node) +
			 header->text_size;
	uint64_t blocks = (header->body_size + CACHE_BLOCK - 1) / CACHE_BLOCK;

	return !memcmp(header->magic, "ddsymch", 8) && header->byte_order == 0x01020304 &&
	       header->version == CACHE_VERSION &&
	       header->checksum ==
		       cache_checksum(header, offsetof(struct cache_header, checksum)) &&
	       memchr(header->build_id, 0, sizeof(header->build_id)) &&
	       !strcmp(header->build_id, build_id) && header->body_size == parts &&
	       header->block_count == blocks && header->node_count && header->text_size &&
	       sizeof(*header) + blocks * 4 + parts == size;
}

struct cache_file *cache_open_bytes(const void *bytes, size_t size, const char *build_id)
{
	const struct cache_header *header = bytes;
	struct cache_file *cache;

	if (size < sizeof(*header) || !header_fits(header, size, build_id))
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;
	cache->header = header;
	cache->checksums = (const unsigned char *)(header + 1);
	cache->body = cache->checksums + header->block_count * (size_t)4;
	cache->intervals = header->interval_count * (size_t)4;
	cache->nodes = cache->intervals + header->interval_count * sizeof(struct cache_interval);
	cache->text = cache->nodes + header->node_count * sizeof(struct cache_node);
	cache->checked = calloc(header->block_count + 1u, 1);
	if (!cache->checked ||
	    header->checksums != cache_checksum(cache->checksums, (header->block_count * 4u))) {
		cache_close(cache);
		return NULL;
	}
	return cache;
}

struct cache_file *cache_open(const char *dir, const char *build_id)
{
	_free_ char *path = cache_path(dir, build_id);
	_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
	struct cache_file *cache;
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return NULL;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	cache = cache_open_bytes(map, (size_t)st.st_size, build_id);
	if (!cache) {
		munmap(map, (size_t)st.st_size);
		return NULL;
	}
	cache->map = map;
	cache->map_size = (size_t)st.st_size;
	return cache;
}

void cache_close(struct cache_file *cache)
{
	if (!cache)
		return;
	if (cache->map)
		munmap(cache->map, cache->map_size);
	free(cache->checked);
	free(cache);
}

bool cache_is_damaged(const struct cache_file *cache)
{
	return cache->damaged;
}

bool cache_has_dwarf(const struct cache_file *cache)
{
	return cache->header->has_dwarf;
}

static bool check_block(struct cache_file *cache, size_t block)
{
	size_t offset = block * CACHE_BLOCK, left = cache->header->body_size - offset;
	uint32_t wanted;

	if (!cache->checked[block]) {
		memcpy(&wanted, cache->checksums + 4 * block, 4);
		cache->checked[block] =
			cache_checksum(cache->body + offset,
				       (left < CACHE_BLOCK ? left : CACHE_BLOCK)) == wanted
				? 1
				: 2;
	}
	return cache->checked[block] == 1;
}

/* Bytes of the body whose blocks are whole, NULL when they are not or lie outside. */
static const unsigned char *body_at(struct cache_file *cache, size_t offset, size_t size)
{
	if (offset > cache->header->body_size || size > cache->header->body_size - offset)
		return NULL;
	for (size_t block = offset / CACHE_BLOCK;
	     size && block <= (offset + size - 1) / CACHE_BLOCK; block++)
		if (!check_block(cache, block))
			return NULL;
	return cache->body + offset;
}

static bool start_at(struct cache_file *cache, size_t index, uint64_t *ret)
{
	const unsigned char *at = body_at(cache, index * 4, 4);
	uint32_t start;

	if (!at)
		return false;
	memcpy(&start, at, sizeof(start));
	*ret = cache->header->base + start;
	return true;
}

static bool node_at(struct cache_file *cache, uint32_t index, struct cache_node *ret)
{
	const unsigned char *at;

	if (index >= cache->header->node_count)
		return false;
	at = body_at(cache, cache->nodes + index * sizeof(*ret), sizeof(*ret));
	if (at)
		memcpy(ret, at, sizeof(*ret));
	return at != NULL;
}

/* `*ret` is NULL for the empty text; false when it is not there. */
static bool text_at(struct cache_file *cache, uint32_t offset, const char **ret)
{
	size_t left = offset < cache->header->text_size ? cache->header->text_size - offset : 0;
	const char *text = (const char *)cache->body + cache->text + offset, *nul;

	*ret = NULL;
	if (!offset)
		return true;
	nul = left ? memchr(text, 0, left) : NULL;
	if (!nul || !body_at(cache, cache->text + offset, (size_t)(nul - text) + 1))
		return false;
	*ret = text;
	return true;
}

/* The interval that holds the address; `node` is 0 when none does. */
static bool interval_at(struct cache_file *cache, uint64_t address, struct cache_interval *ret)
{
	size_t low = 0, high = cache->header->interval_count;
	const unsigned char *at;
	uint64_t start;

	*ret = (struct cache_interval){0};
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (!start_at(cache, middle, &start))
			return false;
		if (start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return true;
	at = body_at(cache, cache->intervals + (low - 1) * sizeof(*ret), sizeof(*ret));
	if (at)
		memcpy(ret, at, sizeof(*ret));
	return at != NULL;
}

bool cache_is_trampoline(struct cache_file *cache, uint64_t address)
{
	struct cache_interval interval;
	struct cache_node node;

	if (!interval_at(cache, address, &interval) || !node_at(cache, interval.node, &node)) {
		cache->damaged = true;
		return false;
	}
	return node.flags & CACHE_TRAMPOLINE;
}

/* A frame of the chain, with the place that is known of it so far. */
static bool set_frame(struct cache_file *cache, const struct cache_node *node,
		      const struct cache_interval *place, struct lookup_frame *frame)
{
	*frame = (struct lookup_frame){
		.line = place->line, .column = place->column, .symbol_address = node->address};
	return text_at(cache, node->linkage_name, &frame->linkage_name) &&
	       text_at(cache, node->name, &frame->name) &&
	       text_at(cache, place->file, &frame->file);
}

static bool resolve_one(struct cache_file *cache, const struct crashinfo_limits *limits,
			struct lookup *lookup, bool *memory_ret)
{
	struct cache_interval place;
	struct cache_node node;

	if (!interval_at(cache, lookup->address, &place) || !node_at(cache, place.node, &node))
		return false;
	while (node.flags & CACHE_FRAME) {
		struct lookup_frame *frame = vec_push(&lookup->frames);

		*memory_ret |= !frame;
		/* a damaged chain could be a circle */
		if (!frame || lookup->frames.size > limits->inline_depth + 1 ||
		    !set_frame(cache, &node, &place, frame))
			return false;
		if (!node.parent)
			break;
		place = (struct cache_interval){node.parent, node.call_file, node.call_line,
						node.call_column};
		if (!node_at(cache, node.parent, &node))
			return false;
	}
	lookup->unit = node.flags & CACHE_UNIT ? 1 : 0;
	lookup->symbol_address = node.symbol_address;
	return text_at(cache, node.symbol, &lookup->symbol);
}

struct crashinfo_error *cache_resolve(struct cache_file *cache,
				      const struct crashinfo_limits *limits,
				      struct lookups *lookups)
{
	bool no_memory = false;

	for (size_t i = 0; i < lookups->count && !cache->damaged; i++)
		cache->damaged = !resolve_one(cache, limits, &lookups->data[i], &no_memory);
	return no_memory ? crashinfo_error_no_memory() : NULL;
}
