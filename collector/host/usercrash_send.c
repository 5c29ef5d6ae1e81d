/* SPDX-License-Identifier: Apache-2.0 */
#include "host/usercrash.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "host/protocol.h"
#include "host/store.h"

static struct crashinfo_error *to_folder(const struct usercrash_options *options, const char *path,
					 const char *text, size_t size, char name_ret[64])
{
	struct store_file file;
	struct store store;
	char name[STORE_NAME_MAX];
	struct crashinfo_error *error;

	error = store_open(path, (unsigned)options->count, options->total, &store);
	if (error)
		return error;
	error = store_create(&store, size, &file);
	if (!error) {
		error = io_write_all(file.fd, text, size);
		if (error)
			store_abort(&store, &file);
		else
			error = store_commit(&store, &file, name);
	}
	store_close(&store);
	if (!error)
		snprintf(name_ret, 64, "%s", name);
	return error;
}

/* Reports hold other people's memory: only root, and who runs us, may have them. */
static bool is_trusted(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	errno = EPERM;
	return peer.uid == 0 || peer.uid == geteuid();
}

static int connect_server(const char *path, uint64_t timeout_ms)
{
	struct timeval wait = {.tv_sec = (time_t)(timeout_ms / 1000),
			       .tv_usec = (suseconds_t)(timeout_ms % 1000 * 1000)};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	/* the one for sending covers connecting as well */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) || !is_trusted(fd))
		return -1;
	return steal_fd(fd);
}

static struct crashinfo_error *lost(const char *what)
{
	return crashinfo_error_from_errno(errno == EAGAIN ? ETIMEDOUT : errno, "the server %s",
					  what);
}

static struct crashinfo_error *expect(int server, uint32_t type, struct protocol_packet *packet,
				      int *fd_ret)
{
	if (!protocol_receive(server, packet, fd_ret))
		return lost("did not answer");
	if (packet->type == PROTOCOL_REFUSED)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "the server refused the report: %s",
					      strerror(packet->pid));
	if (packet->type != type)
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "the server answered something else");
	return NULL;
}

static struct crashinfo_error *talk(int server, const struct crash *crash, const char *text,
				    size_t size, char name_ret[64])
{
	struct protocol_packet packet = {.type = PROTOCOL_REQUEST, .pid = crash->pid, .size = size};
	_close_ int fd = -1;
	struct crashinfo_error *error;

	snprintf(packet.name, sizeof(packet.name), "%s", crash->comm ? crash->comm : "");
	if (!protocol_send(server, &packet, -1))
		return lost("does not listen");
	error = expect(server, PROTOCOL_PERFORM, &packet, &fd);
	if (!error)
		error = io_write_all(fd, text, size);
	if (error)
		return error;
	packet = (struct protocol_packet){.type = PROTOCOL_COMPLETED, .size = size};
	if (!protocol_send(server, &packet, -1))
		return lost("went away");
	error = expect(server, PROTOCOL_DONE, &packet, NULL);
	if (!error)
		memcpy(name_ret, packet.name, sizeof(packet.name));
	return error;
}

struct crashinfo_error *usercrash_send(const struct usercrash_options *options,
				       const struct crash *crash, const char *text, size_t size,
				       char name_ret[64])
{
	_close_ int server = -1;
	struct crashinfo_error *error;

	if (options->output)
		return to_folder(options, options->output, text, size, name_ret);
	server = connect_server(options->socket, options->timeout_ms);
	error = server < 0 ? lost("is not there") : talk(server, crash, text, size, name_ret);
	/* what it said no to it would not take from us either */
	if (!error || error->code == CRASHINFO_ERROR_LIMIT)
		return error;
	/* one that is dead, stalled or too busy must not cost the report */
	crashinfo_error_destroy(error);
	return to_folder(options, options->fallback, text, size, name_ret);
}
