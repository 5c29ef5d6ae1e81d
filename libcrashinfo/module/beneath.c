/* SPDX-License-Identifier: Apache-2.0 */
#include "module/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BENEATH_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Kernels before 5.6 and some sandboxes have no openat2: walk without following any link. */
static int walk(int dir_fd, const char *path)
{
	_close_ int fd = dup(dir_fd);

	while (fd >= 0 && *path) {
		size_t length = strcspn(path, "/");
		char name[256];
		int next;

		if (length >= sizeof(name) || (length == 2 && !memcmp(path, "..", 2))) {
			errno = length == 2 ? EXDEV : ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		path += length;
		path += strspn(path, "/");
		next = openat(fd, length ? name : ".",
			      BENEATH_FLAGS | O_NOFOLLOW | (*path ? O_DIRECTORY : 0));
		close(fd);
		fd = next;
	}
	return steal_fd(fd);
}

int beneath_open(int dir_fd, const char *path, enum beneath_mode mode)
{
	struct open_how how = {
		.flags = BENEATH_FLAGS,
		.resolve = RESOLVE_NO_MAGICLINKS |
			   (mode == BENEATH_ROOT ? RESOLVE_IN_ROOT : RESOLVE_BENEATH),
	};
	_close_ int fd = -1;
	struct stat st;

	path += strspn(path, "/");
	fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = walk(dir_fd, path);
	if (fd < 0 || fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	return steal_fd(fd);
}
