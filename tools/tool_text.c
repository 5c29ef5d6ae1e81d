/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as text. */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#include <crashinfo/render.h>

/* The pairs of --path-map in one block; NULL when memory is out. */
static const char **split_path_maps(struct tool *tool, const struct tool_list *maps)
{
	const char **pairs;
	size_t bytes = 0;
	char *text;

	for (size_t i = 0; i < maps->count; i++)
		bytes += strlen(maps->data[i]) + 1;
	pairs = malloc(maps->count * 2 * sizeof(*pairs) + bytes);
	if (!pairs)
		return NULL;
	text = (char *)(pairs + maps->count * 2);
	for (size_t i = 0; i < maps->count; i++) {
		char *equals;

		strcpy(text, maps->data[i]);
		equals = strchr(text, '=');
		if (!equals || equals == text)
			tool_usage(tool, "--path-map wants OLD=NEW, got '%s'", maps->data[i]);
		*equals = '\0';
		pairs[i * 2] = text;
		pairs[i * 2 + 1] = equals + 1;
		text = equals + 1 + strlen(equals + 1) + 1;
	}
	return pairs;
}

void tool_text(struct tool *tool, struct crashinfo_report *report,
	       const struct tool_text_options *options)
{
	struct crashinfo_render_options how = {
		.color = tool_color(tool),
		.width = tool_width(tool),
		.verbose = tool->verbosity > 0,
		.context_lines = (unsigned)options->context,
		.source_dirs = options->source_dirs.data,
		.source_dir_count = options->source_dirs.count,
		.path_map_count = options->path_maps.count,
	};
	const char **maps = split_path_maps(tool, &options->path_maps);
	FILE *out = tool_out(tool);
	char *text;
	size_t size;

	how.path_maps = maps;
	if (!maps) {
		tool_failed(tool, crashinfo_error_no_memory());
		return;
	}
	if (!tool_failed(tool, crashinfo_render_text(&tool->context, report, &how, &text, &size))) {
		if (tool->documents++)
			fputs("\n------------------------------------------------------------\n\n",
			      out);
		fwrite(text, 1, size, out);
		free(text);
	}
	free(maps);
}
