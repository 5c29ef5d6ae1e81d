/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A receiver that stays. Each client is served by a process of its own, which a client that stalls
 * or sends nonsense may keep busy for its time and no longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "receiver/receiver.h"

/* Clients that crash at the same moment wait here. */
#define BACKLOG 256

struct server {
	struct receiver *receiver;
	int listener, signals;
	unsigned clients;
	bool stopping;
	struct stat file; /* of the socket, to remove it and no other */
};

/* --- the socket ------------------------------------------------------------------------------- */

static struct crashinfo_error *make_address(const char *name, struct sockaddr_un *ret,
					    socklen_t *size_ret)
{
	size_t size = strlen(name);

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (size >= sizeof(ret->sun_path) || !size)
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "%s: the name of a socket has 1 to %zu bytes", name,
					      sizeof(ret->sun_path) - 1);
	memcpy(ret->sun_path, name, size);
	*size_ret = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	if (*name == '@')
		ret->sun_path[0] = '\0';
	else
		++*size_ret;
	return NULL;
}

/* A socket that nobody listens on any more makes place; what is used, or no socket, does not. */
static bool remove_stale(const char *path, const struct sockaddr_un *address, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat status;
	bool stale;

	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)address, size) && errno == ECONNREFUSED;
	close(fd);
	return stale && !lstat(path, &status) && S_ISSOCK(status.st_mode) && !unlink(path);
}

static int bind_socket(struct server *server, const struct sockaddr_un *address, socklen_t size)
{
	const char *path = server->receiver->options.socket;
	mode_t mask = umask(server->receiver->options.any_user ? 0111 : 0177);
	int result = bind(server->listener, (const struct sockaddr *)address, size);

	if (result && errno == EADDRINUSE && *path != '@' && remove_stale(path, address, size))
		result = bind(server->listener, (const struct sockaddr *)address, size);
	umask(mask);
	if (!result && *path != '@')
		result = lstat(path, &server->file);
	return result ? result : listen(server->listener, BACKLOG);
}

static struct crashinfo_error *open_socket(struct server *server)
{
	const char *path = server->receiver->options.socket;
	struct sockaddr_un address;
	socklen_t size = 0;
	struct crashinfo_error *error = make_address(path, &address, &size);

	if (error)
		return error;
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listener < 0 || bind_socket(server, &address, size))
		return crashinfo_error_from_errno(errno, "cannot listen on %s", path);
	return NULL;
}

static void close_socket(const struct server *server)
{
	const char *path = server->receiver->options.socket;
	struct stat status;

	if (*path != '@' && server->file.st_ino && !lstat(path, &status) &&
	    status.st_ino == server->file.st_ino && status.st_dev == server->file.st_dev)
		unlink(path);
}

/* --- clients ---------------------------------------------------------------------------------- */

static bool is_welcome(const struct server *server, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	return server->receiver->options.any_user || !peer.uid || peer.uid == geteuid();
}

__attribute__((noreturn)) static void serve(struct server *server, int fd)
{
	struct tool *tool = &server->receiver->tool;

	close(server->listener);
	close(server->signals);
	/* It ends by itself soon, and the crash should not be lost. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	exit(tool_finish(tool, session_run(server->receiver, fd)));
}

static void accept_client(struct server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	pid_t pid;

	if (fd < 0)
		return;
	if (!is_welcome(server, fd)) {
		tool_warning(&server->receiver->tool, "refused a client of another user");
		close(fd);
		return;
	}
	pid = fork();
	if (!pid)
		serve(server, fd);
	if (pid < 0)
		tool_warning(&server->receiver->tool, "cannot serve a client: %s", strerror(errno));
	else
		server->clients++;
	close(fd);
	server->stopping |= server->receiver->options.once;
}

/* --- the loop --------------------------------------------------------------------------------- */

static void take_signals(struct server *server)
{
	struct signalfd_siginfo info;

	while (read(server->signals, &info, sizeof(info)) == sizeof(info))
		server->stopping |= info.ssi_signo != SIGCHLD;
	while (server->clients && waitpid(-1, NULL, WNOHANG) > 0)
		server->clients--;
}

static struct crashinfo_error *open_signals(struct server *server)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_SETMASK, &set, NULL);
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (server->signals < 0)
		return crashinfo_error_from_errno(errno, "signalfd");
	return NULL;
}

/* Until it is told to stop and its clients are served. */
static void loop(struct server *server)
{
	const uint64_t most = server->receiver->options.max_clients;

	while (!server->stopping || server->clients) {
		bool is_open = !server->stopping && server->clients < most;
		struct pollfd fds[] = {
			{.fd = server->signals, .events = POLLIN},
			{.fd = is_open ? server->listener : -1, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			take_signals(server);
		if (fds[1].revents)
			accept_client(server);
	}
}

enum tool_status server_run(struct receiver *receiver)
{
	struct server server = {.receiver = receiver, .listener = -1, .signals = -1};
	struct crashinfo_error *error = open_signals(&server);

	if (!error)
		error = open_socket(&server);
	if (tool_failed(&receiver->tool, error))
		return TOOL_FAILED;
	loop(&server);
	close_socket(&server);
	return TOOL_OK;
}
