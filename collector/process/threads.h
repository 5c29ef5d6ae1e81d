/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of a process: all are stopped together, their registers copied, and all let go.
 * They are seized, never attached to, so that none sees a signal; a signal that arrives for a
 * stopped thread is delivered when it is let go.
 */
#ifndef PROCESS_THREADS_H
#define PROCESS_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>

#include "unwind/unwind.h"

/* The kernel's 15 bytes. */
#define PROCESS_NAME_MAX 16

struct process_thread {
	int tid;
	char name[PROCESS_NAME_MAX]; /* its number when the kernel tells none */
	char state;                  /* before it was stopped: 'R', 'S', 'D', …; '?' unknown */
	bool has_registers;
	int error; /* errno, why it has none */
	struct unwind_registers registers;

	/* private */
	bool seized, stopped;
	bool was_waiting; /* in a system call that being stopped has interrupted */
	bool was_stopped; /* by a signal, as all of the process */
	int signal;       /* to be delivered */
};

struct process_helper;

struct process_threads {
	struct process_thread *items;
	size_t count;
	size_t total; /* threads that there were; more than `count` when some were left out */

	/* private */
	size_t capacity;
	int task_fd;
	uint64_t deadline;             /* in nanoseconds */
	struct process_helper *helper; /* another thread of ours, NULL when there is none */
};

struct process_threads_options {
	int pid;
	/* Is listed first and left alone: a thread that waits for us. 0 for none. */
	int leave_tid;
	size_t max;          /* threads at most, `leave_tid` included; 0: all */
	unsigned timeout_ms; /* for all to stop; 0 is 200 */
	bool names_only;     /* stop none */
};

/*
 * List and stop them. Names and states are there when they are released. A thread that can't be
 * stopped says why. OS when the process has no threads or can't be looked at, NO_MEMORY.
 */
struct crashinfo_error *process_threads_stop(const struct process_threads_options *options,
					     struct process_threads *ret);
/*
 * The same in two steps, for who has other work while many threads are listed: begin, and finish as
 * soon as they are listed. The options are the same. After an error of the second step there is
 * something to deinit.
 */
struct crashinfo_error *process_threads_begin(const struct process_threads_options *options,
					      struct process_threads *ret);
bool process_threads_are_listed(const struct process_threads *threads);
struct crashinfo_error *process_threads_finish(const struct process_threads_options *options,
					       struct process_threads *threads);
/* Let them go on; their data stays. */
void process_threads_release(struct process_threads *threads);
/* Release and free. */
void process_threads_deinit(struct process_threads *threads);

#endif
