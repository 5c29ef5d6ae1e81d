/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ddcrash-ctl. */
#ifndef HOST_CTL_H
#define HOST_CTL_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "tool.h"

struct ctl_options {
	const char *client, *socket;
	const char *kernel_dir, *state_dir, *sysctl_file;
	bool force;
};

/* A setting of the kernel, with its file below `kernel_dir` and, by its last name, `state_dir`. */
struct ctl_setting {
	const char *path, *name;
	bool is_there;          /* a container need not have it */
	const char *ours;       /* what enabling makes of it, NULL for the pattern */
	struct strbuf now;      /* bytes of the file */
	struct strbuf previous; /* as it was before we changed it; has_previous tells whether */
	bool has_previous;
	bool is_kept, is_changed; /* by this run: what enabling undoes when it fails */
};

struct ctl {
	struct tool tool;
	struct ctl_options options;
	struct ctl_setting pattern, limit, dumpable;
	struct strbuf ours; /* the pattern that runs our client */
	char *state_dir;    /* absolute */

	/* of this run, to be undone */
	bool is_state_dir_new, is_sysctl_written;
	struct strbuf sysctl_before; /* the file's content; had_sysctl tells whether it was there */
	bool had_sysctl;
};

/* --- ctl_settings.c --- */

/* What the kernel has, and what we kept. OS, NO_MEMORY. */
struct crashinfo_error *ctl_read(struct ctl *ctl);
void ctl_free(struct ctl *ctl);
/* The pattern runs our client, whatever its options. */
bool ctl_is_enabled(const struct ctl *ctl);

/* All of it, or nothing: what was changed before an error is put back. */
struct crashinfo_error *ctl_enable(struct ctl *ctl);
struct crashinfo_error *ctl_disable(struct ctl *ctl);

/* --- ctl_host.c --- */

/* Whether this is a container, whose kernel settings are those of its host. */
bool ctl_in_container(void);
/* Whether a server listens. */
bool ctl_is_served(const struct ctl *ctl);

#endif
