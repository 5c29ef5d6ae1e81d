/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/ctl.h"

/* The numbers that the kernel gives the namespaces it begins with. */
#define FIRST_USER_NAMESPACE 0xeffffffdu
#define FIRST_PID_NAMESPACE  0xeffffffcu

static bool is_other(const char *path, ino_t first)
{
	struct stat st;

	return !stat(path, &st) && st.st_ino != first;
}

bool ctl_in_container(void)
{
	return is_other("/proc/self/ns/pid", FIRST_PID_NAMESPACE) ||
	       is_other("/proc/self/ns/user", FIRST_USER_NAMESPACE);
}

bool ctl_is_served(const struct ctl *ctl)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(ctl->options.socket) >= sizeof(address.sun_path))
		return false;
	strcpy(address.sun_path, ctl->options.socket);
	return !connect(fd, (const struct sockaddr *)&address, sizeof(address));
}
