/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads on their way: names, options, compression. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "report/report.h"
#include "upload/uploader.h"

/* deflate with the header of gzip */
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8

uint64_t upload_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void cleanup_digest(EVP_MD_CTX **digest)
{
	EVP_MD_CTX_free(*digest);
}

/* With its NUL, so that no two lists of texts look the same. */
static bool digest_text(EVP_MD_CTX *digest, const char *text)
{
	return EVP_DigestUpdate(digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

struct crashinfo_error *upload_key(const struct crashinfo_report *report,
				   const struct crashinfo_endpoint *endpoint,
				   enum crashinfo_upload_target target,
				   enum crashinfo_upload_kind kind, struct journal_key *ret)
{
	struct crashinfo_slice raw = crashinfo_json_raw(report->json, 0);
	_cleanup_(cleanup_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];

	if (!digest)
		return crashinfo_error_no_memory();
	if (!EVP_DigestInit_ex(digest, EVP_sha256(), NULL) ||
	    !digest_text(digest, crashinfo_upload_target_name(target)) ||
	    !digest_text(digest, crashinfo_upload_kind_name(kind)) ||
	    !digest_text(digest, endpoint->socket) || !digest_text(digest, endpoint->url) ||
	    !EVP_DigestUpdate(digest, raw.data, raw.size) ||
	    !EVP_DigestFinal_ex(digest, bytes, NULL))
		return crashinfo_error_create(CRASHINFO_ERROR_OTHER, "SHA-256 is not available");
	memcpy(ret->bytes, bytes, sizeof(ret->bytes));
	return NULL;
}

struct crashinfo_payload_options upload_payload_options(const struct crashinfo_uploader *uploader,
							enum crashinfo_upload_target target,
							enum crashinfo_upload_kind kind)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (struct crashinfo_payload_options){
		.target = target,
		.kind = kind,
		.bare_array = uploader->options.bare_array,
		.host = uploader->host,
		.now = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000,
	};
}

void upload_item_destroy(struct upload_item *item)
{
	if (!item)
		return;
	free(item->input);
	free(item->uuid);
	free(item->body);
	free(item);
}

static int compress_all(const char *from, size_t size, char *to, size_t *to_size)
{
	z_stream stream = {
		.next_in = (unsigned char *)from,
		.avail_in = (uInt)size,
		.next_out = (unsigned char *)to,
		.avail_out = (uInt)*to_size,
	};
	int status = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
				  GZIP_MEMORY, Z_DEFAULT_STRATEGY);

	if (status != Z_OK)
		return status;
	status = deflate(&stream, Z_FINISH);
	*to_size = stream.total_out;
	deflateEnd(&stream);
	return status;
}

struct crashinfo_error *upload_item_gzip(struct upload_item *item)
{
	/* what deflate says of its bound, and the header and trailer of gzip */
	size_t size = compressBound(item->body_size) + 32;
	_free_ char *compressed = NULL;

	if (size > UINT32_MAX)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "too large to compress");
	compressed = malloc(size);
	if (!compressed ||
	    compress_all(item->body, item->body_size, compressed, &size) != Z_STREAM_END)
		return crashinfo_error_no_memory();
	free(item->body);
	item->body = steal_ptr(compressed);
	item->body_size = size;
	return NULL;
}
