/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on the report as a whole. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "schema/format.h"
#include "schema/lint.h"
#include "json/string.h"

/* Payload limits of agents and proxies. */
#define SIZE_REFUSED (10u << 20)
#define SIZE_RISKY   (5u << 20)
#define DAY_SECONDS  86400

/* --- L-01, L-02: incomplete --- */

static bool is_complete_object(struct lint *l, crashinfo_json_node object, const char *type,
			       report_versions versions, const struct report_member **missing)
{
	for (size_t i = 0; i < report_member_count; i++) {
		const struct report_member *row = &report_members[i];

		if (!(row->required & versions) || strcmp(row->object, type) ||
		    lint_member(l, object, row->name) != CRASHINFO_JSON_NONE)
			continue;
		*missing = row;
		return false;
	}
	return true;
}

/* Objects whose required members the prose calls required; the rest is the schema's. */
static const struct {
	const char *path, *type;
} required_objects[] = {
	{"", REPORT_ROOT_OBJECT},  {"error", "ErrorData"},   {"error.stack", "StackTrace"},
	{"metadata", "Metadata"},  {"os_info", "OsInfo"},    {"sig_info", "SigInfo"},
	{"proc_info", "ProcInfo"}, {"ucontext", "Ucontext"},
};

/* What the label requires; all that every version requires when it says nothing. */
static report_versions label_versions(const struct lint *l)
{
	if (l->versions)
		return l->versions;
	return l->minor <= REPORT_MINOR_MAX ? REPORT_MINOR(l->minor)
					    : REPORT_MINOR(REPORT_MINOR_MAX);
}

/* The first required member that is missing; NULL when all are there. */
static const struct report_member *find_missing(struct lint *l, crashinfo_json_node *object_ret)
{
	const struct report_member *missing = NULL;

	for (size_t i = 0; i < sizeof(required_objects) / sizeof(required_objects[0]); i++) {
		crashinfo_json_node object = lint_at(l, required_objects[i].path);

		if (lint_is(l, object, CRASHINFO_JSON_OBJECT) &&
		    !is_complete_object(l, object, required_objects[i].type, label_versions(l),
					&missing)) {
			*object_ret = object;
			return missing;
		}
	}
	return NULL;
}

void lint_incomplete_missing(struct lint *l, const char *id)
{
	crashinfo_json_node flag = lint_at(l, "incomplete"), object;
	const struct report_member *missing = find_missing(l, &object);

	if (missing && lint_is(l, flag, CRASHINFO_JSON_FALSE))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, flag,
			 "incomplete is false though %s lacks \"%s\"", missing->object,
			 missing->name);
}

void lint_incomplete_idle(struct lint *l, const char *id)
{
	crashinfo_json_node flag = lint_at(l, "incomplete"), object;
	crashinfo_json_node logs = lint_at(l, "log_messages");

	if (!lint_is(l, flag, CRASHINFO_JSON_TRUE) || find_missing(l, &object) ||
	    !lint_is(l, lint_at(l, "error.stack.incomplete"), CRASHINFO_JSON_FALSE) ||
	    lint_next(l, logs, CRASHINFO_JSON_NONE) != CRASHINFO_JSON_NONE)
		return;
	lint_add(l, id, CRASHINFO_SEVERITY_WARNING, flag,
		 "incomplete is true though nothing is missing");
}

/* --- L-03, L-05: the label --- */

void lint_version(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "data_schema_version");
	unsigned major = 0, minor = 0;
	enum lint_label label = lint_read_label(l->json, &major, &minor);

	if (label == LABEL_FINE && major == 1 && minor == 1) {
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "no release ever wrote 1.1");
		return;
	}
	if (l->version_reported || label == LABEL_ABSENT || label == LABEL_NO_STRING)
		return;
	if (label == LABEL_MALFORMED)
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "not a version");
	else if (major != 1)
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "unknown major version %u", major);
	else if (minor > REPORT_MINOR_MAX)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "newer than 1.%d, the newest known", REPORT_MINOR_MAX);
}

void lint_threads_shape(struct lint *l, const char *id)
{
	crashinfo_json_node threads = lint_at(l, "error.threads");
	bool object = lint_is(l, threads, CRASHINFO_JSON_OBJECT);

	if (l->minor > REPORT_MINOR_MAX || (!object && !lint_is(l, threads, CRASHINFO_JSON_ARRAY)))
		return;
	if (object != (l->minor == 7))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, threads,
			 "threads are an %s in 1.%u, this is an %s",
			 l->minor == 7 ? "object" : "array", l->minor, object ? "object" : "array");
}

/* --- L-06, L-07: uuid and timestamp --- */

#define UUID_SIZE 36

static bool is_uuid(struct crashinfo_slice text, bool *upper)
{
	*upper = false;
	if (text.size != UUID_SIZE)
		return false;
	for (size_t i = 0; i < UUID_SIZE; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text.data[i] != '-' : hex_digit(text.data[i]) < 0)
			return false;
		*upper |= text.data[i] >= 'A' && text.data[i] <= 'F';
	}
	return true;
}

void lint_uuid(struct lint *l, const char *id)
{
	static const char nil[] = "00000000-0000-0000-0000-000000000000";
	crashinfo_json_node node = lint_at(l, "uuid");
	struct crashinfo_slice text = lint_text(l, node);
	bool upper;

	if (!lint_is(l, node, CRASHINFO_JSON_STRING))
		return;
	if (!is_uuid(text, &upper) || upper)
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node,
			 upper ? "hex digits of a UUID are lower case" : "not a UUID");
	else if (!memcmp(text.data, nil, UUID_SIZE))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "this is the nil UUID");
	else if (text.data[14] != '4' || !strchr("89ab", text.data[19]))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "not a UUID of version 4");
}

void lint_timestamp(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "timestamp");
	struct crashinfo_slice text = lint_text(l, node);
	char *copy = arena_memdup(&l->report.arena, text.data, text.size);
	int64_t microseconds, seconds;

	if (!copy || !lint_is(l, node, CRASHINFO_JSON_STRING))
		return;
	if (strlen(copy) < text.size || !crashinfo_timestamp_parse(copy, &microseconds)) {
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "not a date and time");
		return;
	}
	seconds = microseconds / 1000000;
	/* 2020-01-01 */
	if (seconds < 1577836800)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "the time is before 2020");
	else if (seconds > (int64_t)time(NULL) + DAY_SECONDS)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "the time is yet to come");
	else if (!format_date_time(text.data, text.size))
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "not in the form of RFC 3339");
}

/* --- the rest --- */

void lint_source_type(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "error.source_type");

	if (!lint_is(l, node, CRASHINFO_JSON_STRING) || lint_equals(l, node, "Crashtracking"))
		return;
	if (lint_equals(l, node, "crashtracking")) {
		if (!(l->versions & REPORT_RFC0002))
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
				 "source_type as in RFC 0002");
		return;
	}
	lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "source_type is not Crashtracking");
}

void lint_size(struct lint *l, const char *id)
{
	size_t size = l->json->nodes[0].end - l->json->nodes[0].start;

	if (size > SIZE_RISKY)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, 0, "the report has %zu bytes, %s", size,
			 size > SIZE_REFUSED ? "agents refuse more than 10 MiB"
					     : "some intakes refuse more than 5 MiB");
}

static void show_failed_comments(struct lint *l, const char *id, const struct lint_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		crashinfo_json_node comments = stack->frames[i].at[FRAME_COMMENTS], node;

		for (node = lint_next(l, comments, CRASHINFO_JSON_NONE);
		     node != CRASHINFO_JSON_NONE; node = lint_next(l, comments, node)) {
			struct crashinfo_slice raw = crashinfo_json_raw(l->json, node);

			if (memmem(raw.data, raw.size, "failed with", 11))
				lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "%s",
					 gatherer_show(l->g, l->json, node));
		}
	}
}

void lint_logs(struct lint *l, const char *id)
{
	crashinfo_json_node logs = lint_at(l, "log_messages"), node;

	if (l->level < CRASHINFO_SEVERITY_INFO)
		return;
	for (node = lint_next(l, logs, CRASHINFO_JSON_NONE); node != CRASHINFO_JSON_NONE;
	     node = lint_next(l, logs, node))
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "the collector logged %s",
			 gatherer_show(l->g, l->json, node));
	for (size_t i = 0; i < l->stack_count; i++) {
		if (l->stacks[i].incomplete)
			lint_add(l, id, CRASHINFO_SEVERITY_INFO, l->stacks[i].node,
				 "the stack is incomplete");
		show_failed_comments(l, id, &l->stacks[i]);
	}
}

void lint_no_crash(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "error.is_crash");

	if (lint_is(l, node, CRASHINFO_JSON_FALSE))
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "this error is no crash");
}

/* --- L-37 --- */

/* Logs quote lines of the stream. */
static const char *find_corruption(struct crashinfo_slice text, bool is_log)
{
	if (memmem(text.data, text.size, "\xef\xbf\xbd", 3) ||
	    memmem(text.data, text.size, "\\ufffd", 6) ||
	    memmem(text.data, text.size, "\\uFFFD", 6))
		return "the string holds U+FFFD, which stands for bytes that were lost";
	if (memmem(text.data, text.size, "\\u0000", 6))
		return "the string holds a NUL";
	if (!is_log && memmem(text.data, text.size, "DD_CRASHTRACK_", 14))
		return "the string holds a marker of the collector's stream";
	return NULL;
}

void lint_corruption(struct lint *l, const char *id)
{
	const struct crashinfo_json *json = l->json;
	crashinfo_json_node logs = lint_at(l, "log_messages");
	uint32_t logs_end = logs == CRASHINFO_JSON_NONE ? 0 : json->nodes[logs].next;
	const char *what;

	/* most reports hold none of it, which one look at the whole text shows */
	if (!find_corruption(json_node_text(json, &json->nodes[0]), false))
		return;
	for (uint32_t node = 0; node < json->node_count; node++) {
		if (json_type(&json->nodes[node]) != CRASHINFO_JSON_STRING)
			continue;
		what = find_corruption(json_quoted(json, &json->nodes[node]),
				       node > logs && node < logs_end);
		if (what)
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "%s", what);
	}
}
