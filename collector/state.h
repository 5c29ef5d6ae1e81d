/* SPDX-License-Identifier: Apache-2.0 */
/* What the handler needs to know, prepared while all is well. */
#ifndef COLLECTOR_STATE_H
#define COLLECTOR_STATE_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ddcrash.h"
#include "raw.h"

#define SIGNALS_MAX 64 /* the highest number */
#define OUTPUT_MAX  4096
#define TIMEOUT_MS  5000
#define THREADS_MAX 256 /* in a report, unless said otherwise */

/* Text that may be replaced while a crash happens: readers take the slot that is current. */
struct slots {
	atomic_uint current;
	uint32_t size[2];
	char text[2][DDCRASH_TEXT_MAX];
};

struct state {
	atomic_bool started;  /* the configuration below is valid */
	atomic_bool disabled; /* signals are handed on only */
	char output[OUTPUT_MAX];
	int output_fd; /* used when `output` is empty */
	unsigned timeout_ms;
	unsigned max_threads;
	bool all_threads;
	bool copies_stack;    /* when it can't be followed to its end */
	bool leaves_stack;    /* to whoever reads the copy */
	raw_sigset signals;   /* to be reported */
	raw_sigset installed; /* that our handler is installed for, perhaps below another one */
	struct sigaction previous[SIGNALS_MAX + 1];
	struct slots metadata;            /* JSON objects */
	struct slots tags;                /* JSON arrays */
	struct slots additional_files;    /* the same */
	const char *const *abort_message; /* libc's __abort_msg, NULL when it has none */
};

extern struct state state;

/* Take over a configuration, but for what `started` guards. -errno. */
int state_set(const struct ddcrash_config *config);
int state_set_metadata(const struct ddcrash_metadata *metadata);

/* The absolute form of a path that is valid now. -ENAMETOOLONG or what getcwd() says. */
int state_path(char *to, size_t size, const char *path);

/* Calls that change the state, or a table that is not free of waiting, do not run at the same time.
 */
void state_lock(void);
void state_unlock(void);

/* Whether this process reports a crash or has done so. */
bool guard_is_taken(void);

#endif
