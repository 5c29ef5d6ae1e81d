/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports a crash, or an exception, under a proof that nothing else is called meanwhile.
 *
 *	proof PROOF SCENARIO OUTPUT
 *
 * OUTPUT is a file, "fd:9", or a file and who receives: "program" is ./receiver, "socket" is
 *./socket.
 *
 * It includes calls.h, the numbers of the system calls that are allowed. With DETECTOR it has
 * functions of its own instead of libc's, which end it when they are called.
 */
#define _GNU_SOURCE
#include "ddcrash.h"
#include <dlfcn.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static long raw(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

/* --- functions that must not be called --- */

static volatile int is_armed;

static __attribute__((unused)) void check(const char *name)
{
	static const char text[] = "called ";
	size_t size = 0;

	if (!is_armed)
		return;
	while (name[size])
		size++;
	raw(SYS_write, 1, (long)text, sizeof(text) - 1);
	raw(SYS_write, 1, (long)name, (long)size);
	raw(SYS_exit_group, 99, 0, 0);
}

#ifdef DETECTOR
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *malloc(size_t size)
{
	check("malloc");
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	check("calloc");
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	check("realloc");
	return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	check("memalign");
	return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	check("aligned_alloc");
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	check("posix_memalign");
	*ret = __libc_memalign(alignment, size);
	return 0;
}

void free(void *memory)
{
	check("free");
	__libc_free(memory);
}

#define FORWARD(type, name, parameters, ...)                                \
	type name parameters                                                \
	{                                                                   \
		static type(*real) parameters;                              \
                                                                            \
		check(#name);                                               \
		if (!real)                                                  \
			real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
		return real(__VA_ARGS__);                                   \
	}

FORWARD(int, pthread_mutex_lock, (pthread_mutex_t * lock), lock)
FORWARD(int, pthread_mutex_trylock, (pthread_mutex_t * lock), lock)
FORWARD(int, pthread_mutex_unlock, (pthread_mutex_t * lock), lock)
FORWARD(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), lock)
FORWARD(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), lock)
FORWARD(int, pthread_spin_lock, (pthread_spinlock_t * lock), lock)
FORWARD(int, pthread_once, (pthread_once_t * once, void (*function)(void)), once, function)
FORWARD(void *, pthread_getspecific, (pthread_key_t key), key)
FORWARD(void, flockfile, (FILE * file), file)
FORWARD(int, dladdr, (const void *address, Dl_info *info), address, info)
FORWARD(int, dl_iterate_phdr, (int (*callback)(struct dl_phdr_info *, size_t, void *), void *data),
	callback, data)
FORWARD(int, sigaction, (int signo, const struct sigaction *action, struct sigaction *old), signo,
	action, old)
FORWARD(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old), how, set, old)
FORWARD(char *, getenv, (const char *name), name)
#endif

/* --- only the collector and this program can be executed --- */

struct range {
	unsigned long begin, end;
};

static struct range ranges[256];
static size_t ranges_count;

static void find_ranges(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], permissions[8], path[400];

	while (fgets(line, sizeof(line), maps) && ranges_count < 256) {
		struct range *range = &ranges[ranges_count];

		path[0] = '\0';
		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %399s", &range->begin, &range->end,
			   permissions, path) < 3)
			exit(77);
		if (permissions[2] == 'x' && *path == '/' && !strstr(path, "/libddcrash") &&
		    !strstr(path, "/program"))
			ranges_count++;
	}
	fclose(maps);
}

/* libc's page with the code that a handler returns to stays. */
static unsigned long restorer_page(void)
{
	struct {
		void *handler;
		unsigned long flags, restorer, mask;
	} action;

	__asm__ volatile("" : : "r"(&action) : "memory");
	if (syscall(SYS_rt_sigaction, SIGSEGV, NULL, &action, 8))
		exit(77);
	return action.restorer & ~4095ul;
}

static void protect(void)
{
	unsigned long keep = restorer_page();

	find_ranges();
	if (ranges_count < 2)
		exit(77);
	for (size_t i = 0; i < ranges_count; i++) {
		struct range *range = &ranges[i];
		int has = range->begin <= keep && keep < range->end;
		unsigned long end = has ? keep : range->end;

		if (end > range->begin)
			raw(SYS_mprotect, (long)range->begin, (long)(end - range->begin),
			    PROT_READ);
		if (has && range->end > keep + 4096)
			raw(SYS_mprotect, (long)keep + 4096, (long)(range->end - keep - 4096),
			    PROT_READ);
	}
}

/* --- a filter of system calls --- */

static const int allowed[] = {
#include "calls.h"
	SYS_rt_sigreturn, /* the kernel's part in returning */
	SYS_exit_group,   /* this program's own */
};

static const int allowed_receiver[] = {
#include "calls-receiver.h"
};

static void allow(struct sock_fprog *prog, const int *calls, size_t count, int without)
{
	for (size_t i = 0; i < count; i++) {
		if (calls[i] == without)
			continue;
		prog->filter[prog->len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
									 (unsigned)calls[i], 0, 1);
		prog->filter[prog->len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void filter(bool has_receiver, int without)
{
	struct sock_filter program[2 * (COUNT(allowed) + COUNT(allowed_receiver)) + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog prog = {.len = 1, .filter = program};

	allow(&prog, allowed, COUNT(allowed), without);
	if (has_receiver)
		allow(&prog, allowed_receiver, COUNT(allowed_receiver), without);
	program[prog.len++] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		exit(77);
}

/* --- scenarios --- */

static void (*prove)(void);
static int *volatile null;

static void nothing(void)
{
}

static void filter_all(void)
{
	filter(false, -1);
}

static void filter_receiver(void)
{
	filter(true, -1);
}

static void filter_without_execve(void)
{
	filter(true, SYS_execve);
}

static void filter_without_write(void)
{
	filter(false, SYS_write);
}

static void arm(void)
{
	is_armed = 1;
}

static void begin(void)
{
	prove();
}

static __attribute__((noinline)) void crash(void)
{
	begin();
	*null = 1;
}

static void divide(void)
{
	volatile int zero = 0;

	begin();
	zero = 12 / zero;
}

static void trap(void)
{
	begin();
	__asm__ volatile("int3");
}

static void *overflow(void *depth)
{
	volatile char padding[1024];

	padding[0] = 1;
	return padding[0] ? overflow((char *)depth + padding[0]) : depth;
}

/* pthread_create() is done, in which signals are blocked. */
static volatile int has_returned;

static void *overflow_begins(void *unused)
{
	if (ddcrash_thread_start())
		exit(77);
	while (!has_returned)
		;
	begin();
	return overflow(unused);
}

static void overflow_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, overflow_begins, NULL);
	has_returned = 1;
	for (;;)
		raw(SYS_ppoll, 0, 0, 0);
}

static void emit_frames(void (*emit)(const struct ddcrash_frame *frame), void *how)
{
	struct ddcrash_frame frame = {.function = {"function", 8}, .file = {"file", 4}, .line = 1};

	emit(&frame);
	if (how == (void *)1)
		*null = 1;
	while (how == (void *)2)
		;
	if (how == (void *)3)
		free(malloc(1));
}

static void runtime(void)
{
	ddcrash_runtime_frames_register(emit_frames, NULL);
	crash();
}

static void runtime_crashes(void)
{
	ddcrash_runtime_frames_register(emit_frames, (void *)1);
	crash();
}

static void runtime_hangs(void)
{
	ddcrash_runtime_frames_register(emit_frames, (void *)2);
	crash();
}

static void runtime_allocates(void)
{
	ddcrash_runtime_frames_register(emit_frames, (void *)3);
	crash();
}

static void emit_text(void (*emit)(const char *text), void *unused)
{
	(void)unused;
	emit("text\nof lines");
}

static void runtime_text(void)
{
	ddcrash_runtime_string_register(emit_text, NULL);
	crash();
}

static void active(void)
{
	for (unsigned i = 1; i < 100; i++) {
		ddcrash_span_insert(i, i);
		ddcrash_trace_insert(~0ull, i);
		ddcrash_tag_insert("\xff tag");
	}
	ddcrash_message_set("message");
	crash();
}

static void exception(void)
{
	struct ddcrash_frame frames[] = {
		{.function = {"function", 8}, .line = 1, .ip = (unsigned long)crash}};
	struct ddcrash_exception e = {.size = sizeof(e),
				      .type = {"type", 4},
				      .message = {"message", 7},
				      .frames = frames,
				      .frames_count = 1};

	begin();
	raw(SYS_exit_group, ddcrash_exception_report(&e), 0, 0);
}

static void activity_in_handler(int signo)
{
	(void)signo;
	begin();
	ddcrash_operation_begin(DDCRASH_PROFILER_UNWINDING);
	ddcrash_span_remove(ddcrash_span_insert(1, 2), 1, 2);
	ddcrash_trace_remove(ddcrash_trace_insert(1, 2), 1, 2);
	ddcrash_tag_remove(ddcrash_tag_insert("tag"));
	ddcrash_message_set("message");
	ddcrash_operation_end(DDCRASH_PROFILER_UNWINDING);
	ddcrash_spans_clear();
	ddcrash_traces_clear();
	ddcrash_tags_clear();
	ddcrash_operations_clear();
	ddcrash_disable();
	ddcrash_enable();
	ddcrash_runtime_registered();
	*null = 1;
}

static void in_handler(void)
{
	signal(SIGUSR1, activity_in_handler);
	raise(SIGUSR1);
}

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] =
	{
		{"crash", crash},
		{"divide", divide},
		{"trap", trap},
		{"overflow", overflow_thread},
		{"runtime", runtime},
		{"runtime-crashes", runtime_crashes},
		{"runtime-hangs", runtime_hangs},
		{"runtime-allocates", runtime_allocates},
		{"runtime-text", runtime_text},
		{"active", active},
		{"exception", exception},
		{"in-handler", in_handler},
},
  proofs[] = {
	  {"nothing", nothing},
	  {"detector", arm},
	  {"protection", protect},
	  {"filter", filter_all},
	  {"filter-receiver", filter_receiver},
	  {"filter-without-execve", filter_without_execve},
	  {"filter-without-write", filter_without_write},
};

int main(int argc, char **argv)
{
	struct ddcrash_config config = {.size = sizeof(config), .output = argv[3]};

	if (argc < 4)
		return 64;
	if (!strcmp(argv[3], "fd:9")) {
		config.output = NULL;
		config.output_fd = 9;
	}
	if (!strcmp(argv[3], "program") || !strcmp(argv[3], "socket")) {
		config.output = "stream";
		config.receiver.output = "received";
		if (argv[3][0] == 'p')
			config.receiver.path = "./receiver";
		else
			config.receiver.socket = "./socket";
	}
	if (ddcrash_start(&config))
		return 65;
	for (size_t i = 0; i < COUNT(proofs); i++)
		if (!strcmp(argv[1], proofs[i].name))
			prove = proofs[i].run;
	if (!prove)
		return 64;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (!strcmp(argv[2], scenarios[i].name))
			scenarios[i].run();
	return 64;
}
