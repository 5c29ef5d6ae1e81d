/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions: their own, or those of what they are an instance or a definition of. */
#include <dwarf.h>

#include "symbol/reader.h"

/* An instance, its abstract function, that one's declaration: real chains have three. */
#define REFERENCE_STEPS 16

struct entry_names {
	const char *linkage, *name;
	uint64_t origin, specification; /* 0: none */
	struct reader_file *origin_file, *specification_file;
};

static struct reader_file *file_of(struct reader_file *file, unsigned form)
{
	bool alternate =
		form == DW_FORM_GNU_ref_alt || form == DW_FORM_ref_sup4 || form == DW_FORM_ref_sup8;

	return alternate ? file->alternate : file;
}

static void add_value(struct reader_file *file, const struct reader_value *value,
		      struct entry_names *names)
{
	switch (value->name) {
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name: names->linkage = value->text; break;
	case DW_AT_name: names->name = value->text; break;
	case DW_AT_abstract_origin:
		/* a signature names a type, which is no function */
		names->origin = value->form == DW_FORM_ref_sig8 ? 0 : value->number;
		names->origin_file = file_of(file, value->form);
		break;
	case DW_AT_specification:
		names->specification = value->form == DW_FORM_ref_sig8 ? 0 : value->number;
		names->specification_file = file_of(file, value->form);
		break;
	default: break;
	}
}

static bool read_entry(struct reader_file *file, uint64_t entry, struct entry_names *ret)
{
	struct cursor c = reader_cursor(file, READER_INFO, entry);
	const struct reader_abbrevs *abbrevs;
	const struct reader_abbrev *abbrev;
	struct reader_unit *unit;
	bool damaged = false;

	*ret = (struct entry_names){0};
	if (!reader_units_read(file))
		return false;
	unit = reader_unit_of(file, entry);
	if (!unit)
		return false;
	if (unit->dropped) {
		file->wants_more = true;
		return false;
	}
	reader_unit_root(file, unit);
	abbrevs = reader_unit_abbrevs(file, unit, &damaged);
	abbrev = abbrevs ? reader_abbrev_find(abbrevs, cursor_uleb(&c)) : NULL;
	for (uint32_t i = 0; abbrev && i < abbrev->attribute_count; i++) {
		struct reader_value value;

		if (!reader_value(file, unit, &abbrevs->attributes.data[abbrev->attributes + i], &c,
				  &value))
			return false;
		add_value(file, &value, ret);
	}
	return abbrev != NULL;
}

void reader_names(struct reader_file *file, uint64_t entry, const char **linkage_ret,
		  const char **name_ret)
{
	*linkage_ret = *name_ret = NULL;
	for (int i = 0; i < REFERENCE_STEPS && file; i++) {
		struct entry_names names;

		if (!read_entry(file, entry, &names))
			return;
		if (!*linkage_ret)
			*linkage_ret = names.linkage;
		if (!*name_ret)
			*name_ret = names.name;
		/* who has a linkage name needs no other */
		if (*linkage_ret || (!names.origin && !names.specification))
			return;
		entry = names.origin ? names.origin : names.specification;
		file = names.origin ? names.origin_file : names.specification_file;
	}
}
