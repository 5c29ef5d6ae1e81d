/* SPDX-License-Identifier: Apache-2.0 */
#include "host/usercrashd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The first descriptor that a service manager passes, see sd_listen_fds(3). */
#define FIRST_PASSED 3

static bool is_seqpacket(int fd)
{
	int type = 0, listens = 0;
	socklen_t size = sizeof(type), listens_size = sizeof(listens);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_SEQPACKET &&
	       !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) && listens;
}

/* -1 when none was passed to us. */
static int passed_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	if (!pid || !count || strtol(pid, NULL, 10) != getpid() || strtol(count, NULL, 10) < 1)
		return -1;
	/* a client that is gone when it is accepted must not be waited for */
	if (!is_seqpacket(FIRST_PASSED) || fcntl(FIRST_PASSED, F_SETFL, O_NONBLOCK) ||
	    fcntl(FIRST_PASSED, F_SETFD, FD_CLOEXEC))
		return -1;
	return FIRST_PASSED;
}

/* The folder keeps others from the socket: nobody else may write to it. */
static struct crashinfo_error *private_folder(const char *socket_path)
{
	const char *slash = strrchr(socket_path, '/');
	_free_ char *folder = slash && slash > socket_path
				      ? strndup(socket_path, (size_t)(slash - socket_path))
				      : strdup(slash ? "/" : ".");
	struct stat st;

	if (!folder)
		return crashinfo_error_no_memory();
	if (mkdir(folder, 0700) && errno != EEXIST)
		return crashinfo_error_from_errno(errno, "cannot create folder %s", folder);
	if (lstat(folder, &st))
		return crashinfo_error_from_errno(errno, "cannot look at %s", folder);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return crashinfo_error_create(
			CRASHINFO_ERROR_OTHER,
			"%s is not a folder that only its owner, us, can write to", folder);
	return NULL;
}

static bool is_served(const struct sockaddr_un *address)
{
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
			   errno == EAGAIN);
}

static struct crashinfo_error *bind_socket(int fd, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int failed;

	if (strlen(path) >= sizeof(address.sun_path))
		return crashinfo_error_from_errno(ENAMETOOLONG, "%s", path);
	strcpy(address.sun_path, path);
	if (is_served(&address))
		return crashinfo_error_from_errno(EADDRINUSE, "another server listens at %s", path);
	/* what a dead server left */
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	mask = umask(0177);
	failed = bind(fd, (const struct sockaddr *)&address, sizeof(address)) ? errno : 0;
	umask(mask);
	if (!failed && listen(fd, SOMAXCONN))
		failed = errno;
	return failed ? crashinfo_error_from_errno(failed, "cannot listen at %s", path) : NULL;
}

struct crashinfo_error *usercrashd_listen(struct usercrashd *d)
{
	_close_ int fd = passed_socket();
	struct crashinfo_error *error;

	d->is_activated = fd >= 0;
	if (!d->is_activated) {
		error = private_folder(d->options.socket);
		if (error)
			return error;
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			return crashinfo_error_from_errno(errno, "cannot make a socket");
		error = bind_socket(fd, d->options.socket);
		if (error)
			return error;
	}
	d->listener = steal_fd(fd);
	return NULL;
}

void usercrashd_unlisten(struct usercrashd *d)
{
	if (!d->is_activated)
		unlink(d->options.socket);
	close(d->listener);
}
