/* SPDX-License-Identifier: Apache-2.0 */
/* The document of the errors intake: members of the report, put together another way. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "report/report.h"
#include "upload/members.h"
#include "upload/payload.h"
#include "json/write.h"

static void add_application_tags(const struct payload *payload, struct upload_tag_list *list,
				 bool ping)
{
	const struct upload_tags *tags = &payload->tags;
	const char *service = upload_tags_last(tags, "service", NULL);
	const char *env = upload_tags_last(tags, "env", NULL);
	const char *version = upload_tags_last(tags, "version", "service_version");

	upload_tag_list_add(list, "service", service ? service : PAYLOAD_UNKNOWN);
	if (!ping) {
		upload_tag_list_add(list, "env", env);
		upload_tag_list_add(list, "version", version);
	}
	upload_tag_list_add(list, "language_name", upload_tags_last(tags, "language", NULL));
	upload_tag_list_add(list, "language_version",
			    upload_tags_last(tags, "language_version", "runtime_version"));
	upload_tag_list_add(list, "tracer_version",
			    upload_tags_last(tags, "library_version", "profiler_version"));
	if (ping) {
		upload_tag_list_add(list, "env", env);
		upload_tag_list_add(list, "version", version);
	}
}

static void add_tags(const struct payload *payload, struct strbuf *buf, bool ping)
{
	struct upload_tag_list list = {.colons = true};

	if (ping) {
		upload_tag_list_add(&list, "uuid", payload_uuid(payload));
		upload_tag_list_add(&list, "is_crash_ping", "true");
	}
	add_application_tags(payload, &list, ping);
	if (ping) {
		payload_add_signal_names(payload, &list);
		payload_add_platform(payload, &list);
	} else {
		payload_add_report_tags(payload, &list);
	}
	member_name(buf, "ddtags");
	json_add_string(buf, list.text.data, list.text.size);
	buf->failed |= list.text.failed;
	strbuf_deinit(&list.text);
}

/* The stack of the crashed thread if it has a frame. */
static crashinfo_json_node crashed_stack(const struct payload *payload)
{
	for (size_t i = 0; i < crashinfo_report_stack_count(payload->report); i++) {
		const struct crashinfo_stack *stack = crashinfo_report_stack(payload->report, i);

		if (stack->role == CRASHINFO_STACK_CRASHED && stack->frame_count)
			return stack->node;
	}
	return CRASHINFO_JSON_NONE;
}

/* An array or object that has something in it. */
static crashinfo_json_node filled(const struct payload *payload, const char *path)
{
	crashinfo_json_node node = report_at(payload->json, 0, path);

	if (node == CRASHINFO_JSON_NONE || !crashinfo_json_count(payload->json, node))
		return CRASHINFO_JSON_NONE;
	return node;
}

/* The array of threads, which 1.7 alone puts into an object. */
static crashinfo_json_node threads(const struct payload *payload)
{
	crashinfo_json_node node = filled(payload, "error.threads");

	if (node != CRASHINFO_JSON_NONE &&
	    crashinfo_json_type(payload->json, node) == CRASHINFO_JSON_OBJECT)
		node = filled(payload, "error.threads.threads");
	return node;
}

/* A member of the report's error as it stands there, `text` where it is no string. */
static void add_text(const struct payload *payload, struct strbuf *buf, const char *name,
		     const char *text)
{
	crashinfo_json_node node = crashinfo_json_member(payload->json, 0, "error");

	if (node != CRASHINFO_JSON_NONE)
		node = crashinfo_json_member(payload->json, node, name);
	if (member_is_text(payload->json, node))
		member_node(buf, name, payload->json, node);
	else
		member_text(buf, name, text);
}

static void add_error(const struct payload *payload, struct strbuf *buf, bool ping)
{
	const struct crashinfo_report_summary *summary = payload->summary;

	member_name(buf, "error");
	strbuf_addc(buf, '{');
	member_text(buf, "type", summary->signal_name ? summary->signal_name : summary->kind);
	if (!ping)
		member_node(buf, "experimental", payload->json,
			    report_at(payload->json, 0, "experimental"));
	member_bool(buf, "is_crash", !ping && summary->is_crash);
	if (ping)
		payload_add_ping_message(payload, buf);
	else
		add_text(payload, buf, "message", payload->message);
	member_text(buf, "source_type", "Crashtracking");
	if (!ping) {
		member_node(buf, "stack", payload->json, crashed_stack(payload));
		add_text(payload, buf, "thread_name", summary->thread_name);
		member_node(buf, "threads", payload->json, threads(payload));
	}
	strbuf_addc(buf, '}');
}

/* The system of what crashed; of this machine when a ping does not know it. */
static void add_os_info(const struct payload *payload, struct strbuf *buf, bool ping)
{
	crashinfo_json_node node = filled(payload, "os_info");
	_free_ char *measured = NULL;
	struct crashinfo_error *error;

	member_node(buf, "os_info", payload->json, node);
	if (node != CRASHINFO_JSON_NONE || !ping)
		return;
	error = crashinfo_os_info_json(&measured);
	if (!error) {
		member_name(buf, "os_info");
		strbuf_adds(buf, measured);
	}
	buf->failed |= error != NULL;
	crashinfo_error_destroy(error);
}

void payload_errors(const struct payload *payload, struct strbuf *buf)
{
	const struct crashinfo_json *json = payload->json;
	bool ping = payload->options->kind == CRASHINFO_UPLOAD_PING;

	strbuf_addc(buf, '{');
	member_text(buf, "ddsource", "crashtracker");
	add_tags(payload, buf, ping);
	add_error(payload, buf, ping);
	if (!ping)
		member_node(buf, "files", json, filled(payload, "files"));
	add_os_info(payload, buf, ping);
	if (!ping)
		member_node(buf, "proc_info", json, report_at(json, 0, "proc_info"));
	member_node(buf, "sig_info", json, report_at(json, 0, "sig_info"));
	if (!ping)
		member_node(buf, "ucontext", json, report_at(json, 0, "ucontext"));
	member_int(buf, "timestamp", payload_time(payload) / 1000);
	strbuf_addc(buf, '}');
}
