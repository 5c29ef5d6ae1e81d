/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, filters, children, and the times before and after main. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* musl's compiler wrapper does not find the kernel's headers. */
#if __has_include(<linux/filter.h>)
#include <linux/filter.h>
#include <linux/seccomp.h>
#define HAS_FILTERS
#endif

#include "matrix.h"

/* --- before and after main -------------------------------------------------------------------- */

/* musl passes no arguments to constructors. */
static const char *argument(char *text, size_t size, unsigned number)
{
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t got = read(fd, text, size - 1);
	const char *at = text, *end = text + (got < 0 ? 0 : got);

	close(fd);
	text[got < 0 ? 0 : got] = 0;
	while (number-- && at < end)
		at += strlen(at) + 1;
	return at < end ? at : NULL;
}

__attribute__((constructor)) static void before_main(void)
{
	static char text[8192];
	const char *scenario = argument(text, sizeof(text), 1);

	if (!scenario || strcmp(scenario, "constructor"))
		return;
	output = argument(text, sizeof(text), 2);
	start_collector();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static int crashes_late;

static NOINLINE void at_exit(void)
{
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void leave(void)
{
	atexit(at_exit);
	exit(0);
}

__attribute__((destructor)) static void after_main(void)
{
	if (!crashes_late)
		return;
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void late(void)
{
	crashes_late = 1;
}

static void not_early(void)
{
	_exit(66);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void no_descriptors(void)
{
	struct rlimit limit = {.rlim_cur = 16, .rlim_max = 64};

	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(0) >= 0)
		;
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void no_processes(void)
{
	struct rlimit none = {0};

	setrlimit(RLIMIT_NPROC, &none);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void no_memory(void)
{
	struct rlimit none = {0};

	setrlimit(RLIMIT_AS, &none);
	setrlimit(RLIMIT_DATA, &none);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

#ifdef HAS_FILTERS
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void refuse(const int *calls, size_t count, unsigned answer)
{
	struct sock_filter program[32] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog prog = {.len = 1, .filter = program};

	for (size_t i = 0; i < count; i++) {
		program[prog.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								   (unsigned)calls[i], 0, 1);
		program[prog.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
	}
	program[prog.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		not_here();
}

static void no_clone(void)
{
	static const int calls[] = {SYS_clone, SYS_clone3, SYS_execve, SYS_execveat,
#ifdef SYS_fork
				    SYS_fork,  SYS_vfork
#endif
	};

	refuse(calls, COUNT(calls), SECCOMP_RET_ERRNO | EPERM);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void no_reading(void)
{
	static const int calls[] = {SYS_process_vm_readv};

	refuse(calls, COUNT(calls), SECCOMP_RET_ERRNO | EPERM);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void forbidden_call(void)
{
	static const int calls[] = {SYS_getppid};

	refuse(calls, COUNT(calls), SECCOMP_RET_TRAP);
	getppid();
	NOT_A_TAIL_CALL();
}
#else
static void no_clone(void)
{
	not_here();
}

static void no_reading(void)
{
	not_here();
}

static void forbidden_call(void)
{
	not_here();
}
#endif

/* --- children --------------------------------------------------------------------------------- */

static NOINLINE int child_main(void *how)
{
	outer((void (*)(void))how);
	NOT_A_TAIL_CALL();
	return 0;
}

/* Die as the child did; the report is its own. */
static void die_like(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, __WALL);
	signal(WTERMSIG(status), SIG_DFL);
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

static void in_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		child_main((void *)write_null);
	die_like(pid);
}

static void in_vfork(void)
{
	pid_t pid = vfork();

	if (!pid)
		child_main((void *)write_null);
	die_like(pid);
}

/* A process that shares all memory, on a stack of its own. */
static void in_clone(void)
{
	size_t size = 1 << 18;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pid = clone(child_main, stack + size, CLONE_VM | SIGCHLD, (void *)write_null);

	if (pid < 0)
		not_here(); /* emulators can't */
	die_like(pid);
}

static void traced(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			not_here();
		outer(write_null);
		NOT_A_TAIL_CALL();
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)WSTOPSIG(status));
	if (WIFEXITED(status))
		not_here();
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
}

const struct scenario process_scenarios[] = {
	{"constructor", not_early, NULL, "write_null inner outer before_main", NULL},
	{"exit", leave, NULL, "write_null inner outer at_exit leave main", NULL},
	{"destructor", late, NULL, "write_null inner outer after_main", NULL},
	{"no-descriptors", no_descriptors, NULL, "write_null inner outer no_descriptors main",
	 NULL},
	{"no-processes", no_processes, NULL, "write_null inner outer no_processes main", NULL},
	{"no-memory", no_memory, NULL, "write_null inner outer no_memory main", NULL},
	{"no-clone", no_clone, NULL, "write_null inner outer no_clone main", NULL},
	{"no-reading", no_reading, NULL, "write_null inner outer no_reading main", NULL},
	{"forbidden", NULL, forbidden_call, "forbidden_call", NULL},
	{"fork", in_fork, NULL, "write_null inner outer child_main in_fork main", NULL},
	{"vfork", in_vfork, NULL, "write_null inner outer child_main in_vfork main", NULL},
	{"clone", in_clone, NULL, "write_null inner outer child_main", AT_LIBC},
	{"traced", traced, NULL, "write_null inner outer traced main", NULL},
	{0},
};
