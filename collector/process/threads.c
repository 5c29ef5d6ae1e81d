/* SPDX-License-Identifier: Apache-2.0 */
#include "process/threads.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process/internal.h"

#define STOP_MS 200
/* Between two looks at threads that have not stopped yet. */
#define PAUSE_NS 50000
/* Threads may start others until they are stopped. */
#define ROUNDS_MAX 4
/* Longest line of a thread's stat file that matters: its name and state come first. */
#define STAT_BYTES 128
/* Threads from which on another thread of ours pays. */
#define MANY 32

/* --- registers -------------------------------------------------------------------------------- */

/* What a system call returns that waited and was interrupted, before the program gets to see it:
 * the kernel's ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND and ERESTART_RESTARTBLOCK. */
static bool is_restart(int64_t result)
{
	return result == -512 || result == -513 || result == -514 || result == -516 ||
	       result == -EINTR;
}

#if defined(__x86_64__)
static void convert(const struct user_regs_struct *r, struct unwind_registers *ret)
{
	const uint64_t values[] = {r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
				   r->rbp, r->rsp, r->r8,  r->r9,  r->r10, r->r11,
				   r->r12, r->r13, r->r14, r->r15, r->rip};

	memcpy(ret->value, values, sizeof(values));
	ret->known = ((uint64_t)1 << sizeof(values) / sizeof(values[0])) - 1;
}

static bool is_interrupted(const struct user_regs_struct *r)
{
	return r->orig_rax != UINT64_MAX && is_restart((int64_t)r->rax);
}
#elif defined(__aarch64__)
static void convert(const struct user_regs_struct *r, struct unwind_registers *ret)
{
	enum { GENERAL = 31, SP = 31, PC = 32 };

	memcpy(ret->value, r->regs, sizeof(r->regs));
	ret->value[SP] = r->sp;
	ret->value[PC] = r->pc;
	ret->known = ((uint64_t)1 << (PC + 1)) - 1;
}

static bool is_interrupted(const struct user_regs_struct *r)
{
	return is_restart((int64_t)r->regs[0]);
}
#endif

static void read_registers(struct process_thread *thread)
{
	struct user_regs_struct registers;
	struct iovec where = {&registers, sizeof(registers)};

	if (ptrace(PTRACE_GETREGSET, thread->tid, (void *)NT_PRSTATUS, &where)) {
		thread->error = errno;
		return;
	}
	/* A program of 32 bits has fewer. */
	if (where.iov_len != sizeof(registers)) {
		thread->error = EOPNOTSUPP;
		return;
	}
	convert(&registers, &thread->registers);
	thread->was_waiting = is_interrupted(&registers);
	thread->has_registers = true;
}

/* --- which there are -------------------------------------------------------------------------- */

/* "TID (NAME) STATE ...": a name may hold anything, parentheses too. */
static void parse_stat(struct process_thread *thread, char *text, size_t size)
{
	char *open = memchr(text, '(', size), *close = memrchr(text, ')', size);
	size_t length;

	if (!open || !close || close < open)
		return;
	if (close + 2 < text + size)
		thread->state = close[2];
	length = (size_t)(close - open - 1);
	if (!length || length >= sizeof(thread->name))
		return;
	memcpy(thread->name, open + 1, length);
	thread->name[length] = '\0';
}

/* The bytes of a thread's file, 0 when it can't be read. */
static size_t read_file(int task_fd, int tid, const char *name, char text[STAT_BYTES])
{
	char path[32];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", tid, name);
	fd = openat(task_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size = read(fd, text, STAT_BYTES);
	close(fd);
	return size > 0 ? (size_t)size : 0;
}

static void read_stat(int task_fd, struct process_thread *thread)
{
	char text[STAT_BYTES];

	parse_stat(thread, text, read_file(task_fd, thread->tid, "stat", text));
}

/* "NAME\n" */
static void read_name(int task_fd, struct process_thread *thread)
{
	char text[STAT_BYTES];
	size_t size = read_file(task_fd, thread->tid, "comm", text);

	if (size < 2 || size > sizeof(thread->name))
		return;
	memcpy(thread->name, text, size - 1);
	thread->name[size - 1] = '\0';
}

/*
 * Names take as long as stopping does, so those of many threads are read aside. The state of a
 * thread that was stopped is told by what stopping it has interrupted.
 */
struct process_names {
	pthread_t reader;
	int task_fd;
	size_t count;
	struct process_thread items[];
};

static void *read_names(void *argument)
{
	struct process_names *names = argument;

	for (size_t i = 0; i < names->count; i++)
		read_name(names->task_fd, &names->items[i]);
	return NULL;
}

static bool read_names_aside(struct process_threads *threads)
{
	size_t size = threads->count * sizeof(*threads->items);
	struct process_names *names = malloc(sizeof(*names) + size);

	if (!names)
		return false;
	names->task_fd = threads->task_fd;
	names->count = threads->count;
	memcpy(names->items, threads->items, size);
	if (pthread_create(&names->reader, NULL, read_names, names)) {
		free(names);
		return false;
	}
	threads->names = names;
	return true;
}

/* Beside the stopping of them, when they are to be stopped. */
static void name_threads(struct process_threads *threads, size_t first, bool are_stopped_next)
{
	if (are_stopped_next && !first && threads->count >= MANY && read_names_aside(threads))
		return;
	for (size_t i = first; i < threads->count; i++)
		read_stat(threads->task_fd, &threads->items[i]);
}

static void take_names(struct process_threads *threads)
{
	struct process_names *names = threads->names;

	if (!names)
		return;
	pthread_join(names->reader, NULL);
	for (size_t i = 0; i < names->count; i++) {
		struct process_thread *thread = &threads->items[i];

		memcpy(thread->name, names->items[i].name, sizeof(thread->name));
		if (!thread->has_registers)
			read_stat(threads->task_fd, thread);
		else if (thread->was_stopped)
			thread->state = 'T';
		else
			thread->state = thread->was_waiting ? 'S' : 'R';
	}
	free(names);
	threads->names = NULL;
}

/* The kernel lists them in the same order again: *at is where the one before was found. */
static bool is_known(const struct process_threads *threads, size_t count, int tid, size_t *at)
{
	for (size_t n = 0; n < count; n++) {
		size_t i = (*at + 1 + n) % count;

		if (threads->items[i].tid != tid)
			continue;
		*at = i;
		return true;
	}
	return false;
}

static struct crashinfo_error *add(struct process_threads *threads, int tid)
{
	struct process_thread *thread;

	if (!process_grow(&threads->items, threads->count, &threads->capacity,
			  sizeof(*threads->items)))
		return crashinfo_error_no_memory();
	thread = &threads->items[threads->count++];
	*thread = (struct process_thread){.tid = tid, .state = '?'};
	snprintf(thread->name, sizeof(thread->name), "%d", tid);
	return NULL;
}

/* Add those that are new; *total counts them all. */
static struct crashinfo_error *list(struct process_threads *threads, size_t max)
{
	int fd = openat(threads->task_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct crashinfo_error *error = NULL;
	size_t total = 0, known = threads->count, at = 0;
	struct dirent *entry;

	if (!dir) {
		error = crashinfo_error_from_errno(errno, "cannot list the threads");
		if (fd >= 0)
			close(fd);
		return error;
	}
	while (!error && (entry = readdir(dir))) {
		int tid = atoi(entry->d_name);

		if (tid <= 0)
			continue;
		total++;
		if (!is_known(threads, known, tid, &at) && (!max || threads->count < max))
			error = add(threads, tid);
	}
	closedir(dir);
	if (total > threads->total)
		threads->total = total;
	return error;
}

/* --- stopping --------------------------------------------------------------------------------- */

static void seize(struct process_thread *thread)
{
	if (ptrace(PTRACE_SEIZE, thread->tid, NULL, NULL)) {
		thread->error = errno;
		return;
	}
	thread->seized = true;
}

/* What waitpid() told of a thread. */
static void take_status(struct process_thread *thread, int status)
{
	if (!WIFSTOPPED(status)) {
		thread->seized = false;
		thread->error = ESRCH;
		return;
	}
	thread->stopped = true;
	/* Not the stop that was asked for, but one on the way to deliver a signal. */
	if (!(status >> 16))
		thread->signal = WSTOPSIG(status);
	else
		thread->was_stopped = WSTOPSIG(status) != SIGTRAP;
	read_registers(thread);
}

/* How many have not stopped yet. */
static size_t poll_stopped(struct process_threads *threads, size_t first)
{
	size_t missing = 0;

	for (size_t i = first; i < threads->count; i++) {
		struct process_thread *thread = &threads->items[i];
		int status;
		pid_t got;

		if (!thread->seized || thread->stopped)
			continue;
		got = waitpid(thread->tid, &status, __WALL | WNOHANG);
		if (got == thread->tid)
			take_status(thread, status);
		else if (got < 0)
			take_status(thread, 0);
		else
			missing++;
	}
	return missing;
}

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void wait_stopped(struct process_threads *threads, size_t first, uint64_t deadline)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	while (poll_stopped(threads, first) && now_ns() < deadline)
		nanosleep(&pause, NULL);
	for (size_t i = first; i < threads->count; i++)
		if (threads->items[i].seized && !threads->items[i].stopped)
			threads->items[i].error = ETIMEDOUT;
}

static void stop(struct process_threads *threads, size_t first, int leave_tid, uint64_t deadline)
{
	for (size_t i = first; i < threads->count; i++)
		if (threads->items[i].tid != leave_tid)
			seize(&threads->items[i]);
	for (size_t i = first; i < threads->count; i++)
		if (threads->items[i].seized)
			ptrace(PTRACE_INTERRUPT, threads->items[i].tid, NULL, NULL);
	wait_stopped(threads, first, deadline);
}

/* Until no more appear. */
static struct crashinfo_error *stop_all(const struct process_threads_options *options,
					struct process_threads *threads)
{
	unsigned timeout = options->timeout_ms ? options->timeout_ms : STOP_MS;
	uint64_t deadline = now_ns() + (uint64_t)timeout * 1000000;
	struct crashinfo_error *error = NULL;

	for (unsigned round = 0; !error && round < ROUNDS_MAX; round++) {
		size_t first = round ? threads->count : 0;

		error = list(threads, options->max);
		if (!error)
			name_threads(threads, first, !options->names_only);
		if (error || first == threads->count || options->names_only)
			break;
		stop(threads, first, options->leave_tid, deadline);
	}
	return error;
}

struct crashinfo_error *process_threads_stop(const struct process_threads_options *options,
					     struct process_threads *ret)
{
	struct process_threads threads = {.task_fd = -1};
	struct crashinfo_error *error = NULL;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", options->pid);
	threads.task_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (threads.task_fd < 0)
		return crashinfo_error_from_errno(errno, "cannot list the threads of process %d",
						  options->pid);
	if (options->leave_tid)
		error = add(&threads, options->leave_tid);
	/* Which others there are does not matter then. */
	if (!error && options->names_only && options->max && threads.count == options->max)
		name_threads(&threads, 0, false);
	else if (!error)
		error = stop_all(options, &threads);
	if (error)
		process_threads_deinit(&threads);
	else
		*ret = threads;
	return error;
}

static void release(struct process_thread *thread)
{
	int status;

	/* One that did not stop can't be detached from; it is let go when we end. */
	if (!thread->seized)
		return;
	if (!thread->stopped && waitpid(thread->tid, &status, __WALL | WNOHANG) == thread->tid)
		thread->stopped = WIFSTOPPED(status);
	if (thread->stopped)
		ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(intptr_t)thread->signal);
	thread->seized = thread->stopped = false;
}

void process_threads_release(struct process_threads *threads)
{
	for (size_t i = 0; i < threads->count; i++)
		release(&threads->items[i]);
	take_names(threads);
	if (threads->task_fd >= 0)
		close(threads->task_fd);
	threads->task_fd = -1;
}

void process_threads_deinit(struct process_threads *threads)
{
	process_threads_release(threads);
	free(threads->items);
	*threads = (struct process_threads){.task_fd = -1};
}
