/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child starts a grandchild and ends at once, so that nobody sees a child of this process. Both
 * share its memory until the program is executed: no page table is copied, however large they are.
 * Descriptors and signal handlers are the grandchild's own. All this goes on beside the caller.
 */
#include "launch.h"

#include <sched.h>
#include <unistd.h>

#include "raw_receiver.h"

#define STACK_BYTES 8192

/* What the child takes where it has a processor to run on. */
#define SPIN_NS 200000

/* Permissions of files that the program's output creates. */
#define OUTPUT_MODE 0600

static char child_stack[STACK_BYTES] __attribute__((aligned(16)));
static char grandchild_stack[STACK_BYTES] __attribute__((aligned(16)));

/* --- the grandchild --------------------------------------------------------------------------- */

/* Ignored signals stay so when a program is executed, SIGCHLD and SIGPIPE must not. */
static void reset_signals(void)
{
	for (int signo = 1; signo < 65; signo++)
		if (signo != SIGKILL && signo != SIGSTOP)
			raw_set_default(signo);
	raw_sigmask(SIG_SETMASK, 0);
}

static int open_output(const char *path)
{
	if (path[0])
		return raw_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, OUTPUT_MODE);
	return raw_open("/dev/null", O_RDWR, 0);
}

/* All others are closed: there may be no room for more, and they are not its business. */
static long set_descriptors(const struct launch *launch)
{
	long result;
	int fd = launch->fd;

	if (fd > 0)
		raw_close_range(0, (unsigned)fd - 1);
	raw_close_range((unsigned)fd + 1, ~0U);
	if (fd > 0) {
		result = raw_dup3(fd, STDIN_FILENO);
		raw_close(fd);
	} else {
		result = raw_keep_on_exec(fd);
	}
	for (int to = STDOUT_FILENO; result >= 0 && to <= STDERR_FILENO; to++) {
		fd = open_output(to == STDOUT_FILENO ? launch->output : launch->errors);
		/* The lowest one that is free. */
		result = fd == to ? raw_keep_on_exec(fd) : fd < 0 ? fd : -EBADF;
	}
	return result;
}

/* What the program has set for itself, as far as it could take that back: a stack that is too small
 * for others, say. */
static void raise_limits(void)
{
	static const unsigned char resources[] = {RLIMIT_STACK, RLIMIT_FSIZE, RLIMIT_AS,
						  RLIMIT_DATA,  RLIMIT_NPROC, RLIMIT_NOFILE};

	for (unsigned i = 0; i < sizeof(resources); i++) {
		struct rlimit limit;

		if (raw_prlimit(resources[i], NULL, &limit) || limit.rlim_cur == limit.rlim_max)
			continue;
		limit.rlim_cur = limit.rlim_max;
		raw_prlimit(resources[i], &limit, NULL);
	}
}

static int grandchild(void *argument)
{
	struct launch *launch = argument;
	long result;

	atomic_store(&launch->is_running, true);
	/* No handler of the program may run here. */
	raw_sigmask(SIG_SETMASK, ~(raw_sigset)0);
	result = set_descriptors(launch);
	if (result >= 0) {
		reset_signals();
		raise_limits();
		result = raw_execve(launch->path, launch->argv, launch->envp);
	}
	launch->error = (int)result;
	return 1;
}

/* --- the child -------------------------------------------------------------------------------- */

static int child(void *argument)
{
	struct launch *launch = argument;
	const unsigned long flags = CLONE_VM | SIGCHLD;
	void *stack = grandchild_stack + STACK_BYTES;
	int pid;

	raw_sigmask(SIG_SETMASK, ~(raw_sigset)0);
	pid = (int)raw_clone(flags | CLONE_PIDFD, stack, &launch->pidfd, grandchild, launch);
	/* Without room for one more descriptor, or by an old kernel. */
	if (pid < 0)
		pid = (int)raw_clone(flags, stack, NULL, grandchild, launch);
	atomic_store(&launch->pid, pid);
	return 0;
}

int launch_begin(struct launch *launch)
{
	/* Its end sends no signal; the descriptor of its child lands in our table. */
	const unsigned long flags = CLONE_VM | CLONE_FILES;
	long result;

	atomic_store(&launch->pid, 0);
	atomic_store(&launch->is_running, false);
	launch->pidfd = -1;
	launch->error = 0;
	result = raw_clone(flags, child_stack + STACK_BYTES, NULL, child, launch);
	launch->child = (int)result;
	return result < 0 ? (int)result : 0;
}

/* It ends long after it has done its work, and who sleeps is woken late. */
static int wait_pid(const struct launch *launch)
{
	uint64_t end = raw_nanoseconds() + SPIN_NS;
	int pid;

	while (!(pid = atomic_load(&launch->pid)) && raw_is_before(end))
		raw_yield();
	return pid;
}

int launch_end(struct launch *launch)
{
	int pid = wait_pid(launch);

	if (!pid) {
		launch_reap(launch);
		pid = atomic_load(&launch->pid);
	}
	/* It was killed. */
	if (!pid)
		return -EAGAIN;
	return pid < 0 ? pid : 0;
}

void launch_reap(struct launch *launch)
{
	if (launch->child > 0)
		raw_wait(launch->child);
	launch->child = 0;
}
