/* SPDX-License-Identifier: Apache-2.0 */
/* Why a frame has the name it has, or none: places that were tried and what helps. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize.h"

static const char *const next_steps[] = {
	[CRASHINFO_SYMBOL_RESOLVED] = NULL,
	[CRASHINFO_SYMBOL_RESOLVED_SYMBOL_ONLY] =
		"for lines, add the folder of the module's debug file with --debug-dir",
	[CRASHINFO_SYMBOL_NO_LINE] = NULL,
	[CRASHINFO_SYMBOL_MODULE_UNKNOWN] =
		"have the collector send build_id and path, or add --sysroot for reports with maps",
	[CRASHINFO_SYMBOL_NO_DEBUG_FILE] =
		"add the folder that holds the file with this build id with --debug-dir",
	[CRASHINFO_SYMBOL_BUILD_ID_MISMATCH] =
		"find the files of the very build that crashed; those of another one would mislead",
	[CRASHINFO_SYMBOL_CRC_MISMATCH] = "find the debug file that was split off this module",
	[CRASHINFO_SYMBOL_ALTLINK_MISSING] =
		"add the folder of the .dwz files (often DIR/.dwz beside .build-id)",
	[CRASHINFO_SYMBOL_RESOLVED_MEMORY_LIMIT] = "allow more with --max-memory",
	[CRASHINFO_SYMBOL_MEMORY_LIMIT] = "allow more with --max-memory",
	[CRASHINFO_SYMBOL_RESOLVED_SPLIT_MISSING] =
		"add the folder of the .dwo files, or of the .dwp file, with --debug-dir",
	[CRASHINFO_SYMBOL_SPLIT_MISSING] =
		"add the folder of the .dwo files, or of the .dwp file, with --debug-dir",
	[CRASHINFO_SYMBOL_NO_DWARF] = "find a debug file: this one is stripped",
	[CRASHINFO_SYMBOL_ADDRESS_OUTSIDE_UNITS] =
		"check that the address is an ELF virtual address of this module",
	[CRASHINFO_SYMBOL_CORRUPT_DEBUG_INFO] = "fetch the debug file again",
	[CRASHINFO_SYMBOL_LIMIT_REACHED] = NULL,
};

/* Whether the places of `what` have been printed before; from now on they have. */
static bool is_explained(struct symbolize *symbolize, const void *what)
{
	const void **grown;

	for (size_t i = 0; i < symbolize->explained_count; i++)
		if (symbolize->explained[i] == what)
			return true;
	grown = reallocarray(symbolize->explained, symbolize->explained_count + 1, sizeof(void *));
	if (grown) {
		symbolize->explained = grown;
		grown[symbolize->explained_count++] = what;
	}
	return false;
}

static void print_attempts(struct symbolize *symbolize, const struct crashinfo_symbol_query *query)
{
	const struct crashinfo_module_files *files;

	if (query->file || (!query->build_id && !query->path))
		return;
	if (tool_failed(&symbolize->tool, crashinfo_finder_find(symbolize->finder, query->build_id,
								query->path, &files)))
		return;
	if (is_explained(symbolize, files))
		return;
	for (size_t i = 0; i < files->attempt_count; i++)
		tool_note(&symbolize->tool, "    %s: %s", files->attempts[i].path,
			  files->attempts[i].outcome);
}

static const char *name_of(const struct crashinfo_symbol_split *split)
{
	return split->name ? split->name : "a file without a name";
}

static void print_split(struct symbolize *symbolize, const struct crashinfo_symbol_split *split)
{
	if (!split || is_explained(symbolize, split))
		return;
	tool_note(&symbolize->tool, "    split debug information: %s is missing", name_of(split));
	for (size_t i = 0; i < split->attempt_count; i++)
		tool_note(&symbolize->tool, "    %s: %s", split->attempts[i].path,
			  split->attempts[i].outcome);
}

void symbolize_note_split(struct symbolize *symbolize, const struct crashinfo_symbol_answer *answer)
{
	const struct crashinfo_symbol_split *split = answer->split_missing;

	for (size_t i = 0; split && i < symbolize->split_count; i++)
		if (symbolize->splits[i] == split ||
		    !strcmp(name_of(symbolize->splits[i]), name_of(split)))
			return;
	if (!split)
		return;
	if (symbolize->split_count < SYMBOLIZE_SPLITS)
		symbolize->splits[symbolize->split_count++] = split;
	else
		symbolize->splits_more++;
}

void symbolize_name_splits(struct symbolize *symbolize)
{
	for (size_t i = 0; i < symbolize->split_count; i++)
		tool_note(&symbolize->tool,
			  "no split debug information %s: inlined functions are not known there",
			  name_of(symbolize->splits[i]));
	if (symbolize->splits_more)
		tool_note(&symbolize->tool, "nor for more files (%zu frames)",
			  symbolize->splits_more);
}

void symbolize_explain(struct symbolize *symbolize, const struct crashinfo_symbol_query *query,
		       const struct crashinfo_symbol_answer *answer, const char *where)
{
	const char *module = query->path ? query->path : query->file;

	tool_note(&symbolize->tool, "%s%s0x%" PRIx64 " in %s (build id %s): %s: %s",
		  where ? where : "", where ? ": " : "", query->address,
		  module ? module : "unknown module", query->build_id ? query->build_id : "unknown",
		  crashinfo_symbol_status_name(answer->status),
		  crashinfo_symbol_status_text(answer->status));
	/* no file was looked for */
	if (answer->cached)
		tool_note(&symbolize->tool, "    from the cache in %s",
			  symbolize->options.cache_dir);
	else
		print_attempts(symbolize, query);
	if (answer->needed_bytes)
		tool_note(&symbolize->tool,
			  "    debug information: not read, as it needs %" PRIu64
			  " bytes of memory",
			  answer->needed_bytes);
	print_split(symbolize, answer->split_missing);
	if (next_steps[answer->status])
		tool_note(&symbolize->tool, "    next: %s", next_steps[answer->status]);
}
