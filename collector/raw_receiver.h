/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that only a receiver is the reason for; raw_clone() is the architecture's. */
#ifndef COLLECTOR_RAW_RECEIVER_H
#define COLLECTOR_RAW_RECEIVER_H

#include <sys/prctl.h>
#include <sys/wait.h>

#include "raw.h"

/* Let process `pid` look at this one where that is restricted; 0 takes it back. */
static inline long raw_set_tracer(long pid)
{
	return RAW6(__NR_prctl, PR_SET_PTRACER, pid, 0, 0, 0, 0);
}

static inline int raw_getppid(void)
{
	return (int)RAW3(__NR_getppid, 0, 0, 0);
}

/* The size, without NUL, or -errno. */
static inline long raw_readlink(const char *path, char *to, size_t size)
{
	return RAW6(__NR_readlinkat, AT_FDCWD, path, to, size, 0, 0);
}

static inline long raw_socketpair(int fds[2])
{
	return RAW6(__NR_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds, 0, 0);
}

static inline long raw_socket(void)
{
	return RAW3(__NR_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static inline long raw_connect(int fd, const void *address, size_t size)
{
	return RAW3(__NR_connect, fd, address, size);
}

static inline long raw_getsockopt(int fd, int option, void *ret, unsigned size)
{
	return RAW6(__NR_getsockopt, fd, SOL_SOCKET, option, ret, &size, 0);
}

static inline long raw_setsockopt(int fd, int option, const void *value, unsigned size)
{
	return RAW6(__NR_setsockopt, fd, SOL_SOCKET, option, value, size, 0);
}

/* Nothing more will be sent. */
static inline long raw_shutdown(int fd)
{
	return RAW3(__NR_shutdown, fd, SHUT_WR, 0);
}

static inline long raw_receive(int fd, void *to, size_t size)
{
	return RAW6(__NR_recvfrom, fd, to, size, MSG_DONTWAIT, NULL, 0);
}

static inline long raw_dup3(int from, int to)
{
	return RAW3(__NR_dup3, from, to, 0);
}

static inline long raw_keep_on_exec(int fd)
{
	return RAW3(__NR_fcntl, fd, F_SETFD, 0);
}

/* Close a range of descriptors, both ends included. */
static inline long raw_close_range(unsigned first, unsigned last)
{
	return RAW3(__NR_close_range, first, last, 0);
}

static inline long raw_execve(const char *path, char *const *argv, char *const *envp)
{
	return RAW3(__NR_execve, path, argv, envp);
}

/* Wait for one's own child of clone(). */
static inline long raw_wait(int pid)
{
	return RAW6(__NR_wait4, pid, NULL, __WALL, NULL, 0, 0);
}

/* Let others run, if any want to. */
static inline void raw_yield(void)
{
	RAW3(__NR_sched_yield, 0, 0, 0);
}

static inline long raw_pidfd_kill(int pidfd, int signo)
{
	return RAW6(__NR_pidfd_send_signal, pidfd, signo, NULL, 0, 0, 0);
}

#endif
