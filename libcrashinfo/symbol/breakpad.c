/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpad's text files. One pass over all lines finds the functions around the addresses; the
 * lines of the functions found are read in a second one, once for all addresses in them; names of
 * files and inlined functions are read when it is known which are needed. What a record covers is
 * looked up and not tried, and what it cannot change any more is passed over, so that no two
 * numbers that the file chooses are multiplied.
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

/* A FUNC record, behind its address and size; `body` is NULL when there is none. */
struct function {
	struct words words;
	const char *body; /* the lines behind it */
	uint64_t start;
};

/* PUBLIC records near a lookup. */
struct nearest {
	struct words public; /* behind its address; `at` NULL when there is none */
	uint64_t public_start;
	uint64_t last_start; /* of the last FUNC at or below, whether or not it covers */
	bool any;            /* there is such a FUNC */
};

/* An INLINE record that covers an address; its depth is its place in the list. */
struct inlined {
	uint64_t call_line, call_file, origin;
};

/* What the lines of a function say of an address. */
struct place {
	const struct function *function; /* NULL: none */
	const char *name;                /* of it */
	uint64_t file, line;
	VEC(struct inlined) inlined;
	unsigned touched; /* INLINE records that cover it, whether or not they fit */
};

/* FILE or INLINE_ORIGIN: a number and its text, NULL when there is none. */
struct numbered {
	uint64_t number;
	const char *text;
};

struct numbers {
	VEC(struct numbered) rows;
};

struct breakpad {
	const struct symbol_bytes *bytes;
	struct lookups *lookups;
	struct nearest *nearest;       /* one per lookup */
	struct place *places;          /* one per lookup */
	struct function *segments;     /* a segment tree over the lookups: twice as many */
	uint32_t *order;               /* lookups by function, then by address */
	uint32_t *open_rows;           /* the next in that order that has no row yet */
	uint32_t *open_inlines;        /* or may have more inlined functions */
	const char *names, *names_end; /* the lines that name files and inlined functions */
	struct numbers files, origins; /* that are needed */
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

/* Other functions may have been folded into this one: "m" says so. */
static void skip_marker(struct words *line)
{
	struct words copy = *line, w;

	if (word(&copy, &w) && w.end - w.at == 1 && *w.at == 'm')
		*line = copy;
}

/* --- records --- */

/* Of functions that cover an address the one that begins last; of two the first in the file. */
static void take_later(struct function *best, const struct function *other)
{
	if (other->body && (!best->body || other->start > best->start ||
			    (other->start == best->start && other->body < best->body)))
		*best = *other;
}

/* FUNC [m] address size parameters name */
static void add_function(struct breakpad *file, struct words line, const char *body)
{
	struct function function = {.body = body};
	size_t count = file->lookups->count, first, end;
	uint64_t size;

	skip_marker(&line);
	if (!hex(&line, &function.start) || !hex(&line, &size))
		return;
	function.words = line;
	function.start += file->bytes->base;
	first = lookups_lower(file->lookups, function.start);
	end = size > UINT64_MAX - function.start
		      ? count
		      : lookups_lower(file->lookups, function.start + size);
	if (first < count &&
	    (!file->nearest[first].any || function.start > file->nearest[first].last_start)) {
		file->nearest[first].last_start = function.start;
		file->nearest[first].any = true;
	}
	for (first += count, end += count; first < end; first /= 2, end /= 2) {
		if (first & 1)
			take_later(&file->segments[first++], &function);
		if (end & 1)
			take_later(&file->segments[--end], &function);
	}
}

/* The function of a lookup, from the segments that it is in. */
static const struct function *function_of(const struct breakpad *file, size_t lookup)
{
	const struct function *best = NULL;

	for (size_t i = lookup + file->lookups->count; i > 0; i /= 2) {
		const struct function *function = &file->segments[i];

		if (function->body &&
		    (!best || function->start > best->start ||
		     (function->start == best->start && function->body < best->body)))
			best = function;
	}
	return best;
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

static void read_records(struct breakpad *file)
{
	const char *at = (const char *)file->bytes->data, *from = at;
	struct words line;

	for (; next_line(file, &at, &line); from = at) {
		/* most lines are those of functions and begin with a digit */
		if (line.at == line.end || *line.at < 'F' || *line.at > 'P')
			continue;
		if (starts_with(&line, "FUNC ")) {
			add_function(file, line, at);
		} else if (starts_with(&line, "PUBLIC ")) {
			add_public(file, line);
		} else if (starts_with(&line, "FILE ") || starts_with(&line, "INLINE_ORIGIN ")) {
			file->names = file->names ? file->names : from;
			file->names_end = at;
		}
	}
}

/* --- the lines of a function --- */

/* Lookups in one function, by address. */
struct group {
	struct breakpad *file;
	const uint32_t *lookups;
	uint32_t *open_rows, *open_inlines;
	uint32_t count;
};

static uint64_t address_of(const struct group *group, uint32_t i)
{
	return group->file->lookups->data[group->lookups[i]].address;
}

static struct place *place_of(const struct group *group, uint32_t i)
{
	return &group->file->places[group->lookups[i]];
}

/* The first at or behind `i` that is open; `count` when none is. Paths become shorter on the way.
 */
static uint32_t next_open(uint32_t *open, uint32_t i)
{
	while (open[i] != i) {
		open[i] = open[open[i]];
		i = open[i];
	}
	return i;
}

static uint32_t group_lower(const struct group *group, uint64_t address)
{
	uint32_t low = 0, high = group->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (address_of(group, middle) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* address size line file: the first row that covers an address is its place */
static void read_row(const struct group *group, struct words line)
{
	uint64_t start, size, number, name;
	uint32_t i;

	if (!hex(&line, &start) || !hex(&line, &size) || !decimal(&line, &number) ||
	    !decimal(&line, &name))
		return;
	start += group->file->bytes->base;
	i = next_open(group->open_rows, group_lower(group, start));
	for (; i < group->count && address_of(group, i) - start < size;
	     i = next_open(group->open_rows, i)) {
		place_of(group, i)->line = number;
		place_of(group, i)->file = name;
		group->open_rows[i] = i + 1;
	}
}

/* Records of real files fit all; of damaged ones some must not cost what all of them would. */
#define TOUCHES_PER_DEPTH 4

static bool add_inlined(const struct group *group, uint32_t i, uint64_t depth,
			const struct inlined *inlined)
{
	const struct breakpad *file = group->file;
	struct place *place = place_of(group, i);
	uint32_t most = file->bytes->limits->inline_depth;
	struct inlined *slot;

	/* they stand in order of depth, so what does not follow the last one is damaged */
	if (depth == place->inlined.size) {
		slot = vec_push(&place->inlined);
		if (!slot)
			return false;
		*slot = *inlined;
	}
	if (place->inlined.size > most || place->touched++ / TOUCHES_PER_DEPTH >= most) {
		file->lookups->data[group->lookups[i]].limited = true;
		group->open_inlines[i] = i + 1;
	}
	return true;
}

/* INLINE depth call_line call_file origin {address size} */
static bool read_inline(const struct group *group, struct words line)
{
	struct inlined inlined;
	uint64_t depth, start, size;
	bool ok = true;

	if (!decimal(&line, &depth) || !decimal(&line, &inlined.call_line) ||
	    !decimal(&line, &inlined.call_file) || !decimal(&line, &inlined.origin))
		return true;
	while (ok && hex(&line, &start) && hex(&line, &size)) {
		uint32_t i;

		start += group->file->bytes->base;
		i = next_open(group->open_inlines, group_lower(group, start));
		for (; ok && i < group->count && address_of(group, i) - start < size;
		     i = next_open(group->open_inlines, i + 1))
			ok = add_inlined(group, i, depth, &inlined);
	}
	return ok;
}

/* The lines behind a FUNC record, up to the next record of another kind. */
static bool read_body(const struct group *group, const char *at)
{
	struct words line;
	bool ok = true;

	while (ok && next_line(group->file, &at, &line)) {
		if (starts_with(&line, "INLINE "))
			ok = read_inline(group, line);
		else if (line.at < line.end && hex_digit(*line.at) >= 0 && *line.at != 'F')
			read_row(group, line);
		else
			break;
	}
	return ok;
}

/* A text for the answers; longer ones than names can be are cut off. */
static bool text_of(const struct breakpad *file, struct words words, const char **ret)
{
	size_t size = (size_t)(words.end - words.at), max = file->bytes->limits->demangled_bytes;

	if (!size)
		return true;
	*ret = arena_memdup(file->bytes->arena, words.at, size < max ? size : max);
	return *ret != NULL;
}

/* Behind the address and size of a record: the size of parameters, then the name. */
static bool record_name(const struct breakpad *file, struct words line, const char **ret)
{
	struct words parameters;

	if (!word(&line, &parameters))
		return true;
	return text_of(file, rest(line), ret);
}

static bool read_group(const struct group *group)
{
	const struct function *function = place_of(group, 0)->function;
	const char *name = NULL;

	if (!record_name(group->file, function->words, &name))
		return false;
	for (uint32_t i = 0; i <= group->count; i++)
		group->open_rows[i] = group->open_inlines[i] = i;
	for (uint32_t i = 0; i < group->count; i++)
		place_of(group, i)->name = name;
	return read_body(group, function->body);
}

static int by_function(const void *a, const void *b, void *user)
{
	const struct breakpad *file = user;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const char *x = file->places[i].function->body, *y = file->places[k].function->body;

	if (x != y)
		return x < y ? -1 : 1;
	return i < k ? -1 : i > k;
}

static bool read_functions(struct breakpad *file)
{
	uint32_t count = 0, end;
	bool ok = true;

	for (size_t i = 0; i < file->lookups->count; i++) {
		file->places[i].function = function_of(file, i);
		if (file->places[i].function)
			file->order[count++] = (uint32_t)i;
	}
	if (count)
		qsort_r(file->order, count, sizeof(*file->order), by_function, file);
	for (uint32_t i = 0; i < count && ok; i = end) {
		const char *body = file->places[file->order[i]].function->body;

		for (end = i; end < count && file->places[file->order[end]].function->body == body;)
			end++;
		ok = read_group(&(struct group){file, &file->order[i], file->open_rows,
						file->open_inlines, end - i});
	}
	return ok;
}

/* --- names of files and of inlined functions --- */

static int by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static bool want(struct numbers *numbers, uint64_t number)
{
	struct numbered *slot;

	/* as the neighbour mostly does */
	if (numbers->rows.size && numbers->rows.data[numbers->rows.size - 1].number == number)
		return true;
	slot = vec_push(&numbers->rows);
	if (slot)
		*slot = (struct numbered){.number = number};
	return slot != NULL;
}

static void sort_numbers(struct numbers *numbers)
{
	size_t kept = 0;

	if (numbers->rows.size)
		qsort(numbers->rows.data, numbers->rows.size, sizeof(*numbers->rows.data),
		      by_number);
	for (size_t i = 0; i < numbers->rows.size; i++)
		if (!kept || by_number(&numbers->rows.data[i], &numbers->rows.data[kept - 1]))
			numbers->rows.data[kept++] = numbers->rows.data[i];
	numbers->rows.size = kept;
}

static bool want_names(struct breakpad *file)
{
	bool ok = true;

	for (size_t i = 0; i < file->lookups->count && ok; i++) {
		const struct place *place = &file->places[i];

		ok = !place->line || want(&file->files, place->file);
		for (size_t k = 0; k < place->inlined.size && ok; k++)
			ok = want(&file->files, place->inlined.data[k].call_file) &&
			     want(&file->origins, place->inlined.data[k].origin);
	}
	sort_numbers(&file->files);
	sort_numbers(&file->origins);
	return ok;
}

static struct numbered *find_number(const struct numbers *numbers, uint64_t number)
{
	const struct numbered key = {.number = number};

	if (!numbers->rows.size)
		return NULL;
	return bsearch(&key, numbers->rows.data, numbers->rows.size, sizeof(key), by_number);
}

static bool read_names(struct breakpad *file)
{
	const char *at = file->names;
	struct words line;
	bool ok = true;

	while (ok && at && at < file->names_end && next_line(file, &at, &line)) {
		struct numbered *found = NULL;
		uint64_t number;

		if (starts_with(&line, "FILE "))
			found = decimal(&line, &number) ? find_number(&file->files, number) : NULL;
		else if (starts_with(&line, "INLINE_ORIGIN "))
			found = decimal(&line, &number) ? find_number(&file->origins, number)
							: NULL;
		if (found && !found->text)
			ok = text_of(file, rest(line), &found->text);
	}
	return ok;
}

static const char *name_of(const struct numbers *numbers, uint64_t number)
{
	const struct numbered *found = find_number(numbers, number);

	return found ? found->text : NULL;
}

/* --- answers --- */

static bool add_frames(const struct breakpad *file, const struct place *place,
		       struct lookup *lookup)
{
	uint64_t number = place->file, line = place->line;

	for (size_t i = place->inlined.size + 1; i-- > 0;) {
		struct lookup_frame *frame = vec_push(&lookup->frames);
		const struct inlined *inlined = i ? &place->inlined.data[i - 1] : NULL;

		if (!frame)
			return false;
		*frame = (struct lookup_frame){.line = line <= INT32_MAX ? (uint32_t)line : 0};
		if (frame->line)
			frame->file = name_of(&file->files, number);
		if (inlined) {
			frame->name = name_of(&file->origins, inlined->origin);
			number = inlined->call_file;
			line = inlined->call_line;
		} else {
			frame->symbol_address = place->function->start;
			frame->name = place->name;
		}
	}
	lookup->unit = 1;
	return true;
}

/* A PUBLIC record lasts until the next record of either kind. */
static bool resolve_public(const struct breakpad *file, size_t i)
{
	const struct nearest *nearest = &file->nearest[i], *before = i ? nearest - 1 : NULL;
	struct lookup *lookup = &file->lookups->data[i];

	if (!nearest->public.at || (nearest->any && nearest->last_start > nearest->public_start))
		return true;
	lookup->symbol_address = nearest->public_start;
	if (before && before->public.at == nearest->public.at && lookup[-1].symbol) {
		lookup->symbol = lookup[-1].symbol;
		return true;
	}
	return record_name(file, nearest->public, &lookup->symbol);
}

static bool resolve_all(struct breakpad *file)
{
	bool ok;

	read_records(file);
	carry(file);
	ok = read_functions(file) && want_names(file) && read_names(file);
	for (size_t i = 0; i < file->lookups->count && ok; i++)
		ok = file->places[i].function
			     ? add_frames(file, &file->places[i], &file->lookups->data[i])
			     : resolve_public(file, i);
	return ok;
}

static bool make_room(struct breakpad *file)
{
	size_t count = file->lookups->count + 1;

	file->nearest = calloc(count, sizeof(*file->nearest));
	file->places = calloc(count, sizeof(*file->places));
	file->segments = calloc(2 * count, sizeof(*file->segments));
	file->order = calloc(count, sizeof(*file->order));
	file->open_rows = calloc(count, sizeof(*file->open_rows));
	file->open_inlines = calloc(count, sizeof(*file->open_inlines));
	return file->nearest && file->places && file->segments && file->order && file->open_rows &&
	       file->open_inlines;
}

struct crashinfo_error *breakpad_resolve(const struct symbol_bytes *bytes, struct lookups *lookups)
{
	struct breakpad file = {.bytes = bytes, .lookups = lookups};
	bool ok = lookups->count < UINT32_MAX && make_room(&file) && resolve_all(&file);

	for (size_t i = 0; file.places && i < lookups->count; i++)
		free(file.places[i].inlined.data);
	free(file.nearest);
	free(file.places);
	free(file.segments);
	free(file.order);
	free(file.open_rows);
	free(file.open_inlines);
	free(file.files.rows.data);
	free(file.origins.rows.data);
	return ok ? NULL : crashinfo_error_no_memory();
}
