/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the stream. */
#ifndef COLLECTOR_SECTIONS_H
#define COLLECTOR_SECTIONS_H

#include <signal.h>
#include <ucontext.h>

#include "settings.h"

/* What the handler was called with. */
struct crash {
	int signal;
	const siginfo_t *info;
	const ucontext_t *context;
	int pid, tid;
	const struct settings *settings;
};

/* Write the whole stream to `fd`; false when writing failed. */
bool sections_write(const struct crash *crash, int fd);

#endif
