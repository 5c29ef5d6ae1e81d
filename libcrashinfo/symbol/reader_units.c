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

/* Bases come before what is counted from them only by custom: so first they alone. */
static void add_base(struct reader_unit *unit, bool is_split, const struct reader_value *value)
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
	case DW_AT_GNU_dwo_name:
	case DW_AT_dwo_name: unit->is_skeleton = !is_split; break;
	default: break;
	}
}

static void add_root(struct reader_unit *unit, const struct reader_value *value)
{
	switch (value->name) {
	case DW_AT_comp_dir: unit->comp_dir = value->text; break;
	case DW_AT_producer: unit->producer = value->text; break;
	case DW_AT_GNU_dwo_name:
	case DW_AT_dwo_name: unit->split_name = value->text; break;
	case DW_AT_language:
		unit->language = value->number > UINT16_MAX ? 0 : (uint16_t)value->number;
		break;
	default: reader_extent_add(&unit->extent, value); break;
	}
}

static bool is_base(unsigned name)
{
	return name == DW_AT_str_offsets_base || name == DW_AT_addr_base ||
	       name == DW_AT_GNU_addr_base || name == DW_AT_rnglists_base ||
	       name == DW_AT_stmt_list || name == DW_AT_GNU_ranges_base || name == DW_AT_GNU_dwo_id;
}

static bool read_root(struct reader_file *file, struct reader_unit *unit,
		      const struct reader_attribute *attributes, size_t count, struct cursor c,
		      bool bases)
{
	for (size_t i = 0; i < count; i++) {
		struct reader_value value;

		/* an index whose base is not known yet may lead nowhere */
		if (!reader_value(file, unit, &attributes[i], &c, &value) &&
		    (c.failed || !bases || is_base(attributes[i].name)))
			return false;
		if (bases)
			add_base(unit, file->is_split, &value);
		else
			add_root(unit, &value);
	}
	return true;
}

/* Only the one declaration that the unit's entry uses: most units are not asked for. */
static bool find_declaration(struct reader_file *file, const struct reader_unit *unit,
			     uint64_t code, struct reader_attribute *attributes, size_t max,
			     size_t *count_ret)
{
	struct cursor c = reader_cursor(file, READER_ABBREV, unit->abbrev_offset);
	uint64_t found;

	while ((found = cursor_uleb(&c)) && !c.failed) {
		size_t count = 0;

		cursor_uleb(&c);
		cursor_skip(&c, 1);
		for (;; count++) {
			uint64_t name = cursor_uleb(&c), form = cursor_uleb(&c);
			int64_t implicit = form == DW_FORM_implicit_const ? cursor_sleb(&c) : 0;

			if (c.failed)
				return false;
			if (!name && !form)
				break;
			if (count < max && name <= UINT16_MAX && form <= UINT16_MAX)
				attributes[count] = (struct reader_attribute){
					(uint16_t)name, (uint16_t)form,
					(int16_t)reader_form_size(unit, (unsigned)form), 0,
					implicit};
			else if (found == code)
				return false;
		}
		*count_ret = count;
		if (found == code)
			return true;
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

bool reader_unit_root(struct reader_file *file, struct reader_unit *unit)
{
	struct reader_attribute attributes[ROOT_ATTRIBUTES];
	struct cursor c = reader_cursor(file, READER_INFO, unit->root);
	size_t count;

	if (unit->unhandled || unit->has_root)
		return !unit->unhandled;
	/* DWARF 5 has a header in front of the offsets that units without a base begin behind */
	unit->str_offsets_base = unit->version >= 5 ? 2u * unit->offset_size : 0;
	unit->addr_base = unit->version >= 5 ? 8 : 0;
	if (file->is_split)
		set_bases(file, unit);
	if (!find_declaration(file, unit, cursor_uleb(&c), attributes, ROOT_ATTRIBUTES, &count) ||
	    !read_root(file, unit, attributes, count, c, true) || unit->unhandled ||
	    !read_root(file, unit, attributes, count, c, false))
		unit->unhandled = true;
	unit->low_pc = file->is_split ? file->bases.low_pc : unit->extent.low;
	unit->has_ranges =
		unit->extent.has_ranges || (unit->extent.has_low && unit->extent.has_high);
	unit->has_root = true;
	return !unit->unhandled;
}

/* --- which unit describes an address --- */

struct places {
	const struct lookups *lookups;
	struct reader_place *places;
	struct reader_unit *unit;
	size_t missing; /* lookups without a unit */

	/* for reader_aranges_visit() */
	reader_offset_fn *visit;
	void *user;
	bool *known; /* per lookup */
};

/*
 * Of units that overlap the one that begins latest is taken, as functions of one may lie in the
 * middle of another; of two that begin together the shorter one.
 */
static bool add_range(void *user, uint64_t start, uint64_t end)
{
	struct places *places = user;

	/* linkers give dropped code the address 0, or one of the highest two */
	if (start >= end || !start || start >= UINT64_MAX - 1)
		return true;
	for (size_t i = lookups_lower(places->lookups, start);
	     i < places->lookups->count && places->lookups->data[i].address < end; i++) {
		struct reader_place *place = &places->places[i];

		if (place->unit &&
		    (start < place->start || (start == place->start && end >= place->end)))
			continue;
		places->missing -= !place->unit;
		*place = (struct reader_place){start, end, places->unit};
	}
	return true;
}

static bool visit_offset(struct places *places, uint64_t unit, uint64_t start, uint64_t end)
{
	for (size_t i = lookups_lower(places->lookups, start);
	     i < places->lookups->count && places->lookups->data[i].address < end; i++) {
		places->missing -= !places->known[i];
		places->known[i] = true;
	}
	return places->visit(places->user, unit);
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
	while (cursor_left(&c) >= 2 * address_size) {
		uint64_t low = cursor_uint(&c, address_size), size = cursor_uint(&c, address_size);

		if (!low && !size)
			break;
		if (lookups_lower(places->lookups, low) ==
		    lookups_lower(places->lookups, low + size))
			continue;
		if (places->visit) {
			if (!visit_offset(places, unit, low, low + size))
				return false;
			continue;
		}
		if (!places->unit)
			places->unit = reader_unit_at(file, unit);
		if (!places->unit)
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

bool reader_aranges_visit(struct reader_file *file, const struct lookups *lookups,
			  reader_offset_fn *visit, void *user)
{
	struct places places = {
		.lookups = lookups,
		.missing = lookups->count,
		.visit = visit,
		.user = user,
		.known = calloc(lookups->count + 1, sizeof(*places.known)),
	};

	if (places.known)
		read_aranges(file, &places);
	free(places.known);
	return !places.missing;
}

static void read_units(struct reader_file *file, struct places *places, bool *damaged_ret)
{
	for (size_t i = 0; i < file->units.size; i++) {
		struct reader_unit *unit = &file->units.data[i];

		if (unit->type != DW_UT_compile && unit->type != DW_UT_skeleton)
			continue;
		places->unit = unit;
		if (!reader_unit_root(file, unit)) {
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
		places->unit = unit;
		if (!reader_tree_functions(file, unit, false, add_range, places))
			*damaged_ret = true;
		reader_unit_release(file, unit);
	}
}

void reader_places(struct reader_file *file, const struct lookups *lookups,
		   struct reader_place *ret, bool *damaged_ret)
{
	struct places places = {.lookups = lookups, .places = ret, .missing = lookups->count};

	read_aranges(file, &places);
	/* clang and rustc write no .debug_aranges, and assemblers not for every file */
	if (places.missing)
		read_units(file, &places, damaged_ret);
	if (places.missing)
		read_functions(file, &places, damaged_ret);
}
