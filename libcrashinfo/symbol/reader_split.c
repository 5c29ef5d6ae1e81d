/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units whose tree is in another file. The skeleton that the linker saw keeps addresses, ranges and
 * the line table; the tree has the names and what was inlined. Both have the same id.
 */
#include <dwarf.h>
#include <stdlib.h>

#include "symbol/reader.h"

void reader_split_destroy(struct reader_split *split)
{
	if (!split)
		return;
	reader_file_destroy(split->file);
	elf_file_close(&split->elf);
	free(split->missing.attempts.data);
	free(split);
}

void reader_split_refuse(struct reader_split *split, const char *outcome)
{
	struct crashinfo_attempt *attempt = vec_push(&split->missing.attempts);

	if (attempt)
		*attempt = (struct crashinfo_attempt){split->path, outcome};
	reader_file_destroy(split->file);
	elf_file_close(&split->elf);
	split->file = NULL;
	split->unit = NULL;
}

/* Units that were read anew do not know what was found for them. */
static struct reader_split *known(const struct reader_file *file, uint64_t skeleton)
{
	for (size_t i = 0; i < file->splits.size; i++)
		if (file->splits.data[i]->skeleton == skeleton)
			return file->splits.data[i];
	return NULL;
}

struct crashinfo_error *reader_unit_split(struct reader_file *file, struct reader_unit *skeleton)
{
	struct reader_split *split, **slot;

	if (!skeleton->split && file->was_widened)
		skeleton->split = known(file, skeleton->offset);
	if (skeleton->split)
		return NULL;
	split = calloc(1, sizeof(*split));
	slot = split ? vec_push(&file->splits) : NULL;
	if (!slot) {
		free(split);
		return crashinfo_error_no_memory();
	}
	*slot = skeleton->split = split;
	split->skeleton = skeleton->offset;
	split->elf.fd = -1;
	split->missing.name = skeleton->split_name;
	return file->source ? file->source->find(file->source->user, file, skeleton, split) : NULL;
}

bool reader_unit_tree(struct reader_file *file, struct reader_unit *unit,
		      struct reader_file **file_ret, struct reader_unit **unit_ret)
{
	bool found = unit->split && unit->split->file;

	*file_ret = found ? unit->split->file : file;
	*unit_ret = found ? unit->split->unit : unit;
	return found || !unit->is_skeleton;
}

/* Bytes that are `from`'s, and stay so. */
static struct module_section borrow(const struct module_section *from)
{
	return (struct module_section){.data = from->data, .size = from->size};
}

const char *reader_split_bind(struct reader_file *tree, const struct reader_file *file,
			      const struct reader_unit *skeleton, struct reader_unit **unit_ret)
{
	bool damaged = !reader_units_read(tree);

	tree->sections[READER_ADDR] = borrow(&file->sections[READER_ADDR]);
	tree->sections[READER_RANGES] = borrow(&file->sections[READER_RANGES]);
	tree->bases =
		(struct reader_bases){skeleton->addr_base, skeleton->ranges_base, skeleton->low_pc};
	/* those before the damage can be used */
	tree->has_units = true;
	for (size_t i = 0; i < tree->units.size; i++) {
		struct reader_unit *unit = &tree->units.data[i];
		bool code = unit->type == DW_UT_compile || unit->type == DW_UT_split_compile;

		/* before DWARF 5 only the unit's own entry has the id */
		if (!code || !reader_unit_root(tree, unit) || unit->split_id != skeleton->split_id)
			continue;
		if (unit->address_size != skeleton->address_size)
			return "has addresses of another size";
		*unit_ret = unit;
		return NULL;
	}
	return damaged || !tree->sections[READER_INFO].size ? "damaged" : "its id differs";
}
