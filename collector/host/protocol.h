/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What client and server say to each other: packets of a fixed size over a SOCK_SEQPACKET socket.
 *
 *	client				server
 *	REQUEST with the report's size
 *					PERFORM with a descriptor, or REFUSED
 *	writes the report
 *	COMPLETED
 *					DONE with the file's name, or REFUSED
 */
#ifndef HOST_PROTOCOL_H
#define HOST_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#define PROTOCOL_DEFAULT_SOCKET "/run/ddcrash/usercrash.socket"

enum protocol_type {
	PROTOCOL_REQUEST = 0,
	PROTOCOL_COMPLETED = 1,
	PROTOCOL_PERFORM = 2,
	PROTOCOL_DONE = 3,
	PROTOCOL_REFUSED = 4,
};

struct protocol_packet {
	uint32_t type;
	int32_t pid; /* that crashed; of REFUSED an errno value */
	uint64_t size;
	char name[64]; /* of the program, of the file; NUL-terminated */
};

/* Send one packet, with a descriptor unless `fd` is -1. False with errno; never blocks longer than
 * the socket's timeout and raises no SIGPIPE. */
bool protocol_send(int socket, const struct protocol_packet *packet, int fd);
/* Receive one packet, and a descriptor when `fd_ret` is not NULL (-1: none came). False with errno:
 * EPROTO for what is no packet, ECONNRESET at the end. */
bool protocol_receive(int socket, struct protocol_packet *ret, int *fd_ret);

#endif
