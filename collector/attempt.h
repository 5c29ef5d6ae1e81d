/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doing what may crash, without loss of anything but itself. Attempts are made by the thread that
 * reports, and may be made inside of each other.
 */
#ifndef COLLECTOR_ATTEMPT_H
#define COLLECTOR_ATTEMPT_H

#include <signal.h>
#include <stdbool.h>

enum attempt_end {
	ATTEMPT_FINISHED,
	ATTEMPT_CRASHED,
	ATTEMPT_LATE,
	ATTEMPT_REFUSED, /* not begun: no timer could be had */
};

enum attempt_end attempt(void (*function)(void *argument), void *argument);

/*
 * Run code of others, and end it when it takes longer, crashes or calls abort(), whoever handles
 * these signals otherwise. SIGSTKFLT, which nothing else uses, is the timer's. The signal mask is
 * what it was, whatever that code did to it.
 */
enum attempt_end attempt_within(unsigned milliseconds, void (*function)(void *argument),
				void *argument);

/* Inside of attempt_within(): what must not be ended in its middle. */
void attempt_hold(void);
void attempt_release(void);

/* Go on behind the innermost attempt, from the handler of a signal. */
__attribute__((noreturn)) void attempt_give_up(enum attempt_end how);

#endif
