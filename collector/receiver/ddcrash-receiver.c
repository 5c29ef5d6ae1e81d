/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of crashing processes to reports. A small static program: it is started by processes that
 * wait for it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "receiver/receiver.h"

#define SECOND 1000

static const struct tool_option options[] = {
	{"socket", 0, "PATH", "serve clients of this socket; @NAME is an abstract one",
	 TOOL_STRING(struct receiver_options, socket), .complete = TOOL_FILES,
	 .fallback = "one client on standard input", .group = "Clients"},
	{"any-user", 0, NULL, "of all users, not only our own and root",
	 TOOL_FLAG(struct receiver_options, any_user)},
	{"max-clients", 0, "N", "serve so many at a time",
	 TOOL_NUMBER(struct receiver_options, max_clients), .min = 1, .max = 10000,
	 .fallback = "64"},
	{"once", 0, NULL, "end after the first client", TOOL_FLAG(struct receiver_options, once)},
	{"emit", 0, "WHAT", "what to make of the stream",
	 TOOL_CHOICE(struct receiver_options, emit), .choices = "report|stream",
	 .fallback = "report", .group = "Output"},
	{"spool", 0, "DIR", "store it in this folder", TOOL_STRING(struct receiver_options, spool),
	 .complete = TOOL_DIRS},
	{"spool-size", 0, "SIZE", "bytes in the folder; the oldest go first",
	 TOOL_SIZE(struct receiver_options, spool_size), .min = 1, .fallback = "256M"},
	{"spool-count", 0, "N", "reports in the folder",
	 TOOL_NUMBER(struct receiver_options, spool_count), .min = 1, .fallback = "1000"},
	{"upload", 0, "URL", "send it; it stays in the folder only when that fails",
	 TOOL_STRING(struct receiver_options, upload)},
	{"ping", 0, NULL, "send a crash ping before", TOOL_FLAG(struct receiver_options, ping)},
	{"debug-dir", 0, "DIR", "symbolize with debug files of this folder",
	 TOOL_LIST(struct receiver_options, debug_dirs), .alias = "debug-file-directory",
	 .complete = TOOL_DIRS},
	{"timeout-ms", 0, "N", "for the first byte to come",
	 TOOL_NUMBER(struct receiver_options, timeout), .min = 1, .max = UINT32_MAX,
	 .fallback = "5000", .group = "Time"},
	{"receive-timeout-ms", 0, "N", "for the stream, from its first byte",
	 TOOL_NUMBER(struct receiver_options, receive_timeout), .min = 1, .max = UINT32_MAX,
	 .fallback = "4000"},
	{"system-timeout-ms", 0, "N", "for threads to stop; for additional files",
	 TOOL_NUMBER(struct receiver_options, system_timeout), .min = 1, .max = UINT32_MAX,
	 .fallback = "500"},
	{"unwind-timeout-ms", 0, "N", "for unwinding all threads",
	 TOOL_NUMBER(struct receiver_options, unwind_timeout), .min = 1, .max = UINT32_MAX,
	 .fallback = "1000"},
	{"report-timeout-ms", 0, "N", "for making the report",
	 TOOL_NUMBER(struct receiver_options, report_timeout), .min = 1, .max = UINT32_MAX,
	 .fallback = "5000"},
	{"symbols-timeout-ms", 0, "N", "for symbolizing",
	 TOOL_NUMBER(struct receiver_options, symbols_timeout), .min = 1, .max = UINT32_MAX,
	 .fallback = "5000"},
	{"upload-timeout-ms", 0, "N", "for sending",
	 TOOL_NUMBER(struct receiver_options, upload_timeout), .min = 1, .max = UINT32_MAX,
	 .fallback = "10000"},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-receiver",
	.summary = "Make crash reports of the streams of processes while they crash.",
	.options = options,
	.common = TOOL_HAS_OUTPUT | TOOL_HAS_VERBOSE,
};

/* What the process that started us had in mind for its own signals is not for us. */
static void take_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
}

/* The crash takes our group with it, or who started it is ended: the report is made nevertheless.
 */
static void stay(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void check_options(struct receiver *receiver)
{
	const struct receiver_options *o = &receiver->options;

	if (o->spool && receiver->tool.output)
		tool_usage(&receiver->tool, "--output and --spool exclude each other");
	if (o->emit == RECEIVER_STREAM && o->upload)
		tool_usage(&receiver->tool, "--upload sends reports, not streams");
	if (o->emit == RECEIVER_STREAM && o->debug_dirs.count)
		tool_usage(&receiver->tool, "--debug-dir is for reports, not for streams");
	if (o->ping && !o->upload)
		tool_usage(&receiver->tool, "--ping is for --upload");
	if ((o->any_user || o->once) && !o->socket)
		tool_usage(&receiver->tool, "--any-user and --once are for --socket");
	if (o->socket && !o->once && !o->spool && !o->upload)
		tool_usage(&receiver->tool, "--socket needs --spool, --upload or --once");
}

int main(int argc, char **argv)
{
	struct receiver receiver = {.options = {
					    .max_clients = 64,
					    .spool_size = (uint64_t)256 << 20,
					    .spool_count = 1000,
					    .timeout = 5 * SECOND,
					    .receive_timeout = 4 * SECOND,
					    .system_timeout = SECOND / 2,
					    .unwind_timeout = SECOND,
					    .report_timeout = 5 * SECOND,
					    .symbols_timeout = 5 * SECOND,
					    .upload_timeout = 10 * SECOND,
				    }};
	enum tool_status status;

	take_signals();
	tool_start(&receiver.tool, &program, argc, argv, &receiver.options);
	check_options(&receiver);
	if (receiver.options.socket) {
		child_find_tools(&receiver);
		status = server_run(&receiver);
	} else {
		stay();
		status = session_run(&receiver, STDIN_FILENO);
	}
	free(receiver.tools_dir);
	return tool_finish(&receiver.tool, status);
}
