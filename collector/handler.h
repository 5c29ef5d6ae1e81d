/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_HANDLER_H
#define COLLECTOR_HANDLER_H

#include <signal.h>

#include "ddcrash.h"
#include "raw.h"

/* A fault inside of the report has to reach the handler; nothing else may run meanwhile. */
#define HANDLER_FAULTS                                                                        \
	(RAW_SIGNAL(SIGSEGV) | RAW_SIGNAL(SIGBUS) | RAW_SIGNAL(SIGILL) | RAW_SIGNAL(SIGFPE) | \
	 RAW_SIGNAL(SIGTRAP) | RAW_SIGNAL(SIGSYS))

/* To be installed with SA_SIGINFO and SA_NODEFER, all but faults blocked. */
void handler(int signo, siginfo_t *info, void *context);

/* Report as the handler does. -errno. */
int handler_report_exception(const struct ddcrash_exception *exception);

#endif
