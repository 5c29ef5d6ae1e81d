/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scopes of functions without a linkage name, as gcc writes none for what belongs to an unnamed
 * namespace: the entries around their declaration. An entry does not know its parent, so a unit is
 * walked once for all that are asked for in it, passing over what holds none of them. A scope that
 * is declared elsewhere itself (a class defined outside its namespace, a function of a class around
 * a class of its own) makes another round necessary.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "symbol/reader.h"

/* As in reader_tree.c. */
#define TREE_DEPTH 1024
/* Functions within classes within functions: each is one. */
#define ROUNDS 8
/* Scopes around one another; the limit of the demanglers is larger, that of people smaller. */
#define PARTS 64

/* A declaration whose scopes are looked for. */
struct scope {
	struct reader_file *file;
	uint64_t entry;
	const char *name;
	const char *text; /* the name with what is in front of it so far */
	size_t size;      /* of what is in front of it */
	bool again;       /* from `entry`, which is another one now */
};

struct scopes {
	VEC(struct scope) list;
	VEC(struct scope *) wanted; /* of this round, in the order of their entries */
	VEC(struct lookup_frame *) frames;
	struct reader_file *file; /* that the addresses are in */
	size_t max;               /* bytes of a text */
	bool no_memory;
};

struct level {
	uint64_t entry;
	uint16_t tag;
};

struct scope_walk {
	struct scopes *scopes;
	struct reader_file *file;
	struct reader_unit *unit;
	const struct reader_abbrevs *abbrevs;
	struct cursor c;
	VEC(struct level) levels; /* around the entry in hand */
	size_t next, end;         /* among those wanted */
};

/* --- texts --- */

/* What a scope without a name is called; NULL when the entry is none. */
static const char *nameless(unsigned tag)
{
	switch (tag) {
	case DW_TAG_namespace: return "(anonymous namespace)";
	case DW_TAG_class_type: return "(anonymous class)";
	case DW_TAG_structure_type: return "(anonymous struct)";
	case DW_TAG_union_type: return "(anonymous union)";
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine: return "(anonymous function)";
	default: return NULL;
	}
}

/* Names up to this size are not counted; the names of a file cost it as much. */
#define NAME_BYTES 4096

static bool is_allowed(struct reader_file *file, size_t size)
{
	if (size < NAME_BYTES)
		return true;
	if (size > file->limits->long_names_bytes - file->scope_bytes)
		return false;
	file->scope_bytes += size;
	return true;
}

static bool join(struct scopes *scopes, const char *const *parts, size_t count, struct scope *scope)
{
	struct strbuf text _strbuf_ = {0};

	for (size_t i = count; i > 0; i--) {
		size_t size = strnlen(parts[i - 1], scopes->max);

		if (size >= scopes->max - text.size)
			return false;
		strbuf_add(&text, parts[i - 1], size);
		strbuf_adds(&text, "::");
	}
	if (strnlen(scope->text, scopes->max) >= scopes->max - text.size)
		return false;
	if (!is_allowed(scopes->file, text.size + strlen(scope->text)))
		return false;
	scope->size += text.size;
	strbuf_adds(&text, scope->text);
	scope->text = text.failed ? NULL : arena_memdup(&scopes->file->arena, text.data, text.size);
	scopes->no_memory |= !scope->text;
	return scope->text != NULL;
}

/* Names of what is around the entry in hand, up to one that is declared elsewhere. */
static void compose(struct scope_walk *walk, struct scope *scope)
{
	const char *parts[PARTS];
	struct scope from = *scope;
	size_t count = 0;

	scope->again = false;
	for (size_t i = walk->levels.size; i > 0 && !from.again; i--) {
		const struct level *level = &walk->levels.data[i - 1];
		const char *name = nameless(level->tag), *own;

		if (!name)
			continue;
		from.file = walk->file;
		from.entry = level->entry;
		if (count == PARTS || !reader_declaration(&from.file, &from.entry, &own))
			return;
		from.again = from.entry != level->entry || from.file != walk->file;
		parts[count++] = own ? own : name;
	}
	if (count && join(walk->scopes, parts, count, &from))
		*scope = from;
}

/* --- a unit --- */

static uint64_t offset_of(const struct scope_walk *walk)
{
	return (uint64_t)(walk->c.at - walk->file->sections[READER_INFO].data);
}

static bool enter(struct scope_walk *walk, uint64_t entry, uint16_t tag)
{
	struct level *level = walk->levels.size < TREE_DEPTH ? vec_push(&walk->levels) : NULL;

	if (level)
		*level = (struct level){entry, tag};
	return level != NULL;
}

/* The entry at the cursor, and all below it when none that is wanted is there. */
static bool visit(struct scope_walk *walk, uint64_t entry, uint64_t code)
{
	const struct reader_abbrev *abbrev = reader_abbrev_find(walk->abbrevs, code);
	struct scope **wanted = walk->scopes->wanted.data;
	uint64_t sibling;

	while (walk->next < walk->end && wanted[walk->next]->entry <= entry) {
		/* one that was passed by is no entry at all */
		if (wanted[walk->next]->entry == entry)
			compose(walk, wanted[walk->next]);
		walk->next++;
	}
	if (!abbrev ||
	    !reader_skip_attributes(walk->unit, walk->abbrevs, abbrev, &walk->c, &sibling))
		return false;
	if (!abbrev->children || walk->next == walk->end)
		return true;
	if (sibling <= offset_of(walk) || sibling > walk->unit->end ||
	    wanted[walk->next]->entry < sibling)
		return enter(walk, entry, abbrev->tag);
	walk->c.at = walk->file->sections[READER_INFO].data + sibling;
	return true;
}

/* Until everything is found, or the unit ends or is damaged. */
static void visit_all(struct scope_walk *walk)
{
	bool inside = true;

	while (inside && walk->next < walk->end && walk->c.at < walk->c.end && !walk->c.failed) {
		uint64_t entry = offset_of(walk), code = cursor_uleb(&walk->c);

		if (code)
			inside = visit(walk, entry, code);
		else if (walk->levels.size)
			walk->levels.size--;
		else
			inside = false;
	}
}

static void walk_unit(struct scopes *scopes, struct reader_file *file, struct reader_unit *unit,
		      size_t first, size_t end)
{
	struct scope_walk walk = {
		.scopes = scopes, .file = file, .unit = unit, .next = first, .end = end};
	bool damaged = false, had = unit->abbrevs != NULL;

	if (!reader_unit_root(file, unit) || unit->dropped)
		return;
	walk.abbrevs = reader_unit_abbrevs(file, unit, &damaged);
	walk.c = reader_cursor(file, READER_INFO, unit->root);
	walk.c.end = file->sections[READER_INFO].data + unit->end;
	if (walk.abbrevs)
		visit_all(&walk);
	free(walk.levels.data);
	if (!had)
		reader_unit_release(file, unit);
}

/* --- rounds --- */

static int by_entry(const void *a, const void *b)
{
	const struct scope *x = *(struct scope *const *)a, *y = *(struct scope *const *)b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void walk_round(struct scopes *scopes)
{
	struct scope **wanted = scopes->wanted.data;
	size_t count = scopes->wanted.size, end;

	for (size_t i = 0; i < count; i = end) {
		struct reader_file *file = wanted[i]->file;
		struct reader_unit *unit =
			reader_units_read(file) ? reader_unit_of(file, wanted[i]->entry) : NULL;

		for (end = i + 1; unit && end < count && wanted[end]->file == file &&
				  wanted[end]->entry < unit->end;)
			end++;
		if (unit)
			walk_unit(scopes, file, unit, i, end);
	}
}

static bool next_round(struct scopes *scopes)
{
	scopes->wanted.size = 0;
	for (size_t i = 0; i < scopes->list.size; i++) {
		struct scope **slot = scopes->list.data[i].again ? vec_push(&scopes->wanted) : NULL;

		if (slot)
			*slot = &scopes->list.data[i];
		else if (scopes->list.data[i].again)
			return false;
	}
	if (scopes->wanted.size)
		qsort(scopes->wanted.data, scopes->wanted.size, sizeof(*scopes->wanted.data),
		      by_entry);
	return true;
}

static int by_declaration(const void *a, const void *b)
{
	const struct lookup_frame *x = *(struct lookup_frame *const *)a;
	const struct lookup_frame *y = *(struct lookup_frame *const *)b;

	if (x->declared_in != y->declared_in)
		return x->declared_in < y->declared_in ? -1 : 1;
	return x->declaration < y->declaration ? -1 : x->declaration > y->declaration;
}

/* Frames that need it, those of one declaration together. */
static bool find_frames(struct scopes *scopes, const struct lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++)
		for (size_t k = 0; k < lookups->data[i].frames.size; k++) {
			struct lookup_frame *frame = &lookups->data[i].frames.data[k], **slot;

			if (!frame->declaration || !frame->declared_in || !frame->name)
				continue;
			slot = vec_push(&scopes->frames);
			if (!slot)
				return false;
			*slot = frame;
		}
	if (scopes->frames.size)
		qsort(scopes->frames.data, scopes->frames.size, sizeof(*scopes->frames.data),
		      by_declaration);
	return true;
}

static bool make_list(struct scopes *scopes)
{
	for (size_t i = 0; i < scopes->frames.size; i++) {
		const struct lookup_frame *frame = scopes->frames.data[i];
		struct scope *scope;

		if (i && !by_declaration(&scopes->frames.data[i - 1], &scopes->frames.data[i]))
			continue;
		scope = vec_push(&scopes->list);
		if (!scope)
			return false;
		*scope = (struct scope){.file = frame->declared_in,
					.entry = frame->declaration,
					.name = frame->name,
					.text = frame->name,
					.again = true};
	}
	return true;
}

static void set_names(struct scopes *scopes)
{
	size_t at = 0;

	for (size_t i = 0; i < scopes->frames.size; i++) {
		struct lookup_frame *frame = scopes->frames.data[i];
		const struct scope *scope;

		at += i && by_declaration(&scopes->frames.data[i - 1], &scopes->frames.data[i]);
		scope = &scopes->list.data[at];
		if (scope->size &&
		    (frame->name == scope->name || !strcmp(frame->name, scope->name))) {
			frame->name = scope->text;
			frame->scope_size = (uint32_t)scope->size;
		}
	}
	/* by_declaration() needs them up to here */
	for (size_t i = 0; i < scopes->frames.size; i++)
		scopes->frames.data[i]->declaration = 0;
}

static bool run(struct scopes *scopes, const struct lookups *lookups)
{
	if (!find_frames(scopes, lookups) || !make_list(scopes))
		return false;
	for (int i = 0; i < ROUNDS; i++) {
		if (!next_round(scopes))
			return false;
		if (!scopes->wanted.size)
			break;
		/* those that are found no more stay as they are */
		for (size_t k = 0; k < scopes->wanted.size; k++)
			scopes->wanted.data[k]->again = false;
		walk_round(scopes);
	}
	set_names(scopes);
	return !scopes->no_memory;
}

struct crashinfo_error *reader_scopes(struct reader_file *file, struct lookups *lookups)
{
	struct scopes scopes = {.file = file, .max = file->limits->demangled_bytes};
	bool ok;

	reader_sections_read(file, NULL);
	ok = run(&scopes, lookups);
	free(scopes.list.data);
	free(scopes.wanted.data);
	free(scopes.frames.data);
	return ok ? NULL : crashinfo_error_no_memory();
}
