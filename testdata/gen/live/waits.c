/* Threads that wait; the number is an argument, and recursion goes deeper with each. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static __attribute__((noinline)) int descend(int depth)
{
	if (depth)
		return descend(depth - 1) + 1;
	return pause();
}

static void *work(void *depth)
{
	return (void *)(intptr_t)descend((int)(intptr_t)depth);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 3;
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 0; i < count; i++)
		if (pthread_create(&thread, &small, work, (void *)(intptr_t)(i % 20)))
			return 1;
	return descend(5);
}
