/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of entries, with what the tree walk needs to know of each worked out beforehand. */
#include <dwarf.h>
#include <stdlib.h>

#include "symbol/reader.h"

static bool has_address(const struct reader_abbrevs *abbrevs, const struct reader_abbrev *abbrev)
{
	for (uint32_t i = 0; i < abbrev->attribute_count; i++) {
		unsigned name = abbrevs->attributes.data[abbrev->attributes + i].name;

		if (name == DW_AT_low_pc || name == DW_AT_ranges)
			return true;
	}
	return false;
}

static enum reader_kind kind_of(const struct reader_abbrevs *abbrevs,
				const struct reader_abbrev *abbrev)
{
	switch (abbrev->tag) {
	case DW_TAG_subprogram:
		return has_address(abbrevs, abbrev) ? READER_FUNCTION : READER_PLAIN;
	case DW_TAG_inlined_subroutine:
		return has_address(abbrevs, abbrev) ? READER_INLINED : READER_PLAIN;
	case DW_TAG_enumeration_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_array_type:
	case DW_TAG_call_site:
	case DW_TAG_GNU_call_site: return READER_CLOSED;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block: return READER_CONTAINER;
	default: return READER_PLAIN;
	}
}

/* A reference within the unit, of fixed size. */
static bool is_local_reference(unsigned form)
{
	return form == DW_FORM_ref1 || form == DW_FORM_ref2 || form == DW_FORM_ref4 ||
	       form == DW_FORM_ref8;
}

static struct reader_skip skip_of(const struct reader_attribute *attribute)
{
	int size = attribute->size;

	if (attribute->name == DW_AT_sibling && is_local_reference(attribute->form))
		return (struct reader_skip){READER_SKIP_SIBLING, (uint32_t)size};
	if (size >= 0)
		return (struct reader_skip){READER_SKIP_FIXED, (uint32_t)size};
	switch (attribute->form) {
	case DW_FORM_string: return (struct reader_skip){READER_SKIP_STRING, 0};
	case DW_FORM_block1: return (struct reader_skip){READER_SKIP_BLOCK, 1};
	case DW_FORM_block2: return (struct reader_skip){READER_SKIP_BLOCK, 2};
	case DW_FORM_block4: return (struct reader_skip){READER_SKIP_BLOCK, 4};
	case DW_FORM_block:
	case DW_FORM_exprloc: return (struct reader_skip){READER_SKIP_BLOCK, 0};
	case DW_FORM_indirect: return (struct reader_skip){READER_SKIP_INDIRECT, 0};
	default: return (struct reader_skip){READER_SKIP_LEB, 0};
	}
}

static bool add_skip(struct reader_abbrevs *abbrevs, struct reader_abbrev *abbrev,
		     const struct reader_attribute *attribute)
{
	struct reader_skip skip = skip_of(attribute), *last;

	if (skip.op == READER_SKIP_FIXED && !skip.size)
		return true;
	last = abbrev->skip_count ? &abbrevs->skips.data[abbrevs->skips.size - 1] : NULL;
	if (last && last->op == READER_SKIP_FIXED && skip.op == READER_SKIP_FIXED) {
		last->size += skip.size;
		return true;
	}
	last = vec_push(&abbrevs->skips);
	if (!last)
		return false;
	*last = skip;
	abbrev->skip_count++;
	return true;
}

static unsigned uses_of(uint64_t name)
{
	switch (name) {
	case DW_AT_low_pc:
	case DW_AT_high_pc:
	case DW_AT_ranges:
	case DW_AT_entry_pc:
	case DW_AT_sibling: return READER_FOR_EXTENT;
	case DW_AT_call_file:
	case DW_AT_call_line:
	case DW_AT_call_column: return READER_FOR_CALL;
	case DW_AT_name:
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name:
	case DW_AT_abstract_origin:
	case DW_AT_specification: return READER_FOR_NAME;
	default: return 0;
	}
}

static bool is_known_form(unsigned form)
{
	switch (form) {
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt: return true;
	default: return form >= DW_FORM_addr && form <= DW_FORM_addrx4 && form != 0x02;
	}
}

/* Attributes of one declaration up to the pair of zeros. */
static bool read_attributes(const struct reader_unit *unit, struct reader_abbrevs *abbrevs,
			    struct reader_abbrev *abbrev, struct cursor *c, bool *damaged_ret)
{
	for (;;) {
		struct reader_attribute *attribute;
		uint64_t name = cursor_uleb(c), form = cursor_uleb(c);

		if (c->failed || (form && !is_known_form((unsigned)form)) || name > UINT16_MAX ||
		    form > UINT16_MAX || (name && !form)) {
			*damaged_ret = true;
			return false;
		}
		if (!form)
			return true;
		attribute = vec_push(&abbrevs->attributes);
		if (!attribute)
			return false;
		*attribute = (struct reader_attribute){
			.name = (uint16_t)name,
			.form = (uint16_t)form,
			.size = (int16_t)reader_form_size(unit, (unsigned)form),
			.uses = (uint16_t)uses_of(name),
		};
		if (form == DW_FORM_implicit_const)
			attribute->implicit = cursor_sleb(c);
		abbrev->attribute_count++;
		if (!add_skip(abbrevs, abbrev, attribute))
			return false;
	}
}

static bool read_one(const struct reader_unit *unit, struct reader_abbrevs *abbrevs, uint64_t code,
		     struct cursor *c, bool *damaged_ret)
{
	struct reader_abbrev abbrev = {
		.code = code,
		.attributes = (uint32_t)abbrevs->attributes.size,
		.skips = (uint32_t)abbrevs->skips.size,
	};
	uint64_t tag = cursor_uleb(c);
	struct reader_abbrev *slot;

	abbrev.tag = tag > UINT16_MAX ? 0 : (uint16_t)tag;
	abbrev.children = cursor_u8(c);
	if (!read_attributes(unit, abbrevs, &abbrev, c, damaged_ret))
		return false;
	abbrev.kind = (uint8_t)kind_of(abbrevs, &abbrev);
	abbrevs->has_code |= abbrev.kind == READER_FUNCTION || abbrev.kind == READER_INLINED;
	slot = vec_push(&abbrevs->entries);
	if (!slot)
		return false;
	*slot = abbrev;
	abbrevs->dense &= code == abbrevs->entries.size;
	return true;
}

static int by_code(const void *a, const void *b)
{
	const struct reader_abbrev *x = a, *y = b;

	return x->code < y->code ? -1 : x->code > y->code;
}

static bool read_all(struct reader_file *file, const struct reader_unit *unit,
		     struct reader_abbrevs *abbrevs, bool *damaged_ret)
{
	struct cursor c = reader_cursor(file, READER_ABBREV, unit->abbrev_offset);
	uint64_t code;

	abbrevs->entries.size = abbrevs->attributes.size = abbrevs->skips.size = 0;
	abbrevs->dense = true;
	abbrevs->has_code = false;
	while ((code = cursor_uleb(&c)))
		if (!read_one(unit, abbrevs, code, &c, damaged_ret))
			return false;
	*damaged_ret |= c.failed;
	if (!abbrevs->dense)
		qsort(abbrevs->entries.data, abbrevs->entries.size, sizeof(*abbrevs->entries.data),
		      by_code);
	return true;
}

void reader_abbrevs_destroy(struct reader_abbrevs *abbrevs)
{
	if (!abbrevs)
		return;
	free(abbrevs->entries.data);
	free(abbrevs->attributes.data);
	free(abbrevs->skips.data);
	free(abbrevs);
}

const struct reader_abbrev *reader_abbrev_find(const struct reader_abbrevs *abbrevs, uint64_t code)
{
	const struct reader_abbrev key = {.code = code};

	if (!code || !abbrevs->entries.size)
		return NULL;
	if (abbrevs->dense)
		return code <= abbrevs->entries.size ? &abbrevs->entries.data[code - 1] : NULL;
	return bsearch(&key, abbrevs->entries.data, abbrevs->entries.size, sizeof(key), by_code);
}

const struct reader_abbrevs *reader_unit_abbrevs(struct reader_file *file, struct reader_unit *unit,
						 bool *damaged_ret)
{
	struct reader_abbrevs *abbrevs = file->spare;

	if (unit->abbrevs)
		return unit->abbrevs;
	file->spare = NULL;
	if (!abbrevs)
		abbrevs = calloc(1, sizeof(*abbrevs));
	if (!abbrevs || !read_all(file, unit, abbrevs, damaged_ret)) {
		file->spare = abbrevs;
		return NULL;
	}
	unit->abbrevs = abbrevs;
	return abbrevs;
}

void reader_unit_release(struct reader_file *file, struct reader_unit *unit)
{
	if (file->spare) {
		reader_abbrevs_destroy(unit->abbrevs);
	} else {
		file->spare = unit->abbrevs;
	}
	unit->abbrevs = NULL;
}
