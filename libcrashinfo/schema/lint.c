/* SPDX-License-Identifier: Apache-2.0 */
/* What rules look at, gathered once for a report, and running them. */
#include "schema/lint.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

static const struct {
	const char *name;
	enum crashinfo_json_type type;
} frame_members[FRAME_MEMBER_COUNT] = {
	[FRAME_IP] = {"ip", CRASHINFO_JSON_STRING},
	[FRAME_SP] = {"sp", CRASHINFO_JSON_STRING},
	[FRAME_SYMBOL_ADDRESS] = {"symbol_address", CRASHINFO_JSON_STRING},
	[FRAME_MODULE_BASE_ADDRESS] = {"module_base_address", CRASHINFO_JSON_STRING},
	[FRAME_RELATIVE_ADDRESS] = {"relative_address", CRASHINFO_JSON_STRING},
	[FRAME_BUILD_ID] = {"build_id", CRASHINFO_JSON_STRING},
	[FRAME_BUILD_ID_TYPE] = {"build_id_type", CRASHINFO_JSON_STRING},
	[FRAME_FILE_TYPE] = {"file_type", CRASHINFO_JSON_STRING},
	[FRAME_PATH] = {"path", CRASHINFO_JSON_STRING},
	[FRAME_FUNCTION] = {"function", CRASHINFO_JSON_STRING},
	[FRAME_MANGLED_NAME] = {"mangled_name", CRASHINFO_JSON_STRING},
	[FRAME_COMMENTS] = {"comments", CRASHINFO_JSON_ARRAY},
};

/* --- looking things up --- */

crashinfo_json_node lint_at(const struct lint *l, const char *path)
{
	return report_at(l->json, 0, path);
}

crashinfo_json_node lint_member(const struct lint *l, crashinfo_json_node object, const char *name)
{
	return object == CRASHINFO_JSON_NONE ? object
					     : crashinfo_json_member(l->json, object, name);
}

bool lint_is(const struct lint *l, crashinfo_json_node node, enum crashinfo_json_type type)
{
	return node != CRASHINFO_JSON_NONE && json_type(&l->json->nodes[node]) == type;
}

crashinfo_json_node lint_string_member(const struct lint *l, crashinfo_json_node object,
				       const char *name)
{
	crashinfo_json_node node = lint_member(l, object, name);

	return lint_is(l, node, CRASHINFO_JSON_STRING) ? node : CRASHINFO_JSON_NONE;
}

struct crashinfo_slice lint_text(struct lint *l, crashinfo_json_node node)
{
	struct crashinfo_slice text = {"", 0};
	struct crashinfo_error *error;
	_free_ char *storage = NULL;

	if (!lint_is(l, node, CRASHINFO_JSON_STRING))
		return text;
	error = crashinfo_json_string(l->json, node, &text, &storage);
	if (!error)
		text.data = arena_memdup(&l->report.arena, text.data, text.size);
	if (error || !text.data) {
		crashinfo_error_destroy(error);
		l->g->failed = true;
		return (struct crashinfo_slice){"", 0};
	}
	return text;
}

struct crashinfo_slice lint_slice(struct lint *l, crashinfo_json_node node)
{
	if (lint_is(l, node, CRASHINFO_JSON_STRING) && !(l->json->nodes[node].info & JSON_FLAG))
		return json_quoted(l->json, &l->json->nodes[node]);
	return lint_text(l, node);
}

bool lint_equals(const struct lint *l, crashinfo_json_node node, const char *text)
{
	return node != CRASHINFO_JSON_NONE && crashinfo_json_string_equals(l->json, node, text);
}

bool lint_integer(const struct lint *l, crashinfo_json_node node, int64_t *ret)
{
	return node != CRASHINFO_JSON_NONE && crashinfo_json_int64(l->json, node, ret);
}

crashinfo_json_node lint_next(const struct lint *l, crashinfo_json_node container,
			      crashinfo_json_node child)
{
	if (container == CRASHINFO_JSON_NONE || !json_is_container(&l->json->nodes[container]))
		return CRASHINFO_JSON_NONE;
	return child == CRASHINFO_JSON_NONE ? crashinfo_json_first(l->json, container)
					    : crashinfo_json_next(l->json, container, child);
}

/* Digits up to `end` or a dot. */
static bool read_version_part(const char **at, const char *end, unsigned *ret)
{
	const char *start = *at;
	uint64_t value;

	while (*at < end && **at != '.')
		(*at)++;
	if (!parse_dec_u64(start, (size_t)(*at - start), &value) || value > UINT_MAX / 2)
		return false;
	*ret = (unsigned)value;
	return true;
}

enum lint_label lint_read_label(const struct crashinfo_json *json, unsigned *major_ret,
				unsigned *minor_ret)
{
	crashinfo_json_node node = json_type(&json->nodes[0]) == CRASHINFO_JSON_OBJECT
					   ? crashinfo_json_member(json, 0, "data_schema_version")
					   : CRASHINFO_JSON_NONE;
	struct crashinfo_slice text;
	const char *at, *end;
	unsigned patch;

	if (node == CRASHINFO_JSON_NONE)
		return LABEL_ABSENT;
	if (json_type(&json->nodes[node]) != CRASHINFO_JSON_STRING)
		return LABEL_NO_STRING;
	text = json_quoted(json, &json->nodes[node]);
	at = text.data;
	end = at + text.size;
	if (!read_version_part(&at, end, major_ret) || at++ == end ||
	    !read_version_part(&at, end, minor_ret))
		return LABEL_MALFORMED;
	if (at == end)
		return LABEL_FINE;
	at++;
	return read_version_part(&at, end, &patch) && at == end ? LABEL_FINE : LABEL_MALFORMED;
}

struct note *lint_add(struct lint *l, const char *id, enum crashinfo_severity severity,
		      crashinfo_json_node node, const char *format, ...)
{
	_free_ char *message = NULL;
	struct note *note;
	va_list args;
	int length;

	if (severity > l->level)
		return NULL;
	note = gatherer_add(l->g, severity, id, node);
	if (!note)
		return NULL;
	va_start(args, format);
	length = vasprintf(&message, format, args);
	va_end(args);
	if (length < 0) {
		message = NULL;
		l->g->failed = true;
		return note;
	}
	note->message = arena_strdup(&l->g->findings->arena, message);
	if (!note->message) {
		note->message = "";
		l->g->failed = true;
	}
	return note;
}

/* --- frames --- */

static void read_frame_member(struct lint *l, struct lint_frame *frame, crashinfo_json_node name)
{
	struct crashinfo_slice text = json_quoted(l->json, &l->json->nodes[name]);

	for (int i = 0; i < FRAME_MEMBER_COUNT; i++) {
		if (strlen(frame_members[i].name) != text.size ||
		    memcmp(frame_members[i].name, text.data, text.size))
			continue;
		if (lint_is(l, name + 1, frame_members[i].type))
			frame->at[i] = name + 1;
		if (i < FRAME_ADDRESS_COUNT)
			frame->has[i] = report_address(l->json, frame->at[i], &frame->addresses[i]);
		return;
	}
}

static void read_frame(struct lint *l, struct lint_frame *frame, crashinfo_json_node node)
{
	const struct json_node *nodes = l->json->nodes;

	frame->node = node;
	for (int i = 0; i < FRAME_MEMBER_COUNT; i++)
		frame->at[i] = CRASHINFO_JSON_NONE;
	if (json_type(&nodes[node]) != CRASHINFO_JSON_OBJECT)
		return;
	for (uint32_t name = node + 1; name < nodes[node].next; name = nodes[name + 1].next)
		read_frame_member(l, frame, name);
}

static bool read_stack(struct lint *l, const struct crashinfo_stack *from, struct lint_stack *to)
{
	struct lint_frame *frames;
	size_t i = 0;

	*to = (struct lint_stack){from->role, from->node,        from->frames,
				  NULL,       from->frame_count, from->incomplete};
	frames = arena_calloc(&l->report.arena, from->frame_count + 1, sizeof(*frames));
	if (!frames)
		return false;
	to->frames = frames;
	for (crashinfo_json_node node = lint_next(l, from->frames, CRASHINFO_JSON_NONE);
	     node != CRASHINFO_JSON_NONE; node = lint_next(l, from->frames, node))
		read_frame(l, &frames[i++], node);
	return true;
}

static bool read_stacks(struct lint *l)
{
	l->stack_count = l->report.stack_count;
	l->stacks = arena_calloc(&l->report.arena, l->stack_count + 1, sizeof(*l->stacks));
	if (!l->stacks)
		return false;
	for (size_t i = 0; i < l->stack_count; i++)
		if (!read_stack(l, &l->report.stacks[i], &l->stacks[i]))
			return false;
	return true;
}

static struct crashinfo_error *read_maps(struct lint *l)
{
	struct crashinfo_error *error;
	_free_ char *text = NULL;
	size_t size;

	error = crashinfo_report_maps_text(&l->report, &text, &size);
	if (error && error->code == CRASHINFO_ERROR_NOT_FOUND) {
		crashinfo_error_destroy(error);
		return NULL;
	}
	return error ? error : crashinfo_maps_parse(l->context, text, size, &l->maps);
}

static struct crashinfo_error *look_up(struct lint *l)
{
	unsigned major = 0, minor = 0;
	struct crashinfo_error *error;

	l->minor = UINT_MAX;
	if (lint_read_label(l->json, &major, &minor) == LABEL_FINE && major == 1)
		l->minor = minor;
	l->report.dialect = report_dialect_detect(l->json);
	error = report_summarize(&l->report);
	if (!error)
		error = report_find_stacks(&l->report);
	if (!error && !read_stacks(l))
		error = crashinfo_error_no_memory();
	return error ? error : read_maps(l);
}

struct crashinfo_error *lint_run(const struct crashinfo_context *context, struct gatherer *g,
				 report_versions versions, enum crashinfo_severity level,
				 bool version_reported)
{
	struct lint l = {
		.context = context,
		.g = g,
		.json = g->json,
		/* a report of our own over a document that stays the caller's */
		.report = {.json = (struct crashinfo_json *)g->json},
		.level = level,
		.versions = versions,
		.version_reported = version_reported,
	};
	struct crashinfo_error *error = look_up(&l);

	for (const struct lint_rule *rule = lint_rules; rule->public.id && !error; rule++)
		if (rule->check)
			rule->check(&l, rule->public.id);
	crashinfo_maps_destroy(l.maps);
	arena_deinit(&l.report.arena);
	if (!error)
		error = l.error;
	else
		crashinfo_error_destroy(l.error);
	return error;
}
