/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that is silent, dies or talks nonsense loses its place and what it had begun; nobody
 * else waits for it.
 */
#include "host/usercrashd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t usercrashd_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * (int64_t)1000 + now.tv_nsec / 1000000;
}

void usercrashd_drop(struct usercrashd *d, struct client *client)
{
	if (client->is_writing)
		store_abort(&d->store, &client->file);
	close(client->fd);
	*client = (struct client){.fd = -1};
}

static struct client *free_place(struct usercrashd *d)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (d->clients[i].fd < 0)
			return &d->clients[i];
	return NULL;
}

/* The kernel runs clients as root; a server for tests serves its own user. */
static bool is_allowed(int fd, int *pid_ret)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	*pid_ret = peer.pid;
	return peer.uid == 0 || peer.uid == geteuid();
}

void usercrashd_accept(struct usercrashd *d)
{
	struct client *client = free_place(d);
	int fd = client ? accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
	int pid = 0;

	if (fd < 0)
		return;
	if (!is_allowed(fd, &pid)) {
		tool_warning(&d->tool, "process %d may not store reports", pid);
		close(fd);
		return;
	}
	*client = (struct client){
		.fd = fd,
		.pid = pid,
		.deadline = usercrashd_now() + (int64_t)d->options.request_ms,
		.file = {.fd = -1},
	};
}

static void refuse(struct usercrashd *d, struct client *client, struct crashinfo_error *error)
{
	struct protocol_packet packet = {.type = PROTOCOL_REFUSED,
					 .pid = error->errnum ? error->errnum : EFBIG};

	tool_warning(&d->tool, "report of process %d refused: %s", client->request.pid,
		     error->message);
	crashinfo_error_destroy(error);
	protocol_send(client->fd, &packet, -1);
	usercrashd_drop(d, client);
}

static struct crashinfo_error *create(struct usercrashd *d, struct client *client)
{
	if (client->request.size > d->options.size)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "%ju bytes are more than %ju",
					      (uintmax_t)client->request.size,
					      (uintmax_t)d->options.size);
	return store_create(&d->store, client->request.size, &client->file);
}

static void begin(struct usercrashd *d, struct client *client)
{
	struct protocol_packet packet = {.type = PROTOCOL_PERFORM};
	struct crashinfo_error *error = create(d, client);

	if (error) {
		refuse(d, client, error);
		return;
	}
	client->is_writing = true;
	client->size = client->request.size;
	client->deadline = usercrashd_now() + (int64_t)d->options.write_ms;
	if (!protocol_send(client->fd, &packet, client->file.fd))
		usercrashd_drop(d, client);
}

static void complete(struct usercrashd *d, struct client *client)
{
	struct protocol_packet packet = {.type = PROTOCOL_DONE};
	char name[STORE_NAME_MAX];
	struct crashinfo_error *error;

	/* from here on the file is the store's */
	client->is_writing = false;
	error = store_commit(&d->store, &client->file, name);
	if (error) {
		refuse(d, client, error);
		return;
	}
	tool_note(&d->tool, "%s: process %d, \"%s\"", name, client->request.pid,
		  client->request.name);
	strcpy(packet.name, name);
	protocol_send(client->fd, &packet, -1);
	usercrashd_drop(d, client);
}

void usercrashd_serve(struct usercrashd *d, struct client *client)
{
	struct protocol_packet packet;

	if (!protocol_receive(client->fd, &packet, NULL)) {
		if (errno == EAGAIN)
			return;
		tool_warning(&d->tool, "client %d: %s", client->pid,
			     errno == ECONNRESET ? "ended before it was done" : strerror(errno));
		usercrashd_drop(d, client);
		return;
	}
	if (packet.type == PROTOCOL_REQUEST && !client->is_writing) {
		client->request = packet;
		begin(d, client);
	} else if (packet.type == PROTOCOL_COMPLETED && client->is_writing) {
		complete(d, client);
	} else {
		tool_warning(&d->tool, "client %d: unexpected packet", client->pid);
		usercrashd_drop(d, client);
	}
}
