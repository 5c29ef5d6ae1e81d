/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/package.h"

#include <stdlib.h>
#include <string.h>

/* Of real tables, which are at most two thirds full, chains stay below 100. */
#define PROBES_MAX 4096

/* Columns of both versions together; more are not known. */
#define COLUMNS_MAX 16

/* What a column's number stands for; 8 is another section in version 2. */
static int section_of(uint32_t version, uint32_t column)
{
	switch (column) {
	case 1: return READER_INFO;
	case 3: return READER_ABBREV;
	case 6: return READER_STR_OFFSETS;
	case 8: return version == 5 ? READER_RNGLISTS : -1;
	default: return -1;
	}
}

static struct cursor index_cursor(const struct package *package, uint64_t offset)
{
	struct cursor c =
		cursor_make(package->index.data, package->index.size, package->whole->big_endian);

	cursor_skip(&c, offset);
	return c;
}

static bool read_columns(struct package *package, uint64_t at)
{
	struct cursor c = index_cursor(package, at);

	for (size_t i = 0; i < READER_SECTION_COUNT; i++)
		package->columns[i] = -1;
	for (uint32_t i = 0; i < package->column_count; i++) {
		int section = section_of(package->version, cursor_u32(&c));

		if (section >= 0)
			package->columns[section] = (int)i;
	}
	return !c.failed && package->columns[READER_INFO] >= 0 &&
	       package->columns[READER_ABBREV] >= 0;
}

/* Where the tables stand; all numbers are 32 bits wide, so nothing of this overflows. */
static bool read_index(struct package *package)
{
	struct cursor c = index_cursor(package, 0), half = c;
	uint64_t row;

	package->version = cursor_u32(&c);
	/* DWARF 5 has 16 bits of it, and 16 of padding */
	if (package->version != 2)
		package->version = cursor_u16(&half);
	package->column_count = cursor_u32(&c);
	package->unit_count = cursor_u32(&c);
	package->slot_count = cursor_u32(&c);
	if (c.failed || (package->version != 2 && package->version != 5) ||
	    package->column_count > COLUMNS_MAX || package->slot_count & (package->slot_count - 1))
		return false;
	row = 4 * (uint64_t)package->column_count;
	package->slots = 16;
	package->rows = package->slots + 8 * (uint64_t)package->slot_count;
	package->offsets = package->rows + 4 * (uint64_t)package->slot_count + row;
	package->sizes = package->offsets + row * package->unit_count;
	c = index_cursor(package, package->sizes + row * package->unit_count);
	return !c.failed && read_columns(package, package->offsets - row);
}

struct crashinfo_error *package_open(struct elf_file *elf, const struct crashinfo_limits *limits,
				     struct package **ret, const char **outcome_ret)
{
	struct package *package = calloc(1, sizeof(*package));
	struct crashinfo_error *error;

	if (!package) {
		elf_file_close(elf);
		return crashinfo_error_no_memory();
	}
	package->elf = *elf;
	error = reader_file_create_split(&package->elf, limits, &package->whole);
	if (error) {
		package_close(package);
		return error;
	}
	module_section_find_debug(&package->elf, "cu_index", limits->inflated_bytes,
				  &package->index);
	module_section_inflate(&package->index);
	if (read_index(package)) {
		*outcome_ret = NULL;
		*ret = package;
		return NULL;
	}
	*outcome_ret = package->index.size || package->index.damaged ? "damaged" : "no package";
	package_close(package);
	return NULL;
}

void package_close(struct package *package)
{
	if (!package)
		return;
	module_section_deinit(&package->index);
	reader_file_destroy(package->whole);
	elf_file_close(&package->elf);
	free(package);
}

/* The row of a unit, counted from 1; 0 when there is none. */
static uint32_t find_row(const struct package *package, uint64_t id)
{
	uint64_t mask = (uint64_t)package->slot_count - 1;
	uint64_t slot = id & mask, step = ((id >> 32) & mask) | 1;

	for (uint32_t i = 0; i < package->slot_count && i < PROBES_MAX; i++) {
		struct cursor ids = index_cursor(package, package->slots + 8 * slot);
		struct cursor rows = index_cursor(package, package->rows + 4 * slot);
		uint64_t found = cursor_u64(&ids);
		uint32_t row = cursor_u32(&rows);

		if (!row || row > package->unit_count)
			return 0;
		if (found == id)
			return row;
		slot = (slot + step) & mask;
	}
	return 0;
}

/* The part of a section that the row names; nothing when that is not all there. */
static struct module_section part_of(const struct package *package, enum reader_section section,
				     uint32_t row)
{
	const struct module_section *whole = &package->whole->sections[section];
	uint64_t cell = 4 * ((uint64_t)(row - 1) * package->column_count +
			     (uint64_t)package->columns[section]);
	struct cursor offsets = index_cursor(package, package->offsets + cell);
	struct cursor sizes = index_cursor(package, package->sizes + cell);
	uint64_t offset = cursor_u32(&offsets), size = cursor_u32(&sizes);
	struct module_section part = {0};

	if (offset > whole->size || size > whole->size - offset)
		part.damaged = true;
	else if (size)
		part = (struct module_section){.data = whole->data + offset, .size = (size_t)size};
	return part;
}

struct crashinfo_error *package_unit(const struct package *package, uint64_t id,
				     struct reader_file **ret)
{
	uint32_t row = package->slot_count ? find_row(package, id) : 0;
	struct reader_file *file;

	*ret = NULL;
	if (!row)
		return NULL;
	file = reader_file_fork(package->whole);
	if (!file)
		return crashinfo_error_no_memory();
	for (enum reader_section i = 0; i < READER_SECTION_COUNT; i++)
		if (package->columns[i] >= 0)
			file->sections[i] = part_of(package, i, row);
	*ret = file;
	return NULL;
}
