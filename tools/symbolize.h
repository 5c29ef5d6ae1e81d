/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways of ddcrash-symbolize: reports and addresses. */
#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

#include <crashinfo/symbolize.h>

#include "tool.h"

/*
 * In the order of the choices, from TEXT on as enum crashinfo_render_format; the default depends on
 * what is symbolized.
 */
enum symbolize_format {
	SYMBOLIZE_JSON,
	SYMBOLIZE_NDJSON,
	SYMBOLIZE_TEXT,
	SYMBOLIZE_MARKDOWN,
	SYMBOLIZE_HTML,
	SYMBOLIZE_DEFAULT,
};

static inline bool symbolize_for_people(enum symbolize_format format)
{
	return format >= SYMBOLIZE_TEXT && format <= SYMBOLIZE_HTML;
}

struct symbolize_options {
	struct tool_list debug_dirs, sysroots;
	struct tool_render_options render;
	const char *file, *build_id, *cache_dir;
	uint64_t max_memory; /* bytes, 0: any */
	enum symbolize_format format;
	struct crashinfo_symbolizer_options symbolizer;
	bool force, require_all, explain, in_place, no_cache, debuginfod;
};

/* Modules that are named at the end; the rest is counted. */
#define SYMBOLIZE_LARGE 64

struct symbolize_large {
	char *name, *build_id; /* NULL when unknown */
	uint64_t needed_bytes;
};

/* Missing files that are named at the end. */
#define SYMBOLIZE_SPLITS 64

struct symbolize {
	struct tool tool;
	struct symbolize_options options;
	struct crashinfo_finder *finder;
	struct crashinfo_symbolizer *symbolizer;
	/* modules and split files whose places --explain has printed */
	const void **explained;
	size_t explained_count;
	struct symbolize_large large[SYMBOLIZE_LARGE];
	size_t large_count, large_more;
	/* what is missing of split debug information, one of a name; the rest is counted */
	const struct crashinfo_symbol_split *splits[SYMBOLIZE_SPLITS];
	size_t split_count, splits_more;
	bool unresolved; /* some frame or address has no name */
};

/* Symbolize the reports that the operands name, or standard input (symbolize_reports.c). */
void symbolize_reports(struct symbolize *symbolize);

/* Symbolize the operands as addresses, or lines of standard input (symbolize_addresses.c). */
void symbolize_addresses(struct symbolize *symbolize);

/* Say what was tried for a module, and what to do next (symbolize_explain.c). */
void symbolize_explain(struct symbolize *symbolize, const struct crashinfo_symbol_query *query,
		       const struct crashinfo_symbol_answer *answer, const char *where);

/* Note a module that is not read for its size, and name all of them at the end
 * (symbolize_memory.c). */
void symbolize_note_memory(struct symbolize *symbolize, const struct crashinfo_symbol_query *query,
			   const struct crashinfo_symbol_answer *answer);
void symbolize_name_memory(struct symbolize *symbolize);

/* Note what the answer lacks, and name all of it at the end (symbolize_explain.c). */
void symbolize_note_split(struct symbolize *symbolize,
			  const struct crashinfo_symbol_answer *answer);
void symbolize_name_splits(struct symbolize *symbolize);

/* Have servers asked for debug files, as the environment says (symbolize_debuginfod.c). */
void symbolize_use_debuginfod(struct symbolize *symbolize);

#endif
