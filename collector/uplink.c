/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink.h"

#include "bytes.h"
#include "descriptors.h"
#include "launch.h"
#include "raw_receiver.h"
#include "state.h"
#include "stream/markers.h"

/* What is left for the file when the receiver has used up its time: a share, and at most. */
#define RESERVE_SHARE  8
#define RESERVE_MAX_MS 500
/* As much as the kernel allows: a stream that fits need not wait for its reader. */
#define SEND_BUFFER (1 << 20)
/* What the receiver sends when it has what it needs. */
#define RELEASE_BYTE 1
/* How long to wait for that without sleeping. */
#define SPIN_NS 300000

static struct {
	char path[UPLINK_PATH_MAX]; /* "": none */
	char output[UPLINK_PATH_MAX], errors[UPLINK_PATH_MAX];
	struct sockaddr_un address;
	size_t address_size; /* 0: none */
	int expected_pid;    /* of who listens there, 0: unknown */
	unsigned timeout_ms;
	char *argv[UPLINK_STRINGS_MAX + 1], *envp[UPLINK_STRINGS_MAX + 1];
	char argv_text[UPLINK_TEXT_MAX], envp_text[UPLINK_TEXT_MAX];
} settings;

/* Used until the program runs, perhaps longer than the handler. */
static struct launch launch;

/* --- configuration ---------------------------------------------------------------------------- */

static int set_strings(char **list, char *text, const char *const *from, size_t count)
{
	size_t used = 0;

	if ((count && !from) || count > UPLINK_STRINGS_MAX)
		return count > UPLINK_STRINGS_MAX ? -E2BIG : -EINVAL;
	for (size_t i = 0; i < count; i++) {
		size_t size;

		if (!from[i])
			return -EINVAL;
		size = text_length(from[i]) + 1;
		if (size > UPLINK_TEXT_MAX - used)
			return -E2BIG;
		__builtin_memcpy(text + used, from[i], size);
		list[i] = text + used;
		used += size;
	}
	list[count] = NULL;
	return 0;
}

static int set_path(char to[UPLINK_PATH_MAX], const char *path)
{
	to[0] = '\0';
	return path && *path ? state_path(to, UPLINK_PATH_MAX, path) : 0;
}

static int set_address(const char *name)
{
	struct sockaddr_un *address = &settings.address;
	size_t size;
	int error = 0;

	settings.address_size = 0;
	if (!name || !*name)
		return 0;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	size = text_length(name);
	if (*name != '@')
		error = state_path(address->sun_path, sizeof(address->sun_path), name);
	else if (size > sizeof(address->sun_path))
		error = -ENAMETOOLONG;
	else
		__builtin_memcpy(address->sun_path + 1, name + 1, size - 1);
	if (error)
		return error;
	/* The name of an abstract one is as long as it is, that of a file ends with NUL. */
	if (*name != '@')
		size = text_length(address->sun_path) + 1;
	settings.address_size = offsetof(struct sockaddr_un, sun_path) + size;
	return 0;
}

static int set_program(const struct ddcrash_receiver *receiver)
{
	int error = set_path(settings.path, receiver->path);

	if (!error)
		error = set_path(settings.output, receiver->output);
	if (!error)
		error = set_path(settings.errors, receiver->errors);
	if (!error)
		error = set_strings(settings.argv, settings.argv_text, receiver->args,
				    receiver->args_count);
	if (!error)
		error = set_strings(settings.envp, settings.envp_text, receiver->env,
				    receiver->env_count);
	/* A program is told its name. */
	if (!error && !settings.argv[0]) {
		settings.argv[0] = settings.path;
		settings.argv[1] = NULL;
	}
	return error;
}

int uplink_set(const struct ddcrash_receiver *receiver, unsigned timeout_ms)
{
	unsigned reserve = timeout_ms / RESERVE_SHARE;
	int error;

	if (reserve > RESERVE_MAX_MS)
		reserve = RESERVE_MAX_MS;
	settings.expected_pid = receiver->pid;
	settings.timeout_ms = timeout_ms - reserve;
	if (receiver->timeout_ms && receiver->timeout_ms < settings.timeout_ms)
		settings.timeout_ms = receiver->timeout_ms;
	error = set_program(receiver);
	if (!error)
		error = set_address(receiver->socket);
	if (!error && settings.path[0] && settings.address_size)
		error = -EINVAL;
	if (error)
		settings.path[0] = settings.address_size = 0;
	return error;
}

bool uplink_is_wanted(void)
{
	return settings.path[0] || settings.address_size;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int make_pair(int fds[2])
{
	int error = (int)raw_socketpair(fds);

	return error == -EMFILE && descriptors_raise_limit() ? (int)raw_socketpair(fds) : error;
}

static int start_program(struct uplink *uplink)
{
	int fds[2], error = make_pair(fds);

	if (error)
		return error;
	launch = (struct launch){
		.path = settings.path,
		.argv = settings.argv,
		.envp = settings.envp,
		.output = settings.output,
		.errors = settings.errors,
		.fd = fds[1],
	};
	uplink->fd = fds[0];
	error = launch_begin(&launch);
	uplink->is_starting = !error;
	if (error) {
		raw_close(fds[0]);
		raw_close(fds[1]);
	}
	return error;
}

void uplink_settle(struct uplink *uplink)
{
	if (!uplink->is_starting)
		return;
	uplink->is_starting = false;
	uplink->error = launch_end(&launch);
	raw_close(launch.fd);
	if (uplink->error) {
		uplink->state = UPLINK_FAILED;
		raw_close(uplink->fd);
		return;
	}
	uplink->pid = atomic_load(&launch.pid);
	uplink->pidfd = launch.pidfd;
	raw_set_tracer(uplink->pid);
}

/* Only who is expected may look at this process: anyone can listen on a socket of any name. */
static void grant(const struct uplink *uplink)
{
	struct ucred peer = {0};

	if (settings.expected_pid > 0 &&
	    !raw_getsockopt(uplink->fd, SO_PEERCRED, &peer, sizeof(peer)) &&
	    peer.pid == settings.expected_pid)
		raw_set_tracer(peer.pid);
}

static int connect_socket(struct uplink *uplink)
{
	struct timeval timeout = {settings.timeout_ms / 1000,
				  (long)(settings.timeout_ms % 1000) * 1000};
	int fd = (int)raw_socket(), error;

	if (fd == -EMFILE && descriptors_raise_limit())
		fd = (int)raw_socket();
	if (fd < 0)
		return fd;
	/* So long may a queue of others that crash keep us waiting. */
	raw_setsockopt(fd, SO_SNDTIMEO, &timeout, sizeof(timeout));
	error = (int)raw_connect(fd, &settings.address, settings.address_size);
	if (error) {
		raw_close(fd);
		return error;
	}
	uplink->fd = fd;
	grant(uplink);
	return 0;
}

void uplink_open(struct uplink *uplink)
{
	const int buffer = SEND_BUFFER;

	*uplink = (struct uplink){
		.fd = -1,
		.pidfd = -1,
		.deadline = raw_milliseconds() + settings.timeout_ms,
	};
	if (!uplink_is_wanted())
		return;
	uplink->error = settings.path[0] ? start_program(uplink) : connect_socket(uplink);
	uplink->state = uplink->error ? UPLINK_FAILED : UPLINK_OPEN;
	if (!uplink->error)
		raw_setsockopt(uplink->fd, SO_SNDBUF, &buffer, sizeof(buffer));
}

/* --- closing ---------------------------------------------------------------------------------- */

/* What the receiver has sent; UPLINK_OPEN when that is nothing. */
static enum uplink_state look(const struct uplink *uplink)
{
	char byte = 0;
	long got = raw_receive(uplink->fd, &byte, 1);

	if (got == 1)
		return byte == RELEASE_BYTE ? UPLINK_RELEASED : UPLINK_LOST;
	return got == -EAGAIN || got == -EINTR ? UPLINK_OPEN : UPLINK_LOST;
}

/*
 * Being woken takes longer than the receiver needs for a single thread. Where it has to stop
 * others, or waits for a processor itself, ours is left to it.
 */
static enum uplink_state wait_awake(const struct uplink *uplink)
{
	bool is_brief = !state.all_threads && atomic_load(&launch.is_running);
	uint64_t end = raw_nanoseconds() + SPIN_NS;
	enum uplink_state found;

	do
		found = look(uplink);
	while (found == UPLINK_OPEN && is_brief && raw_is_before(end));
	return found;
}

static enum uplink_state wait_released(const struct uplink *uplink)
{
	struct pollfd fd = {.fd = uplink->fd, .events = POLLIN};
	enum uplink_state found = wait_awake(uplink);
	uint64_t now = raw_milliseconds();
	long ready = 1;

	while (found == UPLINK_OPEN && ready && now < uplink->deadline) {
		ready = raw_poll(&fd, 1, (unsigned)(uplink->deadline - now));
		found = look(uplink);
		now = raw_milliseconds();
	}
	return found == UPLINK_OPEN ? UPLINK_TIMEOUT : found;
}

/* Whether the receiver ends with us: the end of a namespace's first process ends all others, and
 * one that only starts a program, as in containers, ends with that. */
static bool is_taken_along(void)
{
	static const char root[] = "pid:[4026531836]";
	char name[sizeof(root)];
	long size;

	if (raw_getpid() == 1)
		return true;
	if (raw_getppid() != 1)
		return false;
	size = raw_readlink("/proc/self/ns/pid", name, sizeof(name));
	return size > 0 && (size != sizeof(root) - 1 || __builtin_memcmp(name, root, (size_t)size));
}

static void wait_ended(const struct uplink *uplink)
{
	struct pollfd fd = {.fd = uplink->pidfd, .events = POLLIN};

	for (uint64_t now; (now = raw_milliseconds()) < uplink->deadline;)
		if (raw_poll(&fd, 1, (unsigned)(uplink->deadline - now)) >= 0)
			return;
}

static void finish(struct uplink *uplink)
{
	raw_shutdown(uplink->fd);
	uplink->state = wait_released(uplink);
	if (uplink->state == UPLINK_LOST && uplink->pid && launch.error) {
		uplink->state = UPLINK_FAILED;
		uplink->error = launch.error;
	}
	if (uplink->state == UPLINK_TIMEOUT && uplink->pidfd >= 0)
		raw_pidfd_kill(uplink->pidfd, SIGKILL);
	if (uplink->state == UPLINK_RELEASED && uplink->pidfd >= 0 && is_taken_along())
		wait_ended(uplink);
	raw_set_tracer(0);
	raw_close(uplink->fd);
	if (uplink->pidfd >= 0)
		raw_close(uplink->pidfd);
}

void uplink_close(struct uplink *uplink)
{
	uplink_settle(uplink);
	launch_reap(&launch);
	if (uplink->state == UPLINK_OPEN)
		finish(uplink);
}

/* --- what is missing -------------------------------------------------------------------------- */

static const struct {
	int error;
	const char *text;
} errors[] = {
	{EPERM, "not permitted"},
	{ENOENT, "no such file"},
	{E2BIG, "arguments too long"},
	{ENOEXEC, "not a program"},
	{EAGAIN, "too many processes or connections"},
	{ENOMEM, "out of memory"},
	{EACCES, "permission denied"},
	{ENFILE, "too many files are open"},
	{EMFILE, "too many files are open"},
	{ECONNREFUSED, "nobody listens"},
};

static void write_error(struct writer *w, int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].error != -error)
			continue;
		writer_text(w, errors[i].text);
		return;
	}
	writer_text(w, "error ");
	writer_decimal(w, -error);
}

static const char *const outcomes[] = {
	[UPLINK_FAILED] = "The receiver could not be used: ",
	[UPLINK_RELEASED] = "The receiver has not completed the report that it took over",
	[UPLINK_LOST] = "The receiver ended before it had what it needs",
	[UPLINK_TIMEOUT] = "The receiver did not have what it needs in time",
};

void uplink_write_log(const struct uplink *uplink, struct writer *w)
{
	const char *outcome = outcomes[uplink->state];

	if (uplink->state == UPLINK_NONE || !outcome)
		return;
	writer_text(w, STREAM_BEGIN(STREAM_LOG_MESSAGES) "\n");
	writer_text(w, outcome);
	if (uplink->state == UPLINK_FAILED)
		write_error(w, uplink->error);
	writer_text(w, "; written by the crashing process, without other threads and additional "
		       "files\n" STREAM_END(STREAM_LOG_MESSAGES) "\n");
}
