/* SPDX-License-Identifier: Apache-2.0 */
/* changing N: N threads that wait, and two that start others without end, which end at once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void *stay(void *argument)
{
	prctl(PR_SET_NAME, "staying");
	for (;;)
		pause();
	return argument;
}

static void *leave(void *argument)
{
	return argument;
}

static void *start(void *argument)
{
	pthread_t id;

	prctl(PR_SET_NAME, "starting");
	for (;;)
		if (!pthread_create(&id, NULL, leave, NULL))
			pthread_join(id, NULL);
	return argument;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t id;

	for (int i = 0; i < count + 2; i++)
		if (pthread_create(&id, NULL, i < count ? stay : start, NULL))
			return 1;
	usleep(50000);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
