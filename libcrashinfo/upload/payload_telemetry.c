/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope of telemetry logs, in which a document is a string. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "upload/issues.h"
#include "upload/members.h"
#include "upload/payload.h"
#include "json/write.h"

/* Where members of `application` come from; a default is written when there is no such tag. */
static const struct {
	const char *name, *tag, *fallback;
} application[] = {
	{"service_name", "service", PAYLOAD_UNKNOWN},
	{"service_version", "service_version", NULL},
	{"env", "env", NULL},
	{"language_name", "language", PAYLOAD_UNKNOWN},
	{"language_version", "runtime_version", PAYLOAD_UNKNOWN},
	{"tracer_version", "library_version", PAYLOAD_UNKNOWN},
	{"process_tags", "process_tags", NULL},
};

static const char *tag_or(const struct payload *payload, const char *tag, const char *fallback)
{
	const char *value = upload_tags_last(&payload->tags, tag, NULL);

	/* profilers have a version of their own */
	if (!value && !strcmp(tag, "library_version"))
		value = upload_tags_last(&payload->tags, "profiler_version", NULL);
	return value ? value : fallback;
}

static void add_application(const struct payload *payload, struct strbuf *buf)
{
	member_name(buf, "application");
	strbuf_addc(buf, '{');
	for (size_t i = 0; i < sizeof(application) / sizeof(application[0]); i++)
		member_text(buf, application[i].name,
			    tag_or(payload, application[i].tag, application[i].fallback));
	strbuf_addc(buf, '}');
}

static void add_host(const struct payload *payload, struct strbuf *buf)
{
	const struct crashinfo_upload_host *host = payload->options->host;

	member_name(buf, "host");
	strbuf_addc(buf, '{');
	member_text(buf, "hostname", host->hostname ? host->hostname : "unknown_hostname");
	member_text(buf, "container_id", host->container_id);
	member_text(buf, "os", "linux");
	member_text(buf, "os_version", host->release);
	member_text(buf, "architecture", host->architecture);
	member_text(buf, "kernel_name", "Linux");
	member_text(buf, "kernel_release", host->release);
	member_text(buf, "kernel_version", host->version);
	strbuf_addc(buf, '}');
}

static void add_ping_tags(const struct payload *payload, struct upload_tag_list *list)
{
	upload_tag_list_add(list, "uuid", payload_uuid(payload));
	upload_tag_list_add(list, "is_crash_ping", "true");
	upload_tag_list_add(list, "service", tag_or(payload, "service", PAYLOAD_UNKNOWN));
	upload_tag_list_add(list, "language_name", tag_or(payload, "language", PAYLOAD_UNKNOWN));
	upload_tag_list_add(list, "language_version",
			    tag_or(payload, "runtime_version", PAYLOAD_UNKNOWN));
	upload_tag_list_add(list, "tracer_version",
			    tag_or(payload, "library_version", PAYLOAD_UNKNOWN));
	payload_add_signal_names(payload, list);
	payload_add_platform(payload, list);
	upload_tag_list_add(list, "env", tag_or(payload, "env", NULL));
}

/* --- the document that goes into `message` --- */

static void add_ping_metadata(const struct payload *payload, struct strbuf *buf)
{
	crashinfo_json_node metadata = crashinfo_json_member(payload->json, 0, "metadata");

	if (metadata != CRASHINFO_JSON_NONE) {
		member_node(buf, "metadata", payload->json, metadata);
		return;
	}
	member_name(buf, "metadata");
	strbuf_adds(buf, "{\"library_name\":\"unknown\",\"library_version\":\"unknown\","
			 "\"family\":\"unknown\"}");
}

static void add_ping_document(const struct payload *payload, struct strbuf *buf)
{
	strbuf_addc(buf, '{');
	member_text(buf, "crash_uuid", payload_uuid(payload));
	member_text(buf, "kind", payload->summary->kind ? payload->summary->kind : PAYLOAD_UNKNOWN);
	payload_add_ping_message(payload, buf);
	member_node(buf, "siginfo", payload->json,
		    crashinfo_json_member(payload->json, 0, "sig_info"));
	member_text(buf, "version", "1.0");
	add_ping_metadata(payload, buf);
	strbuf_addc(buf, '}');
}

/* A document in a string: laid out before it is quoted, as the string is no place for that. */
static void add_message(const struct payload *payload, struct strbuf *buf)
{
	struct crashinfo_slice raw = crashinfo_json_raw(payload->json, 0);
	_strbuf_ struct strbuf document = {0};
	_free_ char *compact = NULL;
	size_t size;
	struct crashinfo_error *error;

	if (payload->options->kind == CRASHINFO_UPLOAD_PING) {
		add_ping_document(payload, &document);
		raw = (struct crashinfo_slice){document.data, document.size};
	}
	error = document.failed ? crashinfo_error_no_memory()
				: crashinfo_json_layout(raw.data, raw.size, CRASHINFO_JSON_COMPACT,
							&compact, &size);
	member_name(buf, "message");
	if (!error)
		json_add_string(buf, compact, size);
	buf->failed |= error != NULL;
	crashinfo_error_destroy(error);
}

static void add_log(const struct payload *payload, struct strbuf *buf)
{
	bool ping = payload->options->kind == CRASHINFO_UPLOAD_PING;
	struct upload_tag_list list = {.colons = false};

	if (ping)
		add_ping_tags(payload, &list);
	else
		payload_add_report_tags(payload, &list);
	strbuf_addc(buf, '{');
	add_message(payload, buf);
	member_text(buf, "level", ping ? "DEBUG" : "ERROR");
	member_int(buf, "count", 1);
	member_name(buf, "stack_trace");
	strbuf_adds(buf, "null");
	member_name(buf, "tags");
	json_add_string(buf, list.text.data, list.text.size);
	/* access to reports is restricted, whatever they are about */
	member_bool(buf, "is_sensitive", !ping);
	member_bool(buf, "is_crash", !ping && payload->summary->is_crash);
	strbuf_addc(buf, '}');
	buf->failed |= list.text.failed;
	strbuf_deinit(&list.text);
}

void payload_telemetry(const struct payload *payload, struct strbuf *buf)
{
	bool bare = payload->options->bare_array;

	strbuf_addc(buf, '{');
	member_text(buf, "api_version", "v2");
	member_int(buf, "tracer_time", payload_time(payload) / 1000000);
	member_text(buf, "runtime_id", tag_or(payload, "runtime-id", PAYLOAD_UNKNOWN));
	member_int(buf, "seq_id", 1);
	add_application(payload, buf);
	add_host(payload, buf);
	member_text(buf, "origin", "Crashtracker");
	member_text(buf, "request_type", "logs");
	member_name(buf, "payload");
	strbuf_adds(buf, bare ? "[" : "{\"logs\":[");
	add_log(payload, buf);
	if (payload->options->kind == CRASHINFO_UPLOAD_REPORT)
		issues_add(payload, buf);
	strbuf_adds(buf, bare ? "]" : "]}");
	strbuf_addc(buf, '}');
}
