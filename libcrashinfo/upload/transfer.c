/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request.
 *
 * A server cannot have accepted a request before its last byte was sent. So the journal is told
 * just before that byte goes to curl, and curl may not send a whole body a second time by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/version.h"
#include "upload/uploader.h"

/* More of an answer than this is not read. */
#define ANSWER_MAX_BYTES (1024 * 1024)
/* A line that is slower than this does not get a large body through. */
#define SLOW_BYTES_PER_SECOND (128 * 1024)

/* --- headers --- */

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	struct curl_slist *longer;
	char *line;

	if (!value || !*value)
		return true;
	if (asprintf(&line, "%s: %s", name, value) < 0)
		return false;
	longer = curl_slist_append(*list, line);
	free(line);
	if (longer)
		*list = longer;
	return longer;
}

/* A value of the environment that would begin another header is left out. */
static const char *one_line(const char *value)
{
	for (const char *p = value; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return NULL;
	return value;
}

struct curl_slist *upload_headers(const struct crashinfo_uploader *uploader,
				  const struct crashinfo_endpoint *endpoint,
				  enum crashinfo_upload_target target, bool hide)
{
	const struct crashinfo_uploader_options *options = &uploader->options;
	bool telemetry = target == CRASHINFO_UPLOAD_TELEMETRY;
	const struct {
		const char *name, *value;
	} headers[] = {
		{"Content-Type", "application/json"},
		{"Content-Encoding", options->gzip ? "gzip" : NULL},
		{"User-Agent", "ddcrash-upload/" DDCRASH_VERSION},
		{"DD-Telemetry-API-Version", telemetry ? "v2" : NULL},
		{"DD-Telemetry-Request-Type", telemetry ? "logs" : NULL},
		{"X-Datadog-EVP-Subdomain", endpoint->evp ? "error-tracking-intake" : NULL},
		{"DD-API-Key", hide ? NULL : endpoint->key},
		{"X-Datadog-Test-Session-Token", one_line(options->test_token)},
		{"Datadog-Container-ID", uploader->host->container_id},
		{"Datadog-Entity-ID", uploader->host->entity_id},
		{"Datadog-External-Env", one_line(options->external_env)},
	};
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (!add_header(&list, headers[i].name, headers[i].value)) {
			curl_slist_free_all(list);
			return NULL;
		}
	return list;
}

/* --- what curl calls --- */

static size_t give_body(char *buffer, size_t size, size_t count, void *user)
{
	struct upload_slot *slot = user;
	struct crashinfo_uploader *uploader = slot->uploader;
	size_t left = slot->item->body_size - slot->given, n = size * count;

	if (n >= left) {
		n = left;
		if (!slot->body_given && uploader->journal && !uploader->fatal)
			uploader->fatal =
				journal_record(uploader->journal, &slot->item->key, JOURNAL_BODY);
		/* what could not be recorded must not be sent */
		if (!slot->body_given && uploader->fatal)
			return CURL_READFUNC_ABORT;
		slot->body_given = true;
	}
	memcpy(buffer, slot->item->body + slot->given, n);
	slot->given += n;
	return n;
}

/* curl begins anew, on another connection. */
static int rewind_body(void *user, curl_off_t offset, int origin)
{
	struct upload_slot *slot = user;

	if (slot->body_given || origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_FAIL;
	slot->given = 0;
	return CURL_SEEKFUNC_OK;
}

static size_t take_header(char *line, size_t size, size_t count, void *user)
{
	static const char name[] = "retry-after:";
	struct upload_slot *slot = user;
	size_t length = size * count;
	char value[64];

	/* a status line: an interim answer may have come before */
	if (length > 5 && !memcmp(line, "HTTP/", 5))
		slot->retry_after_ms = -1;
	if (length > strlen(name) && !strncasecmp(line, name, strlen(name))) {
		snprintf(value, sizeof(value), "%.*s", (int)(length - strlen(name)),
			 line + strlen(name));
		slot->retry_after_ms = retry_after_parse(value, (int64_t)time(NULL));
	}
	return length;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *user)
{
	struct upload_slot *slot = user;
	size_t length = size * count, room = ANSWER_BYTES - slot->answer_size;
	size_t kept = length < room ? length : room;

	memcpy(slot->answer + slot->answer_size, bytes, kept);
	slot->answer_size += kept;
	slot->answer_total += length;
	return slot->answer_total > ANSWER_MAX_BYTES ? 0 : length;
}

/* --- beginning --- */

static long http_version(const struct upload_slot *slot)
{
	switch (slot->uploader->options.http_version) {
	case CRASHINFO_HTTP_1_1: return CURL_HTTP_VERSION_1_1;
	case CRASHINFO_HTTP_2: return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
	case CRASHINFO_HTTP_AUTO: break;
	}
	return CURL_HTTP_VERSION_2TLS;
}

/* What is the same for every request of a slot. */
static bool set_up(struct upload_slot *slot)
{
	const struct crashinfo_uploader_options *options = &slot->uploader->options;
	const char *proxy = options->proxy ? options->proxy : "";
	bool environment = !strcmp(proxy, "env");
	CURL *easy = slot->easy;

	return !curl_easy_setopt(easy, CURLOPT_PRIVATE, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->error) &&
	       !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
	       !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(easy, CURLOPT_POST, 1L) &&
	       !curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body) &&
	       !curl_easy_setopt(easy, CURLOPT_READDATA, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body) &&
	       !curl_easy_setopt(easy, CURLOPT_SEEKDATA, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) &&
	       !curl_easy_setopt(easy, CURLOPT_HEADERDATA, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) &&
	       !curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http_version(slot)) &&
	       !curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) &&
	       (environment || !curl_easy_setopt(easy, CURLOPT_PROXY, proxy)) &&
	       (!options->cacert || !curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert));
}

static long timeout_of(const struct upload_slot *slot)
{
	size_t seconds = slot->item->body_size / SLOW_BYTES_PER_SECOND;

	return (long)slot->uploader->options.timeout_ms + (long)seconds * 1000;
}

static bool aim(struct upload_slot *slot)
{
	const struct upload_lane *lane = &slot->uploader->lanes[slot->item->target];
	struct curl_slist *headers = slot->item->unclear ? lane->resend_headers : lane->headers;

	return !curl_easy_setopt(slot->easy, CURLOPT_URL, lane->endpoint->url) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_UNIX_SOCKET_PATH, lane->endpoint->socket) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, headers) &&
	       /* one that was open all the time may be about to be closed */
	       !curl_easy_setopt(slot->easy, CURLOPT_FRESH_CONNECT,
				 slot->item->unclear ? 1L : 0L) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_TIMEOUT_MS, timeout_of(slot)) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)slot->item->body_size);
}

struct crashinfo_error *upload_slot_begin(struct upload_slot *slot, struct upload_item *item)
{
	if (!slot->easy) {
		slot->easy = curl_easy_init();
		if (!slot->easy)
			return crashinfo_error_no_memory();
		if (!set_up(slot)) {
			upload_slot_deinit(slot);
			return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
						      "libcurl lacks what is needed here");
		}
	}
	slot->item = item;
	slot->given = slot->answer_size = slot->answer_total = 0;
	slot->body_given = false;
	slot->retry_after_ms = -1;
	*slot->error = '\0';
	if (aim(slot) && !curl_multi_add_handle(slot->uploader->multi, slot->easy))
		return NULL;
	slot->item = NULL;
	return crashinfo_error_no_memory();
}

void upload_slot_deinit(struct upload_slot *slot)
{
	if (slot->item)
		curl_multi_remove_handle(slot->uploader->multi, slot->easy);
	curl_easy_cleanup(slot->easy);
	slot->easy = NULL;
}

/* --- the end --- */

static bool is_barred(CURLcode code)
{
	static const CURLcode codes[] = {
		CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_ISSUER_ERROR,
		CURLE_SSL_INVALIDCERTSTATUS,
		CURLE_SSL_CERTPROBLEM,
		CURLE_UNSUPPORTED_PROTOCOL,
		CURLE_URL_MALFORMAT,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* A server may send back what it was sent. */
static void hide_key(char *text, const char *key)
{
	for (char *found = text; key && (found = strstr(found, key)); found += strlen(key))
		memset(found, '*', strlen(key));
}

/* What was kept of an answer may end amid the key, where hide_key() does not find it. */
static size_t without_half_key(const struct upload_slot *slot, const char *key)
{
	size_t length = slot->answer_size, half = key ? strlen(key) : 0;

	while (half && (half > length || memcmp(slot->answer + length - half, key, half)))
		half--;
	return slot->answer_total > ANSWER_BYTES ? length - half : length;
}

/* The beginning of the answer on one line. */
static void quote_answer(const struct upload_slot *slot, const char *key, char *ret, size_t size)
{
	size_t length = without_half_key(slot, key);

	while (length && strchr(" \r\n\t", slot->answer[length - 1]))
		length--;
	snprintf(ret, size, "%s%.*s%s", length ? ": " : "", (int)length, slot->answer,
		 slot->answer_total > ANSWER_BYTES ? "..." : "");
}

static void describe(const struct upload_slot *slot, CURLcode code, struct upload_end *ret)
{
	const char *key = slot->uploader->lanes[slot->item->target].endpoint->key;
	char answer[ANSWER_BYTES + 8];
	char *location = NULL;

	if (ret->status)
		curl_easy_getinfo(slot->easy, CURLINFO_REDIRECT_URL, &location);
	quote_answer(slot, key, answer, sizeof(answer));
	if (location)
		snprintf(ret->message, sizeof(ret->message),
			 "HTTP %ld, and redirects are not followed", ret->status);
	else if (ret->status)
		snprintf(ret->message, sizeof(ret->message), "HTTP %ld%s", ret->status, answer);
	else
		snprintf(ret->message, sizeof(ret->message), "%s",
			 *slot->error ? slot->error : curl_easy_strerror(code));
	hide_key(ret->message, key);
}

void upload_slot_end(struct upload_slot *slot, CURLcode code, struct upload_end *ret)
{
	*ret = (struct upload_end){.retry_after_ms = slot->retry_after_ms};
	curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &ret->status);
	if (ret->status < 200)
		ret->status = 0;
	if (ret->status)
		ret->end = RETRY_ANSWERED;
	else if (slot->body_given) /* also when what came back was no HTTP */
		ret->end = RETRY_UNCLEAR;
	else
		ret->end = is_barred(code) ? RETRY_BARRED : RETRY_NOT_SENT;
	describe(slot, code, ret);
	curl_multi_remove_handle(slot->uploader->multi, slot->easy);
	slot->item = NULL;
}
