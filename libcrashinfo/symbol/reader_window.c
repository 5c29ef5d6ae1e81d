/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `.debug_info` of a large compressed file as it streams by: of its units only those that were
 * asked for are kept in memory. Which these are .debug_aranges says beforehand.
 */
#include <stdlib.h>

#include "symbol/reader.h"

/* Given back together, as each time is a system call. */
#define FORGET_BYTES (1u << 20)

/* A header is shorter, with its own length in 64 bits and the id of a type unit. */
#define HEADER_BYTES 64

struct reader_window {
	struct reader_file *file;
	VEC(uint64_t) needed; /* offsets of units, sorted */
	uint64_t next;        /* where the next header stands */
	size_t unit;          /* the first one that has not passed by */
	uint64_t from;        /* from here on nothing is needed so far */
	bool damaged, forgot;
};

static bool add_offset(void *user, uint64_t offset)
{
	struct reader_window *window = user;
	uint64_t *slot = vec_push(&window->needed);

	if (slot)
		*slot = offset;
	return slot != NULL;
}

static int by_offset(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct reader_window *reader_window_create(struct reader_file *file, const struct lookups *lookups)
{
	struct reader_window *window = calloc(1, sizeof(*window));

	if (!window)
		return NULL;
	window->file = file;
	if (!reader_aranges_visit(file, lookups, add_offset, window) || !window->needed.size) {
		reader_window_finish(window);
		return NULL;
	}
	qsort(window->needed.data, window->needed.size, sizeof(*window->needed.data), by_offset);
	return window;
}

static bool is_needed(const struct reader_window *window, uint64_t offset)
{
	return bsearch(&offset, window->needed.data, window->needed.size, sizeof(offset),
		       by_offset);
}

/* The header at `next`, all of whose bytes are there. */
static bool add_unit(struct reader_window *window, const struct module_section *section)
{
	struct cursor c = cursor_make(section->data, section->size, window->file->big_endian);
	struct reader_unit *unit = vec_push(&window->file->units);

	cursor_skip(&c, window->next);
	if (!unit || !reader_unit_header(&c, window->next, unit)) {
		window->file->units.size -= unit != NULL;
		return false;
	}
	unit->dropped = !is_needed(window, unit->offset);
	window->next = unit->end;
	return true;
}

static void forget(struct reader_window *window, const struct module_section *section, uint64_t to)
{
	module_section_forget(section, window->from, to);
	window->forgot = true;
	/* the page that both ends share is given back with what follows */
	window->from = to & ~(uint64_t)4095;
}

/* Units that have passed by: what lies between those that are needed is given back. */
static void forget_units(struct reader_window *window, const struct module_section *section,
			 size_t done)
{
	while (window->unit < window->file->units.size) {
		const struct reader_unit *unit = &window->file->units.data[window->unit];

		if (unit->end > done)
			break;
		if (!unit->dropped) {
			forget(window, section, unit->offset);
			window->from = unit->end;
		} else if (unit->end - window->from >= FORGET_BYTES) {
			forget(window, section, unit->end);
		}
		window->unit++;
	}
}

void reader_window_watch(void *user, const struct module_section *section, size_t done)
{
	struct reader_window *window = user;

	while (!window->damaged && window->next < section->size &&
	       (done == section->size || done - window->next > HEADER_BYTES) && done > window->next)
		window->damaged = !add_unit(window, section);
	if (!window->damaged)
		forget_units(window, section, done);
	window->file->has_units = !window->damaged && window->next == section->size;
}

bool reader_window_finish(struct reader_window *window)
{
	bool forgot = window && window->forgot;

	if (window)
		free(window->needed.data);
	free(window);
	return forgot;
}
