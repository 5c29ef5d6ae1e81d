/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpad's text files. One pass over all lines finds the functions around the addresses and where
 * files and inlined functions are named; the lines of the functions found are read in a second one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/vec.h"
#include "symbol/table.h"

/* A line without its end, read word by word. */
struct words {
	const char *at, *end;
};

/* FILE or INLINE_ORIGIN: a number and where its text stands. */
struct numbered {
	uint64_t number;
	struct words text;
};

struct names {
	VEC(struct numbered) rows;
};

/* The best FUNC and PUBLIC records for a lookup. */
struct nearest {
	struct words function, public; /* behind their addresses; `at` NULL when there is none */
	const char *body;              /* the lines behind the FUNC record */
	uint64_t start, size;          /* of the FUNC that covers the address */
	uint64_t public_start;
	uint64_t last_start; /* of the last FUNC at or below, whether or not it covers */
	bool any;            /* there is such a FUNC */
};

struct breakpad {
	const struct symbol_bytes *bytes;
	struct lookups *lookups;
	struct nearest *nearest; /* one per lookup */
	struct names files, origins;
};

/* INLINE records that cover an address, in order of depth. */
struct inlined {
	uint64_t depth, call_line, call_file, origin;
};

static bool word(struct words *line, struct words *ret)
{
	while (line->at < line->end && *line->at == ' ')
		line->at++;
	ret->at = line->at;
	while (line->at < line->end && *line->at != ' ')
		line->at++;
	ret->end = line->at;
	return ret->at < ret->end;
}

static bool hex(struct words *line, uint64_t *ret)
{
	struct words w;

	return word(line, &w) && parse_hex_u64(w.at, (size_t)(w.end - w.at), ret);
}

static bool decimal(struct words *line, uint64_t *ret)
{
	struct words w;

	return word(line, &w) && parse_dec_u64(w.at, (size_t)(w.end - w.at), ret);
}

static struct words rest(struct words line)
{
	while (line.at < line.end && *line.at == ' ')
		line.at++;
	return line;
}

/* The line at `*at`, which moves behind it; false at the end. */
static bool next_line(const struct breakpad *file, const char **at, struct words *ret)
{
	const char *end = (const char *)file->bytes->data + file->bytes->size, *stop;

	if (*at >= end)
		return false;
	stop = memchr(*at, '\n', (size_t)(end - *at));
	stop = stop ? stop : end;
	*ret = (struct words){*at, stop};
	*at = stop < end ? stop + 1 : end;
	if (ret->end > ret->at && ret->end[-1] == '\r')
		ret->end--;
	return true;
}

static bool starts_with(struct words *line, const char *prefix)
{
	size_t size = strlen(prefix);

	if ((size_t)(line->end - line->at) < size || memcmp(line->at, prefix, size))
		return false;
	line->at += size;
	return true;
}

static bool add_name(struct names *names, struct words line)
{
	struct numbered row, *slot;

	if (!decimal(&line, &row.number))
		return true;
	row.text = rest(line);
	slot = vec_push(&names->rows);
	if (slot)
		*slot = row;
	return slot != NULL;
}

/* Other functions may have been folded into this one: "m" says so. */
static void skip_marker(struct words *line)
{
	struct words copy = *line, w;

	if (word(&copy, &w) && w.end - w.at == 1 && *w.at == 'm')
		*line = copy;
}

/* FUNC [m] address size parameters name */
static void add_function(struct breakpad *file, struct words line, const char *body)
{
	uint64_t start, size;

	skip_marker(&line);
	if (!hex(&line, &start) || !hex(&line, &size))
		return;
	start += file->bytes->base;
	for (size_t i = lookups_lower(file->lookups, start); i < file->lookups->count; i++) {
		struct nearest *nearest = &file->nearest[i];
		bool covers = file->lookups->data[i].address - start < size;

		if (covers && (!nearest->function.at || start > nearest->start)) {
			nearest->function = line;
			nearest->body = body;
			nearest->start = start;
			nearest->size = size;
		}
		if (!nearest->any || start > nearest->last_start)
			nearest->last_start = start;
		nearest->any = true;
		if (!covers)
			break;
	}
}

/* PUBLIC [m] address parameters name */
static void add_public(struct breakpad *file, struct words line)
{
	struct nearest *nearest;
	uint64_t start;
	size_t i;

	skip_marker(&line);
	if (!hex(&line, &start))
		return;
	start += file->bytes->base;
	i = lookups_lower(file->lookups, start);
	if (i == file->lookups->count)
		return;
	nearest = &file->nearest[i];
	if (nearest->public.at && start <= nearest->public_start)
		return;
	nearest->public = line;
	nearest->public_start = start;
}

/* What is nearest to one lookup may be nearest to those behind it. */
static void carry(struct breakpad *file)
{
	for (size_t i = 1; i < file->lookups->count; i++) {
		const struct nearest *before = &file->nearest[i - 1];
		struct nearest *nearest = &file->nearest[i];

		if (before->public.at &&
		    (!nearest->public.at || nearest->public_start < before->public_start)) {
			nearest->public = before->public;
			nearest->public_start = before->public_start;
		}
		if (before->any && (!nearest->any || nearest->last_start < before->last_start)) {
			nearest->last_start = before->last_start;
			nearest->any = true;
		}
	}
}

static bool read_records(struct breakpad *file)
{
	const char *at = (const char *)file->bytes->data;
	struct words line;
	bool ok = true;

	while (ok && next_line(file, &at, &line)) {
		/* most lines are those of functions and begin with a digit */
		if (line.at == line.end || *line.at < 'F' || *line.at > 'P')
			continue;
		if (starts_with(&line, "FUNC "))
			add_function(file, line, at);
		else if (starts_with(&line, "PUBLIC "))
			add_public(file, line);
		else if (starts_with(&line, "FILE "))
			ok = add_name(&file->files, line);
		else if (starts_with(&line, "INLINE_ORIGIN "))
			ok = add_name(&file->origins, line);
	}
	return ok;
}

static int by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void sort_names(struct names *names)
{
	if (names->rows.size)
		qsort(names->rows.data, names->rows.size, sizeof(*names->rows.data), by_number);
}

static bool text_of(const struct breakpad *file, struct words words, const char **ret)
{
	if (words.at == words.end)
		return true;
	*ret = arena_memdup(file->bytes->arena, words.at, (size_t)(words.end - words.at));
	return *ret != NULL;
}

/* The text under a number stays NULL when there is none; false when memory is out. */
static bool name_of(const struct breakpad *file, const struct names *names, uint64_t number,
		    const char **ret)
{
	struct numbered key = {.number = number}, *found = NULL;

	if (names->rows.size)
		found = bsearch(&key, names->rows.data, names->rows.size, sizeof(*names->rows.data),
				by_number);
	return !found || text_of(file, found->text, ret);
}

/* Whether one of the ranges behind an INLINE record covers the address. */
static bool in_ranges(struct words line, uint64_t address, uint64_t base)
{
	uint64_t start, size;

	while (hex(&line, &start) && hex(&line, &size))
		if (address - (start + base) < size)
			return true;
	return false;
}

struct place {
	uint64_t file, line;
	bool found;
	VEC(struct inlined) inlined;
};

/* INLINE depth call_line call_file origin {address size} */
static bool read_inline(const struct breakpad *file, const struct lookup *lookup, struct words line,
			struct place *place)
{
	struct inlined inlined, *slot;

	if (!decimal(&line, &inlined.depth) || !decimal(&line, &inlined.call_line) ||
	    !decimal(&line, &inlined.call_file) || !decimal(&line, &inlined.origin) ||
	    !in_ranges(line, lookup->address, file->bytes->base))
		return true;
	/* they stand in order of depth, so what does not follow the last one is damaged */
	if (inlined.depth != place->inlined.size)
		return true;
	slot = vec_push(&place->inlined);
	if (slot)
		*slot = inlined;
	return slot != NULL;
}

/* address size line file */
static void read_row(const struct breakpad *file, const struct lookup *lookup, struct words line,
		     struct place *place)
{
	uint64_t start, size, number, name;

	if (place->found || !hex(&line, &start) || !hex(&line, &size) || !decimal(&line, &number) ||
	    !decimal(&line, &name) || lookup->address - (start + file->bytes->base) >= size)
		return;
	place->line = number;
	place->file = name;
	place->found = true;
}

/* The lines behind a FUNC record, up to the next record of another kind. */
static bool read_body(const struct breakpad *file, const struct lookup *lookup, const char *at,
		      struct place *place)
{
	struct words line;
	bool ok = true;

	while (ok && next_line(file, &at, &line)) {
		if (starts_with(&line, "INLINE ")) {
			if (place->inlined.size <= file->bytes->limits->inline_depth)
				ok = read_inline(file, lookup, line, place);
		} else if (line.at < line.end && hex_digit(*line.at) >= 0 && *line.at != 'F') {
			read_row(file, lookup, line, place);
		} else {
			break;
		}
	}
	return ok;
}

/* Behind the address and size of a record: the size of parameters, then the name. */
static bool set_function(const struct breakpad *file, struct words line, const char **ret)
{
	struct words parameters;

	if (!word(&line, &parameters))
		return true;
	return text_of(file, rest(line), ret);
}

static bool add_frames(const struct breakpad *file, const struct nearest *nearest,
		       const struct place *place, struct lookup *lookup)
{
	uint64_t number = place->file, line = place->line;

	for (size_t i = place->inlined.size + 1; i-- > 0;) {
		struct lookup_frame *frame = vec_push(&lookup->frames);

		if (!frame)
			return false;
		*frame = (struct lookup_frame){.line = line <= INT32_MAX ? (uint32_t)line : 0};
		if (frame->line && !name_of(file, &file->files, number, &frame->file))
			return false;
		if (!i) {
			frame->symbol_address = nearest->start;
			return set_function(file, nearest->function, &frame->name);
		}
		if (!name_of(file, &file->origins, place->inlined.data[i - 1].origin, &frame->name))
			return false;
		number = place->inlined.data[i - 1].call_file;
		line = place->inlined.data[i - 1].call_line;
	}
	return true;
}

static bool resolve_function(const struct breakpad *file, const struct nearest *nearest,
			     struct lookup *lookup)
{
	struct place place = {0};
	bool ok = read_body(file, lookup, nearest->body, &place);

	lookup->limited |= place.inlined.size > file->bytes->limits->inline_depth;
	lookup->unit = 1;
	ok = ok && add_frames(file, nearest, &place, lookup);
	free(place.inlined.data);
	return ok;
}

/* A PUBLIC record lasts until the next record of either kind. */
static bool resolve_public(const struct breakpad *file, const struct nearest *nearest,
			   struct lookup *lookup)
{
	const char *name = NULL;

	if (nearest->any && nearest->last_start > nearest->public_start)
		return true;
	if (!set_function(file, nearest->public, &name))
		return false;
	lookup->symbol = name;
	lookup->symbol_address = nearest->public_start;
	return true;
}

static bool resolve_all(struct breakpad *file)
{
	bool ok = read_records(file);

	carry(file);
	sort_names(&file->files);
	sort_names(&file->origins);
	for (size_t i = 0; i < file->lookups->count && ok; i++) {
		const struct nearest *nearest = &file->nearest[i];

		if (nearest->function.at)
			ok = resolve_function(file, nearest, &file->lookups->data[i]);
		else if (nearest->public.at)
			ok = resolve_public(file, nearest, &file->lookups->data[i]);
	}
	return ok;
}

struct crashinfo_error *breakpad_resolve(const struct symbol_bytes *bytes, struct lookups *lookups)
{
	struct breakpad file = {.bytes = bytes, .lookups = lookups};
	bool ok;

	file.nearest = calloc(lookups->count ? lookups->count : 1, sizeof(*file.nearest));
	if (!file.nearest)
		return crashinfo_error_no_memory();
	ok = resolve_all(&file);
	free(file.nearest);
	free(file.files.rows.data);
	free(file.origins.rows.data);
	return ok ? NULL : crashinfo_error_no_memory();
}
