/* SPDX-License-Identifier: Apache-2.0 */
/* Signal stacks that programs made themselves may be too small for a report. */
#ifndef COLLECTOR_ROOM_H
#define COLLECTOR_ROOM_H

#include <ucontext.h>

/*
 * Call function(argument), from a signal handler that got `context`: where it is, or on a stack of
 * our own when little is left there. One thread at a time.
 */
void room_call(const ucontext_t *context, void (*function)(void *argument), void *argument);

#endif
