/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_HANDLER_H
#define COLLECTOR_HANDLER_H

#include <signal.h>

/* To be installed with SA_SIGINFO and SA_NODEFER, all but faults blocked. */
void handler(int signo, siginfo_t *info, void *context);

#endif
