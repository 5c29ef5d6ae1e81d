/* SPDX-License-Identifier: Apache-2.0 */
/* Reports for people. */
#ifndef CRASHINFO_RENDER_H
#define CRASHINFO_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_render_options {
	bool color;             /* ANSI colours */
	bool verbose;           /* addresses, build ids, registers, files as well */
	unsigned width;         /* columns to break lines at; 0: one line a frame */
	unsigned context_lines; /* source lines around a frame's line; 0 shows none */
	/* folders in which source files are looked up; nothing else is opened */
	const char *const *source_dirs;
	size_t source_dir_count;
	/* pairs OLD, NEW: a source file in the folder OLD is looked up as if it were in NEW */
	const char *const *path_maps;
	size_t path_map_count; /* of pairs */
};

/*
 * The report as text: what happened, the crashed thread's stack, the other threads (equal stacks
 * once), what the collector had to say. Everything from the report is escaped for a terminal, and
 * what is too much to read is cut with a note of how much. malloc'd, NUL-terminated, ends with a
 * newline. `options` NULL is all zero. Errors: NO_MEMORY; a source file that cannot be read is left
 * out.
 */
struct crashinfo_error *crashinfo_render_text(const struct crashinfo_context *context,
					      struct crashinfo_report *report,
					      const struct crashinfo_render_options *options,
					      char **ret, size_t *size_ret);

#ifdef __cplusplus
}
#endif
#endif
