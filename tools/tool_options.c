/* SPDX-License-Identifier: Apache-2.0 */
/* The command line against the tables of options. */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#include <crashinfo/text.h>

struct common_option {
	struct tool_option option; /* its value is in struct tool */
	enum tool_common has;      /* 0: every tool has it */
};

static const char general[] = "General";
static const char output[] = "Output";

static const struct common_option common_options[] = {
	{{"output", 'o', "FILE", "write to FILE once all is done; - is standard output",
	  TOOL_STRING(struct tool, output), .group = output, .complete = TOOL_FILES},
	 TOOL_HAS_OUTPUT},
	{{"pretty", 0, NULL, "indent JSON [on a terminal]",
	  TOOL_SET(struct tool, layout, TOOL_LAYOUT_PRETTY), .group = output},
	 TOOL_HAS_LAYOUT},
	{{"compact", 0, NULL, "one line of JSON per report [elsewhere]",
	  TOOL_SET(struct tool, layout, TOOL_LAYOUT_COMPACT), .group = output},
	 TOOL_HAS_LAYOUT},
	{{"color", 0, "WHEN", "colour text", TOOL_CHOICE(struct tool, color),
	  .choices = "auto|always|never", .fallback = "auto", .group = output},
	 TOOL_HAS_COLOR},
	{{"jobs", 'j', "N", "work on N parts of the input at once", TOOL_NUMBER(struct tool, jobs),
	  .min = 1, .max = 1024, .fallback = "online CPUs", .group = general},
	 TOOL_HAS_JOBS},
	{{"progress", 0, "WHEN", "show progress on standard error",
	  TOOL_CHOICE(struct tool, progress), .choices = "auto|always|never", .fallback = "auto",
	  .group = general},
	 TOOL_HAS_PROGRESS},
	{{"quiet", 'q', NULL, "print errors only", TOOL_SET(struct tool, verbosity, -1),
	  .group = general},
	 TOOL_HAS_VERBOSE},
	{{"verbose", 'v', NULL, "say more; twice for all", TOOL_COUNT(struct tool, verbosity),
	  .group = general},
	 TOOL_HAS_VERBOSE},
	{{"help", 'h', NULL, "show this and exit", TOOL_SET(struct tool, action, TOOL_ACTION_HELP),
	  .group = general}},
	{{"version", 'V', NULL, "show the version and exit",
	  TOOL_SET(struct tool, action, TOOL_ACTION_VERSION), .group = general}},
	{{"dump-options", 0, NULL, NULL, TOOL_SET(struct tool, action, TOOL_ACTION_DUMP)}},
	{{NULL}},
};

const struct tool_option *tool_option_at(const struct tool_program *program, size_t index,
					 bool *common_ret)
{
	const struct tool_option *own = program->options;

	for (; own && own->name; own++, index--) {
		if (!index) {
			*common_ret = false;
			return own;
		}
	}
	for (const struct common_option *c = common_options; c->option.name; c++) {
		if (c->has && !(program->common & c->has))
			continue;
		if (!index--) {
			*common_ret = true;
			return &c->option;
		}
	}
	return NULL;
}

/* --- looking options up --- */

/* An option as it stands on the command line, for messages. */
struct given {
	const struct tool_option *option;
	bool common;
	char text[64]; /* "--output" or "-o" */
};

static bool name_equals(const char *name, const char *text, size_t size)
{
	return name && strlen(name) == size && !memcmp(name, text, size);
}

static bool find_long(struct tool *tool, const char *text, size_t size, struct given *ret)
{
	for (size_t i = 0; (ret->option = tool_option_at(tool->program, i, &ret->common)); i++) {
		if (!name_equals(ret->option->name, text, size) &&
		    !name_equals(ret->option->alias, text, size))
			continue;
		snprintf(ret->text, sizeof(ret->text), "--%.*s", (int)size, text);
		return true;
	}
	return false;
}

static bool find_letter(struct tool *tool, char letter, struct given *ret)
{
	for (size_t i = 0; (ret->option = tool_option_at(tool->program, i, &ret->common)); i++) {
		if (ret->option->letter != letter)
			continue;
		snprintf(ret->text, sizeof(ret->text), "-%c", letter);
		return true;
	}
	return false;
}

/* Longer texts are no misspelling of anything. */
#define NEAR_MAX 40

/* Edit distance of insertions, deletions, substitutions and swaps of neighbours. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][NEAR_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    second[j - 2] + 1 < best)
				best = second[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[n % 3][m];
}

/* How far `text` is from `name`; 0 when it begins it, SIZE_MAX when nobody would take one for it.
 */
static size_t nearness(const char *text, size_t size, const char *name, size_t name_size)
{
	size_t apart;

	if (!size || size > NEAR_MAX || name_size > NEAR_MAX)
		return SIZE_MAX;
	if (size < name_size && !memcmp(text, name, size))
		return 0;
	apart = distance(text, size, name, name_size);
	return apart <= 1 + name_size / 4 && apart < name_size ? apart : SIZE_MAX;
}

static const char *near_option(struct tool *tool, const char *text, size_t size)
{
	const struct tool_option *option;
	const char *nearest = NULL;
	size_t best = SIZE_MAX;
	bool common;

	for (size_t i = 0; (option = tool_option_at(tool->program, i, &common)); i++) {
		size_t apart = nearness(text, size, option->name, strlen(option->name));

		if (option->help && apart < best) {
			best = apart;
			nearest = option->name;
		}
	}
	return nearest;
}

static void __attribute__((noreturn)) unknown_long(struct tool *tool, const char *text, size_t size)
{
	const char *nearest = near_option(tool, text, size);

	if (nearest)
		tool_usage(tool, "unknown option --%.*s, did you mean --%s?", (int)size, text,
			   nearest);
	tool_usage(tool, "unknown option --%.*s", (int)size, text);
}

/* --- values --- */

/* "json, ndjson or text" in `ret`. */
static void choices_sentence(const char *choices, char *ret, size_t capacity)
{
	size_t used = 0;

	while (*choices && used < capacity) {
		size_t size = strcspn(choices, "|");
		const char *next = choices + size + (choices[size] == '|');
		const char *after = !*next ? "" : strchr(next, '|') ? ", " : " or ";

		used += (size_t)snprintf(ret + used, capacity - used, "%.*s%s", (int)size, choices,
					 after);
		choices = next;
	}
}

/* The index of `value` among the choices; a value that is none is a usage error. */
static int choose(struct tool *tool, const struct given *given, const char *value)
{
	const char *choice = given->option->choices;
	char sentence[256];

	for (int i = 0; *choice; i++) {
		size_t size = strcspn(choice, "|");

		if (name_equals(value, choice, size))
			return i;
		choice += size + (choice[size] == '|');
	}
	choices_sentence(given->option->choices, sentence, sizeof(sentence));
	tool_usage(tool, "%s wants %s, got '%s'", given->text, sentence, value);
}

static uint64_t number(struct tool *tool, const struct given *given, const char *value)
{
	const struct tool_option *option = given->option;
	bool size = option->kind == TOOL_KIND_SIZE;
	uint64_t max = option->max ? option->max : UINT64_MAX, parsed;
	bool good = size ? crashinfo_text_to_size(value, &parsed)
			 : crashinfo_text_to_uint64(value, &parsed);

	if (good && parsed >= option->min && parsed <= max)
		return parsed;
	if (size)
		tool_usage(tool, "%s wants a size such as 512M, got '%s'", given->text, value);
	if (option->max)
		tool_usage(tool, "%s wants a number from %ju to %ju, got '%s'", given->text,
			   (uintmax_t)option->min, (uintmax_t)option->max, value);
	tool_usage(tool, "%s wants a number%s, got '%s'", given->text,
		   option->min ? " above 0" : "", value);
}

static void list_add(struct tool *tool, struct tool_list *list, const char *value)
{
	const char **grown = reallocarray(list->data, list->count + 1, sizeof(*grown));

	if (!grown) {
		fprintf(stderr, "%s: error: out of memory\n", tool->program->name);
		exit(TOOL_FAILED);
	}
	list->data = grown;
	list->data[list->count++] = value;
}

static void pair_add(struct tool *tool, const struct given *given, struct tool_list *list,
		     const char *value)
{
	/* argv is the program's own to change */
	char *equals = strchr(value, '=');

	if (!equals || equals == value)
		tool_usage(tool, "%s wants %s, got '%s'", given->text, given->option->argument,
			   value);
	*equals = '\0';
	list_add(tool, list, value);
	list_add(tool, list, equals + 1);
}

/* Store what the option says; `value` is NULL for those without argument. */
static void apply(struct tool *tool, const struct given *given, const char *value)
{
	const struct tool_option *option = given->option;
	void *at = (char *)(given->common ? (void *)tool : tool->values) + option->offset;
	int choice = value && option->choices ? choose(tool, given, value) : 0;

	switch (option->kind) {
	case TOOL_KIND_SET: *(int *)at = option->set; break;
	case TOOL_KIND_FLAG: *(bool *)at = true; break;
	case TOOL_KIND_UNFLAG: *(bool *)at = false; break;
	case TOOL_KIND_COUNT: *(int *)at = *(int *)at < 0 ? 1 : *(int *)at + 1; break;
	case TOOL_KIND_STRING: *(const char **)at = value; break;
	case TOOL_KIND_LIST: list_add(tool, at, value); break;
	case TOOL_KIND_PAIRS: pair_add(tool, given, at, value); break;
	case TOOL_KIND_CHOICE: *(int *)at = choice; break;
	case TOOL_KIND_NUMBER:
	case TOOL_KIND_SIZE: *(uint64_t *)at = number(tool, given, value); break;
	}
}

/* --- the command line --- */

struct arguments {
	char **at; /* the next one; NULL ends them */
};

static const char *next_value(struct tool *tool, const struct given *given, struct arguments *args)
{
	if (!*args->at)
		tool_usage(tool, "%s needs an argument %s", given->text, given->option->argument);
	return *args->at++;
}

static void parse_long(struct tool *tool, const char *text, struct arguments *args)
{
	size_t size = strcspn(text, "=");
	const char *value = text[size] ? text + size + 1 : NULL;
	struct given given;

	if (!find_long(tool, text, size, &given))
		unknown_long(tool, text, size);
	if (!given.option->argument && value)
		tool_usage(tool, "%s takes no argument", given.text);
	if (given.option->argument && !value)
		value = given.option->implied ? given.option->implied
					      : next_value(tool, &given, args);
	apply(tool, &given, value);
}

/* "-qv" and "-ofile". */
static void parse_letters(struct tool *tool, const char *letters, struct arguments *args)
{
	struct given given;

	while (*letters) {
		if (!find_letter(tool, *letters, &given))
			tool_usage(tool, "unknown option -%c", *letters);
		letters++;
		if (given.option->argument) {
			apply(tool, &given, *letters ? letters : next_value(tool, &given, args));
			return;
		}
		apply(tool, &given, NULL);
	}
}

static void act(struct tool *tool)
{
	if (tool->action == TOOL_ACTION_RUN)
		return;
	if (tool->action == TOOL_ACTION_HELP)
		tool_help(tool->program, stdout);
	else if (tool->action == TOOL_ACTION_VERSION)
		printf("%s %s\n", tool->program->name, crashinfo_version());
	else
		tool_dump_options(tool->program, stdout);
	if (fflush(stdout) || ferror(stdout))
		exit(TOOL_FAILED);
	exit(TOOL_OK);
}

void tool_parse(struct tool *tool, int argc, char **argv)
{
	struct arguments args = {.at = argv + (argc > 0)};
	bool options_ended = false;

	while (*args.at) {
		const char *text = *args.at++;

		if (options_ended || text[0] != '-' || !text[1])
			list_add(tool, &tool->operands, text);
		else if (text[1] != '-')
			parse_letters(tool, text + 1, &args);
		else if (text[2])
			parse_long(tool, text + 2, &args);
		else
			options_ended = true;
		act(tool);
	}
	if (tool->operands.count && !tool->program->operands)
		tool_usage(tool, "'%s' is one argument too many", tool->operands.data[0]);
}

bool tool_option_repeats(const struct tool_option *option)
{
	return option->kind == TOOL_KIND_LIST || option->kind == TOOL_KIND_PAIRS;
}

void tool_parse_free(struct tool *tool)
{
	const struct tool_option *option;
	bool common;

	for (size_t i = 0; (option = tool_option_at(tool->program, i, &common)); i++)
		if (tool_option_repeats(option))
			free(((struct tool_list *)((char *)tool->values + option->offset))->data);
	free(tool->operands.data);
}
