/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream as it arrives, kept as it is, with the places that the receiver itself needs.
 * Everything else is left to the parser of the report.
 */
#ifndef RECEIVER_SCAN_H
#define RECEIVER_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the text; none when size is 0. */
struct scan_part {
	size_t at, size;
};

struct scan {
	char *text;
	size_t size, capacity;
	size_t line;         /* where the line begins that is not complete */
	const char *section; /* name of the one at hand, NULL between sections */
	size_t section_at;   /* its BEGIN line */
	size_t payload_at;   /* behind that */

	struct scan_part config, process, context; /* one line each */
	struct scan_part maps;                     /* lines */
	struct scan_part frames;                   /* lines of the stack of the crashed thread */
	bool has_stack;                            /* it is complete */
	struct scan_part cut_stack; /* its section, when that has no end: see scan_end() */
	bool done;                  /* the end was read; it is not in the text */
};

/* False when the text has become too long, or memory is out. */
bool scan_feed(struct scan *scan, const char *bytes, size_t size);

/* The lines of the maps that have come. */
struct scan_part scan_maps(const struct scan *scan);

/*
 * No more will come: give up a line that is not complete, and what of a section makes no sense
 * without its end. Afterwards sections may be added to the text. The name of the section that was
 * cut, NULL when none was.
 *
 * Whether frames of a stack are missing is not known then: its section, from the BEGIN line to the
 * last line that is complete, is no part of the text any more. It stays in memory as `cut_stack`.
 */
const char *scan_end(struct scan *scan);

void scan_deinit(struct scan *scan);

#endif
