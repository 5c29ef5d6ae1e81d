/* SPDX-License-Identifier: Apache-2.0 */
/* Sandboxes, namespaces, other folders, and threads and handlers in odd places. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if __has_include(<linux/filter.h>)
#include <linux/filter.h>
#include <linux/seccomp.h>
#define HAS_FILTERS
#endif

#include "ddcrash.h"
#include "matrix.h"

/* --- filters ---------------------------------------------------------------------------------- */

#ifdef HAS_FILTERS
/* One system call gets the answer. */
static void answer(int call, unsigned how)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, how),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = sizeof(program) / sizeof(program[0]), .filter = program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		not_here();
}

#define TRAPPED(name, call)                     \
	static void name(void)                  \
	{                                       \
		answer(call, SECCOMP_RET_TRAP); \
		outer(write_null);              \
		NOT_A_TAIL_CALL();              \
	}

TRAPPED(traps_reading, SYS_process_vm_readv)
TRAPPED(traps_clone, SYS_clone)
TRAPPED(traps_pair, SYS_socketpair)
TRAPPED(traps_limit, SYS_prlimit64)

/* Without a receiver, whose tools make this call, too. */
static void traps_prctl(void)
{
	if (getenv("RECEIVER"))
		not_here();
	answer(SYS_prctl, SECCOMP_RET_TRAP);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void traps_open(void)
{
	start_collector_with_descriptor();
	answer(SYS_openat, SECCOMP_RET_TRAP);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void no_open(void)
{
	start_collector_with_descriptor();
	answer(SYS_openat, SECCOMP_RET_ERRNO | 1);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void no_sending(void)
{
	answer(SYS_rt_tgsigqueueinfo, SECCOMP_RET_ERRNO | 1);
	outer(abort);
	NOT_A_TAIL_CALL();
}
#else
#define traps_reading not_here
#define traps_clone   not_here
#define traps_pair    not_here
#define traps_prctl   not_here
#define traps_limit   not_here
#define traps_open    not_here
#define no_open       not_here
#define no_sending    not_here
#endif

/* --- namespaces ------------------------------------------------------------------------------- */

static NOINLINE void child_main(void (*how)(void))
{
	outer(how);
	NOT_A_TAIL_CALL();
}

static void die_like(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		not_here();
	signal(WTERMSIG(status), SIG_DFL);
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

/* The first process of its own: what it knows as 1 is another process in /proc. */
static void first_process(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		not_here();
	pid = fork();
	if (!pid)
		child_main(write_null);
	die_like(pid);
}

/* Not the first one, so that all signals end it. */
static void later_process(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		not_here();
	pid = fork();
	if (!pid) {
		pid = fork();
		if (!pid)
			child_main(abort);
		die_like(pid);
	}
	die_like(pid);
}

static void other_users(void)
{
	if (unshare(CLONE_NEWUSER))
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* --- limits and rights ------------------------------------------------------------------------ */

static void no_pending_signals(void)
{
	struct rlimit none = {0};

	setrlimit(RLIMIT_SIGPENDING, &none);
	outer(abort);
	NOT_A_TAIL_CALL();
}

static void no_children(void)
{
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void locked_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* --- names and folders ------------------------------------------------------------------------ */

#define SECOND_RUN "MATRIX_CONFINED_RUN"

static int is_second_run(void)
{
	return getenv(SECOND_RUN) != NULL;
}

static void own_path(char *path, size_t size)
{
	ssize_t got = readlink("/proc/self/exe", path, size - 1);

	path[got < 0 ? 0 : got] = '\0';
}

static void run_again(const char *path, const char *scenario)
{
	const char *const argv[] = {path, scenario, output, NULL};

	setenv(SECOND_RUN, "1", 1);
	execv(path, (char **)argv);
	not_here();
}

static void copy_to(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	char buffer[4096];
	ssize_t size;

	while ((size = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)size) != size)
			not_here();
	close(from);
	close(to);
}

#define ODD_FOLDER "DD_CRASHTRACK_\n\"od\\d\" \303\251\377\t\\012 (deleted)"

static void odd_path(void)
{
	static char self[4096], path[4300];

	own_path(self, sizeof(self));
	snprintf(path, sizeof(path), "%s/%s", ODD_FOLDER, strrchr(self, '/') + 1);
	if (!is_second_run()) {
		if (mkdir(ODD_FOLDER, 0700))
			not_here();
		copy_to(path);
		run_again(path, "odd-path");
	}
	prctl(PR_SET_NAME, "DD_\n\"\\\377\303\251\001\033[0m", 0, 0, 0);
	unlink(path);
	rmdir(ODD_FOLDER);
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* Another program takes the name of this one. */
static void replaced_program(void)
{
	static char self[4096], path[4300], other[4300];
	int fd;

	own_path(self, sizeof(self));
	snprintf(path, sizeof(path), "./%s", strrchr(self, '/') + 1);
	snprintf(other, sizeof(other), "./%s.new", strrchr(self, '/') + 1);
	if (!is_second_run()) {
		unlink(path);
		copy_to(path);
		run_again(path, "program-replaced");
	}
	fd = open(other, O_WRONLY | O_CREAT, 0700);
	if (write(fd, "\177ELF", 4) != 4 || rename(other, path))
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void no_folder(void)
{
	if (mkdir("gone", 0700) || chdir("gone") || rmdir("../gone"))
		not_here();
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void endless_stack(void)
{
	struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	if (!is_second_run()) {
		setrlimit(RLIMIT_STACK, &none);
		run_again("/proc/self/exe", "stack-endless");
	}
	outer(write_null);
	NOT_A_TAIL_CALL();
}

/* --- threads ---------------------------------------------------------------------------------- */

static void *sleeps(void *unused)
{
	prctl(PR_SET_NAME, "odd\n\"\\\377\001", 0, 0, 0);
	pause();
	return unused;
}

static NOINLINE void in_child_of_threads(void)
{
	pthread_t thread;
	pid_t pid;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, sleeps, NULL);
	usleep(1000);
	pid = fork();
	if (!pid)
		child_main(write_null);
	die_like(pid);
}

static void at_fork(void)
{
	write_null();
	NOT_A_TAIL_CALL();
}

static NOINLINE void prepares_fork(void)
{
	pthread_atfork(at_fork, NULL, NULL);
	fork();
	NOT_A_TAIL_CALL();
}

static NOINLINE void cleans_up(void *unused)
{
	(void)unused;
	write_null();
	NOT_A_TAIL_CALL();
}

static NOINLINE void waits_for_end(void)
{
	pthread_cleanup_push(cleans_up, NULL);
	for (;;)
		sleep(10);
	pthread_cleanup_pop(0);
}

static NOINLINE void *cancelled(void *unused)
{
	ddcrash_thread_start();
	waits_for_end();
	NOT_A_TAIL_CALL();
	return unused;
}

static void cancels_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, cancelled, NULL);
	usleep(1000);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

/* --- handlers --------------------------------------------------------------------------------- */

static NOINLINE void last_handler(int signo)
{
	sink = signo;
	write_null();
	NOT_A_TAIL_CALL();
}

static NOINLINE void next_handler(int signo)
{
	sink = signo;
	raise(signo == SIGUSR1 ? SIGUSR2 : SIGHUP);
	NOT_A_TAIL_CALL();
}

static NOINLINE void three_handlers(void)
{
	static char stack[1 << 17];
	struct sigaction action = {.sa_handler = next_handler, .sa_flags = SA_ONSTACK};
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR2, &action, NULL);
	action.sa_flags = 0;
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGHUP, last_handler);
	raise(SIGUSR1);
	NOT_A_TAIL_CALL();
}

static NOINLINE void child_ends(void)
{
	signal(SIGCHLD, last_handler);
	if (!fork())
		_exit(0);
	for (;;)
		sleep(10);
	NOT_A_TAIL_CALL();
}

static NOINLINE void pipe_ends(void)
{
	int fds[2];

	signal(SIGPIPE, last_handler);
	if (pipe(fds) || close(fds[0]) || write(fds[1], "", 1) < 0)
		not_here();
	NOT_A_TAIL_CALL();
}

static sigjmp_buf back;

static void leaves_handler(int signo)
{
	(void)signo;
	siglongjmp(back, 1);
}

static NOINLINE void left_handler(void)
{
	static char stack[1 << 17];
	struct sigaction action = {.sa_handler = leaves_handler, .sa_flags = SA_ONSTACK};
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	if (!sigsetjmp(back, 1))
		raise(SIGUSR1);
	write_null();
	NOT_A_TAIL_CALL();
}

const struct scenario confined_scenarios[] = {
	{"trap-reading", traps_reading, NULL, "write_null inner outer traps_reading main", NULL},
	{"trap-clone", traps_clone, NULL, "write_null inner outer traps_clone main", NULL},
	{"trap-pair", traps_pair, NULL, "write_null inner outer traps_pair main", NULL},
	{"trap-prctl", traps_prctl, NULL, "write_null inner outer traps_prctl main", NULL},
	{"trap-limit", traps_limit, NULL, "write_null inner outer traps_limit main", NULL},
	{"trap-open", traps_open, NULL, "write_null inner outer traps_open main", NULL, 1},
	{"no-open", no_open, NULL, "write_null inner outer no_open main", NULL, 1},
	{"no-sending", no_sending, NULL, "inner outer no_sending main", NULL},
	{"process-1", first_process, NULL, "write_null inner outer child_main first_process main",
	 NULL},
	{"process-2", later_process, NULL, "inner outer child_main later_process main", NULL},
	{"other-users", other_users, NULL, "write_null inner outer other_users main", NULL},
	{"no-pending", no_pending_signals, NULL, "inner outer no_pending_signals main", NULL},
	{"no-children", no_children, NULL, "write_null inner outer no_children main", NULL},
	{"locked", locked_memory, NULL, "write_null inner outer locked_memory main", NULL},
	{"odd-path", odd_path, NULL, "write_null inner outer odd_path main", NULL},
	{"program-replaced", replaced_program, NULL, "write_null inner outer replaced_program main",
	 NULL},
	{"no-folder", no_folder, NULL, "write_null inner outer no_folder main", NULL},
	{"stack-endless", endless_stack, NULL, "write_null inner outer endless_stack main", NULL},
	{"fork-of-threads", NULL, in_child_of_threads,
	 "write_null inner outer child_main in_child_of_threads", NULL},
	{"at-fork", NULL, prepares_fork, "write_null at_fork prepares_fork", NULL},
	{"thread-cancelled", cancels_thread, NULL, "write_null cleans_up waits_for_end cancelled",
	 AT_LIBC},
	{"handlers", NULL, three_handlers, "write_null last_handler next_handler*2 three_handlers",
	 NULL},
	{"handler-child", NULL, child_ends, "write_null last_handler child_ends", NULL},
	{"handler-pipe", NULL, pipe_ends, "write_null last_handler pipe_ends", NULL},
	{"handler-left", NULL, left_handler, "write_null left_handler", NULL},
	{0},
};
