/* SPDX-License-Identifier: Apache-2.0 */
/* A tool that prints what its command line said, for tests of what all tools share. */
#include "../tool.h"

#include <string.h>

enum sample_format { SAMPLE_JSON, SAMPLE_NDJSON, SAMPLE_TEXT };

struct sample_options {
	bool strict, cache;
	enum sample_format format;
	const char *lint_name, *schema;
	struct tool_list dirs, maps;
	uint64_t max_errors, memory;
};

static const struct tool_option options[] = {
	{"format", 0, "FORMAT", "what to write", TOOL_CHOICE(struct sample_options, format),
	 .choices = "json|ndjson|text", .fallback = "json", .group = "Output"},
	{"json", 0, NULL, "short for --format json",
	 TOOL_SET(struct sample_options, format, SAMPLE_JSON)},
	{"strict", 's', NULL, "stop early", TOOL_FLAG(struct sample_options, strict),
	 .group = "Reading"},
	{"no-cache", 0, NULL, "do not cache", TOOL_UNFLAG(struct sample_options, cache)},
	{"lint", 0, "SEVERITY", "add rules", TOOL_STRING(struct sample_options, lint_name),
	 .choices = "error|warning", .implied = "error"},
	{"schema", 0, "FILE", "read this schema", TOOL_STRING(struct sample_options, schema),
	 .complete = TOOL_FILES},
	{"debug-dir", 'd', "DIR", "look there", TOOL_LIST(struct sample_options, dirs),
	 .alias = "debug-file-directory", .complete = TOOL_DIRS},
	{"map", 0, "OLD=NEW", "take one for the other", TOOL_PAIRS(struct sample_options, maps)},
	{"max-errors", 0, "N", "stop after N", TOOL_NUMBER(struct sample_options, max_errors),
	 .max = 1000, .fallback = "100"},
	{"max-memory", 0, "SIZE", "use that much", TOOL_SIZE(struct sample_options, memory)},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-sample",
	.summary = "Print what the command line says.",
	.operands = "[FILE...]",
	.complete = TOOL_FILES,
	.options = options,
	.common = TOOL_HAS_OUTPUT | TOOL_HAS_LAYOUT | TOOL_HAS_VERBOSE | TOOL_HAS_COLOR |
		  TOOL_HAS_PROGRESS | TOOL_HAS_JOBS,
};

static void print_text(struct tool *tool, const struct sample_options *o)
{
	FILE *out = tool_out(tool);

	fprintf(out, "strict=%d cache=%d lint=%s schema=%s max-errors=%ju max-memory=%ju\n",
		o->strict, o->cache, o->lint_name ? o->lint_name : "off",
		o->schema ? o->schema : "none", (uintmax_t)o->max_errors, (uintmax_t)o->memory);
	fprintf(out, "color=%d verbosity=%d jobs=%ju\n", tool_color(tool), tool->verbosity,
		(uintmax_t)tool->jobs);
	for (size_t i = 0; i < o->dirs.count; i++)
		fprintf(out, "dir=%s\n", o->dirs.data[i]);
	for (size_t i = 0; i < o->maps.count; i++)
		fprintf(out, "map=%s\n", o->maps.data[i]);
	for (size_t i = 0; i < tool->operands.count; i++)
		fprintf(out, "operand=%s\n", tool->operands.data[i]);
}

/* An operand is a JSON document, or "!text" for a message of each kind. */
static void print_json(struct tool *tool, const char *operand)
{
	if (*operand != '!') {
		tool_json(tool, operand, strlen(operand));
		return;
	}
	tool_detail(tool, "detail %s", operand + 1);
	tool_note(tool, "note %s", operand + 1);
	tool_warning(tool, "warning %s", operand + 1);
	tool_failed(tool, crashinfo_error_at(crashinfo_error_create(CRASHINFO_ERROR_SYNTAX,
								    "error %s", operand + 1),
					     "in\x1bput", 7, 2, 3));
}

int main(int argc, char **argv)
{
	struct sample_options o = {.cache = true, .max_errors = 100};
	struct tool tool;

	tool_start(&tool, &program, argc, argv, &o);
	tool.ndjson = o.format == SAMPLE_NDJSON;
	if (o.format == SAMPLE_TEXT)
		print_text(&tool, &o);
	for (size_t i = 0; o.format != SAMPLE_TEXT && i < tool.operands.count; i++)
		print_json(&tool, tool.operands.data[i]);
	return tool_finish(&tool, o.strict ? TOOL_NEGATIVE : TOOL_OK);
}
