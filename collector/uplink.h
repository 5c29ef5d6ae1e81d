/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to a receiver: a program that is started when a crash happens, or one that listens
 * on a socket. It reads the stream, looks at the process while that waits, and says when it needs
 * it no longer: a byte for "I have what I need", then the end of the connection. The end alone
 * means that it died.
 */
#ifndef COLLECTOR_UPLINK_H
#define COLLECTOR_UPLINK_H

#include <sys/un.h>

#include "ddcrash.h"
#include "raw.h"
#include "writer.h"

/* Arguments and variables of the receiver: number and bytes of each kind. */
#define UPLINK_STRINGS_MAX 256
#define UPLINK_TEXT_MAX    16384
#define UPLINK_PATH_MAX    4096

enum uplink_state {
	UPLINK_NONE,     /* no receiver was asked for */
	UPLINK_FAILED,   /* it could not be started or reached; `error` says why */
	UPLINK_OPEN,     /* it gets the stream */
	UPLINK_RELEASED, /* it has what it needs */
	UPLINK_LOST,     /* it died, or closed the connection, before that */
	UPLINK_TIMEOUT,  /* it took too long */
};

struct uplink {
	enum uplink_state state;
	int error; /* -errno */
	int fd;
	int pidfd;
	int pid;          /* of a program that was started, else 0 */
	bool is_starting; /* which goes on beside us */
	uint64_t deadline;
};

/* Take over the configuration; NULL or one without path and socket is no receiver. -errno. */
int uplink_set(const struct ddcrash_receiver *receiver, unsigned timeout_ms);
bool uplink_is_wanted(void);

/* Connect or start; afterwards the state is FAILED or OPEN. */
void uplink_open(struct uplink *uplink);
/* What is sent may be read from now on: the receiver is allowed to look at this process. It may
 * have FAILED to start, and its descriptor is closed then. */
void uplink_settle(struct uplink *uplink);
/* The stream is complete: wait until the receiver lets the process go, and clean up. */
void uplink_close(struct uplink *uplink);

/* Lines that say what became of the receiver, and so of what only it could find out. */
void uplink_write_log(const struct uplink *uplink, struct writer *w);

#endif
