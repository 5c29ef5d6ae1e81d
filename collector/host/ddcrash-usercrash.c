/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel runs for each process that crashes, see core(5). */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <crashinfo/text.h>

#include "host/protocol.h"
#include "host/store.h"
#include "host/usercrash.h"
#include "tool.h"

#define KIB             1024u
#define MIB             (1024u * 1024u)
#define COUNT_DEFAULT   50
#define TOTAL_DEFAULT   (256 * MIB)
#define SIZE_DEFAULT    (8 * MIB)
#define WAIT_DEFAULT    5000
#define SECONDS_DEFAULT 60
#define NUMBER_MAX      1000000

static const struct tool_option options[] = {
	{"format", 0, "FORMAT", "what to write", TOOL_CHOICE(struct usercrash_options, format),
	 .choices = "json|text", .fallback = "json", .group = "Output"},
	{"text", 0, NULL, "short for --format text",
	 TOOL_SET(struct usercrash_options, format, USERCRASH_TEXT)},
	{"output", 'o', "DIR", "write to this folder, without the server",
	 TOOL_STRING(struct usercrash_options, output), .complete = TOOL_DIRS},
	{"socket", 0, "FILE", "the server listens here",
	 TOOL_STRING(struct usercrash_options, socket), .fallback = PROTOCOL_DEFAULT_SOCKET,
	 .complete = TOOL_FILES},
	{"fallback", 0, "DIR", "write to this folder when there is no server that answers",
	 TOOL_STRING(struct usercrash_options, fallback), .fallback = STORE_DEFAULT_DIR,
	 .complete = TOOL_DIRS},
	{"timeout-ms", 0, "N", "wait this long for each answer of the server",
	 TOOL_NUMBER(struct usercrash_options, timeout_ms), .fallback = "5000", .min = 1,
	 .max = NUMBER_MAX},
	{"previous", 0, "FILE", "give the core file to the handler whose pattern this file holds",
	 TOOL_STRING(struct usercrash_options, previous), .complete = TOOL_FILES},
	{"max-threads", 0, "N", "threads in the report",
	 TOOL_NUMBER(struct usercrash_options, limits.threads), .fallback = "4096", .min = 1,
	 .max = NUMBER_MAX, .group = "Limits"},
	{"max-frames", 0, "N", "frames of each stack",
	 TOOL_NUMBER(struct usercrash_options, limits.frames), .fallback = "512", .min = 1,
	 .max = NUMBER_MAX},
	{"max-files", 0, "N", "open files that are listed",
	 TOOL_NUMBER(struct usercrash_options, limits.files), .fallback = "256", .max = NUMBER_MAX},
	{"memory", 0, "SIZE", "bytes shown around what each register points to",
	 TOOL_SIZE(struct usercrash_options, limits.memory), .fallback = "256", .max = 64 * KIB},
	{"max-seconds", 0, "N", "time for the report, which is given up then",
	 TOOL_NUMBER(struct usercrash_options, seconds), .fallback = "60", .min = 1,
	 .max = NUMBER_MAX},
	{"max-size", 0, "SIZE", "bytes of a report", TOOL_SIZE(struct usercrash_options, size),
	 .fallback = "8M", .min = 4 * KIB, .max = 1024 * MIB},
	{"max-count", 0, "N", "reports that the folder holds",
	 TOOL_NUMBER(struct usercrash_options, count), .fallback = "50", .min = 1,
	 .max = STORE_COUNT_MAX},
	{"max-total", 0, "SIZE", "bytes that the folder holds",
	 TOOL_SIZE(struct usercrash_options, total), .fallback = "256M", .min = 4 * KIB},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-usercrash",
	.summary = "Report the process whose core file the kernel writes to standard input.",
	.operands = "PID [TID [SIGNAL [TIME [LIMIT [DUMPABLE [HOST [NAME]]]]]]]",
	.options = options,
	.common = TOOL_HAS_VERBOSE,
};

/* The kernel gives a handler no standard error: then the system log has to do. */
static void report_failure(struct tool *tool, struct crashinfo_error *error)
{
	struct stat st, null;

	if (!error)
		return;
	if (!fstat(STDERR_FILENO, &st) && !stat("/dev/null", &null) && st.st_rdev == null.st_rdev)
		syslog(LOG_ERR, "%s", error->message);
	tool_failed(tool, error);
}

static int parse_number(struct tool *tool, size_t index, const char *what, uint64_t max)
{
	const struct tool_list *operands = &tool->operands;
	uint64_t number = 0;

	if (index < operands->count &&
	    (!crashinfo_text_to_uint64(operands->data[index], &number) || number > max))
		tool_usage(tool, "no %s: %s", what, operands->data[index]);
	return (int)number;
}

static const char *operand(const struct tool *tool, size_t index)
{
	return index < tool->operands.count ? tool->operands.data[index] : NULL;
}

/* Kernels before 5.3 split a name with blanks into several arguments. */
static char *join_name(const struct tool *tool, size_t first)
{
	struct strbuf name _strbuf_ = {0};

	for (size_t i = first; i < tool->operands.count; i++) {
		if (i > first)
			strbuf_addc(&name, ' ');
		strbuf_adds(&name, tool->operands.data[i]);
	}
	return name.size ? strbuf_steal(&name) : NULL;
}

static struct crash parse_crash(struct tool *tool)
{
	struct crash crash = {
		.pid = parse_number(tool, 0, "process number", INT_MAX),
		.tid = parse_number(tool, 1, "thread number", INT_MAX),
		.signal = parse_number(tool, 2, "signal number", 128),
		.limit = operand(tool, 4),
		.dumpable = operand(tool, 5),
		.host = operand(tool, 6),
		.head = {.fd = -1},
	};
	uint64_t time = 0;

	if (!crash.pid)
		tool_usage(tool, "name the process by its number");
	if (operand(tool, 3) &&
	    (!crashinfo_text_to_uint64(operand(tool, 3), &time) || time > INT64_MAX / 1000000))
		tool_usage(tool, "no time: %s", operand(tool, 3));
	crash.time = (int64_t)time;
	crash.comm = crash.owned_comm = join_name(tool, 7);
	return crash;
}

static struct crashinfo_error *collect(struct tool *tool, const struct usercrash_options *o,
				       const struct crash *crash)
{
	char name[64] = "", *text = NULL;
	size_t size;
	struct crashinfo_error *error = usercrash_report(tool, o, crash, &text, &size);

	if (!error)
		error = usercrash_send(o, crash, text, size, name);
	if (!error)
		tool_note(tool, "process %d: %s", crash->pid, name);
	free(text);
	return error;
}

/*
 * Reading another process may take forever: who made it may have seen to it that its memory or its
 * files never answer. So it is done aside.
 */
struct collection {
	struct tool *tool;
	const struct usercrash_options *options;
	const struct crash *crash;
	struct crashinfo_error *error;
};

static void *collect_aside(void *argument)
{
	struct collection *c = argument;

	c->error = collect(c->tool, c->options, c->crash);
	return NULL;
}

/* False when it takes too long; it may go on then, and `c` and what it needs must stay. */
static bool collect_in_time(struct collection *c)
{
	struct timespec end;
	pthread_t thread;

	if (pthread_create(&thread, NULL, collect_aside, c)) {
		collect_aside(c);
		return true;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)c->options->seconds;
	return !pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &end);
}

static bool take_crash(struct tool *tool, const struct usercrash_options *o, struct crash *crash,
		       struct collection *c)
{
	bool is_in_time = true;

	*c = (struct collection){.tool = tool, .options = o, .crash = crash};
	if (!isatty(STDIN_FILENO))
		c->error = core_head_read(STDIN_FILENO, &crash->head);
	if (!c->error)
		is_in_time = collect_in_time(c);
	report_failure(tool, is_in_time ? c->error
					: crashinfo_error_create(
						  CRASHINFO_ERROR_LIMIT,
						  "process %d: no report within %ju seconds",
						  crash->pid, (uintmax_t)o->seconds));
	return is_in_time;
}

int main(int argc, char **argv)
{
	struct usercrash_options o = {
		.socket = PROTOCOL_DEFAULT_SOCKET,
		.fallback = STORE_DEFAULT_DIR,
		.count = COUNT_DEFAULT,
		.total = TOTAL_DEFAULT,
		.size = SIZE_DEFAULT,
		.timeout_ms = WAIT_DEFAULT,
		.seconds = SECONDS_DEFAULT,
		.limits = live_limits_default(),
	};
	struct collection collection;
	struct tool tool;
	struct crash crash;
	bool is_in_time;

	tool_start(&tool, &program, argc, argv, &o);
	crash = parse_crash(&tool);
	is_in_time = take_crash(&tool, &o, &crash, &collection);
	/* also when the report failed: the other handler does not depend on it */
	if (o.previous)
		report_failure(&tool, usercrash_previous(o.previous, &crash, STDIN_FILENO));
	if (!is_in_time)
		_exit(TOOL_FAILED);
	if (crash.head.fd >= 0)
		close(crash.head.fd);
	free(crash.owned_comm);
	return tool_finish(&tool, TOOL_OK);
}
