/* SPDX-License-Identifier: Apache-2.0 */
/* One crash, from the first byte of its stream to the stored report. */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "receiver/receiver.h"
#include "stream/markers.h"

#define READ_BYTES (64 * 1024)
/* Longest of our own messages. */
#define MESSAGE_MAX 1024
/* What tells the process that we need it no longer. */
#define RELEASE_BYTE "\001"
/* The process waits so long for us; less its own work, in quarters. */
#define HOLD_QUARTERS 3

uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void add_message(struct crash *crash, const char *issue, const char *format, va_list args)
{
	char message[MESSAGE_MAX];

	vsnprintf(message, sizeof(message), format, args);
	for (char *at = message; *at; at++)
		if (*at == '\n')
			*at = ' ';
	fprintf(crash->log, "%s%s\n", message, issue);
	tool_detail(&crash->receiver->tool, "%s%s", message, issue);
}

void crash_log(struct crash *crash, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_message(crash, "", format, args);
	va_end(args);
}

void crash_issue(struct crash *crash, const char *issue, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_message(crash, issue, format, args);
	va_end(args);
}

/* --- rights ----------------------------------------------------------------------------------- */

bool as_peer(const struct crash *crash)
{
	const gid_t group = crash->peer_gid;

	/* What root asks for we may do with our own rights. */
	if (crash->peer_uid == geteuid() || !crash->peer_uid)
		return true;
	return !geteuid() && !setgroups(1, &group) && !setegid(group) && !seteuid(crash->peer_uid);
}

void as_ourselves(void)
{
	/* Where no user has a number, as in a new namespace, none can be set either. */
	if (geteuid() == getuid() && getegid() == getgid())
		return;
	/* Without them nothing can be done but what is harmless. */
	if (seteuid(getuid()) || setegid(getgid()))
		abort();
}

static void read_peer(struct crash *crash)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	crash->peer_uid = geteuid();
	crash->peer_gid = getegid();
	if (getsockopt(crash->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return;
	crash->peer_pid = peer.pid;
	crash->peer_uid = peer.uid;
	crash->peer_gid = peer.gid;
}

/* --- receiving -------------------------------------------------------------------------------- */

/* As soon as it is known who crashed: its threads go on meanwhile. */
static void look_at_process(struct crash *crash)
{
	if (crash->is_known || !crash->scan.process.size)
		return;
	crash->is_known = true;
	crash_read_config(crash);
	crash_read_process(crash);
	if (crash->pid) {
		fallback_hold(crash);
		collect_threads(crash);
	} else {
		crash_log(crash, "Failed to collect thread contexts: the stream is not that of the "
				 "process that is connected");
	}
}

/* A process that waits for us gives us up at a time of its own. */
static uint64_t receive_timeout(const struct crash *crash)
{
	uint64_t ours = crash->receiver->options.receive_timeout;
	uint64_t theirs = crash->config.timeout_ms / 4 * HOLD_QUARTERS;

	return theirs && theirs < ours ? theirs : ours;
}

/* More bytes; 0 at the end, -1 for an error and -2 when the time is over. */
static ssize_t read_some(struct crash *crash, char *buffer, uint64_t deadline)
{
	uint64_t now = now_ms();
	struct pollfd fd = {.fd = crash->fd, .events = POLLIN};
	ssize_t got;

	if (now >= deadline || !poll(&fd, 1, (int)(deadline - now)))
		return -2;
	got = read(crash->fd, buffer, READ_BYTES);
	return got < 0 && (errno == EINTR || errno == EAGAIN) ? read_some(crash, buffer, deadline)
							      : got;
}

/* More of the stream is there already. */
static bool has_more(const struct crash *crash)
{
	struct pollfd fd = {.fd = crash->fd, .events = POLLIN};

	return !crash->scan.done && poll(&fd, 1, 0) > 0;
}

static void receive(struct crash *crash)
{
	static char buffer[READ_BYTES];
	uint64_t started = now_ms(), deadline = started + crash->receiver->options.timeout;
	ssize_t got = 1;

	while (!crash->scan.done && (got = read_some(crash, buffer, deadline)) > 0) {
		if (!crash->scan.size)
			started = now_ms();
		if (!scan_feed(&crash->scan, buffer, (size_t)got)) {
			crash_log(crash, "The stream is too long, its rest was left out");
			return;
		}
		look_at_process(crash);
		collect_registers(crash, false);
		collect_maps(crash);
		/* Threads wait for what has come, and not for what will come. */
		if (!has_more(crash))
			collect_registers(crash, true);
		if (!has_more(crash))
			collect_stacks(crash);
		deadline = started + receive_timeout(crash);
	}
	if (got == -2)
		crash_issue(crash, STREAM_ISSUE("timeout"),
			    "Timeout: the stream did not come to its end in time");
	else if (got < 0)
		crash_issue(crash, STREAM_ISSUE("io_error"), "IO Error: %s", strerror(errno));
}

/* The process may end, or go on. */
static void release(struct crash *crash)
{
	if (crash->fd < 0)
		return;
	send(crash->fd, RELEASE_BYTE, 1, MSG_NOSIGNAL);
	/* Standard input stays open on something. */
	if (crash->fd != STDIN_FILENO || !freopen("/dev/null", "r", stdin))
		close(crash->fd);
	crash->fd = -1;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool open_texts(struct crash *crash)
{
	crash->log = open_memstream(&crash->log_text, &crash->log_size);
	crash->files = open_memstream(&crash->files_text, &crash->files_size);
	return crash->log && crash->files;
}

static void crash_deinit(struct crash *crash)
{
	if (crash->log)
		fclose(crash->log);
	if (crash->files)
		fclose(crash->files);
	free(crash->log_text);
	free(crash->files_text);
	if (crash->has_threads)
		process_threads_deinit(&crash->threads);
	process_close(crash->process);
	crash_config_deinit(&crash->config);
	scan_deinit(&crash->scan);
}

static enum tool_status serve(struct crash *crash)
{
	const char *cut;

	receive(crash);
	collect_stacks(crash);
	crash_read_registers(crash);
	collect_rest(crash);
	release(crash);
	if (!crash->receiver->tools_dir)
		child_find_tools(crash->receiver);
	if (!crash->scan.size) {
		tool_warning(&crash->receiver->tool,
			     "a connection held no data" STREAM_ISSUE("no_data"));
		return TOOL_OK;
	}
	cut = scan_end(&crash->scan);
	if (!crash->scan.done)
		crash_log(crash, "The stream broke off%s%s", cut ? " in section " : "",
			  cut ? cut : "");
	if (!deliver(crash))
		return TOOL_FAILED;
	fallback_remove(crash);
	return TOOL_OK;
}

/* What is beyond all of them hangs where nothing has a time of its own: in a file system, or behind
 * a lock that somebody else keeps. The crashed process has left its own report then. */
static void limit_life(const struct receiver_options *o)
{
	uint64_t total = o->timeout + o->receive_timeout + 3 * o->system_timeout +
			 o->unwind_timeout + o->report_timeout + o->symbols_timeout +
			 2 * o->upload_timeout;

	signal(SIGALRM, SIG_DFL);
	alarm((unsigned)(total / 1000 + 1));
}

enum tool_status session_run(struct receiver *receiver, int fd)
{
	struct crash crash = {
		.receiver = receiver,
		.fd = fd,
		.config.fallback = {.folder = -1, .file = -1},
	};
	enum tool_status status = TOOL_FAILED;

	limit_life(&receiver->options);
	read_peer(&crash);
	if (open_texts(&crash))
		status = serve(&crash);
	else
		tool_error(&receiver->tool, "out of memory");
	release(&crash);
	crash_deinit(&crash);
	return status;
}
