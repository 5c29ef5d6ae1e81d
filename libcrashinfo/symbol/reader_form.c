/* SPDX-License-Identifier: Apache-2.0 */
/* Values of attributes in all their forms. */
#include <dwarf.h>

#include "symbol/reader.h"

int reader_form_size(const struct reader_unit *unit, unsigned form)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const: return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1: return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2: return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3: return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_ref_sup4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4: return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sup8:
	case DW_FORM_ref_sig8: return 8;
	case DW_FORM_data16: return 16;
	case DW_FORM_addr: return unit->address_size;
	case DW_FORM_ref_addr:
		/* DWARF 2 gave it the size of an address */
		return unit->version == 2 ? unit->address_size : unit->offset_size;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_sec_offset:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt: return unit->offset_size;
	default: return -1;
	}
}

const char *reader_indexed_text(struct reader_file *file, const struct reader_unit *unit,
				uint64_t index)
{
	struct cursor c;
	uint64_t offset;

	if (index > UINT32_MAX)
		return NULL;
	c = reader_cursor(file, READER_STR_OFFSETS,
			  unit->str_offsets_base + index * unit->offset_size);
	offset = cursor_uint(&c, unit->offset_size);
	if (c.failed)
		return NULL;
	c = reader_cursor(file, READER_STR, offset);
	return cursor_string(&c);
}

bool reader_indexed_address(struct reader_file *file, const struct reader_unit *unit,
			    uint64_t index, uint64_t *ret)
{
	struct cursor c;

	if (index > UINT32_MAX)
		return false;
	c = reader_cursor(file, READER_ADDR, unit->addr_base + index * unit->address_size);
	*ret = cursor_uint(&c, unit->address_size);
	return !c.failed;
}

static const char *text_at(struct reader_file *file, enum reader_section section, uint64_t offset)
{
	struct cursor c;

	if (!file)
		return NULL;
	c = reader_cursor(file, section, offset);
	return cursor_string(&c);
}

/* What the number stands for, where it stands for something else. */
static bool look_up(struct reader_file *file, const struct reader_unit *unit,
		    struct reader_value *value)
{
	switch (value->form) {
	case DW_FORM_strp: value->text = text_at(file, READER_STR, value->number); return true;
	case DW_FORM_line_strp:
		value->text = text_at(file, READER_LINE_STR, value->number);
		return true;
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		value->text = text_at(file->alternate, READER_STR, value->number);
		return true;
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		value->text = reader_indexed_text(file, unit, value->number);
		return true;
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return reader_indexed_address(file, unit, value->number, &value->number);
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		/* of the unit: from now on of the section */
		value->number += unit->offset;
		return value->number < unit->end;
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
	case DW_FORM_sdata:
	case DW_FORM_implicit_const: value->is_constant = true; return true;
	default: return true;
	}
}

static bool read_long(struct cursor *c, const struct reader_attribute *attribute,
		      struct reader_value *ret)
{
	switch (ret->form) {
	case DW_FORM_implicit_const: ret->number = (uint64_t)attribute->implicit; break;
	case DW_FORM_flag_present: ret->number = 1; break;
	case DW_FORM_data16: cursor_skip(c, 16); break;
	case DW_FORM_string: ret->text = cursor_string(c); break;
	case DW_FORM_sdata: ret->number = (uint64_t)cursor_sleb(c); break;
	case DW_FORM_block1: cursor_skip(c, cursor_u8(c)); break;
	case DW_FORM_block2: cursor_skip(c, cursor_u16(c)); break;
	case DW_FORM_block4: cursor_skip(c, cursor_u32(c)); break;
	case DW_FORM_block:
	case DW_FORM_exprloc: cursor_skip(c, cursor_uleb(c)); break;
	default: ret->number = cursor_uleb(c); break;
	}
	return !c->failed;
}

bool reader_value(struct reader_file *file, const struct reader_unit *unit,
		  const struct reader_attribute *attribute, struct cursor *c,
		  struct reader_value *ret)
{
	uint64_t form = attribute->form;
	int size = attribute->size;

	if (form == DW_FORM_indirect) {
		form = cursor_uleb(c);
		/* one that leads to itself would not end */
		if (form == DW_FORM_indirect || form == DW_FORM_implicit_const || form > UINT16_MAX)
			return false;
		size = reader_form_size(unit, (unsigned)form);
	}
	*ret = (struct reader_value){.name = attribute->name, .form = (uint16_t)form};
	if (size <= 0 || size > 8) {
		if (!read_long(c, attribute, ret))
			return false;
	} else {
		ret->number = cursor_uint(c, (unsigned)size);
	}
	return !c->failed && look_up(file, unit, ret);
}

static bool skip_indirect(const struct reader_unit *unit, struct cursor *c)
{
	struct reader_attribute attribute = {.form = DW_FORM_indirect};
	struct reader_value value = {.form = (uint16_t)cursor_uleb(c)};
	int size = reader_form_size(unit, value.form);

	if (value.form == DW_FORM_indirect || value.form == DW_FORM_implicit_const)
		return false;
	if (size < 0)
		return read_long(c, &attribute, &value);
	cursor_skip(c, (uint64_t)size);
	return !c->failed;
}

bool reader_skip_value(const struct reader_unit *unit, const struct reader_attribute *attribute,
		       struct cursor *c)
{
	struct reader_value value = {.form = attribute->form};

	if (attribute->size >= 0) {
		cursor_skip(c, (uint64_t)attribute->size);
		return !c->failed;
	}
	if (attribute->form == DW_FORM_indirect)
		return skip_indirect(unit, c);
	return read_long(c, attribute, &value);
}

static inline void skip_leb(struct cursor *c)
{
	while (c->at < c->end && *c->at & 0x80)
		c->at++;
	cursor_skip(c, 1);
}

bool reader_skip_attributes(const struct reader_unit *unit, const struct reader_abbrevs *abbrevs,
			    const struct reader_abbrev *abbrev, struct cursor *c,
			    uint64_t *sibling_ret)
{
	*sibling_ret = 0;
	for (uint32_t i = 0; i < abbrev->skip_count; i++) {
		const struct reader_skip *skip = &abbrevs->skips.data[abbrev->skips + i];

		switch (skip->op) {
		case READER_SKIP_FIXED: cursor_skip(c, skip->size); break;
		case READER_SKIP_LEB: skip_leb(c); break;
		case READER_SKIP_STRING: cursor_string(c); break;
		case READER_SKIP_BLOCK:
			cursor_skip(c, skip->size ? cursor_uint(c, skip->size) : cursor_uleb(c));
			break;
		case READER_SKIP_SIBLING:
			*sibling_ret = unit->offset + cursor_uint(c, skip->size);
			break;
		case READER_SKIP_INDIRECT:
			if (!skip_indirect(unit, c))
				return false;
			break;
		}
	}
	return !c->failed;
}
