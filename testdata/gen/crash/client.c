/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that crashes with a receiver: client KEY=VALUE...
 *
 *	output=FILE receiver=FILE socket=NAME arg=ARGUMENT errors=FILE file=FILE timeout=MS pid=N
 *		of the configuration; `arg` and `file` may be repeated
 *	threads=N	threads that wait besides the one that crashes; all are collected
 *	last		the last of all threads crashes, not the first one
 *	limit=files	no descriptor can be opened; limit=full: all are in use, and the limit
 *			can't be raised; limit=low: so it is, and only 0, 1 and 2 are below it
 *	limit=processes, limit=calls	no process can be started, by rlimit or by a filter
 *	limit=clock			no system call tells the time
 *	memory=MB	of memory that is in use
 *	libraries=DIR:N	DIR/0.so to DIR/N-1.so are loaded
 *	measure		prints the microseconds until the crash is handed on, and exits with 0
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ddcrash.h"

#define LIST_MAX 64

struct list {
	const char *items[LIST_MAX];
	size_t count;
};

static struct list args = {{"ddcrash-receiver"}, 1}, files, libraries;
static struct ddcrash_config config = {.size = sizeof(config)};
static const char *limit;
static unsigned threads, memory;
static int is_measured, is_last;

static pthread_barrier_t barrier;
static volatile int is_over;
static struct timespec begin;

static void fail(const char *what)
{
	perror(what);
	exit(99);
}

/* --- options ---------------------------------------------------------------------------------- */

static const char *value(const char *argument, const char *key)
{
	size_t size = strlen(key);

	return !strncmp(argument, key, size) && argument[size] == '=' ? argument + size + 1 : NULL;
}

static int set_text(const char *argument)
{
	struct {
		const char *key;
		const char **to;
	} texts[] = {
		{"output", &config.output},
		{"receiver", &config.receiver.path},
		{"socket", &config.receiver.socket},
		{"errors", &config.receiver.errors},
		{"limit", &limit},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (value(argument, texts[i].key))
			return (*texts[i].to = value(argument, texts[i].key)) != NULL;
	return 0;
}

static int set_number(const char *argument)
{
	struct {
		const char *key;
		unsigned *to;
	} numbers[] = {
		{"timeout", &config.timeout_ms},
		{"threads", &threads},
		{"memory", &memory},
		{"pid", (unsigned *)&config.receiver.pid},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *text = value(argument, numbers[i].key);

		if (text) {
			*numbers[i].to = (unsigned)atoi(text);
			return 1;
		}
	}
	return 0;
}

static int add_item(const char *argument)
{
	struct {
		const char *key;
		struct list *to;
	} lists[] = {{"arg", &args}, {"file", &files}};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *text = value(argument, lists[i].key);

		if (text && lists[i].to->count < LIST_MAX) {
			lists[i].to->items[lists[i].to->count++] = text;
			return 1;
		}
	}
	return 0;
}

static void set(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "measure")) {
			is_measured = 1;
		} else if (!strcmp(argv[i], "last")) {
			is_last = 1;
		} else if (value(argv[i], "libraries")) {
			libraries.items[libraries.count++] = argv[i];
		} else if (!set_text(argv[i]) && !set_number(argv[i]) && !add_item(argv[i])) {
			fprintf(stderr, "client: what is %s?\n", argv[i]);
			exit(64);
		}
	}
	config.receiver.args = args.items;
	config.receiver.args_count = args.count;
	config.additional_files = files.items;
	config.additional_files_count = files.count;
	if (threads)
		config.flags |= DDCRASH_ALL_THREADS;
}

/* --- circumstances ---------------------------------------------------------------------------- */

static void limit_files(void)
{
	struct rlimit none = {3, 3};

	if (setrlimit(RLIMIT_NOFILE, &none))
		fail("RLIMIT_NOFILE");
}

/* Root has no limit. */
static void be_nobody(void)
{
	if (!geteuid() && (setgid(65534) || setuid(65534)))
		fail("setuid");
}

static void use_files(void)
{
	struct rlimit few = {24, 24};

	be_nobody();
	if (setrlimit(RLIMIT_NOFILE, &few))
		fail("RLIMIT_NOFILE");
	while (dup(2) >= 0)
		continue;
}

static void limit_processes(void)
{
	struct rlimit none = {0, 0};

	be_nobody();
	if (setrlimit(RLIMIT_NPROC, &none))
		fail("RLIMIT_NPROC");
}

/* A filter refuses two system calls. */
static void limit_calls(unsigned one, unsigned other)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		fail("seccomp");
}

static void set_limit(void)
{
	if (limit && !strcmp(limit, "low"))
		be_nobody();
	if (limit && (!strcmp(limit, "files") || !strcmp(limit, "low")))
		limit_files();
	else if (limit && !strcmp(limit, "full"))
		use_files();
	else if (limit && !strcmp(limit, "processes"))
		limit_processes();
	else if (limit && !strcmp(limit, "calls"))
		limit_calls(SYS_clone, SYS_execve);
	else if (limit && !strcmp(limit, "clock"))
		limit_calls(SYS_clock_gettime, SYS_gettimeofday);
}

static void use_memory(void)
{
	size_t size = (size_t)memory << 20;
	char *block = memory ? mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)
			     : NULL;

	if (block == MAP_FAILED)
		fail("mmap");
	if (block)
		memset(block, 1, size);
}

static void load_libraries(void)
{
	for (size_t i = 0; i < libraries.count; i++) {
		unsigned count = 1;
		char path[4096], folder[2048];

		if (sscanf(libraries.items[i], "libraries=%2047[^:]:%u", folder, &count) != 2)
			continue;
		for (unsigned n = 0; n < count; n++) {
			snprintf(path, sizeof(path), "%s/%u.so", folder, n);
			if (!dlopen(path, RTLD_NOW))
				fail(dlerror());
		}
	}
}

/* --- threads ---------------------------------------------------------------------------------- */

static __attribute__((noinline)) int wait_forever(void)
{
	pthread_barrier_wait(&barrier);
	while (!is_over)
		pause();
	return is_over;
}

static void *work(void *argument)
{
	prctl(PR_SET_NAME, "worker");
	return wait_forever() ? argument : NULL;
}

static void start_threads(void)
{
	pthread_t id;

	pthread_barrier_init(&barrier, NULL, threads + 1);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&id, NULL, work, NULL))
			fail("pthread_create");
	pthread_barrier_wait(&barrier);
	/* Until they wait where they stay. */
	usleep(20000);
}

/* --- the crash -------------------------------------------------------------------------------- */

static void measured(int signo)
{
	struct timespec end;

	(void)signo;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%ld\n",
	       (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
	fflush(stdout);
	_exit(0);
}

__attribute__((noinline)) static void crash_here(void)
{
	clock_gettime(CLOCK_MONOTONIC, &begin);
	*(volatile int *)8 = 1;
}

static void *crash_last(void *unused)
{
	prctl(PR_SET_NAME, "last");
	crash_here();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t id;
	int error;

	set(argc, argv);
	if (is_measured)
		signal(SIGSEGV, measured);
	load_libraries();
	error = ddcrash_start(&config);
	if (error) {
		fprintf(stderr, "client: %s\n", strerror(-error));
		return 98;
	}
	use_memory();
	start_threads();
	set_limit();
	if (is_last && !pthread_create(&id, NULL, crash_last, NULL))
		pthread_join(id, NULL);
	crash_here();
	return 0;
}
