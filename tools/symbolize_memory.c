/* SPDX-License-Identifier: Apache-2.0 */
/* Modules whose debug information needs more memory than --max-memory allows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize.h"

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static const char *name_of(const struct crashinfo_symbol_query *query)
{
	return query->path ? query->path : query->file;
}

void symbolize_note_memory(struct symbolize *symbolize, const struct crashinfo_symbol_query *query,
			   const struct crashinfo_symbol_answer *answer)
{
	struct symbolize_large *large = &symbolize->large[symbolize->large_count];
	const char *name = name_of(query);

	if (!answer->needed_bytes)
		return;
	for (size_t i = 0; i < symbolize->large_count; i++)
		if (same(symbolize->large[i].name, name) &&
		    same(symbolize->large[i].build_id, query->build_id))
			return;
	if (symbolize->large_count == SYMBOLIZE_LARGE) {
		symbolize->large_more++;
		return;
	}
	/* without memory for its name it is named as unknown */
	large->name = name ? strdup(name) : NULL;
	large->build_id = query->build_id ? strdup(query->build_id) : NULL;
	large->needed_bytes = answer->needed_bytes;
	symbolize->large_count++;
}

void symbolize_name_memory(struct symbolize *symbolize)
{
	for (size_t i = 0; i < symbolize->large_count; i++) {
		struct symbolize_large *large = &symbolize->large[i];

		tool_note(&symbolize->tool,
			  "names only for %s (build id %s): its debug information needs %" PRIu64
			  " MiB, more than --max-memory allows",
			  large->name ? large->name : "a module",
			  large->build_id ? large->build_id : "unknown",
			  large->needed_bytes / (1 << 20) + !!(large->needed_bytes % (1 << 20)));
		free(large->name);
		free(large->build_id);
	}
	if (symbolize->large_more)
		tool_note(&symbolize->tool, "and for more modules (%zu frames)",
			  symbolize->large_more);
	symbolize->large_count = symbolize->large_more = 0;
}
