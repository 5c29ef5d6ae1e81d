/* SPDX-License-Identifier: Apache-2.0 */
/* Units: their headers, their own entries, and which of them describes an address. */
#include <dwarf.h>
#include <stdlib.h>

#include "symbol/reader.h"

/* Behind the length and version: fields differ by version in order and number. */
static void read_rest(struct cursor *c, struct reader_unit *unit)
{
	if (unit->version >= 5) {
		unit->type = cursor_u8(c);
		unit->address_size = cursor_u8(c);
		unit->abbrev_offset = cursor_uint(c, unit->offset_size);
		unit->is_skeleton = unit->type == DW_UT_skeleton;
		if (unit->type == DW_UT_skeleton || unit->type == DW_UT_split_compile)
			unit->split_id = cursor_u64(c);
		else if (unit->type == DW_UT_type || unit->type == DW_UT_split_type)
			cursor_skip(c, 8u + unit->offset_size);
	} else {
		unit->type = DW_UT_compile;
		unit->abbrev_offset = cursor_uint(c, unit->offset_size);
		unit->address_size = cursor_u8(c);
	}
}

bool reader_unit_header(struct cursor *section, uint64_t offset, struct reader_unit *unit)
{
	struct cursor c = *section;
	const unsigned char *start = c.at;
	uint64_t length = cursor_u32(&c);

	*unit = (struct reader_unit){.offset = offset, .offset_size = 4};
	if (length == UINT32_MAX) {
		length = cursor_u64(&c);
		unit->offset_size = 8;
	}
	if (c.failed || length > cursor_left(&c) || length < 7)
		return false;
	unit->end = offset + (uint64_t)(c.at - start) + length;
	cursor_skip(section, unit->end - offset);
	unit->version = cursor_u16(&c);
	read_rest(&c, unit);
	unit->root = offset + (uint64_t)(c.at - start);
	unit->unhandled = unit->version < 2 || unit->version > 5 ||
			  (unit->address_size != 4 && unit->address_size != 8) ||
			  unit->type > DW_UT_split_type;
	return !c.failed && unit->root <= unit->end;
}

static int by_offset(const void *a, const void *b)
{
	const struct reader_unit *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

bool reader_units_read(struct reader_file *file)
{
	struct cursor c = reader_cursor(file, READER_INFO, 0);
	const unsigned char *start = c.at;

	if (file->has_units)
		return true;
	file->units.size = 0;
	while (cursor_left(&c)) {
		struct reader_unit *unit = vec_push(&file->units);

		if (!unit || !reader_unit_header(&c, (uint64_t)(c.at - start), unit)) {
			file->units.size -= unit != NULL;
			return false;
		}
	}
	file->has_units = true;
	return true;
}

struct reader_unit *reader_unit_at(struct reader_file *file, uint64_t offset)
{
	const struct reader_unit key = {.offset = offset};

	return file->units.size
		       ? bsearch(&key, file->units.data, file->units.size, sizeof(key), by_offset)
		       : NULL;
}

struct reader_unit *reader_unit_of(struct reader_file *file, uint64_t offset)
{
	size_t low = 0, high = file->units.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->units.data[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == file->units.size || offset < file->units.data[low].root)
		return NULL;
	return &file->units.data[low];
}

/* --- the unit's own entry --- */

static void add_root(struct reader_unit *unit, const struct reader_value *value)
{
	switch (value->name) {
	case DW_AT_str_offsets_base: unit->str_offsets_base = value->number; break;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base: unit->addr_base = value->number; break;
	case DW_AT_rnglists_base: unit->rnglists_base = value->number; break;
	case DW_AT_GNU_ranges_base: unit->ranges_base = value->number; break;
	case DW_AT_GNU_dwo_id: unit->split_id = value->number; break;
	case DW_AT_stmt_list:
		unit->line = value->number;
		unit->has_line = true;
		break;
	case DW_AT_comp_dir: unit->comp_dir = value->text; break;
	case DW_AT_producer: unit->producer = value->text; break;
	case DW_AT_language:
		unit->language = value->number > UINT16_MAX ? 0 : (uint16_t)value->number;
		break;
	case DW_AT_GNU_dwo_name:
	case DW_AT_dwo_name: unit->split_name = value->text; break;
	default: reader_extent_add(&unit->extent, value); break;
	}
}

/* Bases come before what is counted from them only by custom: so first they alone. */
static uint16_t use_of(uint64_t name)
{
	switch (name) {
	case DW_AT_str_offsets_base:
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
	case DW_AT_rnglists_base:
	case DW_AT_GNU_ranges_base:
	case DW_AT_GNU_dwo_id:
	case DW_AT_stmt_list: return READER_FOR_BASE;
	case DW_AT_low_pc:
	case DW_AT_high_pc:
	case DW_AT_ranges:
	case DW_AT_entry_pc: return READER_FOR_EXTENT;
	case DW_AT_comp_dir:
	case DW_AT_producer:
	case DW_AT_language:
	case DW_AT_GNU_dwo_name:
	case DW_AT_dwo_name: return READER_FOR_TEXT;
	default: return 0;
	}
}

static bool skip_declaration(struct cursor *c)
{
	uint64_t name, form;

	do {
		name = cursor_uleb(c);
		form = cursor_uleb(c);
		if (form == DW_FORM_implicit_const)
			cursor_sleb(c);
	} while ((name || form) && !c->failed);
	return !c->failed;
}

static bool read_declaration(const struct reader_unit *unit, struct cursor *c,
			     struct reader_attribute *attributes, size_t max, size_t *count_ret)
{
	for (size_t count = 0;; count++) {
		uint64_t name = cursor_uleb(c), form = cursor_uleb(c);
		int64_t implicit = form == DW_FORM_implicit_const ? cursor_sleb(c) : 0;

		*count_ret = count;
		if (c->failed)
			return false;
		if (!name && !form)
			return true;
		if (count == max || name > UINT16_MAX || form > UINT16_MAX)
			return false;
		attributes[count] = (struct reader_attribute){
			(uint16_t)name, (uint16_t)form,
			(int16_t)reader_form_size(unit, (unsigned)form), use_of(name), implicit};
	}
}

/* Only the one declaration that the unit's entry uses: most units are not asked for. */
static bool find_declaration(struct reader_file *file, const struct reader_unit *unit,
			     uint64_t code, struct reader_attribute *attributes, size_t max,
			     size_t *count_ret)
{
	struct cursor c = reader_cursor(file, READER_ABBREV, unit->abbrev_offset);
	uint64_t found;

	while ((found = cursor_uleb(&c)) && !c.failed) {
		cursor_uleb(&c);
		cursor_skip(&c, 1);
		if (found == code)
			return read_declaration(unit, &c, attributes, max, count_ret);
		if (!skip_declaration(&c))
			return false;
	}
	return false;
}

/* A unit that was split off says none of this itself. */
static void set_bases(const struct reader_file *file, struct reader_unit *unit)
{
	unit->addr_base = file->bases.addr_base;
	unit->ranges_base = file->bases.ranges_base;
	/* behind the header: length, version, sizes of addresses and segments, number of offsets */
	unit->rnglists_base = unit->offset_size == 8 ? 20 : 12;
}

/* Units of all producers have below 20. */
#define ROOT_ATTRIBUTES 64

struct root {
	struct reader_attribute attributes[ROOT_ATTRIBUTES];
	size_t count;
	struct cursor c; /* behind the code of the entry's declaration */
};

static bool find_root(struct reader_file *file, const struct reader_unit *unit, struct root *ret)
{
	uint64_t end = unit->end;

	/* zeros behind what is there would be taken for values */
	if (unit->dropped && end - unit->offset > READER_HEAD_BYTES)
		end = unit->offset + READER_HEAD_BYTES;
	ret->c = reader_cursor(file, READER_INFO, unit->root);
	ret->c.end = file->sections[READER_INFO].data + end;
	return unit->root <= end && find_declaration(file, unit, cursor_uleb(&ret->c),
						     ret->attributes, ROOT_ATTRIBUTES, &ret->count);
}

static bool read_root(struct reader_file *file, struct reader_unit *unit, const struct root *root,
		      unsigned use)
{
	struct cursor c = root->c;

	for (size_t i = 0; i < root->count; i++) {
		struct reader_value value;

		if (!reader_used_value(file, unit, &root->attributes[i], use, &c, &value))
			return false;
		if (value.name)
			add_root(unit, &value);
	}
	return true;
}

static bool is_skeleton(const struct root *root)
{
	for (size_t i = 0; i < root->count; i++)
		if (root->attributes[i].name == DW_AT_dwo_name ||
		    root->attributes[i].name == DW_AT_GNU_dwo_name)
			return true;
	return false;
}

bool reader_unit_extent(struct reader_file *file, struct reader_unit *unit)
{
	struct root root;

	if (unit->unhandled || unit->has_extent)
		return !unit->unhandled;
	/* DWARF 5 has a header in front of the offsets that units without a base begin behind */
	unit->str_offsets_base = unit->version >= 5 ? 2u * unit->offset_size : 0;
	unit->addr_base = unit->version >= 5 ? 8 : 0;
	if (file->is_split)
		set_bases(file, unit);
	if (!find_root(file, unit, &root) || !read_root(file, unit, &root, READER_FOR_BASE) ||
	    !read_root(file, unit, &root, READER_FOR_EXTENT))
		unit->unhandled = true;
	else if (is_skeleton(&root))
		unit->is_skeleton = !file->is_split;
	unit->low_pc = file->is_split ? file->bases.low_pc : unit->extent.low;
	unit->has_ranges =
		unit->extent.has_ranges || (unit->extent.has_low && unit->extent.has_high);
	unit->has_extent = true;
	return !unit->unhandled;
}

bool reader_unit_root(struct reader_file *file, struct reader_unit *unit)
{
	struct root root;

	if (!reader_unit_extent(file, unit) || unit->has_root)
		return !unit->unhandled;
	if (!find_root(file, unit, &root) || !read_root(file, unit, &root, READER_FOR_TEXT))
		unit->unhandled = true;
	unit->has_root = true;
	return !unit->unhandled;
}

/* --- which unit describes an address --- */

struct places {
	const struct lookups *lookups;
	struct reader_place *places;
	struct reader_unit *unit;
	uint64_t offset;
	size_t missing; /* lookups without a unit */
	bool named;     /* units are not known yet */
};

/* Linkers give dropped code the address 0, or one of the highest two. */
static bool is_range(uint64_t start, uint64_t end)
{
	return start < end && start && start < UINT64_MAX - 1;
}

/*
 * Of units that overlap the one that begins latest is taken, as functions of one may lie in the
 * middle of another; of two that begin together the shorter one.
 */
static bool add_range(void *user, uint64_t start, uint64_t end)
{
	struct places *places = user;

	if (!is_range(start, end))
		return true;
	for (size_t i = lookups_lower(places->lookups, start);
	     i < places->lookups->count && places->lookups->data[i].address < end; i++) {
		struct reader_place *place = &places->places[i];

		if (place->end &&
		    (start < place->start || (start == place->start && end >= place->end)))
			continue;
		places->missing -= !place->end;
		*place = (struct reader_place){start, end, places->offset, places->unit};
	}
	return true;
}

/* The set of address ranges that stands at `c`; false when it is damaged. */
static bool read_set(struct reader_file *file, struct cursor *section, struct places *places)
{
	struct cursor c = *section;
	const unsigned char *start = c.at;
	unsigned offset_size = 4, address_size, segment_size;
	uint64_t length = cursor_u32(&c), unit;

	if (length == UINT32_MAX) {
		length = cursor_u64(&c);
		offset_size = 8;
	}
	if (c.failed || length > cursor_left(&c))
		return false;
	c.end = c.at + length;
	section->at = c.end;
	if (cursor_u16(&c) != 2)
		return true;
	unit = cursor_uint(&c, offset_size);
	address_size = cursor_u8(&c);
	segment_size = cursor_u8(&c);
	if (c.failed || segment_size || (address_size != 4 && address_size != 8))
		return true;
	cursor_skip(&c, (2 * address_size - (size_t)(c.at - start) % (2 * address_size)) %
				(2 * address_size));
	/* a unit is named by its header, which the entry that it begins with stands behind */
	places->unit = NULL;
	places->offset = unit;
	while (cursor_left(&c) >= 2 * address_size) {
		uint64_t low = cursor_uint(&c, address_size), size = cursor_uint(&c, address_size);

		if (!low && !size)
			break;
		if (lookups_lower(places->lookups, low) ==
		    lookups_lower(places->lookups, low + size))
			continue;
		if (!places->unit && !places->named)
			places->unit = reader_unit_at(file, unit);
		if (!places->unit && !places->named)
			return true;
		add_range(places, low, low + size);
	}
	return true;
}

static void read_aranges(struct reader_file *file, struct places *places)
{
	struct cursor c = reader_cursor(file, READER_ARANGES, 0);

	while (cursor_left(&c) && read_set(file, &c, places))
		;
}

void reader_places_named(struct reader_file *file, const struct lookups *lookups,
			 struct reader_place *ret)
{
	struct places places = {
		.lookups = lookups, .places = ret, .missing = lookups->count, .named = true};

	read_aranges(file, &places);
}

static void read_units(struct reader_file *file, struct places *places, bool *damaged_ret)
{
	for (size_t i = 0; i < file->units.size; i++) {
		struct reader_unit *unit = &file->units.data[i];

		if (unit->type != DW_UT_compile && unit->type != DW_UT_skeleton)
			continue;
		places->unit = unit;
		places->offset = unit->offset;
		if (!reader_unit_extent(file, unit)) {
			file->has_unhandled = true;
			continue;
		}
		if (!reader_extent_visit(file, unit, &unit->extent, add_range, places))
			*damaged_ret = true;
	}
}

/* A producer that lists no ranges for a unit has them at its functions. */
static void read_functions(struct reader_file *file, struct places *places, bool *damaged_ret)
{
	for (size_t i = 0; i < file->units.size; i++) {
		struct reader_unit *unit = &file->units.data[i];

		/* producers of skeletons have always written them */
		if (unit->type != DW_UT_compile || unit->unhandled || unit->has_ranges ||
		    unit->is_skeleton)
			continue;
		if (unit->dropped) {
			file->wants_more = true;
			return;
		}
		places->unit = unit;
		if (!reader_tree_functions(file, unit, false, add_range, places))
			*damaged_ret = true;
		reader_unit_release(file, unit);
	}
}

/* Whether a unit is gone that still has to be read. */
static bool is_any_dropped(const struct places *places)
{
	for (size_t i = 0; i < places->lookups->count; i++)
		if (places->places[i].unit && places->places[i].unit->dropped &&
		    !places->lookups->data[i].resolved)
			return true;
	return false;
}

void reader_places(struct reader_file *file, const struct lookups *lookups,
		   struct reader_place *ret, bool *damaged_ret)
{
	struct places places = {.lookups = lookups, .places = ret, .missing = lookups->count};

	read_aranges(file, &places);
	if (places.missing && file->only_named) {
		file->wants_more = true;
		return;
	}
	/* clang and rustc write no .debug_aranges, and assemblers not for every file */
	if (places.missing)
		read_units(file, &places, damaged_ret);
	if (places.missing)
		read_functions(file, &places, damaged_ret);
	file->wants_more |= is_any_dropped(&places);
}
