/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ddcrash-usercrash. */
#ifndef HOST_USERCRASH_H
#define HOST_USERCRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "host/live.h"
#include "tool.h"

enum usercrash_format { USERCRASH_JSON, USERCRASH_TEXT };

struct usercrash_options {
	enum usercrash_format format;
	const char *output, *socket, *fallback, *previous;
	uint64_t count, total, size, timeout_ms, seconds;
	struct live_limits limits;
};

/* The beginning of the core file that the kernel writes to us, up to the end of its notes. */
struct core_head {
	int fd;        /* holds it; -1 when there is none */
	bool is_whole; /* up to the end of the notes */
	bool is_32_bits;
};

/* What the kernel told of the crash on the command line; 0 and NULL when it did not. */
struct crash {
	int pid, tid, signal;
	int64_t time;
	const char *limit, *dumpable, *host, *comm;
	char *owned_comm;
	struct core_head head;
};

/* --- usercrash_head.c --- */

/* Read from `input` what may be the beginning of a core file. NO_MEMORY, OS. */
struct crashinfo_error *core_head_read(int input, struct core_head *ret);

/* --- usercrash_report.c --- */

/* The report, as JSON or text, within the limits; malloc'd. */
struct crashinfo_error *usercrash_report(struct tool *tool, const struct usercrash_options *options,
					 const struct crash *crash, char **ret, size_t *size_ret);

/* --- usercrash_send.c --- */

/* To the server, or to the folder when there is no server or the user named it; `*name_ret` gets
 * the file's name. */
struct crashinfo_error *usercrash_send(const struct usercrash_options *options,
				       const struct crash *crash, const char *text, size_t size,
				       char name_ret[64]);

/* --- usercrash_previous.c --- */

/* Give the whole core file to the handler whose pattern is in the file `path`. */
struct crashinfo_error *usercrash_previous(const char *path, const struct crash *crash, int input);

#endif
