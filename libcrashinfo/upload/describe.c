/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as JSON, for people who want to see them before they are sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "upload/document.h"
#include "upload/members.h"
#include "upload/uploader.h"

/* "Name: value" lines as an object. */
static void add_headers(struct strbuf *buf, const struct curl_slist *list, bool has_key)
{
	member_name(buf, "headers");
	strbuf_addc(buf, '{');
	for (; list; list = list->next) {
		const char *colon = strchr(list->data, ':');
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(colon - list->data), list->data);
		member_text(buf, name, colon + 2);
	}
	if (has_key)
		member_text(buf, "DD-API-Key", "(not shown)");
	strbuf_addc(buf, '}');
}

static void add_request(struct crashinfo_uploader *uploader, struct strbuf *buf,
			enum crashinfo_upload_target target)
{
	const struct crashinfo_endpoint *endpoint = uploader->lanes[target].endpoint;
	struct curl_slist *headers;

	if (endpoint->scheme == CRASHINFO_ENDPOINT_FILE) {
		member_text(buf, "file", endpoint->file);
		return;
	}
	headers = upload_headers(uploader, endpoint, target, true);
	member_text(buf, "socket", endpoint->socket);
	member_text(buf, "url", endpoint->url);
	add_headers(buf, headers, endpoint->key);
	buf->failed |= !headers;
	curl_slist_free_all(headers);
}

struct description {
	struct crashinfo_uploader *uploader;
	const char *input;
	size_t index;
	struct crashinfo_report *report;
	crashinfo_upload_describe_fn *describe;
	void *user;
};

static struct crashinfo_error *describe_payload(const struct description *d,
						enum crashinfo_upload_target target,
						enum crashinfo_upload_kind kind)
{
	struct crashinfo_payload_options how = upload_payload_options(d->uploader, target, kind);
	const struct crashinfo_uploader_options *options = &d->uploader->options;
	bool is_file = options->endpoints[target]->scheme == CRASHINFO_ENDPOINT_FILE;
	uint64_t max_size = is_file ? 0 : options->max_payload;
	_strbuf_ struct strbuf buf = {0};
	_free_ char *body = NULL;
	size_t size;
	bool trimmed;
	struct crashinfo_error *error;

	error = upload_document_payload(&d->uploader->context, d->report, &how, max_size,
					!options->no_trim, &body, &size, &trimmed);
	if (error)
		return error;
	strbuf_addc(&buf, '{');
	member_text(&buf, "input", d->input);
	member_int(&buf, "index", (int64_t)d->index);
	member_text(&buf, "target", crashinfo_upload_target_name(target));
	member_text(&buf, "kind", crashinfo_upload_kind_name(kind));
	add_request(d->uploader, &buf, target);
	member_int(&buf, "bytes", (int64_t)size);
	member_bool(&buf, "trimmed", trimmed);
	member_name(&buf, "body");
	strbuf_add(&buf, body, size);
	strbuf_addc(&buf, '}');
	error = strbuf_error(&buf);
	return error ? error : d->describe(d->user, buf.data, buf.size);
}

static struct crashinfo_error *describe_kind(const struct description *d,
					     enum crashinfo_upload_kind kind)
{
	struct crashinfo_error *error = NULL, *too_large = NULL;

	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS && !error; i++) {
		enum crashinfo_upload_target target = (enum crashinfo_upload_target)i;

		if (d->uploader->lanes[i].endpoint)
			error = crashinfo_error_wrap(describe_payload(d, target, kind), "%s to %s",
						     crashinfo_upload_kind_name(kind),
						     crashinfo_upload_target_name(target));
		/* the other target is sent to nevertheless */
		if (error && error->code == CRASHINFO_ERROR_LIMIT && !too_large)
			too_large = steal_ptr(error);
	}
	if (!error)
		return too_large;
	crashinfo_error_destroy(too_large);
	return error;
}

struct crashinfo_error *crashinfo_uploader_describe(struct crashinfo_uploader *uploader,
						    const char *input, size_t index,
						    struct crashinfo_report *report,
						    crashinfo_upload_describe_fn *describe,
						    void *user)
{
	_upload_document_ struct upload_document identified = {0};
	struct description d = {uploader, input, index, report, describe, user};
	struct crashinfo_error *error;

	error = upload_document_identify(&uploader->context, report, &identified);
	if (identified.report)
		d.report = identified.report;
	if (!error && uploader->options.ping)
		error = describe_kind(&d, CRASHINFO_UPLOAD_PING);
	return error ? error : describe_kind(&d, CRASHINFO_UPLOAD_REPORT);
}
