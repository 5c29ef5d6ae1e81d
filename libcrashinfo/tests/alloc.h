/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations that fail on purpose. Test programs are linked with the allocating functions of libc
 * wrapped, so this counts what the library and the test call; what shared libraries allocate within
 * is not seen. The ck_ macros allocate too: while allocations fail, use assert() instead.
 */
#ifndef TESTS_ALLOC_H
#define TESTS_ALLOC_H

#include <stdbool.h>

#include <crashinfo/error.h>

/* Let allocation `n` from now on fail (0 is the next), and all after it when `onwards`. */
void alloc_fail(unsigned n, bool onwards);
/* Let all succeed again; whether one has failed. */
bool alloc_restore(void);

/*
 * Run `work` with allocation 0, 1, 2... failing, alone and with all after it, until it needs no
 * more of them. Every run must succeed or give NO_MEMORY, and free what it took (a leak shows under
 * AddressSanitizer). Returns the number of allocations of a run in which none fails.
 */
unsigned alloc_fail_each(struct crashinfo_error *(*work)(void *), void *argument);

#endif
