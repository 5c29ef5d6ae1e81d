/* SPDX-License-Identifier: Apache-2.0 */
/* Names, files and lines for the frames of reports, or for addresses. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <crashinfo/file.h>
#include <crashinfo/symbolize.h>

#include "symbolize.h"

static const struct tool_option options[] = {
	{"debug-dir", 0, "DIR", "look for debug files in this folder",
	 TOOL_LIST(struct symbolize_options, debug_dirs), .complete = TOOL_DIRS,
	 .alias = "debug-file-directory", .group = "Files"},
	{"sysroot", 0, "DIR", "look for modules under their own paths below this folder",
	 TOOL_LIST(struct symbolize_options, sysroots), .complete = TOOL_DIRS},
	{"debuginfod", 0, NULL, "ask the servers in DEBUGINFOD_URLS for what no folder has",
	 TOOL_FLAG(struct symbolize_options, debuginfod)},
	{"cache-dir", 0, "DIR", "keep the answers of each module in this folder, for the next run",
	 TOOL_STRING(struct symbolize_options, cache_dir), .complete = TOOL_DIRS},
	{"no-cache", 0, NULL, "leave the cache alone, also when --cache-dir is given",
	 TOOL_FLAG(struct symbolize_options, no_cache)},
	{"max-memory", 0, "SIZE",
	 "give only the names of modules whose debug information needs more; 0: any",
	 .fallback = "16G", TOOL_SIZE(struct symbolize_options, max_memory)},
	{"exe", 'e', "FILE", "symbolize addresses of this file, not reports",
	 TOOL_STRING(struct symbolize_options, file), .complete = TOOL_FILES, .group = "Addresses"},
	{"build-id", 0, "HEX", "symbolize addresses of the module with this build id",
	 TOOL_STRING(struct symbolize_options, build_id)},
	{"force", 0, NULL, "also frames that have names",
	 TOOL_FLAG(struct symbolize_options, force), .group = "Symbolizing"},
	{"no-inlines", 0, NULL, "only the function, not those inlined into it",
	 TOOL_FLAG(struct symbolize_options, symbolizer.no_inlines)},
	{"no-demangle", 0, NULL, "names as they are in the file",
	 TOOL_FLAG(struct symbolize_options, symbolizer.no_demangle)},
	{"require-all", 0, NULL, "exit 1 when a frame has no name at the end",
	 TOOL_FLAG(struct symbolize_options, require_all)},
	{"explain", 0, NULL, "say for each frame what was tried, on standard error",
	 TOOL_FLAG(struct symbolize_options, explain)},
	{"format", 0, "FORMAT", "what to write; text is the default for addresses",
	 TOOL_CHOICE(struct symbolize_options, format), .choices = "json|ndjson|text|markdown|html",
	 .fallback = "json", .group = "Output"},
	{"json", 0, NULL, "short for --format json",
	 TOOL_SET(struct symbolize_options, format, SYMBOLIZE_JSON)},
	TOOL_RENDER_OPTIONS(struct symbolize_options, render),
	{"in-place", 'i', NULL, "replace each report by its symbolized form",
	 TOOL_FLAG(struct symbolize_options, in_place)},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-symbolize",
	.summary = "Give the frames of crash reports functions, files and lines from debug files.",
	.operands = "REPORT... | -e FILE [ADDRESS...] | --build-id HEX [ADDRESS...]",
	.complete = TOOL_FILES,
	.options = options,
	.common = TOOL_HAS_JOBS | TOOL_HAS_OUTPUT | TOOL_HAS_LAYOUT | TOOL_HAS_VERBOSE |
		  TOOL_HAS_COLOR | TOOL_HAS_PROGRESS,
};

static void add_dirs(struct symbolize *symbolize, const struct tool_list *dirs,
		     struct crashinfo_error *(*add)(struct crashinfo_finder *, const char *))
{
	/* a folder that is not there is said, and the others still serve */
	for (size_t i = 0; i < dirs->count; i++)
		tool_failed(&symbolize->tool, add(symbolize->finder, dirs->data[i]));
}

static size_t any_or(uint64_t size)
{
	return !size || size > SIZE_MAX ? SIZE_MAX : (size_t)size;
}

static void prepare(struct symbolize *symbolize)
{
	const struct symbolize_options *o = &symbolize->options;
	struct crashinfo_symbolizer_options symbolizer = o->symbolizer;
	struct crashinfo_error *error;

	/* what is asked for is also allowed to one section */
	if (o->max_memory > symbolize->tool.context.limits.symbol_bytes || !o->max_memory)
		symbolize->tool.context.limits.inflated_bytes = any_or(o->max_memory);
	symbolize->tool.context.limits.symbol_bytes = any_or(o->max_memory);
	symbolizer.cache_dir = o->no_cache ? NULL : o->cache_dir;
	symbolizer.jobs = symbolize->tool.jobs < 64 ? (unsigned)symbolize->tool.jobs : 64;
	error = crashinfo_finder_create(&symbolize->tool.context, &symbolize->finder);
	if (!error)
		error = crashinfo_symbolizer_create(&symbolize->tool.context, symbolize->finder,
						    &symbolizer, &symbolize->symbolizer);
	if (tool_failed(&symbolize->tool, error))
		exit(tool_finish(&symbolize->tool, TOOL_FAILED));
	add_dirs(symbolize, &o->debug_dirs, crashinfo_finder_add_debug_dir);
	add_dirs(symbolize, &o->sysroots, crashinfo_finder_add_sysroot);
	if (o->debuginfod)
		symbolize_use_debuginfod(symbolize);
}

static void check_usage(struct symbolize *symbolize)
{
	const struct symbolize_options *o = &symbolize->options;
	bool addresses = o->file || o->build_id;

	if (o->file && o->build_id)
		tool_usage(&symbolize->tool, "--exe and --build-id exclude each other");
	if (addresses && (o->in_place || o->force))
		tool_usage(&symbolize->tool, "--in-place and --force are for reports");
	if (o->in_place && symbolize->tool.output)
		tool_usage(&symbolize->tool, "--in-place and --output exclude each other");
	if (o->in_place && symbolize_for_people(o->format))
		tool_usage(&symbolize->tool, "--in-place writes reports as JSON");
	if (addresses && (o->format == SYMBOLIZE_MARKDOWN || o->format == SYMBOLIZE_HTML))
		tool_usage(&symbolize->tool, "addresses have the formats json and text");
	if (!addresses && !symbolize->tool.operands.count && isatty(STDIN_FILENO))
		tool_usage(&symbolize->tool, "no report: name a file, or - for standard input");
}

int main(int argc, char **argv)
{
	struct symbolize symbolize = {.options.format = SYMBOLIZE_DEFAULT,
				      .options.max_memory = (uint64_t)16 << 30};
	enum tool_status status;

	tool_start(&symbolize.tool, &program, argc, argv, &symbolize.options);
	check_usage(&symbolize);
	prepare(&symbolize);
	if (symbolize.options.file || symbolize.options.build_id)
		symbolize_addresses(&symbolize);
	else
		symbolize_reports(&symbolize);
	crashinfo_symbolizer_destroy(symbolize.symbolizer);
	crashinfo_finder_destroy(symbolize.finder);
	free(symbolize.explained);
	status = symbolize.unresolved && symbolize.options.require_all ? TOOL_NEGATIVE : TOOL_OK;
	return tool_finish(&symbolize.tool, status);
}
