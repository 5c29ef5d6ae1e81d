/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of one crash. */
#ifndef COLLECTOR_REPORT_H
#define COLLECTOR_REPORT_H

#include <signal.h>

#include "raw.h"
#include "writer.h"

struct crash {
	int signo;
	const siginfo_t *info;
	const ucontext_t *context;
};

/* Open the output, write all sections to it and close it. */
void report_write(const struct crash *crash);

/* The section with the call stack; the maps were read. */
void report_stack(struct writer *w, const struct crash *crash);

#endif
