/* SPDX-License-Identifier: Apache-2.0 */
#include "base/side.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

struct side_work {
	void (*run)(void *argument);
	void *argument;
};

static void *side_main(void *argument)
{
	struct side_work work = *(struct side_work *)argument;

	free(argument);
	work.run(work.argument);
	return NULL;
}

static bool has_processors(void)
{
	cpu_set_t set;

	/* machines with more processors than the set holds have more than one */
	return sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) > 1;
}

bool side_start(struct side *side, void (*run)(void *argument), void *argument)
{
	struct side_work *work = has_processors() ? malloc(sizeof(*work)) : NULL;
	sigset_t all, before;

	if (!work)
		return false;
	*work = (struct side_work){run, argument};
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	side->running = !pthread_create(&side->thread, NULL, side_main, work);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!side->running)
		free(work);
	return side->running;
}

void side_wait(struct side *side)
{
	if (side->running)
		pthread_join(side->thread, NULL);
	side->running = false;
}
