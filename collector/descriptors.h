/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room for descriptors when the program has used up all: some are kept from the start on and given
 * back in a crash, and the limit is raised for its time where that is allowed.
 */
#ifndef COLLECTOR_DESCRIPTORS_H
#define COLLECTOR_DESCRIPTORS_H

#include <stdbool.h>

/* Take and close those that are kept. */
void descriptors_keep(void);
void descriptors_give_up(void);

/* In a crash, when there were too many: whether the limit is higher now. */
bool descriptors_raise_limit(void);
void descriptors_restore_limit(void);

#endif
