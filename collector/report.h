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

/*
 * The steps of a report, in this order. Each may crash itself: then the next one goes on with what
 * there is.
 */
void report_connect(const struct crash *crash); /* the receiver */
void report_open(const struct crash *crash);    /* the output */
void report_write(const struct crash *crash);   /* all sections */
void report_close(const struct crash *crash);   /* wait for the receiver, close the output */
/* After the second: no descriptor could be had for the output, and nobody receives either. */
bool report_lacks_descriptor(void);
bool report_is_whole(void);

/* The section with the call stack; the maps were read. */
void report_stack(struct writer *w, const struct crash *crash);

/* What is known of the module of an address, as members behind others; between modules_begin() and
 * modules_end(). */
void report_module(struct writer *w, uint64_t pc);

#endif
