/* SPDX-License-Identifier: Apache-2.0 */
/* Reports for people. */
#ifndef CRASHINFO_RENDER_H
#define CRASHINFO_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/error.h>
#include <crashinfo/report.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crashinfo_render_format {
	CRASHINFO_RENDER_TEXT,     /* for a terminal, or to be searched with grep */
	CRASHINFO_RENDER_MARKDOWN, /* for an issue */
	CRASHINFO_RENDER_HTML,     /* a page that needs nothing else */
};

struct crashinfo_render_options {
	bool color;             /* in text: ANSI colours */
	bool verbose;           /* addresses, build ids, registers, files as well */
	unsigned width;         /* in text: columns to break lines at; 0: one line a frame */
	unsigned context_lines; /* source lines around a frame's line; 0 shows none */
	/* folders in which source files are looked up; nothing else is opened */
	const char *const *source_dirs;
	size_t source_dir_count;
	/* pairs OLD, NEW: a source file in the folder OLD is looked up as if it were in NEW */
	const char *const *path_maps;
	size_t path_map_count; /* of pairs */
};

/*
 * The report for people: what happened, the crashed thread's stack, the other threads (equal stacks
 * once), what the collector had to say. Everything from the report is escaped for a terminal, for
 * Markdown and HTML too, and what is too much to read is cut with a note of how much. malloc'd,
 * NUL-terminated, ends with a newline. `options` NULL is all zero. Errors: NO_MEMORY; a source file
 * that cannot be read is left out.
 *
 * Reports of one format may follow each other, between what _begin() and _end() give.
 */
struct crashinfo_error *crashinfo_render(struct crashinfo_report *report,
					 enum crashinfo_render_format format,
					 const struct crashinfo_render_options *options, char **ret,
					 size_t *size_ret);

/* What a document of this format begins and ends with; static storage, may be empty. */
const char *crashinfo_render_begin(enum crashinfo_render_format format);
const char *crashinfo_render_end(enum crashinfo_render_format format);

#ifdef __cplusplus
}
#endif
#endif
