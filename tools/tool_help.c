/* SPDX-License-Identifier: Apache-2.0 */
/* What people and completion scripts are told about the options. */
#include "tool.h"

#include <string.h>

#define HELP_COLUMNS 80
/* Options that are wider than this have their text on the next line. */
#define HELP_INDENT 26

/* The heading of option `index`: its own, or that of the nearest row before that has one. */
static const char *group_of(const struct tool_program *program, size_t index)
{
	bool common;

	for (size_t i = index + 1; i-- > 0;) {
		const char *group = tool_option_at(program, i, &common)->group;

		if (group)
			return group;
	}
	return "Options";
}

static bool takes_value_of(const struct tool_option *option, const char *prefix, FILE *f, int *used)
{
	if (!option->argument)
		return false;
	*used += option->implied ? fprintf(f, "[=%s]", option->argument)
				 : fprintf(f, "%s%s", prefix, option->argument);
	return true;
}

/* Words of `text` from column `at` on, broken before HELP_COLUMNS; the new column. */
static int print_wrapped(const char *text, int at, FILE *f)
{
	while (*text) {
		int size = (int)strcspn(text, " ");

		if (at + 1 + size > HELP_COLUMNS)
			at = fprintf(f, "\n%*s", HELP_INDENT, "") - 1;
		at += fprintf(f, "%s%.*s", at > HELP_INDENT ? " " : "", size, text);
		text += size;
		text += strspn(text, " ");
	}
	return at;
}

/* "(json|ndjson|text) [json]": what the table knows beyond the words. */
static void print_facts(const struct tool_option *option, int at, FILE *f)
{
	const struct {
		const char *before, *value, *after;
	} facts[] = {
		{"(", option->choices, ")"},
		{"(alone: ", option->implied, ")"},
		{"(also --", option->alias, ")"},
		{"(", tool_option_repeats(option) ? "repeatable" : NULL, ")"},
		{"[", option->fallback, "]"},
	};
	char text[256];

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (!facts[i].value)
			continue;
		snprintf(text, sizeof(text), "%s%s%s", facts[i].before, facts[i].value,
			 facts[i].after);
		at = print_wrapped(text, at, f);
	}
}

static void print_option(const struct tool_option *option, FILE *f)
{
	int used = option->letter ? fprintf(f, "  -%c, --%s", option->letter, option->name)
				  : fprintf(f, "      --%s", option->name);

	takes_value_of(option, " ", f, &used);
	if (used + 2 > HELP_INDENT) {
		fputc('\n', f);
		used = 0;
	}
	fprintf(f, "%*s", HELP_INDENT - used, "");
	print_facts(option, print_wrapped(option->help, HELP_INDENT, f), f);
	fputc('\n', f);
}

/* All options of the group that starts with option `first`, unless an earlier one did. */
static void print_group(const struct tool_program *program, size_t first, FILE *f)
{
	const char *group = group_of(program, first);
	const struct tool_option *option;
	bool common;

	for (size_t i = 0; i < first; i++)
		if (!strcmp(group_of(program, i), group))
			return;
	fprintf(f, "\n%s:\n", group);
	for (size_t i = first; (option = tool_option_at(program, i, &common)); i++)
		if (option->help && !strcmp(group_of(program, i), group))
			print_option(option, f);
}

void tool_help(const struct tool_program *program, FILE *f)
{
	bool common;

	fprintf(f, "Usage: %s [OPTIONS]%s%s\n%s\n", program->name, program->operands ? " " : "",
		program->operands ? program->operands : "", program->summary);
	for (size_t i = 0; tool_option_at(program, i, &common); i++)
		print_group(program, i, f);
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static const char *complete_name(enum tool_complete complete)
{
	static const char *const names[] = {
		[TOOL_WORD] = "word", [TOOL_FILES] = "files", [TOOL_DIRS] = "dirs"};

	return names[complete];
}

static void dump_name(const struct tool_option *option, const char *name, char letter, FILE *f)
{
	bool many = tool_option_repeats(option) || option->kind == TOOL_KIND_COUNT;

	fprintf(f, "option\t--%s\t", name);
	if (letter)
		fprintf(f, "-%c", letter);
	else
		fputc('-', f);
	fprintf(f, "\t%s\t%s\t%s\t%s\t%s\t%s\n", or_dash(option->argument),
		option->implied    ? "optional"
		: option->argument ? "required"
				   : "none",
		complete_name(option->complete), or_dash(option->choices), many ? "many" : "once",
		option->help);
}

void tool_dump_options(const struct tool_program *program, FILE *f)
{
	const struct tool_option *option;
	bool common;

	fprintf(f, "tool\t%s\t%s\t%s\t%s\n", program->name, or_dash(program->operands),
		complete_name(program->complete), program->summary);
	for (size_t i = 0; (option = tool_option_at(program, i, &common)); i++) {
		if (!option->help)
			continue;
		dump_name(option, option->name, option->letter, f);
		if (option->alias)
			dump_name(option, option->alias, 0, f);
	}
}
