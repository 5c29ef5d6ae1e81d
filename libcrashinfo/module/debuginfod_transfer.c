/* SPDX-License-Identifier: Apache-2.0 */
/* One request to a debuginfod server. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/version.h"
#include "module/debuginfod.h"

/* A server that is there accepts within a few round trips. */
#define CONNECT_MS 3000L
/* Federated servers pass on to one other; more hops are loops. */
#define REDIRECTS 5L

struct transfer {
	struct debuginfod *debuginfod;
	int fd;
	uint64_t received, max;
	bool too_large;
};

static size_t take(char *bytes, size_t one, size_t size, void *user)
{
	struct transfer *transfer = user;
	size_t done = 0;

	size *= one;
	if (size > transfer->max - transfer->received) {
		transfer->too_large = true;
		return 0;
	}
	while (done < size) {
		ssize_t written = write(transfer->fd, bytes + done, size - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return 0;
		done += (size_t)written;
	}
	transfer->received += size;
	return size;
}

static int progress(void *user, curl_off_t total, curl_off_t done, curl_off_t upload_total,
		    curl_off_t upload_done)
{
	const struct crashinfo_debuginfod_options *options =
		&((struct transfer *)user)->debuginfod->options;

	(void)upload_total;
	(void)upload_done;
	if (options->progress)
		options->progress(options->user, (uint64_t)done, (uint64_t)total);
	return 0;
}

static bool is_https(const char *url)
{
	return !strncasecmp(url, "https:", strlen("https:"));
}

/* A server that is silent leaves time for the others. */
static long silence_s(const struct debuginfod *debuginfod)
{
	return debuginfod->options.timeout_s / 2 ? debuginfod->options.timeout_s / 2 : 1;
}

static bool set_options(struct transfer *transfer, const char *url)
{
	struct debuginfod *d = transfer->debuginfod;
	__typeof__(curl_easy_setopt) *set = d->curl.easy_setopt;

	/* what came with TLS must not be passed on without */
	return !set(d->easy, CURLOPT_URL, url) &&
	       !set(d->easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !set(d->easy, CURLOPT_REDIR_PROTOCOLS_STR, is_https(url) ? "https" : "http,https") &&
	       !set(d->easy, CURLOPT_FOLLOWLOCATION, 1L) &&
	       !set(d->easy, CURLOPT_MAXREDIRS, REDIRECTS) &&
	       !set(d->easy, CURLOPT_FAILONERROR, 1L) && !set(d->easy, CURLOPT_NOSIGNAL, 1L) &&
	       !set(d->easy, CURLOPT_USERAGENT, "ddcrash/" DDCRASH_VERSION) &&
	       !set(d->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) &&
	       !set(d->easy, CURLOPT_TIMEOUT_MS, (long)d->left_ms) &&
	       !set(d->easy, CURLOPT_LOW_SPEED_LIMIT, 1L) &&
	       !set(d->easy, CURLOPT_LOW_SPEED_TIME, silence_s(d)) &&
	       !set(d->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->max) &&
	       !set(d->easy, CURLOPT_WRITEFUNCTION, take) &&
	       !set(d->easy, CURLOPT_WRITEDATA, transfer) &&
	       !set(d->easy, CURLOPT_XFERINFOFUNCTION, progress) &&
	       !set(d->easy, CURLOPT_XFERINFODATA, transfer) &&
	       !set(d->easy, CURLOPT_NOPROGRESS, 0L);
}

static enum debuginfod_result of_status(struct debuginfod *debuginfod)
{
	long status = 0;

	debuginfod->curl.easy_getinfo(debuginfod->easy, CURLINFO_RESPONSE_CODE, &status);
	return status == 404 ? DEBUGINFOD_NOT_FOUND : DEBUGINFOD_REFUSED;
}

static enum debuginfod_result result_of(const struct transfer *transfer, CURLcode code)
{
	if (transfer->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return DEBUGINFOD_TOO_LARGE;
	if (code == CURLE_OK)
		return DEBUGINFOD_FETCHED;
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return of_status(transfer->debuginfod);
	if (code == CURLE_WRITE_ERROR)
		return DEBUGINFOD_NOT_WRITTEN;
	if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_TOO_MANY_REDIRECTS)
		return DEBUGINFOD_REFUSED;
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return DEBUGINFOD_NO_TRUST;
	if (code == CURLE_OPERATION_TIMEDOUT || !transfer->received)
		return DEBUGINFOD_NO_ANSWER;
	return DEBUGINFOD_CUT_OFF;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum debuginfod_result debuginfod_transfer(struct debuginfod *debuginfod,
					   const struct crashinfo_limits *limits, const char *url,
					   int fd)
{
	struct transfer transfer = {
		.debuginfod = debuginfod, .fd = fd, .max = limits->download_bytes};
	int64_t start = now_ms();
	CURLcode code;

	if (debuginfod->left_ms <= 0)
		return DEBUGINFOD_NO_TIME;
	if (!debuginfod->curl.library && !module_curl_load(&debuginfod->curl))
		return DEBUGINFOD_NO_CURL;
	if (!debuginfod->easy)
		debuginfod->easy = debuginfod->curl.easy_init();
	if (!debuginfod->easy || !set_options(&transfer, url))
		return DEBUGINFOD_NO_CURL;
	code = debuginfod->curl.easy_perform(debuginfod->easy);
	debuginfod->left_ms -= now_ms() - start;
	return result_of(&transfer, code);
}
