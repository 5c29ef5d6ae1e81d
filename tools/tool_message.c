/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: one escaped line on standard error, written at once. */
#include "tool.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <crashinfo/file.h>
#include <crashinfo/text.h>

/* Work that is done within this time shows no progress, and a line stays at least a tenth of it. */
#define PROGRESS_DELAY_MS 1000
#define PROGRESS_EVERY_MS 100

static void progress_clear(struct tool *tool)
{
	if (!tool->progress_shown)
		return;
	fputs("\r\033[K", stderr);
	tool->progress_shown = false;
}

/* "NAME: LABEL: text" with `text` escaped; one write, so that lines of threads do not mix. */
static void print_line(const struct tool *tool, const char *label, const char *text)
{
	struct crashinfo_error *error;
	char *escaped, *line;
	int size;

	error = crashinfo_text_escape(text, strlen(text), &escaped);
	if (error) {
		fprintf(stderr, "%s: %sout of memory\n", tool->program->name, label);
		return;
	}
	size = asprintf(&line, "%s: %s%s\n", tool->program->name, label, escaped);
	free(escaped);
	if (size < 0)
		return;
	fwrite(line, 1, (size_t)size, stderr);
	free(line);
}

static void print_format(const struct tool *tool, const char *label, const char *format,
			 va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0) {
		print_line(tool, label, "out of memory");
		return;
	}
	print_line(tool, label, text);
	free(text);
}

/* "source:line:column: message" as far as known. */
static void print_error(struct tool *tool, const char *label, struct crashinfo_error *error)
{
	char position[32] = "", *text;

	if (error->line && error->column)
		snprintf(position, sizeof(position), ":%u:%u", error->line, error->column);
	else if (error->line)
		snprintf(position, sizeof(position), ":%u", error->line);
	progress_clear(tool);
	if (asprintf(&text, "%s%s%s%s",
		     error->source ? error->source
		     : *position   ? "input"
				   : "",
		     position, error->source || *position ? ": " : "", error->message) < 0) {
		print_line(tool, label, "out of memory");
		return;
	}
	print_line(tool, label, text);
	free(text);
}

bool tool_has_failed(const struct tool *tool)
{
	return tool->failed;
}

bool tool_failed(struct tool *tool, struct crashinfo_error *error)
{
	if (!error)
		return false;
	print_error(tool, "error: ", error);
	crashinfo_error_destroy(error);
	tool->failed = true;
	return true;
}

void tool_warn(struct tool *tool, struct crashinfo_error *error)
{
	if (error && tool->verbosity >= 0)
		print_error(tool, "warning: ", error);
	crashinfo_error_destroy(error);
}

void tool_error(struct tool *tool, const char *format, ...)
{
	va_list args;

	progress_clear(tool);
	va_start(args, format);
	print_format(tool, "error: ", format, args);
	va_end(args);
	tool->failed = true;
}

/* The bodies of the functions that print at some verbosity only. */
#define PRINT_FROM(tool, level, label, format)                 \
	do {                                                   \
		va_list args;                                  \
		if ((tool)->verbosity < (level))               \
			return;                                \
		progress_clear(tool);                          \
		va_start(args, format);                        \
		print_format((tool), (label), (format), args); \
		va_end(args);                                  \
	} while (0)

void tool_warning(struct tool *tool, const char *format, ...)
{
	PRINT_FROM(tool, 0, "warning: ", format);
}

void tool_note(struct tool *tool, const char *format, ...)
{
	PRINT_FROM(tool, 0, "", format);
}

void tool_detail(struct tool *tool, const char *format, ...)
{
	PRINT_FROM(tool, 1, "", format);
}

void tool_usage(struct tool *tool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_format(tool, "error: ", format, args);
	va_end(args);
	fprintf(stderr, "Try '%s --help'.\n", tool->program->name);
	crashinfo_file_destroy(tool->file);
	exit(TOOL_USAGE);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool progress_wanted(const struct tool *tool)
{
	if (tool->progress != TOOL_AUTO)
		return tool->progress == TOOL_ALWAYS;
	/* not between data on the same terminal */
	return tool->verbosity >= 0 && isatty(STDERR_FILENO) && !tool_on_terminal(tool);
}

void tool_progress(struct tool *tool, const char *what, uint64_t done, uint64_t total)
{
	int64_t now = now_ms();

	if (!tool->progress_start)
		tool->progress_start = now;
	if (now - tool->progress_start < PROGRESS_DELAY_MS ||
	    now - tool->progress_last < PROGRESS_EVERY_MS || !progress_wanted(tool))
		return;
	tool->progress_last = now;
	tool->progress_shown = true;
	if (total)
		fprintf(stderr, "\r\033[K%s: %ju of %ju", what, (uintmax_t)done, (uintmax_t)total);
	else
		fprintf(stderr, "\r\033[K%s: %ju", what, (uintmax_t)done);
}

void tool_progress_end(struct tool *tool)
{
	progress_clear(tool);
	tool->progress_start = 0;
}
