/* SPDX-License-Identifier: Apache-2.0 */
/* Making a cache file: texts and nodes that are equal are kept once. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/strbuf.h"
#include "symbol/cache.h"

/* Places of equal things by hash; slots hold a place, 0 is free. */
struct table {
	uint32_t *slots;
	size_t count, capacity;
};

struct cache_writer {
	uint64_t base;
	VEC(uint32_t) starts;
	VEC(struct cache_interval) intervals;
	VEC(struct cache_node) nodes;
	struct strbuf text;
	struct table texts, known;
	bool too_wide; /* more than 4 GiB of addresses or text */
};

typedef bool equal_fn(const struct cache_writer *writer, uint32_t place, const void *key);
typedef uint64_t place_hash_fn(const struct cache_writer *writer, uint32_t place);

static bool grow(const struct cache_writer *writer, struct table *table, place_hash_fn *hash)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 1024;
	uint32_t *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < table->capacity; i++) {
		size_t at;

		if (!table->slots[i])
			continue;
		at = hash(writer, table->slots[i]) & (capacity - 1);
		while (slots[at])
			at = (at + 1) & (capacity - 1);
		slots[at] = table->slots[i];
	}
	free(table->slots);
	table->slots = slots;
	table->capacity = capacity;
	return true;
}

/* The slot of what equals `key`, or a free one for it; NULL when memory is out. */
static uint32_t *find_slot(const struct cache_writer *writer, struct table *table, uint64_t hash,
			   const void *key, equal_fn *equal, place_hash_fn *place_hash)
{
	size_t at;

	if (table->count * 2 >= table->capacity && !grow(writer, table, place_hash))
		return NULL;
	at = hash & (table->capacity - 1);
	while (table->slots[at] && !equal(writer, table->slots[at], key))
		at = (at + 1) & (table->capacity - 1);
	return &table->slots[at];
}

static bool text_equal(const struct cache_writer *writer, uint32_t place, const void *key)
{
	return !strcmp(writer->text.data + place, key);
}

static uint64_t text_hash(const struct cache_writer *writer, uint32_t place)
{
	const char *text = writer->text.data + place;

	return hash_text(0, text);
}

static bool add_text(struct cache_writer *writer, const char *text, uint32_t *ret)
{
	uint32_t *slot;

	*ret = 0;
	if (!text || !*text)
		return true;
	slot = find_slot(writer, &writer->texts, hash_text(0, text), text, text_equal, text_hash);
	if (!slot)
		return false;
	if (!*slot) {
		if (writer->text.size + strlen(text) + 1 > UINT32_MAX) {
			writer->too_wide = true;
			return true;
		}
		*slot = (uint32_t)writer->text.size;
		writer->texts.count++;
		strbuf_add(&writer->text, text, strlen(text) + 1);
	}
	*ret = *slot;
	return !writer->text.failed;
}

static bool node_equal(const struct cache_writer *writer, uint32_t place, const void *key)
{
	return !memcmp(&writer->nodes.data[place], key, sizeof(struct cache_node));
}

static uint64_t node_hash(const struct cache_writer *writer, uint32_t place)
{
	return hash_bytes(0, &writer->nodes.data[place], sizeof(struct cache_node));
}

static bool add_node(struct cache_writer *writer, const struct cache_node *node, uint32_t *ret)
{
	uint32_t *slot = find_slot(writer, &writer->known, hash_bytes(0, node, sizeof(*node)), node,
				   node_equal, node_hash);
	struct cache_node *added;

	if (!slot)
		return false;
	if (!*slot) {
		if (writer->nodes.size >= UINT32_MAX) {
			writer->too_wide = true;
			return true;
		}
		added = vec_push(&writer->nodes);
		if (!added)
			return false;
		*added = *node;
		*slot = (uint32_t)writer->nodes.size - 1;
		writer->known.count++;
	}
	*ret = *slot;
	return true;
}

struct cache_writer *cache_writer_create(void)
{
	struct cache_writer *writer = calloc(1, sizeof(*writer));
	struct cache_node *first = writer ? vec_push(&writer->nodes) : NULL;

	if (!first) {
		free(writer);
		return NULL;
	}
	*first = (struct cache_node){0};
	strbuf_addc(&writer->text, '\0');
	return writer;
}

void cache_writer_destroy(struct cache_writer *writer)
{
	if (!writer)
		return;
	free(writer->starts.data);
	free(writer->intervals.data);
	free(writer->nodes.data);
	free(writer->texts.slots);
	free(writer->known.slots);
	strbuf_deinit(&writer->text);
	free(writer);
}

/* The file as an answer has it: libdw leaves its directory apart. */
static bool add_file(struct cache_writer *writer, const struct lookup_frame *frame, uint32_t *ret)
{
	struct strbuf path _strbuf_ = {0};

	*ret = 0;
	if (!frame->file)
		return true;
	lookup_frame_path(frame, &path);
	return !path.failed && add_text(writer, path.data, ret);
}

/* The nodes of a lookup's frames, from the outermost in; `*ret` is the innermost. */
static bool add_chain(struct cache_writer *writer, const struct lookup *lookup, uint32_t *ret)
{
	struct cache_node common = {
		.flags = (lookup->unit ? CACHE_UNIT : 0u) |
			 (lookup->trampoline ? CACHE_TRAMPOLINE : 0u),
		.symbol_address = lookup->symbol_address,
	};
	uint32_t parent = 0;

	if (!add_text(writer, lookup->symbol, &common.symbol))
		return false;
	if (!lookup->frames.size && (common.flags || common.symbol))
		return add_node(writer, &common, ret);
	for (size_t i = lookup->frames.size; i > 0; i--) {
		const struct lookup_frame *frame = &lookup->frames.data[i - 1];
		struct cache_node node = common;

		node.flags |= CACHE_FRAME;
		node.address = frame->symbol_address;
		node.parent = parent;
		if (parent) {
			const struct lookup_frame *outer = &lookup->frames.data[i];

			node.call_line = outer->line;
			node.call_column = outer->column;
			if (!add_file(writer, outer, &node.call_file))
				return false;
		}
		if (!add_text(writer, frame->linkage_name, &node.linkage_name) ||
		    !add_text(writer, frame->name, &node.name) || !add_node(writer, &node, &parent))
			return false;
	}
	*ret = parent;
	return true;
}

bool cache_writer_add(struct cache_writer *writer, const struct lookup *lookup)
{
	struct cache_interval interval = {0}, *last, *slot;
	uint32_t *start;

	if (!add_chain(writer, lookup, &interval.node))
		return false;
	if (lookup->frames.size) {
		interval.line = lookup->frames.data[0].line;
		interval.column = lookup->frames.data[0].column;
		if (!add_file(writer, &lookup->frames.data[0], &interval.file))
			return false;
	}
	last = writer->intervals.size ? &writer->intervals.data[writer->intervals.size - 1] : NULL;
	if (!last)
		writer->base = lookup->address;
	else if (!memcmp(last, &interval, sizeof(interval)))
		return true;
	if (lookup->address - writer->base > UINT32_MAX) {
		writer->too_wide = true;
		return true;
	}
	start = vec_push(&writer->starts);
	slot = start ? vec_push(&writer->intervals) : NULL;
	if (!slot)
		return false;
	*start = (uint32_t)(lookup->address - writer->base);
	*slot = interval;
	return true;
}

static void fill_header(const struct cache_writer *writer, const char *build_id, bool has_dwarf,
			struct cache_header *header)
{
	*header = (struct cache_header){
		.magic = "ddsymch",
		.byte_order = 0x01020304,
		.version = CACHE_VERSION,
		.base = writer->base,
		.interval_count = (uint32_t)writer->intervals.size,
		.node_count = (uint32_t)writer->nodes.size,
		.text_size = (uint32_t)writer->text.size,
		.has_dwarf = has_dwarf,
	};
	strncpy(header->build_id, build_id, sizeof(header->build_id) - 1);
	header->body_size = writer->starts.size * sizeof(*writer->starts.data) +
			    writer->intervals.size * sizeof(*writer->intervals.data) +
			    writer->nodes.size * sizeof(*writer->nodes.data) + writer->text.size;
	header->block_count = (uint32_t)((header->body_size + CACHE_BLOCK - 1) / CACHE_BLOCK);
}

/* Header, checksums and body in one piece of memory. */
static bool make_bytes(const struct cache_writer *writer, const char *build_id, bool has_dwarf,
		       struct strbuf *ret)
{
	struct cache_header header;
	size_t body;

	fill_header(writer, build_id, has_dwarf, &header);
	strbuf_add(ret, &header, sizeof(header));
	for (uint32_t i = 0; i < header.block_count; i++)
		strbuf_add(ret, "\0\0\0", 4);
	body = ret->size;
	strbuf_add(ret, writer->starts.data, writer->starts.size * sizeof(*writer->starts.data));
	strbuf_add(ret, writer->intervals.data,
		   writer->intervals.size * sizeof(*writer->intervals.data));
	strbuf_add(ret, writer->nodes.data, writer->nodes.size * sizeof(*writer->nodes.data));
	strbuf_add(ret, writer->text.data, writer->text.size);
	if (ret->failed)
		return false;
	for (uint32_t i = 0; i < header.block_count; i++) {
		size_t offset = i * (size_t)CACHE_BLOCK, left = header.body_size - offset;
		uint32_t sum = cache_checksum(ret->data + body + offset,
					      (left < CACHE_BLOCK ? left : CACHE_BLOCK));

		memcpy(ret->data + sizeof(header) + 4 * (size_t)i, &sum, sizeof(sum));
	}
	header.checksums = cache_checksum(ret->data + sizeof(header), (header.block_count * 4u));
	header.checksum = cache_checksum(&header, offsetof(struct cache_header, checksum));
	memcpy(ret->data, &header, sizeof(header));
	return true;
}

/* The folder and the one in it that the file goes to. */
static struct crashinfo_error *make_folders(const char *dir, const char *path)
{
	_free_ char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));

	if (!folder)
		return crashinfo_error_no_memory();
	if ((mkdir(dir, 0777) && errno != EEXIST) || (mkdir(folder, 0777) && errno != EEXIST))
		return crashinfo_error_from_errno(errno, "cannot make folder %s", folder);
	return NULL;
}

struct crashinfo_error *cache_writer_finish(struct cache_writer *writer, const char *dir,
					    const char *build_id, bool has_dwarf)
{
	_free_ char *path = cache_path(dir, build_id);
	struct strbuf bytes _strbuf_ = {0};
	struct crashinfo_error *error;
	struct io_atomic file;
	struct stat st;

	if (!path || writer->too_wide)
		return NULL;
	if (!make_bytes(writer, build_id, has_dwarf, &bytes))
		return crashinfo_error_no_memory();
	error = make_folders(dir, path);
	/* a pipe would be written in place, and block */
	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		unlink(path);
	if (!error)
		error = io_atomic_open(&file, path);
	if (error)
		return error;
	error = io_write_all(file.fd, bytes.data, bytes.size);
	if (!error)
		return io_atomic_commit(&file, false);
	io_atomic_abort(&file);
	return crashinfo_error_wrap(error, "%s", path);
}
