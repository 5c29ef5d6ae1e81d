/* SPDX-License-Identifier: Apache-2.0 */
/* What the process says it is doing: operations, spans, traces, tags, a message. */
#ifndef COLLECTOR_ACTIVITY_H
#define COLLECTOR_ACTIVITY_H

#include "report.h"
#include "writer.h"

/* Payloads of sections; to be called by the thread that reports. */
void activity_write_counters(struct writer *w, const struct crash *crash);
void activity_write_spans(struct writer *w, const struct crash *crash);
void activity_write_traces(struct writer *w, const struct crash *crash);

/* Elements of a JSON array behind those that are there already. */
void activity_write_tags(struct writer *w, bool is_first);

/* For the child of a fork, in which nothing else runs: entries that another thread was writing are
 * free, and all ids. */
void ids_forget(void);
void tags_mend(void);

#endif
