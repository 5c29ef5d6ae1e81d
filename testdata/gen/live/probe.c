/*
 * A process whose one busy thread notices how long it was kept from running. Each line of standard
 * input is answered with the longest gap since the last one, in microseconds.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static atomic_long longest;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void *probe(void *unused)
{
	for (long last = now(), at;; last = at) {
		at = now();
		if (at - last > atomic_load(&longest))
			atomic_store(&longest, at - last);
	}
	return unused;
}

static void *wait_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 256;
	pthread_t thread;
	char line[16];

	for (int i = 0; i < threads - 2; i++)
		pthread_create(&thread, 0, wait_forever, 0);
	pthread_create(&thread, 0, probe, 0);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%ld\n", atomic_exchange(&longest, 0) / 1000);
		fflush(stdout);
	}
}
