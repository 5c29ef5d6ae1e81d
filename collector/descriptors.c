/* SPDX-License-Identifier: Apache-2.0 */
#include "descriptors.h"

#include "raw.h"

/* The output, both ends of a connection, and one for the receiver that is started, which later is
 * one for the maps. */
#define KEPT 4
/* Where a shell keeps its own: below it are those that programs choose by number. */
#define LOWEST 10

/* All are the same end of a pipe. A program that closes whatever is open closes them too, and may
 * have opened something else in their place by the time of the crash: that must not be closed. */
static struct {
	int fds[KEPT];
	unsigned count;
	dev_t device;
	ino_t inode;
} kept;

static struct rlimit limit;
static bool is_raised;

static void take(int fd)
{
	for (unsigned i = 0; i < KEPT; i++) {
		long copy = raw_duplicate(fd, LOWEST);

		/* Where so few are allowed. */
		if (copy == -EINVAL)
			copy = raw_duplicate(fd, 0);
		if (copy < 0)
			return;
		kept.fds[kept.count++] = (int)copy;
	}
}

void descriptors_keep(void)
{
	struct stat status;
	int fds[2];

	descriptors_give_up();
	if (raw_pipe(fds) < 0)
		return;
	if (!raw_fstat(fds[0], &status)) {
		kept.device = status.st_dev;
		kept.inode = status.st_ino;
		take(fds[0]);
	}
	raw_close(fds[0]);
	raw_close(fds[1]);
}

void descriptors_give_up(void)
{
	struct stat status;

	for (unsigned i = 0; i < kept.count; i++)
		if (!raw_fstat(kept.fds[i], &status) && status.st_dev == kept.device &&
		    status.st_ino == kept.inode)
			raw_close(kept.fds[i]);
	kept.count = 0;
}

bool descriptors_raise_limit(void)
{
	struct rlimit raised;

	if (is_raised || raw_prlimit(RLIMIT_NOFILE, NULL, &limit))
		return is_raised;
	raised = limit;
	raised.rlim_cur += KEPT;
	/* Beyond this only the privileged may go. */
	if (raised.rlim_max < raised.rlim_cur)
		raised.rlim_max = raised.rlim_cur;
	is_raised = !raw_prlimit(RLIMIT_NOFILE, &raised, NULL);
	return is_raised;
}

void descriptors_restore_limit(void)
{
	if (is_raised)
		raw_prlimit(RLIMIT_NOFILE, &limit, NULL);
	is_raised = false;
}
