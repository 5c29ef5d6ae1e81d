/* SPDX-License-Identifier: Apache-2.0 */
#include "process/threads.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
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
/* What is done in so short a time is waited for without sleeping. */
#define SPIN_NS 300000
/* Times that others get the processor before we sleep. */
#define YIELDS_MAX 1000

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
 * Listing many threads and reading their names takes longer than stopping them does. So another
 * thread of ours lists them, and traces its share of them; names are read by whoever waits. The
 * state of a thread that was stopped is told by what stopping it has interrupted.
 */
struct process_helper {
	pthread_t thread;
	int task_fd, leave_tid;
	uint64_t deadline;
	struct process_thread *items; /* stay where they are; filled from the front */
	size_t room;
	size_t share;                  /* from this one on they are the helper's */
	size_t total;                  /* that there were, */
	struct crashinfo_error *error; /* and why not all were seen; both when `has_listed` */
	atomic_size_t count, named;    /* items that are there, and whose name somebody reads */
	atomic_bool has_listed, has_stopped, has_released;
	sem_t release;
};

/* Read the name of one that has none yet; whether there was one. */
static bool read_next_name(struct process_helper *helper)
{
	size_t at = atomic_load(&helper->named);

	do {
		if (at >= atomic_load(&helper->count))
			return false;
	} while (!atomic_compare_exchange_weak(&helper->named, &at, at + 1));
	read_name(helper->task_fd, &helper->items[at]);
	return true;
}

/* All that are left; whether there were any. */
static bool read_names(struct process_helper *helper)
{
	bool found = false;

	while (read_next_name(helper))
		found = true;
	return found;
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

static void init_thread(struct process_thread *thread, int tid)
{
	*thread = (struct process_thread){.tid = tid, .state = '?'};
	snprintf(thread->name, sizeof(thread->name), "%d", tid);
}

static struct crashinfo_error *add(struct process_threads *threads, int tid)
{
	if (!process_grow(&threads->items, threads->count, &threads->capacity,
			  sizeof(*threads->items)))
		return crashinfo_error_no_memory();
	init_thread(&threads->items[threads->count++], tid);
	return NULL;
}

static struct crashinfo_error *open_list(int task_fd, DIR **ret)
{
	int fd = openat(task_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct crashinfo_error *error;

	if (!dir) {
		error = crashinfo_error_from_errno(errno, "cannot list the threads");
		if (fd >= 0)
			close(fd);
		return error;
	}
	*ret = dir;
	return NULL;
}

/* 0 at the end. */
static int next_tid(DIR *dir)
{
	struct dirent *entry;
	int tid = 0;

	while (tid <= 0 && (entry = readdir(dir)))
		tid = atoi(entry->d_name);
	return tid > 0 ? tid : 0;
}

/* The helper's items stay where they are. */
static bool has_room(const struct process_threads *threads, size_t max)
{
	return (!max || threads->count < max) &&
	       (!threads->helper || threads->count < threads->capacity);
}

/* Add those that are new; *total counts them all. */
static struct crashinfo_error *list(struct process_threads *threads, size_t max)
{
	size_t total = 0, known = threads->count, at = 0;
	struct crashinfo_error *error;
	DIR *dir;
	int tid;

	error = open_list(threads->task_fd, &dir);
	if (error)
		return error;
	while (!error && (tid = next_tid(dir))) {
		total++;
		if (!is_known(threads, known, tid, &at) && has_room(threads, max))
			error = add(threads, tid);
	}
	closedir(dir);
	if (total > threads->total)
		threads->total = total;
	return error;
}

/* How many the kernel says there are, 0 when it does not. */
static size_t count_threads(int task_fd)
{
	struct stat status;

	/* A folder has two links and one for each of those in it. */
	return fstat(task_fd, &status) || status.st_nlink < 2 ? 0 : (size_t)status.st_nlink - 2;
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

/* Threads that one thread of ours traces, and no other can. */
struct share {
	struct process_thread *items;
	size_t count;
	int leave_tid;
	struct process_helper *helper; /* NULL when there is none */
};

static void seize_share(const struct share *share)
{
	for (size_t i = 0; i < share->count; i++)
		if (share->items[i].tid != share->leave_tid)
			seize(&share->items[i]);
}

static void interrupt_share(const struct share *share)
{
	for (size_t i = 0; i < share->count; i++)
		if (share->items[i].seized)
			ptrace(PTRACE_INTERRUPT, share->items[i].tid, NULL, NULL);
}

/* How many have not stopped yet. */
static size_t poll_stopped(const struct share *share)
{
	size_t missing = 0;

	for (size_t i = 0; i < share->count; i++) {
		struct process_thread *thread = &share->items[i];
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

/* What others take is time for names; then they need the processor. */
static void let_others_run(struct process_helper *helper, unsigned nth)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	if (helper && read_names(helper))
		return;
	if (nth < YIELDS_MAX)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}

static void wait_stopped(const struct share *share, uint64_t deadline)
{
	for (unsigned n = 0; poll_stopped(share) && now_ns() < deadline; n++)
		let_others_run(share->helper, n);
	for (size_t i = 0; i < share->count; i++)
		if (share->items[i].seized && !share->items[i].stopped)
			share->items[i].error = ETIMEDOUT;
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

static void release_share(const struct share *share)
{
	for (size_t i = 0; i < share->count; i++)
		release(&share->items[i]);
}

/* --- the helper ------------------------------------------------------------------------------- */

static void list_aside(struct process_helper *helper)
{
	size_t count = atomic_load(&helper->count);
	DIR *dir;
	int tid;

	helper->error = open_list(helper->task_fd, &dir);
	while (!helper->error && (tid = next_tid(dir))) {
		helper->total++;
		if (tid == helper->leave_tid || count == helper->room)
			continue;
		init_thread(&helper->items[count], tid);
		atomic_store(&helper->count, ++count);
	}
	if (!helper->error)
		closedir(dir);
	atomic_store(&helper->has_listed, true);
}

static struct share share_of(struct process_helper *helper)
{
	size_t count = atomic_load(&helper->count);

	return (struct share){
		.items = helper->items + helper->share,
		.count = count > helper->share ? count - helper->share : 0,
		.leave_tid = helper->leave_tid,
		.helper = helper,
	};
}

static void *help(void *argument)
{
	struct process_helper *helper = argument;
	struct share share;

	list_aside(helper);
	share = share_of(helper);
	seize_share(&share);
	interrupt_share(&share);
	wait_stopped(&share, helper->deadline);
	atomic_store(&helper->has_stopped, true);
	read_names(helper);
	while (sem_wait(&helper->release))
		continue;
	release_share(&share);
	atomic_store(&helper->has_released, true);
	return NULL;
}

/* `expected` is how many threads there are. */
static void begin_helper(const struct process_threads_options *options,
			 struct process_threads *threads, size_t expected)
{
	size_t room = options->max && options->max < 2 * expected ? options->max : 2 * expected;
	struct process_helper *helper = calloc(1, sizeof(*helper));
	struct process_thread *items = reallocarray(threads->items, room, sizeof(*items));

	if (items) {
		threads->items = items;
		threads->capacity = room;
	}
	if (!items || !helper) {
		free(helper);
		return;
	}
	*helper = (struct process_helper){
		.task_fd = threads->task_fd,
		.leave_tid = options->leave_tid,
		.deadline = threads->deadline,
		.items = items,
		.room = room,
		.share = (room < expected ? room : expected) / 2,
	};
	atomic_init(&helper->count, threads->count);
	sem_init(&helper->release, 0, 0);
	if (pthread_create(&helper->thread, NULL, help, helper)) {
		free(helper);
		return;
	}
	threads->helper = helper;
}

/* Wait until it has released its threads. Who sleeps now has to wait for all that were let go
 * before it runs again. */
static void wait_helper(struct process_helper *helper)
{
	uint64_t deadline = now_ns() + SPIN_NS;

	read_names(helper);
	while (!atomic_load(&helper->has_released) && now_ns() < deadline)
		continue;
	while (!atomic_load(&helper->has_released))
		let_others_run(NULL, YIELDS_MAX);
}

/* What it has found out besides. */
static void take_states(struct process_threads *threads)
{
	size_t count = atomic_load(&threads->helper->count);

	for (size_t i = 0; i < count; i++) {
		struct process_thread *thread = &threads->items[i];

		if (!thread->has_registers)
			read_stat(threads->task_fd, thread);
		else if (thread->was_stopped)
			thread->state = 'T';
		else
			thread->state = thread->was_waiting ? 'S' : 'R';
	}
}

static void end_helper(struct process_helper *helper)
{
	if (!helper)
		return;
	pthread_join(helper->thread, NULL);
	crashinfo_error_destroy(helper->error);
	sem_destroy(&helper->release);
	free(helper);
}

/* Those that are not the helper's. */
static struct share own_share(const struct process_threads *threads, size_t first, size_t end,
			      int leave_tid)
{
	return (struct share){threads->items + first, end - first, leave_tid, threads->helper};
}

/* Seize our share as it is listed, then stop it. */
static struct crashinfo_error *stop_with_helper(struct process_threads *threads, int leave_tid,
						uint64_t deadline)
{
	struct process_helper *helper = threads->helper;
	struct crashinfo_error *error;
	bool has_listed = false;
	struct share share;
	size_t ours = 0;

	while (!has_listed) {
		size_t first = ours, count;

		has_listed = atomic_load(&helper->has_listed);
		count = atomic_load(&helper->count);
		ours = count < helper->share ? count : helper->share;
		share = own_share(threads, first, ours, leave_tid);
		seize_share(&share);
		if (ours == first && !has_listed && !read_next_name(helper))
			sched_yield();
	}
	threads->count = atomic_load(&helper->count);
	threads->total = helper->total;
	share = own_share(threads, 0, ours, leave_tid);
	interrupt_share(&share);
	wait_stopped(&share, deadline);
	for (unsigned n = 0; !atomic_load(&helper->has_stopped); n++)
		let_others_run(helper, n);
	error = helper->error;
	helper->error = NULL;
	return error;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Whether there can be no others: all that could start one have stopped. */
static bool are_all_stopped(const struct process_threads *threads, int leave_tid)
{
	size_t living = 0;

	for (size_t i = 0; i < threads->count; i++) {
		const struct process_thread *thread = &threads->items[i];

		if (thread->error == ESRCH)
			continue;
		if (!thread->stopped && thread->tid != leave_tid)
			return false;
		living++;
	}
	return living == count_threads(threads->task_fd);
}

/* List those that are not known, and stop them. */
static struct crashinfo_error *stop_more(const struct process_threads_options *options,
					 struct process_threads *threads, size_t first,
					 uint64_t deadline)
{
	struct crashinfo_error *error = list(threads, options->max);
	struct share share;

	if (error)
		return error;
	for (size_t i = first; i < threads->count; i++)
		read_stat(threads->task_fd, &threads->items[i]);
	if (options->names_only)
		return NULL;
	share = own_share(threads, first, threads->count, options->leave_tid);
	seize_share(&share);
	interrupt_share(&share);
	wait_stopped(&share, deadline);
	return NULL;
}

/* Until no more appear. */
static struct crashinfo_error *stop_all(const struct process_threads_options *options,
					struct process_threads *threads)
{
	bool is_helped = threads->helper;
	struct crashinfo_error *error;

	error = is_helped ? stop_with_helper(threads, options->leave_tid, threads->deadline)
			  : stop_more(options, threads, 0, threads->deadline);
	for (unsigned round = 1; !error && !options->names_only && round < ROUNDS_MAX; round++) {
		size_t first = threads->count;

		if (are_all_stopped(threads, options->leave_tid))
			break;
		error = stop_more(options, threads, first, threads->deadline);
		if (first == threads->count)
			break;
	}
	return error;
}

static void begin(const struct process_threads_options *options, struct process_threads *threads)
{
	unsigned timeout = options->timeout_ms ? options->timeout_ms : STOP_MS;
	size_t expected = options->names_only ? 0 : count_threads(threads->task_fd);

	threads->deadline = now_ns() + (uint64_t)timeout * 1000000;
	/* Without it all is done here. */
	if (expected >= MANY)
		begin_helper(options, threads, expected);
}

struct crashinfo_error *process_threads_begin(const struct process_threads_options *options,
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
	if (error) {
		process_threads_deinit(&threads);
		return error;
	}
	begin(options, &threads);
	*ret = threads;
	return NULL;
}

bool process_threads_are_listed(const struct process_threads *threads)
{
	return !threads->helper || atomic_load(&threads->helper->has_listed);
}

struct crashinfo_error *process_threads_finish(const struct process_threads_options *options,
					       struct process_threads *threads)
{
	/* Which others there are does not matter then. */
	if (options->names_only && options->max && threads->count == options->max) {
		read_stat(threads->task_fd, &threads->items[0]);
		return NULL;
	}
	return stop_all(options, threads);
}

struct crashinfo_error *process_threads_stop(const struct process_threads_options *options,
					     struct process_threads *ret)
{
	struct process_threads threads;
	struct crashinfo_error *error = process_threads_begin(options, &threads);

	if (error)
		return error;
	error = process_threads_finish(options, &threads);
	if (error)
		process_threads_deinit(&threads);
	else
		*ret = threads;
	return error;
}

static void release_with_helper(struct process_threads *threads)
{
	struct process_helper *helper = threads->helper;
	size_t count = atomic_load(&helper->count);
	size_t ours = helper->share < count ? helper->share : count;
	struct share before = own_share(threads, 0, ours, 0);
	/* Those that were found later. */
	struct share behind = own_share(threads, count, threads->count, 0);

	sem_post(&helper->release);
	release_share(&before);
	release_share(&behind);
	wait_helper(helper);
	take_states(threads);
}

void process_threads_release(struct process_threads *threads)
{
	struct share all = own_share(threads, 0, threads->count, 0);

	if (threads->task_fd < 0)
		return;
	if (threads->helper)
		release_with_helper(threads);
	else
		release_share(&all);
	close(threads->task_fd);
	threads->task_fd = -1;
}

void process_threads_deinit(struct process_threads *threads)
{
	process_threads_release(threads);
	end_helper(threads->helper);
	free(threads->items);
	*threads = (struct process_threads){.task_fd = -1};
}
