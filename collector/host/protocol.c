/* SPDX-License-Identifier: Apache-2.0 */
#include "host/protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

bool protocol_send(int socket, const struct protocol_packet *packet, int fd)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)packet, .iov_len = sizeof(*packet)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control = {.bytes = {0}};
	ssize_t sent;

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)sizeof(*packet);
}

/* The descriptor that came; more than one cannot, as there is no room for it. */
static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

bool protocol_receive(int socket, struct protocol_packet *ret, int *fd_ret)
{
	struct iovec part = {.iov_base = ret, .iov_len = sizeof(*ret)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	ssize_t got;
	int fd;

	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control.bytes);
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return false;
	fd = take_descriptor(&message);
	if (fd >= 0 && !fd_ret)
		close(fd);
	if (got == (ssize_t)sizeof(*ret) && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		ret->name[sizeof(ret->name) - 1] = '\0';
		if (fd_ret)
			*fd_ret = fd;
		return true;
	}
	if (fd >= 0 && fd_ret)
		close(fd);
	errno = got ? EPROTO : ECONNRESET;
	return false;
}
