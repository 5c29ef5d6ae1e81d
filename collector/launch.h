/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a program from a signal handler. */
#ifndef COLLECTOR_LAUNCH_H
#define COLLECTOR_LAUNCH_H

#include <stdatomic.h>
#include <stdbool.h>

/* What to run. Lives until the program has begun. */
struct launch {
	const char *path;
	char *const *argv, *const *envp;
	const char *output, *errors; /* files to append to; "" is /dev/null */
	int fd;                      /* its standard input */

	/* filled in */
	atomic_int pid;
	atomic_bool is_running; /* it has had a processor */
	int pidfd;              /* -1 when there is none */
	volatile int error;     /* -errno of what went wrong behind our back */

	/* private */
	int child;
};

/*
 * Run it, without waiting for it to begin: a failure of that closes its end of `fd`. It is nobody's
 * child: this process gets no SIGCHLD of it and no other thread can wait for it. 0 or -errno.
 */
int launch_begin(struct launch *launch);
/* After a success of that: its id is there, and `fd` is needed no longer. 0 or -errno. */
int launch_end(struct launch *launch);
/* At last: leave nothing of our own child. */
void launch_reap(struct launch *launch);

#endif
