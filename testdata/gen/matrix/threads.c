/* SPDX-License-Identifier: Apache-2.0 */
/* Other stacks than the first thread's. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <ucontext.h>
#endif

#include "ddcrash.h"
#include "matrix.h"

static NOINLINE void *thread_main(void *how)
{
	ddcrash_thread_start();
	outer((void (*)(void))how);
	NOT_A_TAIL_CALL();
	return NULL;
}

static void in_thread(void *(*start)(void *), void (*how)(void))
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, start, (void *)how))
		pthread_join(thread, NULL);
}

static void in_a_thread(void)
{
	in_thread(thread_main, write_null);
}

static NOINLINE void overflow(void)
{
	sink = recurse(-1);
}

static void overflows_in_thread(void)
{
	in_thread(thread_main, overflow);
}

static void *leaves(void *how)
{
	ddcrash_thread_start();
	outer((void (*)(void))how);
	NOT_A_TAIL_CALL();
	return NULL;
}

static NOINLINE void clean_up(void *how)
{
	((void (*)(void))how)();
	NOT_A_TAIL_CALL();
}

static void ends_thread(void)
{
	pthread_cleanup_push(clean_up, (void *)write_null);
	pthread_exit(NULL);
	pthread_cleanup_pop(0);
}

static void cleans_up(void)
{
	in_thread(leaves, ends_thread);
}

static pthread_key_t key;

static void *leaves_value(void *how)
{
	ddcrash_thread_start();
	pthread_setspecific(key, how);
	return NULL;
}

static void destroys_value(void)
{
	pthread_key_create(&key, clean_up);
	in_thread(leaves_value, write_null);
}

static void once(void)
{
	write_null();
	NOT_A_TAIL_CALL();
}

static NOINLINE void calls_once(void)
{
	static pthread_once_t control = PTHREAD_ONCE_INIT;

	pthread_once(&control, once);
	NOT_A_TAIL_CALL();
}

/* The first thread is gone, and with it what /proc/self stands for. */
static void first_is_gone(void)
{
	pthread_t other;
	pthread_attr_t detached;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_create(&other, &detached, thread_main, (void *)write_null);
	pthread_exit(NULL);
}

static pthread_barrier_t barrier;

static void *race(void *how)
{
	ddcrash_thread_start();
	pthread_barrier_wait(&barrier);
	outer((void (*)(void))how);
	NOT_A_TAIL_CALL();
	return NULL;
}

static void threads_race(void)
{
	enum { THREADS = 16 };
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, race, (void *)write_null);
	pause();
}

/* On memory that the program made into a stack. */
static void on_own_stack(void)
{
	size_t size = 1 << 18;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, size);
	if (!pthread_create(&thread, &attributes, thread_main, (void *)write_null))
		pthread_join(thread, NULL);
}

#ifdef __GLIBC__
static NOINLINE void coroutine(void)
{
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void in_context(void)
{
	static char stack[1 << 17];
	static ucontext_t first, second;

	getcontext(&second);
	second.uc_stack.ss_sp = stack;
	second.uc_stack.ss_size = sizeof(stack);
	second.uc_link = &first;
	makecontext(&second, coroutine, 0);
	swapcontext(&first, &second);
}
#else
static void in_context(void)
{
	not_here();
}
#endif

const struct scenario thread_scenarios[] = {
	{"thread", in_a_thread, NULL, "write_null inner outer thread_main", AT_LIBC},
	{"thread-overflow", overflows_in_thread, NULL, "recurse*512", ANYWHERE},
	{"thread-cleanup", cleans_up, NULL, "write_null clean_up ends_thread inner outer leaves",
	 AT_LIBC},
	{"thread-key", destroys_value, NULL, "write_null clean_up", AT_LIBC},
	{"thread-alone", first_is_gone, NULL, "write_null inner outer thread_main", AT_LIBC},
	{"thread-race", threads_race, NULL, "write_null inner outer race", AT_LIBC},
	{"thread-stack", on_own_stack, NULL, "write_null inner outer thread_main", AT_LIBC},
	{"once", NULL, calls_once, "write_null once calls_once", NULL},
	{"context", in_context, NULL, "write_null inner outer coroutine", AT_LIBC},
	{0},
};
