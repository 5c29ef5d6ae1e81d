/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GSYM, version 1, as llvm-gsymutil writes it: sorted addresses, and for each a function with its
 * line table and its tree of inlined functions. There are no columns.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/strbuf.h"
#include "symbol/table.h"

#define GSYM_MAGIC       0x4753594du
#define GSYM_VERSION     1
#define GSYM_HEADER_SIZE 48

/* Kinds of data behind a function. */
enum { INFO_END = 0, INFO_LINES = 1, INFO_INLINES = 2 };

/* Operations of the line table; those above are special. */
enum { LINE_END = 0, LINE_SET_FILE = 1, LINE_ADVANCE_PC = 2, LINE_ADVANCE = 3, LINE_SPECIAL = 4 };

struct gsym {
	const struct symbol_bytes *bytes;
	bool big_endian;
	unsigned address_size;
	uint64_t base;
	uint32_t count;
	struct cursor addresses, infos; /* arrays */
	struct cursor files;            /* pairs of string offsets */
	struct cursor strings;
};

struct gsym_row {
	uint32_t file, line;
	bool found;
};

/* One function of a chain at an address, the outermost first. */
struct gsym_inline {
	uint32_t name, call_file, call_line;
};

struct gsym_chain {
	VEC(struct gsym_inline) functions;
	bool limited;
};

/* `count` elements of `size` bytes at `offset`. */
static bool take_array(const struct gsym *gsym, uint64_t offset, uint64_t count, uint64_t size,
		       struct cursor *ret)
{
	struct cursor c = cursor_make(gsym->bytes->data, gsym->bytes->size, gsym->big_endian);
	const unsigned char *at;
	uint64_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return false;
	cursor_skip(&c, offset);
	at = cursor_bytes(&c, bytes);
	if (c.failed)
		return false;
	*ret = cursor_make(at, (size_t)bytes, gsym->big_endian);
	return true;
}

static uint64_t element(const struct cursor *array, uint64_t index, unsigned size)
{
	struct cursor c = *array;

	cursor_skip(&c, index * size);
	return cursor_uint(&c, size);
}

static uint64_t align(uint64_t offset, uint64_t to)
{
	return (offset + to - 1) / to * to;
}

static bool read_arrays(struct gsym *gsym, uint32_t strings, uint32_t strings_size)
{
	uint64_t at = align(GSYM_HEADER_SIZE, gsym->address_size);
	struct cursor count;

	if (!take_array(gsym, at, gsym->count, gsym->address_size, &gsym->addresses))
		return false;
	at = align(at + (uint64_t)gsym->count * gsym->address_size, 4);
	if (!take_array(gsym, at, gsym->count, 4, &gsym->infos))
		return false;
	at += 4 * (uint64_t)gsym->count;
	return take_array(gsym, at, 1, 4, &count) &&
	       take_array(gsym, at + 4, cursor_u32(&count), 8, &gsym->files) &&
	       take_array(gsym, strings, strings_size, 1, &gsym->strings);
}

static bool read_header(const struct symbol_bytes *bytes, struct gsym *gsym)
{
	struct cursor c = cursor_make(bytes->data, bytes->size, false);
	uint32_t strings, strings_size;

	*gsym = (struct gsym){.bytes = bytes};
	gsym->big_endian = cursor_u32(&c) != GSYM_MAGIC;
	c.big_endian = gsym->big_endian;
	if (cursor_u16(&c) != GSYM_VERSION)
		return false;
	gsym->address_size = cursor_u8(&c);
	cursor_skip(&c, 1);
	gsym->base = cursor_u64(&c);
	gsym->count = cursor_u32(&c);
	strings = cursor_u32(&c);
	strings_size = cursor_u32(&c);
	if (c.failed || (gsym->address_size != 1 && gsym->address_size != 2 &&
			 gsym->address_size != 4 && gsym->address_size != 8))
		return false;
	return read_arrays(gsym, strings, strings_size);
}

static const char *string_at(const struct gsym *gsym, uint32_t offset)
{
	struct cursor c = gsym->strings;

	cursor_skip(&c, offset);
	return c.failed ? NULL : cursor_string(&c);
}

/* Directory and name in the arena; file 0 is none. */
static struct crashinfo_error *file_at(const struct gsym *gsym, uint32_t index, const char **ret)
{
	struct cursor c = gsym->files;
	struct strbuf path _strbuf_ = {0};
	const char *directory, *base;

	cursor_skip(&c, 8 * (uint64_t)index);
	directory = string_at(gsym, cursor_u32(&c));
	base = string_at(gsym, cursor_u32(&c));
	if (!index || c.failed || !directory || !base || !*base)
		return NULL;
	if (*directory)
		strbuf_addf(&path, "%s/", directory);
	strbuf_adds(&path, base);
	*ret = path.failed ? NULL : arena_memdup(gsym->bytes->arena, path.data, path.size);
	return *ret ? NULL : crashinfo_error_no_memory();
}

/* The last row at or below `address` of a function that begins at `start`. */
static bool find_row(struct cursor c, uint64_t start, uint64_t address, struct gsym_row *ret)
{
	int64_t min = cursor_sleb(&c), max = cursor_sleb(&c);
	uint64_t range = (uint64_t)max - (uint64_t)min + 1, at = start;
	struct gsym_row row = {.file = 1, .line = (uint32_t)cursor_uleb(&c)};

	while (!c.failed) {
		uint8_t op = cursor_u8(&c);

		switch (op) {
		case LINE_END: return !c.failed;
		case LINE_SET_FILE: row.file = (uint32_t)cursor_uleb(&c); continue;
		case LINE_ADVANCE: row.line += (uint32_t)cursor_sleb(&c); continue;
		case LINE_ADVANCE_PC: at += cursor_uleb(&c); break;
		default:
			if (!range)
				return false;
			row.line +=
				(uint32_t)((uint64_t)min + (uint64_t)(op - LINE_SPECIAL) % range);
			at += (uint64_t)(op - LINE_SPECIAL) / range;
		}
		if (c.failed || at > address)
			return !c.failed;
		row.found = true;
		*ret = row;
	}
	return false;
}

/* Ranges of an inlined function; `*first_ret` is what those inside count from. */
static bool read_ranges(struct cursor *c, uint64_t base, uint64_t address, uint64_t *first_ret,
			bool *covers_ret)
{
	uint64_t count = cursor_uleb(c);

	*covers_ret = false;
	for (uint64_t i = 0; i < count && !c->failed; i++) {
		uint64_t start = base + cursor_uleb(c), size = cursor_uleb(c);

		if (!i)
			*first_ret = start;
		*covers_ret |= address - start < size;
	}
	return count && !c->failed;
}

/*
 * The tree, entry by entry without recursion: where functions end is in the file only as empty
 * entries, so those beside the chain are read too. `bases` is a stack of what is open.
 */
static struct crashinfo_error *find_chain(const struct gsym *gsym, struct cursor c, uint64_t start,
					  uint64_t address, struct gsym_chain *chain, bool *ok_ret)
{
	VEC(uint64_t) bases = {0};
	size_t on_chain = 0; /* open entries that cover the address */

	*ok_ret = true;
	do {
		uint64_t base = bases.size ? bases.data[bases.size - 1] : start, first = 0;
		struct gsym_inline function;
		bool covers, open;
		uint64_t *slot;

		if (!read_ranges(&c, base, address, &first, &covers)) {
			/* an empty entry ends the children */
			if (bases.size)
				bases.size--;
			if (on_chain > bases.size)
				on_chain = bases.size;
			continue;
		}
		open = cursor_u8(&c);
		function.name = cursor_u32(&c);
		function.call_file = (uint32_t)cursor_uleb(&c);
		function.call_line = (uint32_t)cursor_uleb(&c);
		if (covers && on_chain == bases.size && chain->functions.size == bases.size) {
			struct gsym_inline *kept = vec_push(&chain->functions);

			if (!kept) {
				free(bases.data);
				return crashinfo_error_no_memory();
			}
			*kept = function;
			on_chain += open;
		}
		if (!open)
			continue;
		if (bases.size > gsym->bytes->limits->inline_depth) {
			chain->limited = true;
			break;
		}
		slot = vec_push(&bases);
		if (!slot) {
			free(bases.data);
			return crashinfo_error_no_memory();
		}
		*slot = first;
	} while (bases.size && !c.failed);
	*ok_ret = !c.failed;
	free(bases.data);
	return NULL;
}

/* What stands behind a function, both parts optional. */
struct gsym_function {
	uint64_t start, size;
	uint32_t name;
	struct cursor lines, inlines; /* with nothing left when not there */
};

static bool read_function(const struct gsym *gsym, uint32_t index, struct gsym_function *ret)
{
	struct cursor c = cursor_make(gsym->bytes->data, gsym->bytes->size, gsym->big_endian);

	*ret = (struct gsym_function){
		.start = gsym->base + element(&gsym->addresses, index, gsym->address_size)};
	cursor_skip(&c, element(&gsym->infos, index, 4));
	ret->size = cursor_u32(&c);
	ret->name = cursor_u32(&c);
	for (;;) {
		uint32_t type = cursor_u32(&c), size = cursor_u32(&c);
		const unsigned char *data = cursor_bytes(&c, size);

		if (c.failed || type == INFO_END)
			return !c.failed;
		if (type == INFO_LINES)
			ret->lines = cursor_make(data, size, gsym->big_endian);
		else if (type == INFO_INLINES)
			ret->inlines = cursor_make(data, size, gsym->big_endian);
	}
}

/* The functions of the chain innermost first, each with the line in it. */
static struct crashinfo_error *add_frames(const struct gsym *gsym,
					  const struct gsym_function *function,
					  const struct gsym_chain *chain,
					  const struct gsym_row *row, struct lookup *lookup)
{
	size_t count = chain->functions.size ? chain->functions.size : 1;
	uint32_t file = row->file, line = row->line;
	struct crashinfo_error *error = NULL;

	for (size_t i = count; i-- > 0 && !error;) {
		struct lookup_frame *frame = vec_push(&lookup->frames);

		if (!frame)
			return crashinfo_error_no_memory();
		*frame = (struct lookup_frame){.line = line};
		frame->name = string_at(gsym, i ? chain->functions.data[i].name : function->name);
		error = file_at(gsym, file, &frame->file);
		if (!i)
			frame->symbol_address = function->start;
		else
			file = chain->functions.data[i].call_file;
		line = i ? chain->functions.data[i].call_line : 0;
	}
	return error;
}

static struct crashinfo_error *resolve_in(const struct gsym *gsym,
					  const struct gsym_function *function,
					  struct lookup *lookup)
{
	struct gsym_chain chain = {0};
	struct gsym_row row = {0};
	struct crashinfo_error *error = NULL;
	bool ok = true;

	if (cursor_left(&function->lines))
		lookup->damaged |=
			!find_row(function->lines, function->start, lookup->address, &row);
	if (row.found && cursor_left(&function->inlines))
		error = find_chain(gsym, function->inlines, function->start, lookup->address,
				   &chain, &ok);
	lookup->damaged |= !ok;
	lookup->limited |= chain.limited;
	lookup->unit = 1;
	if (!error)
		error = add_frames(gsym, function, &chain, &row, lookup);
	free(chain.functions.data);
	return error;
}

/* The first function of those that begin last at or below `offset`; count when there is none. */
static uint32_t find_index(const struct gsym *gsym, uint64_t offset)
{
	uint32_t low = 0, high = gsym->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (element(&gsym->addresses, middle, gsym->address_size) <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return gsym->count;
	offset = element(&gsym->addresses, --low, gsym->address_size);
	while (low && element(&gsym->addresses, low - 1, gsym->address_size) == offset)
		low--;
	return low;
}

static struct crashinfo_error *resolve_one(const struct gsym *gsym, struct lookup *lookup)
{
	struct gsym_function function;
	uint64_t first;
	uint32_t i;

	if (lookup->address < gsym->base)
		return NULL;
	i = find_index(gsym, lookup->address - gsym->base);
	if (i == gsym->count)
		return NULL;
	first = element(&gsym->addresses, i, gsym->address_size);
	for (; i < gsym->count && element(&gsym->addresses, i, gsym->address_size) == first; i++) {
		if (!read_function(gsym, i, &function)) {
			lookup->damaged = true;
			return NULL;
		}
		if (lookup->address - function.start < function.size || !function.size)
			return resolve_in(gsym, &function, lookup);
	}
	return NULL;
}

struct crashinfo_error *gsym_resolve(const struct symbol_bytes *bytes, struct lookups *lookups)
{
	struct crashinfo_error *error = NULL;
	struct gsym gsym;
	bool ok = read_header(bytes, &gsym);

	for (size_t i = 0; i < lookups->count && !error; i++) {
		if (ok)
			error = resolve_one(&gsym, &lookups->data[i]);
		else
			lookups->data[i].damaged = true;
	}
	return error;
}
