/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ddcrash-usercrashd. */
#ifndef HOST_USERCRASHD_H
#define HOST_USERCRASHD_H

#include <stdbool.h>
#include <stdint.h>

#include "host/protocol.h"
#include "host/store.h"
#include "tool.h"

/* Served at the same time; more wait in the queue of the socket. */
#define CLIENTS_MAX 64

struct usercrashd_options {
	const char *output, *socket;
	uint64_t count, total, size, request_ms, write_ms;
};

/* A client, from accept to its end. */
struct client {
	int fd; /* -1: unused */
	int pid;
	int64_t deadline; /* milliseconds of the monotonic clock */
	bool is_writing;  /* it has the descriptor */
	uint64_t size;
	struct store_file file;
	struct protocol_packet request;
};

struct usercrashd {
	struct tool tool;
	struct usercrashd_options options;
	struct store store;
	int listener, signals;
	bool is_activated; /* the socket came from the service manager and stays */
	struct client clients[CLIENTS_MAX];
};

/* --- usercrashd_socket.c --- */

/* The listening socket: that of the service manager, or one of our own in a private folder. */
struct crashinfo_error *usercrashd_listen(struct usercrashd *d);
/* Remove it, if it is our own. */
void usercrashd_unlisten(struct usercrashd *d);

/* --- usercrashd_client.c --- */

int64_t usercrashd_now(void);
/* Take a client from the listener. */
void usercrashd_accept(struct usercrashd *d);
/* Its socket has something to say. */
void usercrashd_serve(struct usercrashd *d, struct client *client);
/* Be done with it; what it had begun is dropped. */
void usercrashd_drop(struct usercrashd *d, struct client *client);

#endif
