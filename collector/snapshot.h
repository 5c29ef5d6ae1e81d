/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the stack in the stream, for when it could not be followed here. */
#ifndef COLLECTOR_SNAPSHOT_H
#define COLLECTOR_SNAPSHOT_H

#include "report.h"

/* Whether the frames that were written are all. */
void snapshot_stack_is(bool complete);

bool snapshot_is_wanted(const struct crash *crash);
void snapshot_write(struct writer *w, const struct crash *crash);

#endif
