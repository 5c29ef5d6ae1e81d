/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning and end of a tool, and where its data goes in between. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <crashinfo/file.h>
#include <crashinfo/json.h>

/* Few write calls, also for many small reports. */
#define OUT_BUFFER_BYTES (64 * 1024)

/*
 * A file that a tool opens must not become descriptor 0, 1 or 2. A closed one is opened the wrong
 * way round, so that using it still fails.
 */
static void open_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			_exit(TOOL_FAILED);
	}
}

static uint64_t online_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) < 1)
		return 1;
	return (uint64_t)CPU_COUNT(&set);
}

static void print_log(void *user, enum crashinfo_log_level level, const char *message)
{
	struct tool *tool = user;

	switch (level) {
	case CRASHINFO_LOG_ERROR:
	case CRASHINFO_LOG_WARNING: tool_warning(tool, "%s", message); break;
	case CRASHINFO_LOG_INFO: tool_detail(tool, "%s", message); break;
	case CRASHINFO_LOG_DEBUG:
		if (tool->verbosity >= 2)
			tool_detail(tool, "%s", message);
		break;
	}
}

void tool_start(struct tool *tool, const struct tool_program *program, int argc, char **argv,
		void *values)
{
	open_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	*tool = (struct tool){
		.program = program,
		.values = values,
		.jobs = program->common & TOOL_HAS_JOBS ? online_cpus() : 1,
		.context = crashinfo_context_default(),
	};
	tool->context.log = print_log;
	tool->context.log_user = tool;
	tool_parse(tool, argc, argv);
}

static bool to_stdout(const struct tool *tool)
{
	return !tool->output || !strcmp(tool->output, "-");
}

bool tool_on_terminal(const struct tool *tool)
{
	return to_stdout(tool) && isatty(STDOUT_FILENO);
}

/* As write(2) for stdio, which forgets the reason of a failure. */
static ssize_t out_write(void *cookie, const char *bytes, size_t size)
{
	struct tool *tool = cookie;
	int fd = tool->file ? crashinfo_file_descriptor(tool->file) : STDOUT_FILENO;
	ssize_t n;

	if (tool->out_errno)
		return 0;
	do
		n = write(fd, bytes, size);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		tool->out_errno = errno;
		return 0;
	}
	tool->out_bytes += (uint64_t)n;
	return n;
}

FILE *tool_out(struct tool *tool)
{
	static char buffer[OUT_BUFFER_BYTES]; /* of standard output or the one file */

	if (tool->out)
		return tool->out;
	if (!to_stdout(tool) && tool_failed(tool, crashinfo_file_create(tool->output, &tool->file)))
		exit(TOOL_FAILED);
	tool->out = fopencookie(tool, "w", (cookie_io_functions_t){.write = out_write});
	if (!tool->out) {
		crashinfo_file_destroy(tool->file);
		tool_failed(tool, crashinfo_error_no_memory());
		exit(TOOL_FAILED);
	}
	/* a size alone is not enough: libc then takes a small one */
	setvbuf(tool->out, buffer, tool_on_terminal(tool) ? _IOLBF : _IOFBF, sizeof(buffer));
	return tool->out;
}

bool tool_out_failed(struct tool *tool)
{
	return tool->out_errno;
}

static void write_json(struct tool *tool, const char *text, size_t size,
		       enum crashinfo_json_layout layout)
{
	FILE *out = tool_out(tool);
	char *laid_out;

	if (tool_failed(tool, crashinfo_json_layout(text, size, layout, &laid_out, &size)))
		return;
	fwrite(laid_out, 1, size, out);
	fputc('\n', out);
	free(laid_out);
}

/* A first document that may be the only one, and then is pretty. */
static bool hold(struct tool *tool, const char *text, size_t size)
{
	if (tool->documents++ || tool->layout != TOOL_LAYOUT_AUTO || tool->ndjson ||
	    !tool_on_terminal(tool))
		return false;
	tool->held = malloc(size + 1);
	if (!tool->held)
		return false;
	memcpy(tool->held, text, size);
	tool->held_size = size;
	return true;
}

static void release_held(struct tool *tool, enum crashinfo_json_layout layout)
{
	if (!tool->held)
		return;
	write_json(tool, tool->held, tool->held_size, layout);
	free(tool->held);
	tool->held = NULL;
}

void tool_json(struct tool *tool, const char *text, size_t size)
{
	bool pretty = tool->layout == TOOL_LAYOUT_PRETTY && !tool->ndjson;

	if (hold(tool, text, size))
		return;
	release_held(tool, CRASHINFO_JSON_COMPACT);
	write_json(tool, text, size, pretty ? CRASHINFO_JSON_PRETTY : CRASHINFO_JSON_COMPACT);
}

bool tool_color(const struct tool *tool)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
	const char *term = getenv("TERM");

	if (tool->color != TOOL_AUTO)
		return tool->color == TOOL_ALWAYS;
	if (no && *no)
		return false;
	if (force && *force && strcmp(force, "0"))
		return true;
	return tool_on_terminal(tool) && term && strcmp(term, "dumb");
}

unsigned tool_width(const struct tool *tool)
{
	struct winsize size;

	if (!tool_on_terminal(tool) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

/* Flush and close. A pipe that nobody reads any more is no news, though never success. */
static void close_out(struct tool *tool)
{
	if (fclose(tool->out) && !tool->out_errno)
		tool->out_errno = errno ? errno : EIO;
	tool->out = NULL;
	if (!tool->out_errno && !tool->file && close(STDOUT_FILENO))
		tool->out_errno = errno;
	if (!tool->out_errno)
		return;
	tool->failed = true;
	if (tool->out_errno != EPIPE)
		tool_error(tool, "cannot write %s: %s",
			   to_stdout(tool) ? "standard output" : tool->output,
			   strerror(tool->out_errno));
}

/* An output file gets its name unless that would replace what was there by nothing. */
static void commit_file(struct tool *tool)
{
	if (!tool->file)
		return;
	if (tool->out_errno || (tool->failed && !tool->out_bytes))
		crashinfo_file_destroy(tool->file);
	else
		tool_failed(tool, crashinfo_file_commit(tool->file, false));
	tool->file = NULL;
}

int tool_finish(struct tool *tool, enum tool_status status)
{
	tool_progress_end(tool);
	if (status == TOOL_FAILED)
		tool->failed = true;
	release_held(tool, CRASHINFO_JSON_PRETTY);
	if (tool->out_end)
		fputs(tool->out_end, tool_out(tool));
	if (!tool->failed && tool->output)
		tool_out(tool);
	if (tool->out)
		close_out(tool);
	commit_file(tool);
	tool_parse_free(tool);
	return tool->failed ? TOOL_FAILED : status;
}
