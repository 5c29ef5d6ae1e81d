/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of one unit: every entry is visited once, for all addresses asked for in it. */
#include <dwarf.h>
#include <stdlib.h>

#include "symbol/lookup.h"

/* An entry that holds the address, and how deep in the tree it stands. */
struct link {
	Dwarf_Die die;
	size_t depth;
};

/* Function, then what is inlined into it, outermost first. */
typedef VEC(struct link) chain;

struct unit_walk {
	const struct crashinfo_limits *limits;
	struct lookups *lookups;
	chain *chains; /* one per lookup */
};

static struct crashinfo_error *extend(struct unit_walk *walk, size_t lookup, Dwarf_Die *die,
				      int tag, size_t depth)
{
	chain *links = &walk->chains[lookup];
	struct link *link;

	if (tag == DW_TAG_subprogram)
		links->size = 0;
	/* what stands beside this entry holds the address no more */
	while (links->size && links->data[links->size - 1].depth >= depth)
		links->size--;
	if (links->size > walk->limits->inline_depth) {
		walk->lookups->data[lookup].limited = true;
		return NULL;
	}
	link = vec_push(links);
	if (!link)
		return crashinfo_error_no_memory();
	*link = (struct link){*die, depth};
	return NULL;
}

/* Put the entry into the chains of the lookups it holds; `*any_ret` when there are some. */
static struct crashinfo_error *match(struct unit_walk *walk, Dwarf_Die *die, int tag, size_t depth,
				     bool *any_ret)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		size_t i = lookups_lower(walk->lookups, start);

		for (; i < walk->lookups->count && walk->lookups->data[i].address < end; i++) {
			struct crashinfo_error *error = extend(walk, i, die, tag, depth);

			if (error)
				return error;
			*any_ret = true;
		}
	}
	return NULL;
}

static struct crashinfo_error *visit(void *user, Dwarf_Die *die, int tag, size_t depth,
				     bool *descend)
{
	struct unit_walk *walk = user;
	struct crashinfo_error *error;
	bool any = false;

	switch (tag) {
	case DW_TAG_subprogram:
		/* functions nested in this one may lie elsewhere: go on below in any case */
		return match(walk, die, tag, depth, &any);
	case DW_TAG_inlined_subroutine:
		error = match(walk, die, tag, depth, &any);
		*descend = any;
		return error;
	case DW_TAG_enumeration_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_array_type:
	case DW_TAG_call_site:
	case DW_TAG_GNU_call_site: *descend = false; return NULL;
	default: return NULL;
	}
}

/* An attribute of the entry or of what it is an instance of. */
static const char *text_attribute(Dwarf_Die *die, unsigned name, unsigned other)
{
	Dwarf_Attribute attribute;
	const char *text = NULL;

	if (dwarf_attr_integrate(die, name, &attribute))
		text = dwarf_formstring(&attribute);
	if (!text && other && dwarf_attr_integrate(die, other, &attribute))
		text = dwarf_formstring(&attribute);
	return text;
}

/* As in reader_names.c. */
#define REFERENCE_STEPS 16

/* Where the function is declared, for reader_scopes(); only if no linkage name says it all. */
static void set_declaration(const Dwarf_Die *die, struct lookup_frame *frame)
{
	Dwarf_Die at = *die;

	frame->lacks_linkage = true;
	for (int i = 0; i < REFERENCE_STEPS; i++) {
		Dwarf_Attribute attribute;

		if (!dwarf_attr(&at, DW_AT_abstract_origin, &attribute) &&
		    !dwarf_attr(&at, DW_AT_specification, &attribute)) {
			frame->declaration = dwarf_dieoffset(&at);
			return;
		}
		frame->declared_in_alternate |= attribute.form == DW_FORM_GNU_ref_alt;
		if (!dwarf_formref_die(&attribute, &at))
			return;
	}
}

static uint32_t number_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) ||
	    value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

static const char *comp_dir_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;

	/* no look at a split unit's file: its path comes from the debug information */
	return dwarf_attr(unit, DW_AT_comp_dir, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

/* Where the inlined entry was called from: file, line and column of the frame around it. */
static void call_location(Dwarf_Die *unit, Dwarf_Die *inlined, struct lookup_frame *frame)
{
	uint32_t index = number_attribute(inlined, DW_AT_call_file);
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	size_t count;

	frame->line = number_attribute(inlined, DW_AT_call_line);
	frame->column = number_attribute(inlined, DW_AT_call_column);
	frame->comp_dir = comp_dir_of(unit);
	if (!dwarf_attr(inlined, DW_AT_call_file, &attribute) ||
	    dwarf_getsrcfiles(unit, &files, &count) || index >= count)
		return;
	frame->file = dwarf_filesrc(files, index, NULL, NULL);
}

static uint64_t entry_address(Dwarf_Die *function)
{
	Dwarf_Addr address;

	return dwarf_entrypc(function, &address) ? 0 : address;
}

static struct crashinfo_error *make_frames(Dwarf_Die *unit, struct lookup *lookup, chain *links)
{
	uint64_t start = links->size ? entry_address(&links->data[0].die) : 0;

	for (size_t i = links->size; i > 0; i--) {
		Dwarf_Die *die = &links->data[i - 1].die;
		struct lookup_frame *frame = vec_push(&lookup->frames);

		if (!frame)
			return crashinfo_error_no_memory();
		*frame = (struct lookup_frame){.symbol_address = start};
		frame->linkage_name =
			text_attribute(die, DW_AT_linkage_name, DW_AT_MIPS_linkage_name);
		frame->name = text_attribute(die, DW_AT_name, 0);
		if (!frame->linkage_name &&
		    lookup_lacks_linkage(frame->name, number_attribute(unit, DW_AT_language),
					 text_attribute(unit, DW_AT_producer, 0)))
			set_declaration(die, frame);
		if (i == links->size)
			dwarf_line_at(unit, lookup->address, frame);
		else
			call_location(unit, &links->data[i].die, frame);
	}
	if (!links->size) {
		/* assembler code has lines but no function entry */
		struct lookup_frame *frame = vec_push(&lookup->frames);

		if (!frame)
			return crashinfo_error_no_memory();
		*frame = (struct lookup_frame){0};
		dwarf_line_at(unit, lookup->address, frame);
	}
	return NULL;
}

struct crashinfo_error *dwarf_unit_resolve(Dwarf_Die *unit, const struct crashinfo_limits *limits,
					   struct lookups *lookups)
{
	struct unit_walk walk = {.limits = limits, .lookups = lookups};
	struct crashinfo_error *error;
	bool damaged = false;

	walk.chains = calloc(lookups->count, sizeof(*walk.chains));
	if (!walk.chains)
		return crashinfo_error_no_memory();
	error = dwarf_walk(unit, visit, &walk, &damaged);
	for (size_t i = 0; i < lookups->count; i++) {
		lookups->data[i].damaged = damaged;
		if (!error)
			error = make_frames(unit, &lookups->data[i], &walk.chains[i]);
		free(walk.chains[i].data);
	}
	free(walk.chains);
	return error;
}
