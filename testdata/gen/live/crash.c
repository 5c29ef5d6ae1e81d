/* Crashes with so many threads and so many MiB of memory in use. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *wait_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	size_t size = (argc > 2 ? (size_t)atoi(argv[2]) : 1) << 20;
	char *memory = malloc(size);
	pthread_t thread;

	memset(memory, 1, size);
	for (int i = 1; i < threads; i++)
		pthread_create(&thread, 0, wait_forever, 0);
	usleep(100000);
	*(volatile char *)8 = memory[size / 2];
}
