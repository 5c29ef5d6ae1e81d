/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `.debug_info` and `.debug_line` of a large compressed file as they stream by: of their units and
 * tables only those that are asked for are kept. Which units these are .debug_aranges says
 * beforehand; for addresses that it does not know, the ranges of each unit as it comes. A unit that
 * .debug_aranges named is resolved as soon as it and its table are there, and given back. What that
 * does not do for, as it refers to another unit, is resolved when all has come; and when something
 * was given back in vain, reader.c reads all of it again.
 */
#include <dwarf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/reader.h"

/* Length, version and the like of a line table; all that its first look needs is the length. */
#define TABLE_HEAD_BYTES 16

/* Goes over a section of parts, units or tables, as it comes. Each begins with a header. */
struct passage {
	uint64_t next;    /* where the next part begins */
	uint64_t keep_to; /* all before is kept */
	unsigned head;    /* bytes that are kept of each part */
	bool damaged;     /* so all that follows is kept */
	/* Step over the part at `next`, whose head is there; false when it is damaged. */
	bool (*open)(struct reader_window *window, struct module_section *section);
};

/* A lookup and the unit that .debug_aranges names for it. */
struct named {
	uint64_t offset;
	size_t lookup;
};

#define NO_TABLE SIZE_MAX

struct reader_window {
	struct reader_file *file, *fork; /* fork: for the thread that resolves units */
	struct lookups *lookups;
	VEC(struct named) named;       /* sorted */
	struct reader_offsets needed;  /* units */
	struct reader_offsets missing; /* addresses that .debug_aranges does not know */
	bool covered;                  /* one of them is in the ranges in hand */
	size_t decided;                /* units that are known to be needed or not */
	struct passage info, line;
	struct reader_offsets kept;     /* tables */
	struct reader_offsets resolved; /* units */
	size_t pending;                 /* the table that is coming: its index in `tables` */
	uint64_t pending_offset;
	bool alone;   /* no other thread resolves units */
	size_t tried; /* of `units`, when alone */

	/* what threads tell each other */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ranges_are_there;
	bool info_is_over;
	uint64_t come;                      /* of .debug_info, all before is there */
	uint64_t awaited;                   /* 0, or how much of it the other thread waits for */
	struct module_section info_section; /* as it is meanwhile */
	struct reader_offsets tables;       /* that are needed */
	VEC(struct reader_unit) units;      /* theirs */
};

static bool add(struct reader_offsets *offsets, uint64_t offset)
{
	uint64_t *slot = vec_push(offsets);

	if (slot)
		*slot = offset;
	return slot != NULL;
}

static int by_offset(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void sort(struct reader_offsets *offsets)
{
	if (offsets->size)
		qsort(offsets->data, offsets->size, sizeof(*offsets->data), by_offset);
}

static uint64_t *find(const struct reader_offsets *offsets, uint64_t offset)
{
	return offsets->size
		       ? bsearch(&offset, offsets->data, offsets->size, sizeof(offset), by_offset)
		       : NULL;
}

static bool has(const struct reader_offsets *offsets, uint64_t offset)
{
	return find(offsets, offset) != NULL;
}

/* Whether all of them are below. */
static bool are_below(const struct reader_offsets *offsets, uint64_t limit)
{
	return !offsets->size || offsets->data[offsets->size - 1] < limit;
}

/* --- what is kept of a section --- */

static uint64_t head_end(const struct passage *passage, const struct module_section *section)
{
	uint64_t left = section->size - passage->next;

	return passage->next + (left < passage->head ? left : passage->head);
}

/* All parts whose heads are there when all before `at` has come. */
static void open_parts(struct reader_window *window, struct passage *passage,
		       struct module_section *section, uint64_t at)
{
	while (!passage->damaged && passage->next < section->size &&
	       at >= head_end(passage, section))
		passage->damaged = !passage->open(window, section);
	if (passage->damaged)
		passage->keep_to = section->size;
	else if (at >= passage->next && passage->keep_to < head_end(passage, section))
		passage->keep_to = head_end(passage, section);
}

static void pass(struct reader_window *window, struct passage *passage,
		 struct module_section *section, const unsigned char *bytes, size_t from, size_t to)
{
	uint64_t at = from, end;

	if (!from)
		passage->keep_to = head_end(passage, section);
	for (; at < to; at = end) {
		end = at < passage->keep_to ? passage->keep_to : passage->next;
		if (end > to)
			end = to;
		if (at < passage->keep_to)
			module_section_keep(section, bytes + (at - from), at, end);
		open_parts(window, passage, section, end);
	}
}

/* --- units --- */

static bool cover(void *user, uint64_t start, uint64_t end)
{
	struct reader_window *window = user;
	size_t low = 0, high = window->missing.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (window->missing.data[middle] < start)
			low = middle + 1;
		else
			high = middle;
	}
	window->covered = low < window->missing.size && window->missing.data[low] < end;
	return !window->covered;
}

static bool has_missing(struct reader_window *window, struct reader_unit *unit)
{
	if (!window->missing.size || (unit->type != DW_UT_compile && unit->type != DW_UT_skeleton))
		return false;
	/* without ranges its functions have to be looked at, which reader_places() does */
	return unit->unhandled || !unit->has_ranges ||
	       !reader_extent_visit(window->file, unit, &unit->extent, cover, window);
}

/* Read what is in the head, if it is. */
static bool read_extent(struct reader_window *window, struct reader_unit *unit)
{
	struct reader_unit before = *unit;
	bool ok;

	unit->dropped = true;
	ok = reader_unit_extent(window->file, unit);
	unit->dropped = false;
	if (!ok)
		*unit = before;
	return ok;
}

/* A table that comes before one that is known is left to reader_window_read_lines(). */
static void need_table(struct reader_window *window, const struct reader_unit *unit)
{
	pthread_mutex_lock(&window->lock);
	if (are_below(&window->tables, unit->line)) {
		struct reader_unit *slot = vec_push(&window->units);

		if (slot && add(&window->tables, unit->line))
			*slot = *unit;
		else
			window->units.size -= slot != NULL;
	}
	window->info_section = window->file->sections[READER_INFO];
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* To partial units others refer, as they are what these have in common. */
static bool is_droppable(const struct reader_unit *unit)
{
	return unit->type != DW_UT_partial && unit->end - unit->offset > READER_HEAD_BYTES;
}

static void decide(struct reader_window *window, struct reader_unit *unit)
{
	bool named = has(&window->needed, unit->offset);
	bool known = (named || window->missing.size) && read_extent(window, unit);
	bool needed = named || (window->missing.size && !known) || has_missing(window, unit);

	if (needed && known && unit->has_line)
		need_table(window, unit);
	unit->dropped = !needed && is_droppable(unit);
}

static bool ranges_are_there(struct reader_window *window, bool wait)
{
	bool ret;

	pthread_mutex_lock(&window->lock);
	while (wait && !window->ranges_are_there)
		pthread_cond_wait(&window->changed, &window->lock);
	ret = window->ranges_are_there;
	pthread_mutex_unlock(&window->lock);
	return ret;
}

/* All units that have come; what was kept in vain is given back. */
static void decide_all(struct reader_window *window, const struct module_section *section)
{
	size_t count = window->file->units.size;

	for (; window->decided < count; window->decided++) {
		struct reader_unit *unit = &window->file->units.data[window->decided];

		decide(window, unit);
		if (unit->dropped && window->decided + 1 < count)
			module_section_forget(section, unit->offset + READER_HEAD_BYTES, unit->end);
	}
}

static bool open_unit(struct reader_window *window, struct module_section *section)
{
	struct cursor c = cursor_make(section->data, section->size, window->file->big_endian);
	struct passage *passage = &window->info;
	struct reader_unit *unit = vec_push(&window->file->units);

	if (!unit)
		return false;
	cursor_skip(&c, passage->next);
	if (!reader_unit_header(&c, passage->next, unit)) {
		window->file->units.size--;
		return false;
	}
	if (ranges_are_there(window, false))
		decide_all(window, section);
	else
		unit->dropped = !window->missing.size && is_droppable(unit) &&
				!has(&window->needed, unit->offset);
	passage->next = unit->end;
	if (!unit->dropped && passage->keep_to < unit->end)
		passage->keep_to = unit->end;
	return true;
}

/* --- units with their tables --- */

/* The first of `named` that is not below `offset`. */
static size_t lower_named(const struct reader_window *window, uint64_t offset)
{
	size_t low = 0, high = window->named.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (window->named.data[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* For the fork there is this unit only: another one that is referred to is left to the caller. */
static bool set_unit(struct reader_window *window, const struct reader_unit *unit,
		     const struct module_section *info, const struct module_section *line)
{
	struct reader_file *fork = window->fork;
	struct reader_unit *slot;

	fork->units.size = 0;
	slot = vec_push(&fork->units);
	if (!slot)
		return false;
	*slot = *unit;
	for (size_t i = 0; i < READER_SECTION_COUNT; i++)
		if (i != READER_INFO && i != READER_LINE)
			fork->sections[i] = window->file->sections[i];
	fork->sections[READER_INFO] = *info;
	fork->sections[READER_LINE] = *line;
	fork->has_units = fork->windowed = true;
	fork->units_end = 0;
	fork->wants_more = false;
	return true;
}

/* The lookups of a unit apart from the others, in order of their addresses. */
static bool take_lookups(struct reader_window *window, const struct reader_unit *unit,
			 struct lookups *ret)
{
	const struct named *named = &window->named.data[lower_named(window, unit->offset)];
	const struct named *end = window->named.data + window->named.size;

	*ret = (struct lookups){0};
	while (named + ret->count < end && named[ret->count].offset == unit->offset)
		ret->count++;
	ret->data = calloc(ret->count + 1, sizeof(*ret->data));
	for (size_t i = 0; ret->data && i < ret->count; i++) {
		ret->data[i] = window->lookups->data[named[i].lookup];
		ret->data[i].unit = unit->root;
	}
	return ret->data != NULL;
}

static void put_lookups(struct reader_window *window, const struct reader_unit *unit, bool resolved,
			struct lookups *lookups)
{
	const struct named *named = &window->named.data[lower_named(window, unit->offset)];

	for (size_t i = 0; i < lookups->count; i++) {
		lookups->data[i].resolved = true;
		if (resolved)
			window->lookups->data[named[i].lookup] = lookups->data[i];
		else
			free(lookups->data[i].frames.data);
	}
	free(lookups->data);
}

static bool keep_text(struct reader_file *fork, const char **text)
{
	const struct module_section *info = &fork->sections[READER_INFO];
	uintptr_t start = (uintptr_t)info->data, at = (uintptr_t)*text;

	if (at >= start && at - start < info->size)
		*text = arena_memdup(&fork->arena, *text, strlen(*text) + 1);
	return *text || !at;
}

/* Short names stand in .debug_info itself, which will be gone. */
static bool keep_texts(struct reader_file *fork, struct lookups *lookups)
{
	bool ok = true;

	for (size_t i = 0; i < lookups->count; i++)
		for (size_t k = 0; k < lookups->data[i].frames.size; k++) {
			struct lookup_frame *frame = &lookups->data[i].frames.data[k];

			ok = ok && keep_text(fork, &frame->linkage_name) &&
			     keep_text(fork, &frame->name);
		}
	return ok;
}

static bool resolve_lookups(struct reader_file *fork, struct lookups *lookups)
{
	struct crashinfo_error *error = reader_resolve_run(fork, lookups);
	bool ok;

	if (!error && !fork->wants_more && !lookups->data->unhandled)
		error = reader_scopes(fork, lookups);
	ok = !error && !fork->wants_more && !lookups->data->unhandled && keep_texts(fork, lookups);
	crashinfo_error_destroy(error);
	fork->wants_more = false;
	return ok;
}

/* What is not simple is left to be resolved when all has come. */
static bool resolve_unit(struct reader_window *window, const struct reader_unit *unit,
			 const struct module_section *info, const struct module_section *line)
{
	struct lookups lookups;
	bool ok;

	if (!window->named.size || unit->is_skeleton || !set_unit(window, unit, info, line) ||
	    !take_lookups(window, unit, &lookups))
		return false;
	ok = lookups.count && resolve_lookups(window->fork, &lookups) &&
	     add(&window->resolved, unit->offset);
	put_lookups(window, unit, ok, &lookups);
	return ok;
}

/* By one thread: all tables are there. */
static void resolve_come(struct reader_window *window, const struct module_section *section,
			 uint64_t come)
{
	for (; window->tried < window->units.size; window->tried++) {
		const struct reader_unit *unit = &window->units.data[window->tried];

		if (unit->end > come)
			break;
		if (resolve_unit(window, unit, section, &window->file->sections[READER_LINE]))
			module_section_forget(section, unit->offset + READER_HEAD_BYTES, unit->end);
	}
}

static bool visit_info(void *user, struct module_section *section, const unsigned char *bytes,
		       size_t from, size_t to)
{
	struct reader_window *window = user;

	pass(window, &window->info, section, bytes, from, to);
	if (window->alone)
		resolve_come(window, section, to);
	pthread_mutex_lock(&window->lock);
	window->come = to;
	/* waking a thread costs more than all else here */
	if (window->awaited && window->awaited <= to)
		pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
	return window->missing.size || to < window->info.keep_to ||
	       !are_below(&window->needed, window->info.next);
}

void reader_window_stream_info(struct reader_window *window, bool alone)
{
	struct reader_file *file = window->file;
	struct module_section *section = &file->sections[READER_INFO];

	window->alone = file->has_all_tables = alone;
	module_section_stream(section, visit_info, window);
	ranges_are_there(window, true);
	if (section->data)
		decide_all(window, section);
	else
		file->units.size = 0;
	file->units_end = window->info.next;
	file->has_units = section->data && !window->info.damaged;
	file->only_named = !window->missing.size;
	pthread_mutex_lock(&window->lock);
	window->info_is_over = true;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* --- tables that follow --- */

/* Wait for the unit at `index`; false when no more are resolved apart. */
static bool wait_for_unit(struct reader_window *window, size_t index, struct reader_unit *unit_ret,
			  struct module_section *info_ret)
{
	bool over;

	if (!window->fork)
		return false;
	pthread_mutex_lock(&window->lock);
	*unit_ret = window->units.data[index];
	*info_ret = window->info_section;
	window->awaited = unit_ret->end;
	while (!window->info_is_over && window->come < unit_ret->end)
		pthread_cond_wait(&window->changed, &window->lock);
	window->awaited = 0;
	over = window->info_is_over;
	pthread_mutex_unlock(&window->lock);
	return !over;
}

/* The table that was coming is there. */
static bool end_table(struct reader_window *window, const struct module_section *section)
{
	struct reader_unit unit;
	struct module_section info;
	size_t index = window->pending;

	window->pending = NO_TABLE;
	if (index == NO_TABLE)
		return true;
	if (!wait_for_unit(window, index, &unit, &info) ||
	    !resolve_unit(window, &unit, &info, section))
		return add(&window->kept, window->pending_offset);
	module_section_forget(&info, unit.offset + READER_HEAD_BYTES, unit.end);
	module_section_forget(section, window->pending_offset, window->line.next);
	return true;
}

/* Tables come in the order of units: what is below one that is needed is known. */
static size_t index_of_table(struct reader_window *window, uint64_t offset)
{
	struct module_section info = {0};
	struct reader_unit unit = {0};
	uint64_t *found;
	size_t ret;

	pthread_mutex_lock(&window->lock);
	while (!window->info_is_over && are_below(&window->tables, offset))
		pthread_cond_wait(&window->changed, &window->lock);
	found = find(&window->tables, offset);
	ret = found ? (size_t)(found - window->tables.data) : NO_TABLE;
	if (ret < window->units.size && window->come < window->units.data[ret].end) {
		unit = window->units.data[ret];
		info = window->info_section;
	}
	pthread_mutex_unlock(&window->lock);
	/* this thread has the time to wait for pages */
	module_section_expect(&info, unit.offset, unit.end);
	return ret;
}

static bool open_table(struct reader_window *window, struct module_section *section)
{
	struct cursor c = cursor_make(section->data, section->size, window->file->big_endian);
	struct passage *passage = &window->line;
	uint64_t length;

	if (!end_table(window, section))
		return false;
	cursor_skip(&c, passage->next);
	length = cursor_u32(&c);
	if (length == UINT32_MAX)
		length = cursor_u64(&c);
	if (c.failed || length > cursor_left(&c))
		return false;
	window->pending = index_of_table(window, passage->next);
	window->pending_offset = passage->next;
	passage->next = (uint64_t)(c.at - section->data) + length;
	if (window->pending != NO_TABLE && passage->keep_to < passage->next)
		passage->keep_to = passage->next;
	return true;
}

static bool visit_line(void *user, struct module_section *section, const unsigned char *bytes,
		       size_t from, size_t to)
{
	struct reader_window *window = user;
	bool more;

	pass(window, &window->line, section, bytes, from, to);
	if (to < window->line.keep_to)
		return true;
	if (!end_table(window, section))
		window->line.damaged = true;
	pthread_mutex_lock(&window->lock);
	more = !window->info_is_over || !are_below(&window->tables, window->line.next);
	pthread_mutex_unlock(&window->lock);
	return more;
}

void reader_window_stream_lines(struct reader_window *window)
{
	module_section_stream(&window->file->sections[READER_LINE], visit_line, window);
}

/* The tables of all units that lookups are in and that are still to be resolved. */
static bool find_tables(struct reader_file *file, const struct lookups *lookups,
			struct reader_window *window)
{
	uint64_t last = 0;
	bool ok = true;

	for (size_t i = 0; i < lookups->count && ok; i++) {
		uint64_t root = lookups->data[i].resolved ? last : lookups->data[i].unit;
		struct reader_unit *unit = root != last ? reader_unit_of(file, root) : NULL;

		last = root;
		if (unit && reader_unit_extent(file, unit) && unit->has_line)
			ok = add(&window->tables, unit->line);
	}
	sort(&window->tables);
	return ok;
}

static struct reader_window *create(struct reader_file *file)
{
	struct reader_window *window = calloc(1, sizeof(*window));

	if (!window)
		return NULL;
	window->file = file;
	window->info = (struct passage){.head = READER_HEAD_BYTES, .open = open_unit};
	window->line = (struct passage){.head = TABLE_HEAD_BYTES, .open = open_table};
	window->pending = NO_TABLE;
	pthread_mutex_init(&window->lock, NULL);
	pthread_cond_init(&window->changed, NULL);
	return window;
}

static bool are_there(const struct reader_file *file, const struct reader_offsets *tables)
{
	for (size_t i = 0; i < tables->size; i++)
		if (!has(&file->line_tables, tables->data[i]))
			return false;
	return true;
}

void reader_window_read_lines(struct reader_file *file, const struct lookups *lookups)
{
	struct module_section *section = &file->sections[READER_LINE];
	struct module_compressed compressed = section->compressed;
	struct reader_window *window = NULL;
	bool ok;

	if (file->has_all_tables || !compressed.data)
		return;
	window = create(file);
	ok = window && find_tables(file, lookups, window);
	if (!ok || !are_there(file, &window->tables)) {
		module_section_deinit(section);
		*section = (struct module_section){.compressed = compressed};
		if (ok) {
			window->info_is_over = true;
			reader_window_stream_lines(window);
		} else {
			module_section_inflate(section);
		}
	}
	reader_window_finish(window);
}

/* --- */

static int by_unit(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->lookup < y->lookup ? -1 : x->lookup > y->lookup;
}

static bool add_place(struct reader_window *window, const struct reader_place *place, size_t i)
{
	struct named *named;

	if (!place->end)
		return add(&window->missing, window->lookups->data[i].address);
	named = vec_push(&window->named);
	if (named)
		*named = (struct named){place->offset, i};
	return named && add(&window->needed, place->offset);
}

static bool find_units(struct reader_window *window)
{
	size_t count = window->lookups->count;
	struct reader_place *places = calloc(count + 1, sizeof(*places));
	bool ok = places != NULL;

	if (ok)
		reader_places_named(window->file, window->lookups, places);
	for (size_t i = 0; ok && i < count; i++)
		ok = add_place(window, &places[i], i);
	free(places);
	sort(&window->needed);
	if (window->named.size)
		qsort(window->named.data, window->named.size, sizeof(*window->named.data), by_unit);
	return ok;
}

/* What is found is the fork's for as long as the file is open. */
static bool make_fork(struct reader_window *window)
{
	struct reader_file **slot;

	window->fork = reader_file_fork(window->file);
	slot = window->fork ? vec_push(&window->file->forks) : NULL;
	if (slot)
		*slot = window->fork;
	else
		reader_file_destroy(window->fork);
	return slot != NULL;
}

struct reader_window *reader_window_create(struct reader_file *file, struct lookups *lookups)
{
	struct reader_window *window = create(file);

	if (!window)
		return NULL;
	window->lookups = lookups;
	if (find_units(window) && make_fork(window))
		return window;
	reader_window_finish(window);
	return NULL;
}

void reader_window_ranges_are_there(struct reader_window *window)
{
	pthread_mutex_lock(&window->lock);
	window->ranges_are_there = true;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

void reader_window_settle(struct reader_window *window)
{
	struct reader_file *file = window->file;

	file->windowed = true;
	file->line_tables = window->kept;
	window->kept = (struct reader_offsets){0};

	for (size_t i = 0; i < window->named.size && !file->has_units; i++) {
		struct lookup *lookup = &window->lookups->data[window->named.data[i].lookup];

		lookup->resolved = false;
		lookup->unit = lookup->frames.size = 0;
	}
	for (size_t i = 0; i < window->resolved.size; i++) {
		struct reader_unit *unit = reader_unit_at(file, window->resolved.data[i]);

		if (unit)
			unit->dropped = true;
	}
}

void reader_window_finish(struct reader_window *window)
{
	if (!window)
		return;
	free(window->named.data);
	free(window->needed.data);
	free(window->missing.data);
	free(window->resolved.data);
	free(window->tables.data);
	free(window->units.data);
	free(window->kept.data);
	pthread_mutex_destroy(&window->lock);
	pthread_cond_destroy(&window->changed);
	free(window);
}
