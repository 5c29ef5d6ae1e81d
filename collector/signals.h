/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals and their codes as reports spell them. */
#ifndef COLLECTOR_SIGNALS_H
#define COLLECTOR_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Values of the kernel that libc headers do not have everywhere. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* "SIGSEGV", "UNKNOWN" */
const char *signal_name(int signo);
/* "SEGV_MAPERR", "UNKNOWN" */
const char *signal_code_name(int signo, int code);
/* Whether the default action ends the process and a handler can be installed. */
bool signal_is_fatal(int signo);
/* Whether si_addr means something for the signal. */
bool signal_has_address(int signo, int code);
/* Whether an instruction caused it: the kernel does not let a process ignore that. */
bool signal_is_forced(int signo, int code);
/* Whether the kernel raised it for an instruction, which raises it again when it is run again. */
bool signal_recurs(int signo, int code);

#endif
