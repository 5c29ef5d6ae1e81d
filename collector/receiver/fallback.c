/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file to which the process has written its stream itself. It is removed when the report is
 * safe; but by then the next crash may have written its own to the same path, and that one must
 * stay. An inode's number is used again as soon as the file is gone, so the file is held open:
 * while it is, no other has its number. It is opened while the process that wrote it has it open
 * too, for the same reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "receiver/receiver.h"

/* ".ddcrash-", 16 digits and NUL */
#define TEMPORARY_SIZE 32
/* The kernel's RENAME_NOREPLACE, which not every C library names. */
#define NO_REPLACE 1U

static void close_held(struct fallback *fallback)
{
	if (fallback->file >= 0)
		close(fallback->file);
	if (fallback->folder >= 0)
		close(fallback->folder);
	fallback->file = fallback->folder = -1;
}

static const char *base_name(const struct fallback *fallback)
{
	return strrchr(fallback->path, '/') + 1;
}

/* --- holding ---------------------------------------------------------------------------------- */

static int open_folder(const struct fallback *fallback)
{
	size_t size = (size_t)(base_name(fallback) - fallback->path);
	char *path = strndup(fallback->path, size);
	int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	free(path);
	return fd;
}

static bool open_both(struct fallback *fallback)
{
	struct stat status;

	fallback->folder = open_folder(fallback);
	if (fallback->folder < 0)
		return false;
	fallback->file =
		openat(fallback->folder, base_name(fallback), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fallback->file >= 0 && !fstat(fallback->file, &status) && S_ISREG(status.st_mode) &&
	       status.st_ino == fallback->inode;
}

/* It closes the connection before the file. */
static bool is_connected(const struct crash *crash)
{
	struct pollfd fd = {.fd = crash->fd};

	return poll(&fd, 1, 0) >= 0 && !(fd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

void fallback_hold(struct crash *crash)
{
	struct fallback *fallback = &crash->config.fallback;
	bool is_held;

	if (!fallback->path || *fallback->path != '/')
		return;
	is_held = as_peer(crash) && open_both(fallback);
	as_ourselves();
	if (!is_held || !is_connected(crash))
		close_held(fallback);
}

/* --- removing --------------------------------------------------------------------------------- */

/* Whether `name` is the file that is held. */
static bool is_it(const struct fallback *fallback, const char *name)
{
	struct stat held, found;

	return !fstat(fallback->file, &held) &&
	       !fstatat(fallback->folder, name, &found, AT_SYMLINK_NOFOLLOW) &&
	       found.st_ino == held.st_ino && found.st_dev == held.st_dev;
}

static bool rename_to(const struct fallback *fallback, const char *from, const char *to)
{
	return !syscall(SYS_renameat2, fallback->folder, from, fallback->folder, to, NO_REPLACE);
}

/* A file of another crash, which came a moment ago. Where the one after it is there already it
 * keeps the new name, as those of before are removed by who writes the next. */
static void put_back(const struct crash *crash, const char *temporary)
{
	const struct fallback *fallback = &crash->config.fallback;

	if (!rename_to(fallback, temporary, base_name(fallback)))
		tool_warning(&crash->receiver->tool, "%s of another crash is now named %s",
			     fallback->path, temporary);
}

/* Between a look at a name and its removal somebody may give it to another file; a file that has
 * been moved away keeps its name. */
static void remove_it(const struct crash *crash)
{
	const struct fallback *fallback = &crash->config.fallback;
	const char *name = base_name(fallback);
	char temporary[TEMPORARY_SIZE];
	uint64_t number = 0;

	if (!is_it(fallback, name) || getrandom(&number, sizeof(number), 0) != sizeof(number))
		return;
	snprintf(temporary, sizeof(temporary), ".ddcrash-%016jx", (uintmax_t)number);
	if (rename_to(fallback, name, temporary)) {
		if (is_it(fallback, temporary))
			unlinkat(fallback->folder, temporary, 0);
		else
			put_back(crash, temporary);
	} else if (errno == EINVAL || errno == ENOSYS || errno == EPERM) {
		/* a file system that can't, or a filter of calls */
		if (is_it(fallback, name))
			unlinkat(fallback->folder, name, 0);
	}
}

void fallback_remove(struct crash *crash)
{
	if (crash->config.fallback.file < 0)
		return;
	if (as_peer(crash))
		remove_it(crash);
	as_ourselves();
}

void fallback_deinit(struct fallback *fallback)
{
	close_held(fallback);
	free(fallback->path);
	fallback->path = NULL;
}
