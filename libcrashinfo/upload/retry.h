/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to try again: decided from what is given, without clock, network or random source of its
 * own. All times are milliseconds.
 */
#ifndef UPLOAD_RETRY_H
#define UPLOAD_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry_policy {
	unsigned retries;     /* after the first attempt */
	uint64_t deadline_ms; /* from the first attempt to the last */
	uint64_t base_ms;     /* wait before the first retry, doubled for each further one */
	uint64_t cap_ms;      /* longest wait of one's own */
};

/* How an attempt ended. */
enum retry_end {
	RETRY_ANSWERED, /* with a status */
	RETRY_NOT_SENT, /* the request did not go out whole: it cannot have been accepted */
	RETRY_UNCLEAR,  /* it went out whole, no answer came back */
	RETRY_BARRED,   /* no attempt to this host can succeed: its certificate is not trusted */
};

struct retry_attempt {
	enum retry_end end;
	long status;            /* of RETRY_ANSWERED */
	int64_t retry_after_ms; /* what the answer asked for, -1: nothing */
	unsigned attempts;      /* made so far, this one included */
	unsigned unclear;       /* attempts that ended unclear ever, this one included */
	uint64_t elapsed_ms;    /* since the first attempt */
	uint32_t random;        /* any number */
};

enum retry_verdict {
	RETRY_ACCEPTED,
	RETRY_AGAIN,     /* after `wait_ms` */
	RETRY_REFUSED,   /* no repetition changes this answer */
	RETRY_GIVE_UP,   /* retries or deadline used up */
	RETRY_UNCERTAIN, /* a further attempt could make a second duplicate */
	RETRY_STOP,      /* every other request to this target would fare the same */
};

struct retry_decision {
	enum retry_verdict verdict;
	uint64_t wait_ms;
	/* the server asked for it: no other request either before this time has passed */
	bool pause_target;
};

struct retry_decision retry_decide(const struct retry_policy *policy,
				   const struct retry_attempt *attempt);

/*
 * A Retry-After header in milliseconds from `now` (seconds since 1970): decimal seconds, or a date
 * of HTTP. A date gone by is 0; -1 for anything else.
 */
int64_t retry_after_parse(const char *text, int64_t now);

#endif
