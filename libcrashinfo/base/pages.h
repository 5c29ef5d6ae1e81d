/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stddef.h>

/*
 * Ask for huge pages below `size` bytes of malloc'd memory that are about to be filled: page faults
 * are a third of the time for a large report. Does nothing for less than some MiB.
 */
void pages_advise(const void *start, size_t size);

#endif
