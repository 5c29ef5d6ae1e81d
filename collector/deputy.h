/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody with descriptors of its own, who makes the report where this process can't have another
 * one: all numbers below its limit are in use.
 */
#ifndef COLLECTOR_DEPUTY_H
#define COLLECTOR_DEPUTY_H

#include <stdbool.h>

/*
 * Have function(argument) called by a process that shares all memory with the caller, who waits for
 * it. Its table of descriptors is a copy, in which the first three are free. What it does to
 * descriptors, limits and signal handlers does not concern the caller. Whether there was one.
 */
bool deputy_call(void (*function)(void *argument), void *argument);

/* The ids of the caller, or of whom it stands in for. */
int deputy_pid(void);
int deputy_tid(void);

#endif
