/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A descriptor that is given back is of no use when its number is above a limit that was lowered
 * since, and what is open below it may be used by other threads at any time. In a copy of the table
 * it can be closed; a lock of a file belongs to the table it was taken with. The copy can't be made
 * for the thread itself, as there is no way back.
 */
#include "deputy.h"

#include <sched.h>
#include <unistd.h>

#include "raw_receiver.h"

/* Beyond what the caller has below its frame. */
#define STACK_GAP 1024

static struct {
	volatile int pid; /* 0: there is none */
	int for_pid, for_tid;
} deputy;

struct task {
	void (*function)(void *argument);
	void *argument;
};

int deputy_pid(void)
{
	int pid = raw_getpid();

	return pid == deputy.pid ? deputy.for_pid : pid;
}

int deputy_tid(void)
{
	return raw_getpid() == deputy.pid ? deputy.for_tid : raw_gettid();
}

/* For the report, the maps, and the file of a module. */
static void make_room(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		raw_close(fd);
}

static int stand_in(void *argument)
{
	struct task *task = argument;

	deputy.pid = raw_getpid();
	make_room();
	task->function(task->argument);
	return 0;
}

/* It goes on below on the same stack, whatever that is, as the caller stands still meanwhile. Its
 * end sends no signal. */
__attribute__((noinline)) bool deputy_call(void (*function)(void *argument), void *argument)
{
	struct task task = {function, argument};
	char *stack = (char *)__builtin_frame_address(0) - STACK_GAP;
	long pid;

	deputy.for_pid = raw_getpid();
	deputy.for_tid = raw_gettid();
	pid = raw_clone(CLONE_VM | CLONE_VFORK, stack, NULL, stand_in, &task);
	if (pid > 0)
		raw_wait((int)pid);
	deputy.pid = 0;
	return pid > 0;
}
