/* SPDX-License-Identifier: Apache-2.0 */
/* Reports for people. */
#include "tool.h"

#include <stdlib.h>

void tool_render(struct tool *tool, struct crashinfo_report *report,
		 enum crashinfo_render_format format, const struct tool_render_options *options)
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
	if (tool_failed(tool, crashinfo_render(report, format, &how, &text, &size)))
		return;
	fputs(tool->documents++ ? "\n" : crashinfo_render_begin(format), tool_out(tool));
	fwrite(text, 1, size, tool_out(tool));
	tool->out_end = crashinfo_render_end(format);
	free(text);
}
