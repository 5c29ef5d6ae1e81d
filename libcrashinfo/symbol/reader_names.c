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
	if (unit ? unit->dropped : file->windowed && entry >= file->units_end) {
		file->wants_more = true;
		return false;
	}
	if (!unit)
		return false;
	reader_unit_root(file, unit);
	abbrevs = reader_unit_abbrevs(file, unit, &damaged);
	abbrev = abbrevs ? reader_abbrev_find(abbrevs, cursor_uleb(&c)) : NULL;
	for (uint32_t i = 0; abbrev && i < abbrev->attribute_count; i++) {
		struct reader_value value;

		if (!reader_used_value(file, unit,
				       &abbrevs->attributes.data[abbrev->attributes + i],
				       READER_FOR_NAME, &c, &value))
			return false;
		add_value(file, &value, ret);
	}
	return abbrev != NULL;
}

/* One step of the way; `*entry` and `*file` become those of the next one, NULL behind the last. */
static bool step(struct reader_file **file, uint64_t *entry, struct reader_named *named)
{
	struct entry_names names;

	if (!read_entry(*file, *entry, &names))
		return false;
	if (!named->linkage)
		named->linkage = names.linkage;
	if (!named->name)
		named->name = names.name;
	if (!named->linkage && !names.origin && !names.specification) {
		named->declaration = *entry;
		named->declared_in = *file;
	}
	/* who has a linkage name needs no other */
	if (named->linkage || (!names.origin && !names.specification)) {
		*file = NULL;
		return true;
	}
	*entry = names.origin ? names.origin : names.specification;
	*file = names.origin ? names.origin_file : names.specification_file;
	return true;
}

static bool follow(struct reader_file *file, uint64_t entry, struct reader_named *named)
{
	bool whole = true;

	for (int i = 0; i < REFERENCE_STEPS && file && whole; i++)
		whole = step(&file, &entry, named);
	return whole;
}

void reader_names(struct reader_file *file, uint64_t entry, struct reader_named *ret)
{
	struct reader_named own = {0}, *named = &own;

	/* an instance: what it is one of has others, too, and is remembered */
	if (step(&file, &entry, &own) && file && !own.linkage && !own.name) {
		named = &file->recent[entry % READER_RECENT];
		if (named->entry != entry) {
			*named = (struct reader_named){0};
			if (follow(file, entry, named))
				named->entry = entry;
		}
	} else if (file) {
		follow(file, entry, &own);
	}
	*ret = *named;
}

bool reader_declaration(struct reader_file **file, uint64_t *entry, const char **name_ret)
{
	const char *name = NULL;

	for (int i = 0; i < REFERENCE_STEPS; i++) {
		struct entry_names names;

		if (!*file || !read_entry(*file, *entry, &names))
			return false;
		if (!name)
			name = names.name;
		if (!names.origin && !names.specification) {
			*name_ret = name;
			return true;
		}
		*entry = names.origin ? names.origin : names.specification;
		*file = names.origin ? names.origin_file : names.specification_file;
	}
	return false;
}
