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
	unsigned width;         /* columns to fit into; 0 is no limit */
	unsigned context_lines; /* source lines around a frame's line; 0 shows none */
	/* folders in which source files are looked up; nothing else is opened */
	const char *const *source_dirs;
	size_t source_dir_count;
	/* pairs OLD, NEW: a file path that begins with OLD gets NEW instead */
	const char *const *path_maps;
	size_t path_map_count;
};

/*
 * The report as text: what happened, then each stack with one line a frame. Everything from the
 * report is escaped for a terminal. malloc'd, NUL-terminated, ends with a newline.
 */
struct crashinfo_error *crashinfo_render_text(const struct crashinfo_context *context,
					      struct crashinfo_report *report,
					      const struct crashinfo_render_options *options,
					      char **ret, size_t *size_ret);

#ifdef __cplusplus
}
#endif
#endif
