/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/uploader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "report/report.h"
#include "upload/document.h"
#include "upload/file_sink.h"

/* Payloads held in memory, at least, so that one wait for the disk is for many of them. */
#define WINDOW_MIN 256
/*
 * Not tried again after so many runs: with failures only, which may be those of a server that is
 * out of order, and with a refusal among them.
 */
#define FAILED_MAX  10
#define REFUSED_MAX 3
/* Waits of one's own: 100, 200, 400 ms... */
#define BACKOFF_BASE_MS 100
#define BACKOFF_CAP_MS  10000

struct crashinfo_uploader_options crashinfo_uploader_options_default(void)
{
	return (struct crashinfo_uploader_options){
		.concurrency = 20,
		.retries = 3,
		.timeout_ms = 3000,
		.deadline_ms = 120000,
		.max_payload = 10u * 1024 * 1024, /* the agent's EVP proxy takes no more */
	};
}

/* --- making one --- */

/*
 * A server that breaks off a small request may or may not have taken it, as all of it was under
 * way. What is sent again waits for the server's word before the body, so that it is known that a
 * second break is none; HTTP/2 and servers that do not give their word get the body after a second.
 */
static bool add_expect(struct curl_slist **headers)
{
	struct curl_slist *longer =
		*headers ? curl_slist_append(*headers, "Expect: 100-continue") : NULL;

	if (longer)
		*headers = longer;
	return longer;
}

static struct crashinfo_error *set_up_lanes(struct crashinfo_uploader *uploader)
{
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++) {
		struct upload_lane *lane = &uploader->lanes[i];

		lane->endpoint = uploader->options.endpoints[i];
		if (!lane->endpoint || lane->endpoint->scheme == CRASHINFO_ENDPOINT_FILE)
			continue;
		lane->headers = upload_headers(uploader, lane->endpoint,
					       (enum crashinfo_upload_target)i, false);
		lane->resend_headers = upload_headers(uploader, lane->endpoint,
						      (enum crashinfo_upload_target)i, false);
		if (!lane->headers || !add_expect(&lane->resend_headers))
			return crashinfo_error_no_memory();
	}
	return NULL;
}

static struct crashinfo_error *set_up_curl(struct crashinfo_uploader *uploader)
{
	long connections = (long)uploader->options.concurrency;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return crashinfo_error_no_memory();
	uploader->multi = curl_multi_init();
	uploader->slots = calloc(uploader->options.concurrency, sizeof(*uploader->slots));
	if (!uploader->multi || !uploader->slots)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < uploader->options.concurrency; i++)
		uploader->slots[i].uploader = uploader;
	/*
	 * One request at a time in an HTTP/2 connection: a server that ends the connection, as they
	 * do after so many requests, would leave all others in it without an answer.
	 */
	curl_multi_setopt(uploader->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(uploader->multi, CURLMOPT_MAXCONNECTS, connections);
	curl_multi_setopt(uploader->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
	return NULL;
}

static const char *file_of(const struct crashinfo_uploader *uploader)
{
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++)
		if (uploader->options.endpoints[i] &&
		    uploader->options.endpoints[i]->scheme == CRASHINFO_ENDPOINT_FILE)
			return uploader->options.endpoints[i]->file;
	return NULL;
}

static struct crashinfo_error *set_up(struct crashinfo_uploader *uploader)
{
	const struct crashinfo_uploader_options *options = &uploader->options;
	const char *file = file_of(uploader);
	struct crashinfo_error *error = crashinfo_upload_host_create(&uploader->host);

	if (!error)
		error = set_up_lanes(uploader);
	if (!error && file)
		return options->truncate ? file_sink_truncate(file) : NULL;
	if (!error)
		error = set_up_curl(uploader);
	if (!error && options->journal)
		error = journal_open(&uploader->context, options->journal, &uploader->journal);
	return error;
}

struct crashinfo_error *crashinfo_uploader_create(const struct crashinfo_context *context,
						  const struct crashinfo_uploader_options *options,
						  struct crashinfo_uploader **ret)
{
	struct crashinfo_uploader *uploader = calloc(1, sizeof(*uploader));
	struct crashinfo_error *error;

	if (!uploader)
		return crashinfo_error_no_memory();
	uploader->context = context ? *context : crashinfo_context_default();
	uploader->options = *options;
	if (!uploader->options.concurrency)
		uploader->options.concurrency = 1;
	uploader->window = (size_t)4 * uploader->options.concurrency;
	if (uploader->window < WINDOW_MIN)
		uploader->window = WINDOW_MIN;
	uploader->policy = (struct retry_policy){
		.retries = options->retries,
		.deadline_ms = options->deadline_ms,
		.base_ms = BACKOFF_BASE_MS,
		.cap_ms = BACKOFF_CAP_MS,
	};
	if (getrandom(&uploader->random, sizeof(uploader->random), 0) < 0)
		uploader->random = (uint32_t)upload_now_ms();
	error = set_up(uploader);
	if (error) {
		crashinfo_uploader_destroy(uploader);
		return error;
	}
	*ret = uploader;
	return NULL;
}

void crashinfo_uploader_destroy(struct crashinfo_uploader *uploader)
{
	if (!uploader)
		return;
	for (size_t i = 0; uploader->slots && i < uploader->options.concurrency; i++)
		upload_slot_deinit(&uploader->slots[i]);
	free(uploader->slots);
	curl_multi_cleanup(uploader->multi);
	for (size_t i = 0; i < uploader->items.size; i++)
		upload_item_destroy(uploader->items.data[i]);
	free(uploader->items.data);
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++) {
		curl_slist_free_all(uploader->lanes[i].headers);
		curl_slist_free_all(uploader->lanes[i].resend_headers);
		free(uploader->lanes[i].stopped);
	}
	journal_close(uploader->journal);
	crashinfo_upload_host_destroy(uploader->host);
	crashinfo_error_destroy(uploader->fatal);
	free(uploader);
}

/* The error that ends all, for the caller to keep; it stays here for what else is asked. */
static struct crashinfo_error *fatal_error(const struct crashinfo_uploader *uploader)
{
	const struct crashinfo_error *fatal = uploader->fatal;

	if (!fatal)
		return NULL;
	return fatal->code == CRASHINFO_ERROR_NO_MEMORY
		       ? crashinfo_error_no_memory()
		       : crashinfo_error_create(CRASHINFO_ERROR_OS, "%s", fatal->message);
}

/* --- adding --- */

/* The same report may be under way; then wait, so that the journal knows what became of it. */
static bool is_pending(const struct crashinfo_uploader *uploader, const struct journal_key *key)
{
	for (size_t i = 0; uploader->journal && i < uploader->items.size; i++)
		if (!memcmp(&uploader->items.data[i]->key, key, sizeof(*key)))
			return true;
	return false;
}

/* Whether the journal says that the payload is not to be sent; then its result has been told. */
static bool settled_before(struct crashinfo_uploader *uploader, struct upload_item *item)
{
	struct crashinfo_upload_result result = {0};
	struct journal_entry entry;

	if (!uploader->journal || uploader->options.replace_existing)
		return false;
	entry = journal_find(uploader->journal, &item->key);
	item->unclear = entry.unclear;
	item->possible_duplicate = entry.unclear > 0;
	if (entry.sent) {
		result.outcome = CRASHINFO_UPLOAD_ALREADY_SENT;
	} else if (entry.unclear > 1) {
		result.outcome = CRASHINFO_UPLOAD_UNCERTAIN;
		result.message = "sent twice without an answer";
	} else if (entry.refused + entry.failed >= (entry.refused ? REFUSED_MAX : FAILED_MAX)) {
		result.outcome = CRASHINFO_UPLOAD_SET_ASIDE;
		result.message =
			entry.refused ? "refused in earlier runs" : "failed in many earlier runs";
	} else {
		return false;
	}
	upload_tell(uploader, item, result);
	return true;
}

static struct crashinfo_error *fill_body(struct crashinfo_uploader *uploader,
					 struct upload_item *item, struct crashinfo_report *report)
{
	struct crashinfo_payload_options how =
		upload_payload_options(uploader, item->target, item->kind);
	struct crashinfo_error *error;

	error = upload_document_payload(&uploader->context, report, &how,
					uploader->options.max_payload, !uploader->options.no_trim,
					&item->body, &item->body_size, &item->trimmed);
	if (error)
		return error;
	item->bytes = item->body_size;
	return uploader->options.gzip ? upload_item_gzip(item) : NULL;
}

static struct crashinfo_error *make_item(const char *input, size_t index,
					 const struct crashinfo_report *report,
					 enum crashinfo_upload_target target,
					 enum crashinfo_upload_kind kind, struct upload_item **ret)
{
	struct upload_item *item = calloc(1, sizeof(*item));

	if (!item)
		return crashinfo_error_no_memory();
	item->index = index;
	item->target = target;
	item->kind = kind;
	item->input = strdup(input);
	item->uuid = strdup(report->summary.uuid);
	if (item->input && item->uuid) {
		*ret = item;
		return NULL;
	}
	upload_item_destroy(item);
	return crashinfo_error_no_memory();
}

/* A payload that cannot be made small enough has had its result then. */
static struct crashinfo_error *fill_or_tell(struct crashinfo_uploader *uploader,
					    struct upload_item *item,
					    struct crashinfo_report *report)
{
	struct crashinfo_error *error = fill_body(uploader, item, report);

	if (!error || error->code != CRASHINFO_ERROR_LIMIT)
		return error;
	upload_tell(uploader, item,
		    (struct crashinfo_upload_result){.outcome = CRASHINFO_UPLOAD_TOO_LARGE,
						     .message = error->message});
	crashinfo_error_destroy(error);
	return NULL;
}

/* What one report is added with. */
struct addition {
	const char *input;
	size_t index;
	struct crashinfo_report *given;  /* names its payloads in the journal */
	struct crashinfo_report *report; /* with a uuid */
};

static struct crashinfo_error *add_payload(struct crashinfo_uploader *uploader,
					   const struct addition *addition,
					   enum crashinfo_upload_target target,
					   enum crashinfo_upload_kind kind)
{
	const struct crashinfo_endpoint *endpoint = uploader->lanes[target].endpoint;
	struct upload_item *item;
	struct crashinfo_error *error;

	error = make_item(addition->input, addition->index, addition->report, target, kind, &item);
	if (error)
		return error;
	error = upload_key(addition->given, endpoint, target, kind, &item->key);
	while (!error && is_pending(uploader, &item->key))
		upload_pump(uploader, true);
	if (!error && !settled_before(uploader, item) && !upload_is_stopped(uploader, item))
		error = fill_or_tell(uploader, item, addition->report);
	if (!error && item->body)
		return upload_stage(uploader, item);
	upload_item_destroy(item);
	return error;
}

static struct crashinfo_error *write_payload(struct crashinfo_uploader *uploader,
					     const struct addition *addition,
					     enum crashinfo_upload_target target,
					     enum crashinfo_upload_kind kind)
{
	struct crashinfo_payload_options how = upload_payload_options(uploader, target, kind);
	struct upload_item *item;
	struct crashinfo_error *error;

	error = make_item(addition->input, addition->index, addition->report, target, kind, &item);
	if (error)
		return error;
	error = crashinfo_payload_create(addition->report, &how, &item->body, &item->body_size);
	if (!error)
		error = file_sink_payload(uploader->lanes[target].endpoint->file, target,
					  item->body, item->body_size);
	item->bytes = item->body_size;
	item->attempts = 1;
	if (!error)
		upload_tell(uploader, item,
			    (struct crashinfo_upload_result){.outcome = CRASHINFO_UPLOAD_SENT});
	upload_item_destroy(item);
	return error;
}

/* Both targets get what is of one kind. */
static struct crashinfo_error *add_kind(struct crashinfo_uploader *uploader,
					const struct addition *addition,
					enum crashinfo_upload_kind kind)
{
	struct crashinfo_error *error = NULL;

	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS && !error; i++) {
		enum crashinfo_upload_target target = (enum crashinfo_upload_target)i;

		if (!uploader->lanes[i].endpoint)
			continue;
		if (uploader->lanes[i].endpoint->scheme == CRASHINFO_ENDPOINT_FILE)
			error = write_payload(uploader, addition, target, kind);
		else
			error = add_payload(uploader, addition, target, kind);
	}
	return error;
}

struct crashinfo_error *crashinfo_uploader_add(struct crashinfo_uploader *uploader,
					       const char *input, size_t index,
					       struct crashinfo_report *report)
{
	_upload_document_ struct upload_document identified = {0};
	struct addition addition = {input, index, report, report};
	const char *file = file_of(uploader);
	struct crashinfo_error *error;

	error = upload_document_identify(&uploader->context, report, &identified);
	if (identified.report)
		addition.report = identified.report;
	if (!error && uploader->options.ping)
		error = add_kind(uploader, &addition, CRASHINFO_UPLOAD_PING);
	if (!error && file)
		error = file_sink_report(file, addition.report);
	if (!error)
		error = add_kind(uploader, &addition, CRASHINFO_UPLOAD_REPORT);
	return error ? error : fatal_error(uploader);
}

struct crashinfo_error *crashinfo_uploader_finish(struct crashinfo_uploader *uploader)
{
	while (uploader->items.size)
		upload_pump(uploader, true);
	if (!uploader->fatal && uploader->journal)
		uploader->fatal = journal_sync(uploader->journal);
	return fatal_error(uploader);
}
