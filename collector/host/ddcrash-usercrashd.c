/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the folder of reports that ddcrash-usercrash fills. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/usercrashd.h"

#define KIB           1024u
#define MIB           (1024u * 1024u)
#define COUNT_DEFAULT 50
#define TOTAL_DEFAULT (256 * MIB)
#define SIZE_DEFAULT  (64 * MIB)
/* As long as a client may take to speak, and to write. */
#define REQUEST_MS 1000
#define WRITE_MS   100000
#define NUMBER_MAX 1000000

static const struct tool_option options[] = {
	{"output", 'o', "DIR", "the folder", TOOL_STRING(struct usercrashd_options, output),
	 .fallback = STORE_DEFAULT_DIR, .complete = TOOL_DIRS, .group = "Places"},
	{"socket", 0, "FILE", "listen here, in a folder of our own",
	 TOOL_STRING(struct usercrashd_options, socket), .fallback = PROTOCOL_DEFAULT_SOCKET,
	 .complete = TOOL_FILES},
	{"max-count", 0, "N", "reports that the folder holds",
	 TOOL_NUMBER(struct usercrashd_options, count), .fallback = "50", .min = 1,
	 .max = STORE_COUNT_MAX, .group = "Limits"},
	{"max-total", 0, "SIZE", "bytes that the folder holds",
	 TOOL_SIZE(struct usercrashd_options, total), .fallback = "256M", .min = 4 * KIB},
	{"max-size", 0, "SIZE", "bytes of a report", TOOL_SIZE(struct usercrashd_options, size),
	 .fallback = "64M", .min = 4 * KIB},
	{"request-ms", 0, "N", "time for a client to say what it wants",
	 TOOL_NUMBER(struct usercrashd_options, request_ms), .fallback = "1000", .min = 1,
	 .max = NUMBER_MAX},
	{"write-ms", 0, "N", "time for a client to write its report",
	 TOOL_NUMBER(struct usercrashd_options, write_ms), .fallback = "100000", .min = 1,
	 .max = NUMBER_MAX},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-usercrashd",
	.summary = "Keep the reports of crashed processes in a folder of bounded size.",
	.options = options,
	.common = TOOL_HAS_VERBOSE,
};

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Milliseconds until the next deadline, -1 when there is none. */
static int next_deadline(const struct usercrashd *d)
{
	int64_t next = -1, now = usercrashd_now();

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = &d->clients[i];
		int64_t left = client->deadline - now;

		if (client->fd < 0)
			continue;
		if (next < 0 || left < next)
			next = left > 0 ? left : 0;
	}
	return (int)next;
}

static void drop_late(struct usercrashd *d)
{
	int64_t now = usercrashd_now();

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &d->clients[i];

		if (client->fd < 0 || client->deadline > now)
			continue;
		tool_warning(&d->tool, "client %d: timed out", client->pid);
		usercrashd_drop(d, client);
	}
}

enum { LISTENER, SIGNALS, CLIENTS };

static void fill(const struct usercrashd *d, struct pollfd fds[CLIENTS + CLIENTS_MAX])
{
	bool has_room = false;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		fds[CLIENTS + i] = (struct pollfd){.fd = d->clients[i].fd, .events = POLLIN};
		has_room |= d->clients[i].fd < 0;
	}
	fds[LISTENER] = (struct pollfd){.fd = has_room ? d->listener : -1, .events = POLLIN};
	fds[SIGNALS] = (struct pollfd){.fd = d->signals, .events = POLLIN};
}

static struct crashinfo_error *serve(struct usercrashd *d)
{
	struct pollfd fds[CLIENTS + CLIENTS_MAX];

	for (;;) {
		fill(d, fds);
		if (poll(fds, CLIENTS + CLIENTS_MAX, next_deadline(d)) < 0 && errno != EINTR)
			return crashinfo_error_from_errno(errno, "cannot wait for clients");
		if (fds[SIGNALS].revents)
			return NULL;
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (fds[CLIENTS + i].revents && d->clients[i].fd >= 0)
				usercrashd_serve(d, &d->clients[i]);
		drop_late(d);
		if (fds[LISTENER].revents)
			usercrashd_accept(d);
	}
}

static struct crashinfo_error *run(struct usercrashd *d)
{
	const struct usercrashd_options *o = &d->options;
	struct crashinfo_error *error;

	error = store_open(o->output, (unsigned)o->count, o->total, &d->store);
	if (error)
		return error;
	d->signals = open_signals();
	error = d->signals < 0 ? crashinfo_error_from_errno(errno, "cannot receive signals")
			       : usercrashd_listen(d);
	if (!error) {
		tool_note(&d->tool, "serving %s", o->output);
		error = serve(d);
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (d->clients[i].fd >= 0)
				usercrashd_drop(d, &d->clients[i]);
		usercrashd_unlisten(d);
	}
	store_close(&d->store);
	return error;
}

int main(int argc, char **argv)
{
	struct usercrashd d = {
		.options =
			{
				.output = STORE_DEFAULT_DIR,
				.socket = PROTOCOL_DEFAULT_SOCKET,
				.count = COUNT_DEFAULT,
				.total = TOTAL_DEFAULT,
				.size = SIZE_DEFAULT,
				.request_ms = REQUEST_MS,
				.write_ms = WRITE_MS,
			},
	};

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		d.clients[i].fd = -1;
	tool_start(&d.tool, &program, argc, argv, &d.options);
	tool_failed(&d.tool, run(&d));
	return tool_finish(&d.tool, TOOL_OK);
}
