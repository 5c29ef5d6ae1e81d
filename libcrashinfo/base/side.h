/* SPDX-License-Identifier: Apache-2.0 */
/* Work that another processor does meanwhile. */
#ifndef BASE_SIDE_H
#define BASE_SIDE_H

#include <pthread.h>
#include <stdbool.h>

/* Zeroed memory is work that was not begun. */
struct side {
	pthread_t thread;
	bool running;
};

/*
 * Begin `run(argument)` in a thread that takes no signals; false when this process has one
 * processor only or gets no thread, and the caller does it all.
 */
bool side_start(struct side *side, void (*run)(void *argument), void *argument);
/* Until it is done; returns at once when nothing runs. */
void side_wait(struct side *side);

#endif
