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

/* A unit of either section. */
struct span {
	uint64_t start, end;
	bool needed;
};

struct reader_window {
	struct reader_file *file;
	enum reader_section section;
	VEC(uint64_t) needed; /* offsets of units, sorted */
	VEC(struct span) spans;
	uint64_t next; /* where the next header stands */
	size_t passed; /* spans that have passed by */
	uint64_t from; /* from here on nothing is needed so far */
	bool damaged;
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

static void sort_needed(struct reader_window *window)
{
	if (window->needed.size)
		qsort(window->needed.data, window->needed.size, sizeof(*window->needed.data),
		      by_offset);
}

struct reader_window *reader_window_create(struct reader_file *file, const struct lookups *lookups)
{
	struct reader_window *window = calloc(1, sizeof(*window));

	if (!window)
		return NULL;
	window->file = file;
	window->section = READER_INFO;
	if (!reader_aranges_visit(file, lookups, add_offset, window) || !window->needed.size) {
		reader_window_finish(window);
		return NULL;
	}
	sort_needed(window);
	return window;
}

void reader_window_read_lines(struct reader_file *file, const struct lookups *lookups)
{
	struct reader_window window = {.file = file, .section = READER_LINE};
	bool ok = true;

	for (size_t i = 0; i < lookups->count && ok; i++) {
		struct reader_unit *unit = reader_unit_of(file, lookups->data[i].unit);

		if (unit && reader_unit_root(file, unit) && unit->has_line)
			ok = add_offset(&window, unit->line);
	}
	sort_needed(&window);
	module_section_inflate(&file->sections[READER_LINE], ok ? reader_window_watch : NULL,
			       &window);
	free(window.needed.data);
	free(window.spans.data);
}

static bool is_needed(const struct reader_window *window, uint64_t offset)
{
	return bsearch(&offset, window->needed.data, window->needed.size, sizeof(offset),
		       by_offset);
}

/* The end of the unit whose header stands at `next`, all of which is there; 0: it is damaged. */
static uint64_t read_header(struct reader_window *window, const struct module_section *section)
{
	struct cursor c = cursor_make(section->data, section->size, window->file->big_endian);
	struct reader_unit *unit;
	uint64_t length;

	cursor_skip(&c, window->next);
	if (window->section == READER_INFO) {
		unit = vec_push(&window->file->units);
		if (unit && reader_unit_header(&c, window->next, unit)) {
			unit->dropped = !is_needed(window, unit->offset);
			return unit->end;
		}
		window->file->units.size -= unit != NULL;
		return 0;
	}
	length = cursor_u32(&c);
	if (length == UINT32_MAX)
		length = cursor_u64(&c);
	if (c.failed || length > cursor_left(&c))
		return 0;
	return (uint64_t)(c.at - section->data) + length;
}

static bool add_span(struct reader_window *window, const struct module_section *section)
{
	uint64_t end = read_header(window, section);
	struct span *span = end ? vec_push(&window->spans) : NULL;

	if (!span)
		return false;
	*span = (struct span){window->next, end, is_needed(window, window->next)};
	window->next = end;
	return true;
}

static void forget(struct reader_window *window, const struct module_section *section, uint64_t to)
{
	module_section_forget(section, window->from, to);
	/* the page that both ends share is given back with what follows */
	window->from = to & ~(uint64_t)4095;
}

/* Spans that have passed by: what lies between those that are needed is given back. */
static void forget_spans(struct reader_window *window, const struct module_section *section,
			 size_t done)
{
	for (; window->passed < window->spans.size; window->passed++) {
		const struct span *span = &window->spans.data[window->passed];

		if (span->end > done)
			break;
		if (span->needed) {
			forget(window, section, span->start);
			window->from = span->end;
		} else if (span->end - window->from >= FORGET_BYTES) {
			forget(window, section, span->end);
		}
	}
}

void reader_window_watch(void *user, const struct module_section *section, size_t done)
{
	struct reader_window *window = user;

	while (!window->damaged && window->next < section->size &&
	       (done == section->size || done - window->next > HEADER_BYTES) && done > window->next)
		window->damaged = !add_span(window, section);
	if (!window->damaged)
		forget_spans(window, section, done);
	if (window->section == READER_INFO)
		window->file->has_units = !window->damaged && window->next == section->size;
}

void reader_window_finish(struct reader_window *window)
{
	if (window) {
		free(window->needed.data);
		free(window->spans.data);
	}
	free(window);
}
