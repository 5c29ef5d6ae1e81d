/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table that Go programs carry for their own traces: functions, files and lines, also in those
 * without DWARF. Four layouts are in use: of Go 1.2, 1.16, 1.18 and 1.20. What was inlined is not
 * told apart: the line is the innermost one, the function the outermost.
 */
#include <string.h>

#include "base/cursor.h"
#include "symbol/table.h"

enum layout { GO_1_2, GO_1_16, GO_1_18 };

struct pclntab {
	const struct symbol_bytes *bytes;
	bool big_endian;
	enum layout layout;
	unsigned quantum, pointer;  /* sizes of an instruction unit and of an address */
	unsigned entry;             /* of a number of the table of functions */
	uint64_t text;              /* what numbers of that table count from */
	uint64_t count;             /* of functions */
	uint64_t units, files, pcs; /* offsets of parts */
	uint64_t names, functions;
	struct cursor table; /* pairs of address and offset, then an address */
};

struct magic_row {
	uint32_t magic;
	enum layout layout;
};

static const struct magic_row magics[] = {
	{0xfffffffbu, GO_1_2},
	{0xfffffffau, GO_1_16},
	{0xfffffff0u, GO_1_18},
	/* 1.20 has further members behind those that are read here */
	{0xfffffff1u, GO_1_18},
};

static struct cursor at(const struct pclntab *tab, uint64_t offset)
{
	struct cursor c = cursor_make(tab->bytes->data, tab->bytes->size, tab->big_endian);

	cursor_skip(&c, offset);
	return c;
}

static bool find_layout(struct cursor *c, enum layout *ret)
{
	uint32_t magic = cursor_u32(c);

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (magics[i].magic != magic)
			continue;
		*ret = magics[i].layout;
		return true;
	}
	return false;
}

/* Offsets of the parts, which 1.2 had at fixed places and later ones list in the header. */
static bool read_parts(struct pclntab *tab, struct cursor *c)
{
	unsigned p = tab->pointer;
	uint64_t size;

	tab->count = cursor_uint(c, p);
	tab->entry = p;
	tab->functions = 8 + (uint64_t)p;
	if (tab->layout != GO_1_2) {
		cursor_skip(c, p); /* the number of files */
		if (tab->layout == GO_1_18) {
			cursor_skip(c, p); /* where text starts: filled when loaded in a PIE */
			tab->text = tab->bytes->base;
			tab->entry = 4;
		}
		tab->names = cursor_uint(c, p);
		tab->units = cursor_uint(c, p);
		tab->files = cursor_uint(c, p);
		tab->pcs = cursor_uint(c, p);
		tab->functions = cursor_uint(c, p);
	}
	if (c->failed || tab->count > tab->bytes->size / (2 * tab->entry))
		return false;
	size = (2 * tab->count + 1) * tab->entry;
	tab->table = at(tab, tab->functions);
	if (cursor_left(&tab->table) < size)
		return false;
	if (tab->layout == GO_1_2) {
		struct cursor offset = at(tab, tab->functions + size);

		/* offsets of functions count from the beginning, as those of names do */
		tab->functions = 0;
		tab->files = cursor_u32(&offset);
		return !offset.failed;
	}
	return true;
}

static bool read_header(const struct symbol_bytes *bytes, struct pclntab *tab)
{
	struct cursor c = cursor_make(bytes->data, bytes->size, false);

	*tab = (struct pclntab){.bytes = bytes};
	if (!find_layout(&c, &tab->layout)) {
		c = cursor_make(bytes->data, bytes->size, true);
		tab->big_endian = true;
		if (!find_layout(&c, &tab->layout))
			return false;
	}
	if (cursor_u16(&c))
		return false;
	tab->quantum = cursor_u8(&c);
	tab->pointer = cursor_u8(&c);
	if (!tab->quantum || tab->quantum > 4 || (tab->pointer != 4 && tab->pointer != 8))
		return false;
	return read_parts(tab, &c);
}

static uint64_t table_at(const struct pclntab *tab, uint64_t index)
{
	struct cursor c = tab->table;

	cursor_skip(&c, index * tab->entry);
	return cursor_uint(&c, tab->entry);
}

/* The function around the address; false when there is none. */
static bool find_function(const struct pclntab *tab, uint64_t address, uint64_t *offset_ret,
			  uint64_t *start_ret)
{
	uint64_t low = 0, high = tab->count, wanted = address - tab->text;

	if (!tab->count || address < tab->text || wanted >= table_at(tab, 2 * tab->count))
		return false;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (table_at(tab, 2 * middle) <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	*start_ret = tab->text + table_at(tab, 2 * (low - 1));
	*offset_ret = tab->functions + table_at(tab, 2 * (low - 1) + 1);
	return true;
}

/* The value of a table of changes at `address`, -1 when it has none there. */
static int32_t value_at(const struct pclntab *tab, uint64_t offset, uint64_t start,
			uint64_t address)
{
	struct cursor c = at(tab, tab->pcs + offset);
	uint64_t pc = start;
	int64_t value = -1;

	for (bool first = true; offset && !c.failed; first = false) {
		uint64_t change = cursor_uleb(&c) & UINT32_MAX;

		if (!change && !first)
			break;
		/* the lowest bit is the sign */
		value += change & 1 ? -(int64_t)(change >> 1) - 1 : (int64_t)(change >> 1);
		pc += cursor_uleb(&c) * tab->quantum;
		if (!c.failed && address < pc)
			return value >= 0 && value <= INT32_MAX ? (int32_t)value : -1;
	}
	return -1;
}

static const char *string_at(const struct pclntab *tab, uint64_t offset)
{
	struct cursor c = at(tab, offset);
	const char *text = c.failed ? NULL : cursor_string(&c);

	return text && *text ? text : NULL;
}

static const char *file_at(const struct pclntab *tab, uint32_t unit, int32_t index)
{
	struct cursor c;
	uint32_t offset;

	if (index < 0)
		return NULL;
	if (tab->layout == GO_1_2)
		c = at(tab, tab->files + 4 * (uint64_t)index);
	else
		c = at(tab, tab->units + 4 * ((uint64_t)unit + (uint64_t)index));
	offset = cursor_u32(&c);
	if (c.failed || offset == UINT32_MAX)
		return NULL;
	return string_at(tab, tab->layout == GO_1_2 ? offset : tab->files + offset);
}

static struct crashinfo_error *resolve_one(const struct pclntab *tab, struct lookup *lookup)
{
	uint64_t offset, start;
	uint32_t name, file, line, unit;
	struct lookup_frame *frame;
	struct cursor c;
	int32_t number;

	if (!find_function(tab, lookup->address, &offset, &start))
		return NULL;
	c = at(tab, offset);
	cursor_skip(&c, tab->entry); /* its address again */
	name = cursor_u32(&c);
	cursor_skip(&c, 12); /* arguments, deferreturn, stack depths */
	file = cursor_u32(&c);
	line = cursor_u32(&c);
	cursor_skip(&c, 4); /* how many tables follow */
	unit = tab->layout == GO_1_2 ? 0 : cursor_u32(&c);
	lookup->damaged = c.failed;
	if (c.failed)
		return NULL;
	frame = vec_push(&lookup->frames);
	if (!frame)
		return crashinfo_error_no_memory();
	number = value_at(tab, line, start, lookup->address);
	*frame = (struct lookup_frame){
		.name = string_at(tab, tab->names + name),
		.file = file_at(tab, unit, value_at(tab, file, start, lookup->address)),
		.line = number > 0 ? (uint32_t)number : 0,
		.symbol_address = start,
	};
	lookup->unit = 1;
	return NULL;
}

struct crashinfo_error *pclntab_resolve(const struct symbol_bytes *bytes, struct lookups *lookups)
{
	struct crashinfo_error *error = NULL;
	struct pclntab tab;

	if (!read_header(bytes, &tab))
		return NULL;
	for (size_t i = 0; i < lookups->count && !error; i++)
		error = resolve_one(&tab, &lookups->data[i]);
	return error;
}
