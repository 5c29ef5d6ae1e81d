/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as text. */
#include "tool.h"

#include <stdlib.h>

#include <crashinfo/render.h>

void tool_text(struct tool *tool, struct crashinfo_report *report,
	       const struct tool_text_options *options)
{
	struct crashinfo_render_options how = {
		.color = tool_color(tool),
		.width = tool_width(tool),
		.verbose = tool->verbosity > 0,
	};
	char *text;
	size_t size;

	if (options) {
		how.context_lines = (unsigned)options->context;
		how.source_dirs = options->source_dirs.data;
		how.source_dir_count = options->source_dirs.count;
		how.path_maps = options->path_maps.data;
		how.path_map_count = options->path_maps.count / 2;
	}
	if (tool_failed(tool, crashinfo_render_text(&tool->context, report, &how, &text, &size)))
		return;
	if (tool->documents++)
		fputc('\n', tool_out(tool));
	fwrite(text, 1, size, tool_out(tool));
	free(text);
}
