/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is doing: all its threads at one moment. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <crashinfo/json.h>
#include <crashinfo/module.h>
#include <crashinfo/report.h>
#include <crashinfo/symbol.h>
#include <crashinfo/symbolize.h>
#include <crashinfo/text.h>

#include "host/live.h"
#include "tool.h"

/* From FORMAT_TEXT on as enum crashinfo_render_format. */
enum debugger_format { FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_HTML, FORMAT_JSON };

struct debugger_options {
	enum debugger_format format;
	bool symbols;
	struct tool_list debug_dirs, sysroots;
	struct live_limits limits;
};

#define FRAMES_MAX 65536
#define MEMORY_MAX 65536
#define COUNT_MAX  1000000

static const struct tool_option options[] = {
	{"format", 0, "FORMAT", "what to write", TOOL_CHOICE(struct debugger_options, format),
	 .choices = "text|markdown|html|json", .fallback = "text", .group = "Output"},
	{"json", 0, NULL, "short for --format json",
	 TOOL_SET(struct debugger_options, format, FORMAT_JSON)},
	{"symbols", 0, NULL, "find functions, files and lines",
	 TOOL_FLAG(struct debugger_options, symbols), .group = "Names"},
	{"debug-dir", 0, "DIR", "look for debug files in DIR",
	 TOOL_LIST(struct debugger_options, debug_dirs), .alias = "debug-file-directory",
	 .complete = TOOL_DIRS, .fallback = "/usr/lib/debug"},
	{"sysroot", 0, "DIR", "look modules up by path below DIR",
	 TOOL_LIST(struct debugger_options, sysroots), .complete = TOOL_DIRS,
	 .fallback = "what the process has as /"},
	{"max-threads", 0, "N", "threads in the report",
	 TOOL_NUMBER(struct debugger_options, limits.threads), .fallback = "4096", .min = 1,
	 .max = COUNT_MAX, .group = "Limits"},
	{"max-frames", 0, "N", "frames of each stack",
	 TOOL_NUMBER(struct debugger_options, limits.frames), .fallback = "512", .min = 1,
	 .max = FRAMES_MAX},
	{"max-files", 0, "N", "open files that are listed",
	 TOOL_NUMBER(struct debugger_options, limits.files), .fallback = "256", .max = COUNT_MAX},
	{"memory", 0, "SIZE", "bytes shown around what each register points to",
	 TOOL_SIZE(struct debugger_options, limits.memory), .fallback = "256", .max = MEMORY_MAX},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-debugger",
	.summary = "Show the stacks of all threads of a running process.",
	.operands = "PID",
	.options = options,
	.common = TOOL_HAS_OUTPUT | TOOL_HAS_LAYOUT | TOOL_HAS_COLOR | TOOL_HAS_VERBOSE,
};

struct debugger {
	struct tool tool;
	struct debugger_options options;
	int pid;
	struct live live;
};

/* --- names ------------------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
	return !access(path, R_OK | X_OK);
}

static struct crashinfo_error *add_folders(struct debugger *d, struct crashinfo_finder *finder)
{
	const struct debugger_options *o = &d->options;
	struct crashinfo_error *error = NULL;
	char root[32];

	snprintf(root, sizeof(root), "/proc/%d/root", d->pid);
	for (size_t i = 0; i < o->sysroots.count && !error; i++)
		error = crashinfo_finder_add_sysroot(finder, o->sysroots.data[i]);
	if (!error && !o->sysroots.count)
		error = crashinfo_finder_add_sysroot(finder, is_folder(root) ? root : "/");
	for (size_t i = 0; i < o->debug_dirs.count && !error; i++)
		error = crashinfo_finder_add_debug_dir(finder, o->debug_dirs.data[i]);
	if (!error && !o->debug_dirs.count && is_folder("/usr/lib/debug"))
		error = crashinfo_finder_add_debug_dir(finder, "/usr/lib/debug");
	return error;
}

static struct crashinfo_error *open_report(struct debugger *d, const char *text, size_t size,
					   struct crashinfo_report **ret)
{
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(&d->tool.context, text, size, "report", &json);
	return error ? error : crashinfo_report_create(&d->tool.context, json, ret);
}

struct named {
	char *text;
	size_t size;
};

static void take_named(void *user, size_t report, char *text, size_t size)
{
	(void)report;
	*(struct named *)user = (struct named){text, size};
}

static struct crashinfo_error *name_frames(struct debugger *d, struct crashinfo_finder *finder,
					   char **text, size_t *size)
{
	struct crashinfo_symbolizer *symbolizer = NULL;
	struct crashinfo_symbolize_options how = {0};
	struct crashinfo_report *report = NULL;
	struct named named = {0};
	struct crashinfo_error *error;

	error = open_report(d, *text, *size, &report);
	if (!error)
		error = crashinfo_symbolizer_create(&d->tool.context, finder, NULL, &symbolizer);
	if (!error)
		error = crashinfo_symbolize(&d->tool.context, symbolizer, &how, &report, 1, NULL,
					    NULL, take_named, &named);
	crashinfo_report_destroy(report);
	crashinfo_symbolizer_destroy(symbolizer);
	if (error)
		return error;
	free(*text);
	*text = named.text;
	*size = named.size;
	return NULL;
}

/* Names are extra: without them there still is a report. */
static void symbolize(struct debugger *d, char **text, size_t *size)
{
	struct crashinfo_finder *finder = NULL;
	struct crashinfo_error *error = crashinfo_finder_create(&d->tool.context, &finder);

	if (!error)
		error = add_folders(d, finder);
	if (!error)
		error = name_frames(d, finder, text, size);
	crashinfo_finder_destroy(finder);
	tool_failed(&d->tool, error);
}

/* --- output ----------------------------------------------------------------------------------- */

static void print_file(struct debugger *d, const struct crashinfo_report *report, const char *name,
		       const char *title)
{
	char *text, *printable;
	size_t size;
	struct crashinfo_error *error = crashinfo_report_file(report, name, &text, &size);

	if (error) {
		crashinfo_error_destroy(error);
		return;
	}
	fprintf(tool_out(&d->tool), "\n%s:\n", title);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (tool_failed(&d->tool, crashinfo_text_escape(line, strlen(line), &printable)))
			break;
		fprintf(tool_out(&d->tool), "  %s\n", printable);
		free(printable);
	}
	free(text);
}

/* What text shows besides: people who ask what a process does want to see it all. */
static void print_files(struct debugger *d, const struct crashinfo_report *report)
{
	const struct dump_arch *arch = d->live.dump.arch;

	print_file(d, report, "/proc/self/fd", "Open files");
	if (d->tool.verbosity > 0)
		print_file(d, report, "/proc/self/maps", "Maps");
	for (size_t i = 0; i < arch->register_count && d->tool.verbosity > 0; i++) {
		char name[32], title[32];

		snprintf(name, sizeof(name), "memory near %s", arch->registers[i].name);
		snprintf(title, sizeof(title), "Memory near %s", arch->registers[i].name);
		print_file(d, report, name, title);
	}
}

static void output(struct debugger *d, const char *text, size_t size)
{
	struct crashinfo_report *report;

	if (d->options.format == FORMAT_JSON) {
		tool_json(&d->tool, text, size);
		return;
	}
	if (tool_failed(&d->tool, open_report(d, text, size, &report)))
		return;
	tool_render(&d->tool, report, (enum crashinfo_render_format)d->options.format, NULL);
	if (d->options.format == FORMAT_TEXT)
		print_files(d, report);
	crashinfo_report_destroy(report);
}

/* --- the process ------------------------------------------------------------------------------ */

static struct crashinfo_error *make_report(struct debugger *d, char **ret, size_t *size_ret)
{
	struct crashinfo_report_builder *builder = NULL;
	struct crashinfo_error *error;

	error = crashinfo_report_builder_create(&d->tool.context, NULL, &builder);
	if (!error)
		error = live_report(&d->live, program.name, builder);
	if (!error)
		error = crashinfo_report_builder_finish(builder, ret, size_ret);
	crashinfo_report_builder_destroy(builder);
	return error;
}

static struct crashinfo_error *look(struct debugger *d, char **ret, size_t *size_ret)
{
	struct crashinfo_error *error;

	error = live_open(&d->tool.context, d->pid, &d->options.limits, &d->live);
	if (!error)
		error = live_snapshot(&d->live);
	if (!error)
		error = live_read_files(&d->live);
	if (!error)
		error = make_report(d, ret, size_ret);
	return error;
}

static int parse_pid(struct debugger *d)
{
	const struct tool_list *operands = &d->tool.operands;
	uint64_t pid;

	if (operands->count != 1)
		tool_usage(&d->tool, "name one process by its number");
	if (!crashinfo_text_to_uint64(operands->data[0], &pid) || !pid || pid > INT32_MAX)
		tool_usage(&d->tool, "no process number: %s", operands->data[0]);
	return (int)pid;
}

int main(int argc, char **argv)
{
	struct debugger d = {.options = {.limits = live_limits_default()}};
	char *text;
	size_t size;

	tool_start(&d.tool, &program, argc, argv, &d.options);
	d.pid = parse_pid(&d);
	if (!tool_failed(&d.tool, look(&d, &text, &size))) {
		if (d.options.symbols)
			symbolize(&d, &text, &size);
		output(&d, text, size);
		free(text);
	}
	live_close(&d.live);
	return tool_finish(&d.tool, TOOL_OK);
}
