/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that wait, each with the same functions on its stack; prints a line when all do. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static pthread_barrier_t barrier;
/* Never set; the compiler must not know that nothing returns. */
static volatile int is_over;

static __attribute__((noinline)) int innermost(void)
{
	pthread_barrier_wait(&barrier);
	while (!is_over)
		pause();
	return is_over;
}

static __attribute__((noinline)) int middle(void)
{
	return innermost() + 1;
}

static void *thread(void *name)
{
	prctl(PR_SET_NAME, name);
	return middle() ? name : NULL;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
	pthread_t id;

	pthread_barrier_init(&barrier, NULL, count + 1);
	for (unsigned i = 0; i < count; i++)
		if (pthread_create(&id, NULL, thread, (void *)"wor) R (ker"))
			return 1;
	pthread_barrier_wait(&barrier);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
