/* SPDX-License-Identifier: Apache-2.0 */
/* The cache folder of debuginfod clients: BUILDID/debuginfo, empty when no server has the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "module/debuginfod.h"

/* How long an empty file counts, unless the file of that name in the folder says otherwise. */
#define CACHE_MISS_FILE "cache_miss_s"
#define CACHE_MISS_S    600

/* As the clients of elfutils do: what people debug is their own business. */
#define FOLDER_MODE 0700

/* Make the folder and those above it. */
static bool make_folders(const char *path)
{
	_free_ char *copy = strdup(path);

	if (!copy)
		return false;
	for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(copy, FOLDER_MODE) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return !mkdir(copy, FOLDER_MODE) || errno == EEXIST;
}

struct crashinfo_error *debuginfod_cache_open(const char *path, int *ret)
{
	if (!make_folders(path))
		return crashinfo_error_from_errno(errno, "cannot make folder %s", path);
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret < 0)
		return crashinfo_error_from_errno(errno, "cannot open folder %s", path);
	return NULL;
}

static long miss_seconds(int dir_fd)
{
	_close_ int fd = openat(dir_fd, CACHE_MISS_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[32] = "", *end;
	long seconds;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return CACHE_MISS_S;
	seconds = strtol(text, &end, 10);
	return end == text || seconds < 0 ? CACHE_MISS_S : seconds;
}

enum debuginfod_entry debuginfod_cache_look(int dir_fd, const char *relative)
{
	/* those who clean the folder go by when files were used last */
	const struct timespec used[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
	struct stat status;

	if (fstatat(dir_fd, relative, &status, AT_SYMLINK_NOFOLLOW) || !S_ISREG(status.st_mode))
		return DEBUGINFOD_NONE;
	if (status.st_size) {
		utimensat(dir_fd, relative, used, 0);
		return DEBUGINFOD_AT_HAND;
	}
	if (time(NULL) - status.st_mtime <= miss_seconds(dir_fd))
		return DEBUGINFOD_MISSED;
	unlinkat(dir_fd, relative, 0);
	return DEBUGINFOD_NONE;
}

void debuginfod_cache_miss(int dir_fd, const char *relative)
{
	_close_ int fd = openat(dir_fd, relative, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	(void)fd;
}

int debuginfod_cache_begin(const char *path, char **name_ret)
{
	_free_ char *folder = strdup(path), *name = NULL;
	char *slash = folder ? strrchr(folder, '/') : NULL;
	int fd;

	if (!slash)
		return -1;
	*slash = '\0';
	/* a name that clients of elfutils know as left over when it is old */
	if ((mkdir(folder, FOLDER_MODE) && errno != EEXIST) ||
	    asprintf(&name, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		*name_ret = steal_ptr(name);
	return fd;
}
