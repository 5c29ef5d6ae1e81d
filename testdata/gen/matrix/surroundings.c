/* SPDX-License-Identifier: Apache-2.0 */
/* What is around a program when it crashes: rights, limits, descriptors, its file, its threads. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matrix.h"

/* --- rights ----------------------------------------------------------------------------------- */

static void not_dumpable(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* Nobody may not make files where root may. */
static void other_user(void)
{
	start_collector_with_descriptor();
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* Without /proc, and without the folder of the report. */
static void in_chroot(void)
{
	start_collector_with_descriptor();
	if (mkdir("empty", 0700) || chroot("empty") || rmdir("empty")) {
		rmdir("empty");
		not_here();
	}
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* --- limits ----------------------------------------------------------------------------------- */

static void set_limit(int resource, rlim_t value, int can_be_raised)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = value;
	if (!can_be_raised)
		limit.rlim_max = value;
	setrlimit(resource, &limit);
}

static void small_stack_limit(void)
{
	set_limit(RLIMIT_STACK, 16 << 10, 1);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* Which a receiver can't live with. */
static void hard_stack_limit(void)
{
	set_limit(RLIMIT_STACK, 16 << 10, 0);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* No stream can be written. */
static void no_files(void)
{
	if (!getenv("RECEIVER"))
		not_here();
	set_limit(RLIMIT_FSIZE, 0, 1);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void little_memory(void)
{
	set_limit(RLIMIT_AS, 1, 1);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void no_time(void)
{
	/* Of the processor, a second; a report takes none. */
	set_limit(RLIMIT_CPU, 1, 0);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void many_maps(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	/* Every other one differs, so that they stay apart. */
	for (int i = 0; i < 3000; i++)
		if (mmap(NULL, 4096, PROT_READ, i % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0) ==
		    MAP_FAILED)
			not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* --- descriptors and stacks ------------------------------------------------------------------- */

static void no_standard(void)
{
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* As much as is documented to be enough for a handler; what lies below is somebody else's. */
static struct {
	char below[1 << 16];
	char stack[1 << 13];
} alternate;

static void damages(int signo)
{
	for (size_t i = 0; i < sizeof(alternate.below); i++)
		if (alternate.below[i] != 'x')
			_exit(90);
	signal(signo, SIG_DFL);
	raise(signo);
}

static void small_alternate_stack(void)
{
	stack_t stack = {.ss_sp = alternate.stack, .ss_size = sizeof(alternate.stack)};

	memset(alternate.below, 'x', sizeof(alternate.below));
	signal(SIGSEGV, damages);
	start_collector();
	if (sigaltstack(&stack, NULL))
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* Nothing can be read where the stack should be, and nothing else tells who called. */
static NOINLINE void lose_stack(void)
{
#ifdef __x86_64__
	__asm__ volatile("xor %%ebp, %%ebp\n\tmov $4096, %%rsp\n\tpush %%rax" ::: "memory");
#else
	__asm__ volatile(
		"mov x29, xzr\n\tmov x30, xzr\n\tmov x9, #4096\n\tmov sp, x9\n\tstr x9, [sp]" ::
			: "x9", "memory");
#endif
	NOT_A_TAIL_CALL();
}

#ifdef __aarch64__
/* The frame pointer still tells where the frame is, which is larger than what it points to. */
static NOINLINE void lose_stack_pointer(void)
{
	char large[256];

	__asm__ volatile("mov x9, #4096\n\tmov sp, x9\n\tstr x9, [sp]" ::"r"(large)
			 : "x9", "x30", "memory");
	NOT_A_TAIL_CALL();
}

/* What is there of frames from before looks like one. */
static NOINLINE void leave_frames(void)
{
	char large[256];

	__asm__ volatile("" ::"r"(large) : "x19", "x20", "x21", "x22", "x30", "memory");
	lose_stack_pointer();
	NOT_A_TAIL_CALL();
}
#endif

/* --- the program's file ----------------------------------------------------------------------- */

#define SECOND_RUN "MATRIX_SECOND_RUN"

static const char *own_name(void)
{
	static char path[4096];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[size < 0 ? 0 : size] = '\0';
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

/* A copy of the program in `fd`. */
static void copy_program(int fd)
{
	int from = open("/proc/self/exe", O_RDONLY);
	char buffer[4096];
	ssize_t size;

	while ((size = read(from, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, (size_t)size) != size)
			not_here();
	close(from);
}

/* Run `path` as this scenario, in which `is_second_run()` holds. */
static void run_again(const char *path, const char *scenario)
{
	const char *const argv[] = {path, scenario, output, NULL};

	setenv(SECOND_RUN, "1", 1);
	execv(path, (char **)argv);
}

static int is_second_run(void)
{
	return getenv(SECOND_RUN) != NULL;
}

static void deleted_program(void)
{
	char path[4098] = "./";
	int fd;

	strcat(path, own_name());
	if (!is_second_run()) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
		copy_program(fd);
		close(fd);
		run_again(path, "program-deleted");
	}
	/* Where the emulator's own file is what runs there is nothing to delete. */
	if (unlink(path) || !is_second_run())
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void program_in_memory(void)
{
	char path[64];
	int fd;

	if (!is_second_run()) {
		fd = memfd_create(own_name(), MFD_CLOEXEC);
		copy_program(fd);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		run_again(path, "program-in-memory");
		not_here();
	}
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void large_environment(void)
{
	static char value[100 << 10];
	char name[32];

	if (!is_second_run()) {
		memset(value, 'v', sizeof(value) - 1);
		for (int i = 0; i < 12; i++) {
			snprintf(name, sizeof(name), "LARGE%d", i);
			setenv(name, value, 1);
		}
		run_again("/proc/self/exe", "large-environment");
		not_here();
	}
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* --- threads ---------------------------------------------------------------------------------- */

static void *ends(void *unused)
{
	return unused;
}

static void *makes_threads(void *unused)
{
	for (;;) {
		pthread_t thread;

		if (!pthread_create(&thread, NULL, ends, NULL))
			pthread_join(thread, NULL);
	}
	return unused;
}

static void threads_end(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, makes_threads, NULL);
	usleep(20000);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

const struct scenario surrounding_scenarios[] = {
	{"not-dumpable", not_dumpable, NULL, "write_null inner outer not_dumpable main", NULL},
	{"other-user", other_user, NULL, "write_null inner outer other_user main", NULL, 1},
	{"chroot", in_chroot, NULL, "write_null inner outer in_chroot main", NULL, 1},
	{"stack-limit", small_stack_limit, NULL, "write_null inner outer small_stack_limit main",
	 NULL},
	{"stack-limit-hard", hard_stack_limit, NULL, "write_null inner outer hard_stack_limit main",
	 NULL},
	{"no-files", no_files, NULL, "write_null inner outer no_files main", NULL},
	{"little-memory", little_memory, NULL, "write_null inner outer little_memory main", NULL},
	{"no-time", no_time, NULL, "write_null inner outer no_time main", NULL},
	{"many-maps", many_maps, NULL, "write_null inner outer many_maps main", NULL},
	{"no-standard", no_standard, NULL, "write_null inner outer no_standard main", NULL},
	{"small-alternate-stack", small_alternate_stack, NULL,
	 "write_null inner outer small_alternate_stack main", NULL, 1},
	{"lose-stack", lose_stack, NULL, "lose_stack", ANYWHERE},
#ifdef __aarch64__
	{"lose-stack-pointer", leave_frames, NULL, "lose_stack_pointer leave_frames main", NULL},
#endif
	{"program-deleted", deleted_program, NULL, "write_null inner outer deleted_program main",
	 NULL},
	{"program-in-memory", program_in_memory, NULL,
	 "write_null inner outer program_in_memory main", NULL},
	{"large-environment", large_environment, NULL,
	 "write_null inner outer large_environment main", NULL},
	{"threads-end", threads_end, NULL, "write_null inner outer threads_end main", NULL},
	{0},
};
