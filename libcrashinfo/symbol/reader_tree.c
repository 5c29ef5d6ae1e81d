/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of one unit, walked once for all addresses asked for in it. What cannot hold one of them
 * is passed over: by its sibling attribute where there is one, else entry by entry without reading.
 */
#include <dwarf.h>
#include <stdlib.h>

#include "symbol/reader.h"

/* Deeper trees are damaged ones: the nesting of C++ namespaces and blocks stays below 100. */
#define TREE_DEPTH 1024

struct walk {
	struct reader_file *file;
	struct reader_unit *unit;
	const struct reader_abbrevs *abbrevs;
	struct cursor c;
	const unsigned char *section; /* begin of .debug_info */
	uint32_t depth;

	/* for addresses */
	struct lookups *lookups;
	struct reader_chain *chains;
	bool *wanted;  /* only these lookups, all when NULL */
	bool thorough; /* functions may be nested in functions that lie elsewhere */
	bool passed;   /* something was passed over that may hold code */
	bool no_memory;

	/* for all functions */
	bool inlined; /* and what is inlined into them */
	reader_range_fn *visit;
	void *user;

	size_t hint; /* the first lookup at or above where the last range began */

	/* at the entry in hand */
	uint64_t entry;
	bool function, any;
};

static bool init(struct walk *walk, struct reader_file *file, struct reader_unit *unit)
{
	bool damaged = false;

	walk->file = file;
	walk->unit = unit;
	walk->abbrevs = reader_unit_abbrevs(file, unit, &damaged);
	walk->section = file->sections[READER_INFO].data;
	walk->c = reader_cursor(file, READER_INFO, unit->root);
	walk->c.end = walk->section + unit->end;
	walk->no_memory = !walk->abbrevs && !damaged;
	return walk->abbrevs != NULL;
}

static uint64_t offset_of(const struct walk *walk)
{
	return (uint64_t)(walk->c.at - walk->section);
}

static bool extend(struct walk *walk, size_t lookup)
{
	struct reader_chain *chain = &walk->chains[lookup];
	struct reader_link *link;

	if (walk->function)
		chain->size = 0;
	/* what stands beside this entry holds the address no more */
	while (chain->size && chain->data[chain->size - 1].depth >= walk->depth)
		chain->size--;
	if (chain->size > walk->file->limits->inline_depth) {
		walk->lookups->data[lookup].limited = true;
		return true;
	}
	link = vec_push(chain);
	if (!link) {
		walk->no_memory = true;
		return false;
	}
	*link = (struct reader_link){walk->entry, walk->depth};
	return true;
}

/* As lookups_lower(); most ranges begin behind the one before, and few lookups further on. */
static size_t lower(struct walk *walk, uint64_t address)
{
	const struct lookups *lookups = walk->lookups;
	size_t i = walk->hint, end = i + 4 < lookups->count ? i + 4 : lookups->count;
	bool behind = !i || lookups->data[i - 1].address < address;

	while (behind && i < end && lookups->data[i].address < address)
		i++;
	if (!behind || (i == end && i < lookups->count))
		i = lookups_lower(lookups, address);
	walk->hint = i;
	return i;
}

static bool match(void *user, uint64_t start, uint64_t end)
{
	struct walk *walk = user;

	for (size_t i = lower(walk, start);
	     i < walk->lookups->count && walk->lookups->data[i].address < end; i++) {
		if (walk->wanted && !walk->wanted[i])
			continue;
		walk->any = true;
		if (!extend(walk, i))
			return false;
	}
	return true;
}

/* Read what an entry with code says of its addresses; the cursor is behind its attributes then. */
static bool read_extent(struct walk *walk, const struct reader_abbrev *abbrev,
			struct reader_extent *extent, uint64_t *sibling_ret)
{
	*sibling_ret = 0;
	for (uint32_t i = 0; i < abbrev->attribute_count; i++) {
		const struct reader_attribute *attribute =
			&walk->abbrevs->attributes.data[abbrev->attributes + i];
		struct reader_value value;

		if (!reader_used_value(walk->file, walk->unit, attribute, READER_FOR_EXTENT,
				       &walk->c, &value))
			return false;
		if (value.name == DW_AT_sibling)
			*sibling_ret = value.number;
		else if (value.name)
			reader_extent_add(extent, &value);
	}
	return true;
}

/* Behind all entries below the one in hand. */
static bool skip_children(struct walk *walk)
{
	size_t depth = 1;

	while (depth) {
		uint64_t code = cursor_uleb(&walk->c), sibling;
		const struct reader_abbrev *abbrev;

		if (!code) {
			if (walk->c.failed)
				return false;
			depth--;
			continue;
		}
		abbrev = reader_abbrev_find(walk->abbrevs, code);
		if (!abbrev ||
		    !reader_skip_attributes(walk->unit, walk->abbrevs, abbrev, &walk->c, &sibling))
			return false;
		depth += abbrev->children;
		if (depth > TREE_DEPTH)
			return false;
	}
	return true;
}

/* Pass over what is below the entry in hand. */
static bool pass(struct walk *walk, uint64_t sibling)
{
	if (!sibling)
		return skip_children(walk);
	if (sibling <= offset_of(walk) || sibling > walk->unit->end)
		return false;
	walk->c.at = walk->section + sibling;
	return true;
}

static bool code_entry(struct walk *walk, const struct reader_abbrev *abbrev, bool *descend_ret,
		       uint64_t *sibling_ret)
{
	struct reader_extent extent = {0};

	walk->function = abbrev->kind == READER_FUNCTION;
	walk->any = false;
	if (!read_extent(walk, abbrev, &extent, sibling_ret))
		return false;
	if (!walk->lookups) {
		*descend_ret = walk->function || walk->inlined;
		return !*descend_ret || reader_extent_visit(walk->file, walk->unit, &extent,
							    walk->visit, walk->user);
	}
	if (!reader_extent_visit(walk->file, walk->unit, &extent, match, walk))
		return false;
	*descend_ret = walk->any || (walk->function && walk->thorough);
	walk->passed |= walk->function && abbrev->children;
	return true;
}

/* The entry at the cursor and, when it is passed over, all below it. */
static bool visit_entry(struct walk *walk, const struct reader_abbrev *abbrev)
{
	bool descend = false;
	uint64_t sibling;

	if (abbrev->kind == READER_FUNCTION || abbrev->kind == READER_INLINED) {
		if (!code_entry(walk, abbrev, &descend, &sibling))
			return false;
	} else {
		if (!reader_skip_attributes(walk->unit, walk->abbrevs, abbrev, &walk->c, &sibling))
			return false;
		descend = abbrev->kind == READER_CONTAINER ||
			  (abbrev->kind == READER_PLAIN && walk->thorough) ||
			  /* no way around it, so what is in it costs no more */
			  (abbrev->kind == READER_PLAIN && !sibling &&
			   abbrev->tag != DW_TAG_subprogram);
		walk->passed |= abbrev->kind == READER_PLAIN && !descend && abbrev->children;
	}
	if (!abbrev->children)
		return true;
	if (!descend)
		return pass(walk, sibling);
	return ++walk->depth < TREE_DEPTH;
}

static bool walk_all(struct walk *walk)
{
	uint64_t sibling;
	const struct reader_abbrev *root = reader_abbrev_find(walk->abbrevs, cursor_uleb(&walk->c));

	if (!root || !reader_skip_attributes(walk->unit, walk->abbrevs, root, &walk->c, &sibling))
		return false;
	walk->depth = root->children;
	while (walk->depth && walk->c.at < walk->c.end) {
		const struct reader_abbrev *abbrev;
		uint64_t code;

		walk->entry = offset_of(walk);
		code = cursor_uleb(&walk->c);
		if (!code) {
			walk->depth--;
			continue;
		}
		abbrev = reader_abbrev_find(walk->abbrevs, code);
		if (!abbrev || !visit_entry(walk, abbrev))
			return false;
	}
	return !walk->c.failed;
}

/* Once more for the addresses that nothing was found for, now into every corner. */
static bool walk_thoroughly(struct walk *walk)
{
	bool any = false, ok;

	walk->wanted = calloc(walk->lookups->count, sizeof(*walk->wanted));
	if (!walk->wanted) {
		walk->no_memory = true;
		return false;
	}
	for (size_t i = 0; i < walk->lookups->count; i++) {
		walk->wanted[i] = !walk->chains[i].size;
		any |= walk->wanted[i];
	}
	walk->thorough = true;
	walk->c.at = walk->section + walk->unit->root;
	ok = !any || walk_all(walk);
	free(walk->wanted);
	return ok;
}

bool reader_tree_walk(struct reader_file *file, struct reader_unit *unit, struct lookups *lookups,
		      struct reader_chain *chains, bool *memory_ret)
{
	struct walk walk = {.lookups = lookups, .chains = chains};
	bool ok = init(&walk, file, unit) && walk_all(&walk);

	if (ok && walk.passed)
		ok = walk_thoroughly(&walk);
	*memory_ret |= walk.no_memory;
	return ok;
}

bool reader_tree_functions(struct reader_file *file, struct reader_unit *unit, bool inlined,
			   reader_range_fn *visit, void *user)
{
	struct walk walk = {.visit = visit, .user = user, .inlined = inlined, .thorough = true};

	/* with optimization at link time most units hold only what others are instances of */
	return init(&walk, file, unit) && (!walk.abbrevs->has_code || walk_all(&walk));
}
