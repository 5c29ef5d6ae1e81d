/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dies in a way of your choice.
 *
 *	crash SCENARIO [OUTPUT]
 *
 * With OUTPUT ("fd:N" or a name) the collector is started first. The stack of most scenarios is
 *main, outer, inner and the function that is given to them, so that a test knows what to expect.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

#include "ddcrash.h"

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

static volatile int sink;
static int *volatile null_pointer;
static void (*volatile null_function)(void);
static char data_not_code[64];

/* Keeps calls before it from becoming jumps. */
#define NOT_A_TAIL_CALL() __asm__ volatile("" ::: "memory")

static NOINLINE void inner(void (*how)(void))
{
	how();
	NOT_A_TAIL_CALL();
	sink++;
}

static NOINLINE void outer(void (*how)(void))
{
	char padding[200];

	memset(padding, sink, sizeof(padding));
	inner(how);
	NOT_A_TAIL_CALL();
	sink += padding[sink & 63];
}

/* --- faults ----------------------------------------------------------------------------------- */

static NOINLINE void write_null(void)
{
	*null_pointer = 1;
}

static NOINLINE void call_null(void)
{
	null_function();
	NOT_A_TAIL_CALL();
	sink++;
}

static NOINLINE void call_data(void)
{
	void (*volatile function)(void) = (void (*)(void))(void *)data_not_code;

	function();
	NOT_A_TAIL_CALL();
	sink++;
}

static NOINLINE void divide_by_zero(void)
{
	volatile int zero = 0;

	sink = sink / zero;
}

static NOINLINE void illegal_instruction(void)
{
	__builtin_trap();
}

static NOINLINE void breakpoint(void)
{
	__asm__ volatile("int3");
	NOT_A_TAIL_CALL();
}

static NOINLINE void beyond_end_of_file(void)
{
	FILE *file = tmpfile();
	volatile char *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);

	sink = at[0];
}

static NOINLINE void non_canonical(void)
{
	*(volatile int *)0x4141414141414141 = 1;
}

/* The call is the last instruction: its return address is in the function behind. */
static NOINLINE __attribute__((noreturn)) void never_returns(void)
{
	write_null();
	_exit(1);
}

static NOINLINE void ends_with_call(void)
{
	sink++;
	never_returns();
}

static NOINLINE void bad_stack_pointer(void)
{
	__asm__ volatile("mov $8, %%rsp\n\tpush %%rax" ::: "memory");
}

/* Overwrites its own return address, the way an overflowing buffer does. */
static NOINLINE void smash(void)
{
	void **frame = __builtin_frame_address(0);

	frame[0] = (void *)0x4141414141414141;
	frame[1] = (void *)0x4242424242424242;
	NOT_A_TAIL_CALL();
}

/* --- code without a module -------------------------------------------------------------------- */

static void run_code(const char *code, size_t size)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(memory, code, size);
	((void (*)(void (*)(void)))memory)(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void generated_with_frame(void)
{
	/* push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret */
	static const char code[] = "\x55\x48\x89\xe5\xff\xd7\x5d\xc3";

	run_code(code, sizeof(code));
}

static NOINLINE void generated_without_frame(void)
{
	/* sub $24, %rsp; call *%rdi; add $24, %rsp; ret */
	static const char code[] = "\x48\x83\xec\x18\xff\xd7\x48\x83\xc4\x18\xc3";

	run_code(code, sizeof(code));
}

/* Programs move their code to memory without a file, for larger pages. */
static NOINLINE void remapped(void)
{
	char *page = (char *)((unsigned long)write_null & ~4095ul);
	char *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(copy, page, 4096);
	mprotect(copy, 4096, PROT_READ | PROT_EXEC);
	if (mremap(copy, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, page) == MAP_FAILED)
		exit(77);
	write_null();
	NOT_A_TAIL_CALL();
}

/* A library that is replaced while it is used. */
static NOINLINE void deleted_library(void)
{
	void *library = dlopen("./plugin.so", RTLD_NOW);
	void (*call)(void (*)(void));

	if (!library || unlink("./plugin.so"))
		exit(77);
	call = (void (*)(void (*)(void)))dlsym(library, "plugin_call");
	call(write_null);
	NOT_A_TAIL_CALL();
}

/* --- signals ---------------------------------------------------------------------------------- */

static NOINLINE void call_abort(void)
{
	abort();
}

static NOINLINE void fail_assertion(void)
{
	assert(!"it \"fails\"");
}

static NOINLINE void free_stack(void)
{
	long words[8] = {0};
	void *volatile pointer = &words[2];

	free(pointer);
}

static NOINLINE void raise_segv(void)
{
	raise(SIGSEGV);
	NOT_A_TAIL_CALL();
}

static NOINLINE void kill_ill(void)
{
	kill(getpid(), SIGILL);
	NOT_A_TAIL_CALL();
	pause();
}

static void crashing_handler(int signo)
{
	sink = signo;
	outer(write_null);
}

static NOINLINE void raise_usr1(void)
{
	raise(SIGUSR1);
	NOT_A_TAIL_CALL();
}

static NOINLINE void crash_in_handler(void)
{
	signal(SIGUSR1, crashing_handler);
	raise_usr1();
	NOT_A_TAIL_CALL();
}

/* The same, and the handler runs on a stack of its own that lies above the one it interrupts. */
static NOINLINE void crash_in_handler_elsewhere(void)
{
	struct sigaction action = {.sa_handler = crashing_handler, .sa_flags = SA_ONSTACK};
	static char stack[1 << 17];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise_usr1();
	NOT_A_TAIL_CALL();
}

/* --- depth ------------------------------------------------------------------------------------ */

static NOINLINE int recurse(int depth)
{
	volatile char padding[64];

	padding[0] = (char)depth;
	if (depth == 1) {
		write_null();
		return 0;
	}
	return recurse(depth - 1) + padding[0];
}

static NOINLINE void overflow_stack(void)
{
	sink = recurse(-1);
}

static NOINLINE void recurse_600(void)
{
	sink = recurse(600);
}

/* --- threads ---------------------------------------------------------------------------------- */

static void *thread_crashes(void *how)
{
	ddcrash_thread_start();
	outer((void (*)(void))how);
	return NULL;
}

static void in_thread(void (*how)(void))
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, thread_crashes, (void *)how))
		pthread_join(thread, NULL);
}

static void thread(void)
{
	in_thread(write_null);
}

static void thread_overflow(void)
{
	in_thread(overflow_stack);
}

/* The first thread is gone, and with it what /proc/self stands for. */
static void thread_alone(void)
{
	pthread_t other;
	pthread_attr_t detached;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_create(&other, &detached, thread_crashes, (void *)write_null);
	pthread_exit(NULL);
}

static pthread_barrier_t barrier;

static void *thread_races(void *how)
{
	pthread_barrier_wait(&barrier);
	return thread_crashes(how);
}

static void threads_race(void)
{
	enum { THREADS = 16 };
	pthread_t threads[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, thread_races, (void *)write_null);
	pause();
}

/* --- processes and limits --------------------------------------------------------------------- */

static void child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		outer(write_null);
	printf("child %d\n", (int)pid);
	fflush(stdout);
	waitpid(pid, &status, 0);
	outer(write_null);
}

/* The child shares this memory, the collector's included. */
static void vfork_child(void)
{
	pid_t pid = vfork();

	if (!pid)
		outer(write_null);
	printf("child %d\n", (int)pid);
	fflush(stdout);
	outer(write_null);
}

static void no_descriptors(void)
{
	struct rlimit limit = {.rlim_cur = 16, .rlim_max = 64};

	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(0) >= 0)
		;
	outer(write_null);
}

static void no_proc(void)
{
	if (chroot("/dev/shm"))
		exit(77);
	outer(write_null);
}

static int compare_null(const void *a, const void *b)
{
	write_null();
	return *(const int *)a - *(const int *)b;
}

/* As databases do: thousands of files of data below the libraries. */
static void many_maps(void)
{
	int fd = open("/proc/self/exe", O_RDONLY), numbers[] = {3, 2, 1};

	for (int i = 0; i < 12000; i++)
		if (mmap(NULL, 4096, PROT_READ, i % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0) ==
		    MAP_FAILED)
			exit(77);
	qsort(numbers, 3, sizeof(numbers[0]), compare_null);
}

static void closed_pipe(void)
{
	int fds[2];

	/* The reader of descriptor 9 goes away. */
	if (pipe(fds) || dup2(fds[1], 9) < 0)
		exit(77);
	close(fds[0]);
	outer(write_null);
}

static void full_pipe(void)
{
	int fds[2];

	/* Nobody reads descriptor 9, nor goes away. */
	if (pipe(fds) || dup2(fds[1], 9) < 0)
		exit(77);
	outer(write_null);
}

#ifdef HAS_FILTERS
/* All that a report may need. */
static const int allowed_calls[] = {
	SYS_clock_gettime,
	SYS_close,
	SYS_fstat,
	SYS_geteuid,
	SYS_getpid,
	SYS_gettid,
	SYS_newfstatat,
	SYS_openat,
	SYS_ppoll,
	SYS_pread64,
	SYS_process_vm_readv,
	SYS_read,
	SYS_rt_sigaction,
	SYS_rt_sigpending,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_unlinkat,
	SYS_write,
	SYS_rt_tgsigqueueinfo,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Do `listed` for the calls of the list and `other` for all others. */
static void filter(const int *calls, size_t count, unsigned listed, unsigned other)
{
	struct sock_filter program[64] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog prog = {.len = 1, .filter = program};

	for (size_t i = 0; i < count; i++) {
		program[prog.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								   (unsigned)calls[i], 0, 1);
		program[prog.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, listed);
	}
	program[prog.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, other);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		exit(77);
}

static void filtered(void)
{
	filter(allowed_calls, COUNT(allowed_calls), SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS);
	outer(write_null);
}

/* As in containers: the call that reads memory is refused. */
static void refused_read(void)
{
	static const int calls[] = {SYS_process_vm_readv};

	filter(calls, COUNT(calls), SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW);
	outer(write_null);
}

static NOINLINE void forbidden_call(void)
{
	static const int calls[] = {SYS_getppid};

	filter(calls, COUNT(calls), SECCOMP_RET_TRAP, SECCOMP_RET_ALLOW);
	getppid();
	NOT_A_TAIL_CALL();
}

#endif

/* While the report waits for its reader the same thread is sent a signal. The reader, which writes
 * to the file "stream" itself, begins when that has happened. */
static void *send_segv(void *first)
{
	usleep(100000);
	syscall(SYS_tgkill, getpid(), *(pid_t *)first, SIGSEGV);
	return NULL;
}

static void sent_meanwhile(void)
{
	pid_t self = getpid();
	pthread_t sender;
	int fds[2];

	if (pipe(fds) || fcntl(fds[0], F_SETPIPE_SZ, 4096) < 0 || dup2(fds[1], 9) < 0)
		exit(77);
	close(fds[1]);
	if (!fork()) {
		close(9);
		dup2(fds[0], 0);
		execlp("sh", "sh", "-c", "sleep 0.3; exec cat >stream", NULL);
	}
	pthread_create(&sender, NULL, send_segv, &self);
	outer(divide_by_zero);
}

/* --- handlers of the program's own ------------------------------------------------------------ */

static sigjmp_buf back;

static void own_handler(int signo, siginfo_t *info, void *context)
{
	static char text[64];
	sigset_t mask;
	int size;

	(void)context;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	size = snprintf(text, sizeof(text), "own %d code %d usr1 %d self %d errno %d\n", signo,
			info->si_code, sigismember(&mask, SIGUSR1), sigismember(&mask, signo),
			errno);
	if (write(1, text, (size_t)size) != size)
		_exit(4);
	if (signo == SIGFPE)
		siglongjmp(back, 1);
	_exit(3);
}

/* Installed before the collector. */
static void set_own_handler(int signo)
{
	struct sigaction action = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	sigaction(signo, &action, NULL);
}

static void own_exits(void)
{
	errno = 55;
	outer(write_null);
}

/* Recovers, and crashes again. */
static void own_recovers(void)
{
	if (!sigsetjmp(back, 1))
		outer(divide_by_zero);
	printf("recovered\n");
	fflush(stdout);
	outer(write_null);
}

static void ignored(void)
{
	raise(SIGSEGV);
	kill(getpid(), SIGABRT);
	printf("still here\n");
	fflush(stdout);
	outer(write_null);
}

static void errno_kept(void)
{
	errno = 55;
	if (!sigsetjmp(back, 1))
		outer(divide_by_zero);
	printf("errno %d\n", errno);
	fflush(stdout);
}

/* --- table ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*run)(void); /* instead of outer(how) */
	void (*how)(void);
} scenarios[] = {
	{"write-null", NULL, write_null},
	{"call-null", NULL, call_null},
	{"call-data", NULL, call_data},
	{"divide", NULL, divide_by_zero},
	{"illegal", NULL, illegal_instruction},
	{"breakpoint", NULL, breakpoint},
	{"bus", NULL, beyond_end_of_file},
	{"non-canonical", NULL, non_canonical},
	{"noreturn", NULL, ends_with_call},
	{"bad-sp", NULL, bad_stack_pointer},
	{"smash", NULL, smash},
	{"generated-frame", NULL, generated_with_frame},
	{"generated", NULL, generated_without_frame},
	{"remapped", NULL, remapped},
	{"deleted-library", NULL, deleted_library},
	{"abort", NULL, call_abort},
	{"assert", NULL, fail_assertion},
	{"free", NULL, free_stack},
	{"raise", NULL, raise_segv},
	{"kill", NULL, kill_ill},
	{"handler", NULL, crash_in_handler},
	{"handler-elsewhere", NULL, crash_in_handler_elsewhere},
	{"overflow", NULL, overflow_stack},
	{"deep", NULL, recurse_600},
	{"thread", thread, NULL},
	{"thread-overflow", thread_overflow, NULL},
	{"thread-alone", thread_alone, NULL},
	{"threads-race", threads_race, NULL},
	{"fork", child, NULL},
	{"vfork", vfork_child, NULL},
	{"no-descriptors", no_descriptors, NULL},
	{"no-proc", no_proc, NULL},
	{"many-maps", many_maps, NULL},
	{"closed-pipe", closed_pipe, NULL},
	{"full-pipe", full_pipe, NULL},
#ifdef HAS_FILTERS
	{"filtered", filtered, NULL},
	{"refused-read", refused_read, NULL},
	{"forbidden", NULL, forbidden_call},
#endif
	{"sent-meanwhile", sent_meanwhile, NULL},
	{"own-exits", own_exits, NULL},
	{"own-recovers", own_recovers, NULL},
	{"ignored", ignored, NULL},
	{"errno", errno_kept, NULL},
};

static void prepare(const char *name)
{
	if (!strncmp(name, "own-", 4) || !strcmp(name, "errno")) {
		set_own_handler(SIGSEGV);
		set_own_handler(SIGFPE);
	}
	if (!strcmp(name, "ignored")) {
		signal(SIGSEGV, SIG_IGN);
		signal(SIGABRT, SIG_IGN);
	}
}

static int start(const char *output)
{
	static const char *const tags[] = {"service:crash", "quoted:\"\\"};
	static const char *const more[] = {"a \"tag\"\nof two lines", "DD_CRASHTRACK_DONE"};
	struct ddcrash_config config = {
		.size = sizeof(config),
		.output = output,
		.timeout_ms = 2000,
		.metadata = {.library_name = "crash",
			     .library_version = "1",
			     .tags = tags,
			     .tags_count = 2},
		.tags = more,
		.tags_count = 2,
	};

	if (!strncmp(output, "fd:", 3)) {
		config.output = NULL;
		config.output_fd = atoi(output + 3);
	}
	return ddcrash_start(&config);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 64;
	prepare(argv[1]);
	if (argc > 2 && start(argv[2]))
		return 65;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (strcmp(argv[1], scenarios[i].name))
			continue;
		if (scenarios[i].run)
			scenarios[i].run();
		else
			outer(scenarios[i].how);
		return 0;
	}
	return 64;
}
