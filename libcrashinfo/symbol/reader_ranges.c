/* SPDX-License-Identifier: Apache-2.0 */
/* Address ranges of entries: low and high, .debug_ranges and .debug_rnglists. */
#include <dwarf.h>

#include "symbol/reader.h"

void reader_extent_add(struct reader_extent *extent, const struct reader_value *value)
{
	switch (value->name) {
	case DW_AT_low_pc:
		extent->low = value->number;
		extent->has_low = true;
		break;
	case DW_AT_high_pc:
		extent->high = value->number;
		extent->high_is_size = value->is_constant;
		extent->has_high = true;
		break;
	case DW_AT_ranges:
		extent->ranges = value->number;
		extent->ranges_is_index = value->form == DW_FORM_rnglistx;
		extent->has_ranges = true;
		break;
	case DW_AT_entry_pc:
		extent->entry = value->number;
		extent->has_entry = !value->is_constant;
		break;
	default: break;
	}
}

/* Where the list of this index begins, as the table in front of the lists says. */
static bool list_of_index(struct reader_file *file, const struct reader_unit *unit, uint64_t index,
			  uint64_t *ret)
{
	struct cursor c;

	if (index > UINT32_MAX)
		return false;
	c = reader_cursor(file, READER_RNGLISTS, unit->rnglists_base + index * unit->offset_size);
	*ret = unit->rnglists_base + cursor_uint(&c, unit->offset_size);
	return !c.failed;
}

static bool visit_old_list(struct reader_file *file, const struct reader_unit *unit,
			   uint64_t offset, reader_range_fn *visit, void *user)
{
	struct cursor c = reader_cursor(file, READER_RANGES, offset);
	uint64_t highest = unit->address_size == 8 ? UINT64_MAX : UINT32_MAX;
	uint64_t base = unit->low_pc;

	for (;;) {
		uint64_t start = cursor_uint(&c, unit->address_size);
		uint64_t end = cursor_uint(&c, unit->address_size);

		if (c.failed)
			return false;
		if (!start && !end)
			return true;
		if (start == highest)
			base = end;
		else if (start < end && !visit(user, base + start, base + end))
			return false;
	}
}

struct range_list {
	struct reader_file *file;
	const struct reader_unit *unit;
	struct cursor c;
	uint64_t base;
};

/* One entry of a list of DWARF 5; `*start_ret` is not below `*end_ret` when it is no range. */
static bool read_entry(struct range_list *list, unsigned kind, uint64_t *start, uint64_t *end)
{
	struct cursor *c = &list->c;
	unsigned size = list->unit->address_size;
	uint64_t index;

	*start = *end = 0;
	switch (kind) {
	case DW_RLE_base_addressx:
		return reader_indexed_address(list->file, list->unit, cursor_uleb(c), &list->base);
	case DW_RLE_startx_endx:
		index = cursor_uleb(c);
		return reader_indexed_address(list->file, list->unit, index, start) &&
		       reader_indexed_address(list->file, list->unit, cursor_uleb(c), end);
	case DW_RLE_startx_length:
		if (!reader_indexed_address(list->file, list->unit, cursor_uleb(c), start))
			return false;
		*end = *start + cursor_uleb(c);
		return true;
	case DW_RLE_offset_pair:
		*start = list->base + cursor_uleb(c);
		*end = list->base + cursor_uleb(c);
		return true;
	case DW_RLE_base_address: list->base = cursor_uint(c, size); return true;
	case DW_RLE_start_end:
		*start = cursor_uint(c, size);
		*end = cursor_uint(c, size);
		return true;
	case DW_RLE_start_length:
		*start = cursor_uint(c, size);
		*end = *start + cursor_uleb(c);
		return true;
	default: return false;
	}
}

static bool visit_list(struct reader_file *file, const struct reader_unit *unit, uint64_t offset,
		       reader_range_fn *visit, void *user)
{
	struct range_list list = {
		.file = file,
		.unit = unit,
		.c = reader_cursor(file, READER_RNGLISTS, offset),
		.base = unit->low_pc,
	};

	for (;;) {
		unsigned kind = cursor_u8(&list.c);
		uint64_t start, end;

		if (!list.c.failed && kind == DW_RLE_end_of_list)
			return true;
		if (!read_entry(&list, kind, &start, &end) || list.c.failed)
			return false;
		if (start < end && !visit(user, start, end))
			return false;
	}
}

bool reader_extent_visit(struct reader_file *file, const struct reader_unit *unit,
			 const struct reader_extent *extent, reader_range_fn *visit, void *user)
{
	/* DWARF 5 has no such base, and a skeleton's own ranges do not count from it */
	uint64_t offset = extent->ranges + (file->is_split ? unit->ranges_base : 0);
	uint64_t high = extent->high + (extent->high_is_size ? extent->low : 0);

	if (extent->has_low && extent->has_high)
		return extent->low >= high || visit(user, extent->low, high);
	if (!extent->has_ranges)
		return true;
	if (unit->version < 5)
		return visit_old_list(file, unit, offset, visit, user);
	if (extent->ranges_is_index && !list_of_index(file, unit, offset, &offset))
		return false;
	return visit_list(file, unit, offset, visit, user);
}
