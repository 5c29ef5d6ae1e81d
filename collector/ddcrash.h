/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crash reports from inside the crashing process.
 *
 * After ddcrash_start() a fatal signal makes the process write a complete crash stream: what
 * happened, registers, memory maps, and the stack as addresses within named modules.
 * ddcrash-parse(1) makes a report of it. The process then dies, or goes on, exactly as it would
 * have without: same exit status, same core file, same handlers that were there before.
 *
 * While the process crashes only the kernel is called: no allocation, no lock, no library function.
 * Functions give 0 or a negative errno value. They are meant for one thread, at start and end.
 */
#ifndef DDCRASH_H
#define DDCRASH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ddcrash_config.flags: leave the alternate signal stack of the calling thread alone. */
#define DDCRASH_NO_ALTSTACK 1u

/* Begin with DDCRASH_CONFIG_INIT. All strings are copied. */
struct ddcrash_config {
	/*
	 * File that the stream is written to: %p stands for the process id, %% for a percent sign.
	 * A relative path begins in the folder that is current at the start. The file is created
	 * with mode 0600 when the process crashes; one that exists is left alone and a number
	 * appended.
	 */
	const char *output;
	/* Without `output`, the descriptor to write to; it stays the caller's. */
	int output_fd;
	/* What is being reported on; NULL for "ddcrash", its version, and "native". */
	const char *library_name, *library_version, *family;
	/* "name:value" each; a name "service" is expected by those who receive the report. */
	const char *const *tags;
	size_t tag_count;
	/* Signals to handle; NULL for SEGV ABRT BUS ILL FPE TRAP SYS. */
	const int *signals;
	size_t signal_count;
	unsigned flags;
};

#define DDCRASH_CONFIG_INIT                                     \
	{                                                       \
		NULL, -1, NULL, NULL, NULL, NULL, 0, NULL, 0, 0 \
	}

/*
 * Install the handlers. -EALREADY after an earlier start; -EINVAL for a config without output, a
 * malformed tag or pattern, or a signal that cannot be handled; -E2BIG for too many or too long
 * strings. On failure nothing has changed.
 */
int ddcrash_start(const struct ddcrash_config *config);

/* Put back the handlers and the alternate stack that were there. Handlers installed since stay. */
int ddcrash_stop(void);

/*
 * An alternate signal stack for the calling thread, so that the overflow of its stack is reported;
 * ddcrash_start() does it for its own thread. One that the thread has is kept. -ENOMEM when there
 * is no memory. ddcrash_thread_stop() takes it away again.
 */
int ddcrash_thread_start(void);
void ddcrash_thread_stop(void);

/* Replace the message of a later report, e.g. an assertion's; NULL for none. Cut at 1023 bytes. */
void ddcrash_set_message(const char *message);

/* The version of the library, "1.2.3". */
const char *ddcrash_version(void);

#ifdef __cplusplus
}
#endif

#endif
