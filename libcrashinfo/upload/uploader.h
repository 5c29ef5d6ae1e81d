/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an uploader is made of.
 *
 * A payload is STAGED until its intent is in the journal (many at once, as that waits for the
 * disk), READY until a slot and the rate allow, ACTIVE in a slot, and perhaps WAITING to be staged
 * again. queue.c moves payloads through these states, transfer.c is about one request.
 */
#ifndef UPLOAD_UPLOADER_H
#define UPLOAD_UPLOADER_H

#include <crashinfo/upload.h>
#include <curl/curl.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "upload/journal.h"
#include "upload/retry.h"

/* Of an answer's body; it says why a request was refused. */
#define ANSWER_BYTES 256

enum item_state { ITEM_STAGED, ITEM_READY, ITEM_ACTIVE, ITEM_WAITING };

/* One payload. */
struct upload_item {
	enum item_state state;
	char *input, *uuid;
	size_t index;
	enum crashinfo_upload_target target;
	enum crashinfo_upload_kind kind;
	struct journal_key key;
	char *body; /* compressed if that was asked for */
	size_t body_size;
	uint64_t bytes; /* before compression */
	bool trimmed;
	bool possible_duplicate;
	unsigned attempts, unclear; /* of this run; ever */
	uint64_t first_ms;          /* time of the first attempt */
	uint64_t wake_ms;           /* WAITING: until then */
};

/* One request on its way. */
struct upload_slot {
	struct crashinfo_uploader *uploader;
	CURL *easy;
	struct upload_item *item; /* NULL: free */
	size_t given;             /* bytes of the body that curl has taken */
	bool body_given;          /* all of them */
	int64_t retry_after_ms;   /* -1: not in the answer */
	size_t answer_size, answer_total;
	char answer[ANSWER_BYTES];
	char error[CURL_ERROR_SIZE];
};

/* How a request ended. */
struct upload_end {
	enum retry_end end;
	long status;
	int64_t retry_after_ms;
	char message[2 * CURL_ERROR_SIZE]; /* without the key */
};

struct upload_lane {
	const struct crashinfo_endpoint *endpoint; /* NULL: not a target */
	struct curl_slist *headers;
	struct curl_slist *resend_headers; /* of what may have arrived before */
	uint64_t not_before_ms;            /* the server asked for a pause */
	uint64_t accepted;                 /* payloads of this run */
	unsigned unanswered; /* payloads given up one after the other without any answer */
	char *stopped;       /* why nothing more is sent here, NULL: goes on */
	bool stopped_unreachable;
};

struct crashinfo_uploader {
	struct crashinfo_context context;
	struct crashinfo_uploader_options options;
	struct crashinfo_upload_host *host;
	struct journal *journal;
	struct upload_lane lanes[CRASHINFO_UPLOAD_TARGETS];
	struct retry_policy policy;
	CURLM *multi;
	VEC(struct upload_item *) items; /* in the order they came */
	struct upload_slot *slots;       /* `concurrency` of them */
	size_t active, window;
	uint64_t pending_bytes;
	uint64_t committed_ms; /* last time that intents were written to the journal */
	double next_start_ms;  /* the rate allows no request before */
	uint32_t random;
	struct crashinfo_error *fatal; /* nothing more can be recorded, so nothing is sent */
};

uint64_t upload_now_ms(void);

/* The headers of requests to `endpoint`; NULL when memory is out. The key is left out if `hide`. */
struct curl_slist *upload_headers(const struct crashinfo_uploader *uploader,
				  const struct crashinfo_endpoint *endpoint,
				  enum crashinfo_upload_target target, bool hide);

/* Begin the request for `item` in a free slot. */
struct crashinfo_error *upload_slot_begin(struct upload_slot *slot, struct upload_item *item);
/* The request is over: free the slot and tell how it went. */
void upload_slot_end(struct upload_slot *slot, CURLcode code, struct upload_end *ret);
void upload_slot_deinit(struct upload_slot *slot);

/* A name for the payload of `report` in the journal. */
struct crashinfo_error *upload_key(const struct crashinfo_report *report,
				   const struct crashinfo_endpoint *endpoint,
				   enum crashinfo_upload_target target,
				   enum crashinfo_upload_kind kind, struct journal_key *ret);

/* What one payload is built from; `now` is the present. */
struct crashinfo_payload_options upload_payload_options(const struct crashinfo_uploader *uploader,
							enum crashinfo_upload_target target,
							enum crashinfo_upload_kind kind);

/* Give the result of `item` to the caller; what it is about is filled in. */
void upload_tell(struct crashinfo_uploader *uploader, const struct upload_item *item,
		 struct crashinfo_upload_result result);
/* Whether nothing more goes to the target of `item`; then its result has been told. */
bool upload_is_stopped(struct crashinfo_uploader *uploader, const struct upload_item *item);
/* Take over `item` and see to it that it is sent; waits while much is under way. */
struct crashinfo_error *upload_stage(struct crashinfo_uploader *uploader, struct upload_item *item);
/*
 * Let requests go on; `blocking` waits for something to happen. Once something has failed for good
 * (`fatal`), those under way still come to their end, nothing else begins.
 */
void upload_pump(struct crashinfo_uploader *uploader, bool blocking);

void upload_item_destroy(struct upload_item *item);
/* Compress the body. */
struct crashinfo_error *upload_item_gzip(struct upload_item *item);

#endif
