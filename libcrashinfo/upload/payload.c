/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/report.h"
#include "upload/members.h"
#include "json/write.h"

#define NIL_UUID "00000000-0000-0000-0000-000000000000"

const char *crashinfo_upload_target_name(enum crashinfo_upload_target target)
{
	return target == CRASHINFO_UPLOAD_ERRORS ? "errors" : "telemetry";
}

const char *crashinfo_upload_kind_name(enum crashinfo_upload_kind kind)
{
	return kind == CRASHINFO_UPLOAD_PING ? "ping" : "report";
}

const char *payload_uuid(const struct payload *payload)
{
	return payload->summary->uuid ? payload->summary->uuid : NIL_UUID;
}

int64_t payload_time(const struct payload *payload)
{
	const char *timestamp = payload->summary->timestamp;
	int64_t time;

	if (payload->options->kind == CRASHINFO_UPLOAD_REPORT && timestamp &&
	    crashinfo_timestamp_parse(timestamp, &time))
		return time;
	return payload->options->now;
}

/* --- tags --- */

struct counter {
	struct crashinfo_slice name, value;
	char *storage; /* of a name that has escapes */
};

static int compare_counters(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;
	size_t shorter = left->name.size < right->name.size ? left->name.size : right->name.size;
	int order = memcmp(left->name.data, right->name.data, shorter);

	if (order)
		return order;
	return (left->name.size > right->name.size) - (left->name.size < right->name.size);
}

/* The counters of the report by name; numbers keep their digits. */
static size_t read_counters(const struct crashinfo_json *json, crashinfo_json_node object,
			    struct counter *ret, bool *failed_ret)
{
	crashinfo_json_node name = crashinfo_json_first(json, object);
	size_t count = 0;

	for (; name != CRASHINFO_JSON_NONE; name = crashinfo_json_next(json, object, name)) {
		crashinfo_json_node value = crashinfo_json_value(name);
		struct counter *counter = &ret[count];
		struct crashinfo_error *error;

		if (crashinfo_json_type(json, value) != CRASHINFO_JSON_NUMBER)
			continue;
		counter->value = crashinfo_json_raw(json, value);
		counter->storage = NULL;
		error = crashinfo_json_string(json, name, &counter->name, &counter->storage);
		*failed_ret |= error != NULL;
		count += !error;
		crashinfo_error_destroy(error);
	}
	qsort(ret, count, sizeof(*ret), compare_counters);
	return count;
}

static void add_counters(const struct payload *payload, struct upload_tag_list *list)
{
	crashinfo_json_node object = crashinfo_json_member(payload->json, 0, "counters");
	size_t count;
	struct counter *counters;

	if (object == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(payload->json, object) != CRASHINFO_JSON_OBJECT)
		return;
	counters = calloc(crashinfo_json_count(payload->json, object) + 1, sizeof(*counters));
	if (!counters) {
		list->text.failed = true;
		return;
	}
	count = read_counters(payload->json, object, counters, &list->text.failed);
	for (size_t i = 0; i < count; i++) {
		upload_tag_list_add_bytes(list, counters[i].name, counters[i].value);
		free(counters[i].storage);
	}
	free(counters);
}

void payload_add_signal_names(const struct payload *payload, struct upload_tag_list *list)
{
	const struct crashinfo_report_summary *summary = payload->summary;

	upload_tag_list_add(list, "si_code_human_readable", summary->signal_code_name);
	if (summary->has_signal_number)
		upload_tag_list_add_int(list, "si_signo", summary->signal_number);
	upload_tag_list_add(list, "si_signo_human_readable", summary->signal_name);
}

void payload_add_platform(const struct payload *payload, struct upload_tag_list *list)
{
	upload_tag_list_add(list, "runtime_platform", payload->platform);
}

static void add_fingerprint(const struct payload *payload, struct upload_tag_list *list)
{
	crashinfo_json_node node = crashinfo_json_member(payload->json, 0, "fingerprint");
	const char *fingerprint;
	struct crashinfo_error *error = report_text(payload->report, node, &fingerprint);

	if (!error)
		upload_tag_list_add(list, "fingerprint", fingerprint);
	list->text.failed |= error != NULL;
	crashinfo_error_destroy(error);
}

void payload_add_report_tags(const struct payload *payload, struct upload_tag_list *list)
{
	const struct crashinfo_report_summary *summary = payload->summary;
	const char *version = summary->schema_version;

	upload_tag_list_add(list, "data_schema_version", version ? version : PAYLOAD_UNKNOWN);
	add_fingerprint(payload, list);
	upload_tag_list_add_bool(list, "incomplete", summary->incomplete);
	upload_tag_list_add_bool(list, "is_crash", summary->is_crash);
	upload_tag_list_add(list, "uuid", payload_uuid(payload));
	add_counters(payload, list);
	upload_tag_list_add(list, "si_addr", summary->fault_address);
	if (summary->has_signal_code)
		upload_tag_list_add_int(list, "si_code", summary->signal_code);
	payload_add_signal_names(payload, list);
	payload_add_platform(payload, list);
}

/* --- message and platform --- */

#define PING_TEXT "Crashtracker crash ping: crash processing started - "

void payload_add_ping_message(const struct payload *payload, struct strbuf *buf)
{
	crashinfo_json_node node = report_at(payload->json, 0, "error.message");
	_strbuf_ struct strbuf text = {0};

	member_name(buf, "message");
	if (member_is_text(payload->json, node)) {
		struct crashinfo_slice raw = crashinfo_json_raw(payload->json, node);

		strbuf_adds(buf, "\"" PING_TEXT);
		strbuf_add(buf, raw.data + 1, raw.size - 1);
		return;
	}
	strbuf_adds(&text, PING_TEXT);
	if (payload->message)
		strbuf_adds(&text, payload->message);
	else
		strbuf_addf(&text, "Process terminated due to %s",
			    payload->summary->kind ? payload->summary->kind : PAYLOAD_UNKNOWN);
	json_add_string(buf, text.data, text.size);
	buf->failed |= text.failed;
}

static struct crashinfo_error *find_message(struct payload *payload)
{
	const struct crashinfo_report_summary *summary = payload->summary;

	if (summary->message)
		payload->message = strdup(summary->message);
	else if (!summary->signal_name)
		return NULL;
	else if (asprintf(&payload->message, "Process terminated with %s (%s)",
			  summary->signal_code_name ? summary->signal_code_name : "UNKNOWN",
			  summary->signal_name) < 0)
		payload->message = NULL;
	return payload->message ? NULL : crashinfo_error_no_memory();
}

/* uname's names that differ from those of target triples. */
static const char *triple_architecture(const struct payload *payload)
{
	const char *architecture = payload->summary->architecture;

	if (!architecture || !*architecture || !strcmp(architecture, PAYLOAD_UNKNOWN))
		return payload->options->host->architecture;
	return strcmp(architecture, "arm64") ? architecture : "aarch64";
}

/* The report does not name its libc; its distribution tells it. */
static struct crashinfo_error *find_platform(struct payload *payload)
{
	const char *os = payload->summary->os_type;
	bool musl = os && strstr(os, "Alpine");

	if (asprintf(&payload->platform, "%s-unknown-linux-%s", triple_architecture(payload),
		     musl ? "musl" : "gnu") >= 0)
		return NULL;
	payload->platform = NULL;
	return crashinfo_error_no_memory();
}

/* --- the whole --- */

static void payload_deinit(struct payload *payload)
{
	upload_tags_deinit(&payload->tags);
	free(payload->message);
	free(payload->platform);
}

static struct crashinfo_error *payload_init(struct payload *payload)
{
	struct crashinfo_error *error = upload_tags_read(payload->report, &payload->tags);

	if (!error)
		error = find_message(payload);
	return error ? error : find_platform(payload);
}

struct crashinfo_error *crashinfo_payload_create(struct crashinfo_report *report,
						 const struct crashinfo_payload_options *options,
						 char **ret, size_t *size_ret)
{
	_cleanup_(payload_deinit) struct payload payload = {
		.report = report,
		.json = report->json,
		.summary = &report->summary,
		.options = options,
	};
	_strbuf_ struct strbuf buf = {0};
	struct crashinfo_error *error = payload_init(&payload);

	if (error)
		return error;
	if (options->target == CRASHINFO_UPLOAD_TELEMETRY)
		payload_telemetry(&payload, &buf);
	else
		payload_errors(&payload, &buf);
	error = strbuf_error(&buf);
	if (error)
		return error;
	if (options->target == CRASHINFO_UPLOAD_TELEMETRY) {
		*size_ret = buf.size;
		*ret = strbuf_steal(&buf);
		return NULL;
	}
	/* values of the report may have come with blanks and line breaks */
	return crashinfo_json_layout(buf.data, buf.size, CRASHINFO_JSON_COMPACT, ret, size_ret);
}
