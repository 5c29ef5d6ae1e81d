/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of one crash. */
#ifndef COLLECTOR_REPORT_H
#define COLLECTOR_REPORT_H

#include <signal.h>

#include "ddcrash.h"
#include "raw.h"
#include "writer.h"

struct crash {
	int signo;
	const siginfo_t *info;
	const ucontext_t *context;
	const struct ddcrash_exception *exception; /* what it is instead, or NULL */
};

/* Open the output, write all sections to it and close it. Whether all could be written. */
bool report_write(const struct crash *crash);

/* The section with the call stack; the maps were read. */
void report_stack(struct writer *w, const struct crash *crash);

/* What is known of the module of an address, as members behind others; between modules_begin() and
 * modules_end(). */
void report_module(struct writer *w, uint64_t pc);

#endif
