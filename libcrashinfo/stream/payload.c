/* SPDX-License-Identifier: Apache-2.0 */
/* Sections whose lines are JSON documents that become members of the report. */
#include "stream/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static struct crashinfo_error *wrong(const char *expected)
{
	return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "expected %s", expected);
}

struct crashinfo_error *stream_payload_open(struct crashinfo_stream *stream,
					    struct crashinfo_slice line, struct stream_payload *ret)
{
	struct stream_payload payload = {.check.strict = stream->strict};
	struct crashinfo_error *error;

	error = crashinfo_json_parse(&stream->context, line.data, line.size, NULL, &payload.json);
	if (error)
		return error;
	error = crashinfo_json_edits_create(payload.json, &payload.check.edits);
	if (error) {
		crashinfo_json_destroy(payload.json);
		return error;
	}
	payload.check.json = payload.json;
	*ret = payload;
	return NULL;
}

void stream_payload_close(struct stream_payload *payload)
{
	crashinfo_json_edits_destroy(payload->check.edits);
	crashinfo_json_destroy(payload->json);
	strbuf_deinit(&payload->check.faults);
}

struct crashinfo_error *stream_payload_text(struct crashinfo_stream *stream,
					    struct crashinfo_slice line,
					    struct stream_payload *payload, char **ret,
					    size_t *size_ret)
{
	struct strbuf *faults = &payload->check.faults;
	struct crashinfo_error *error = NULL;

	if (faults->size) {
		_strbuf_ struct strbuf after = {0};

		strbuf_addf(&after, ". Error: %s", faults->data);
		if (after.failed)
			return crashinfo_error_no_memory();
		stream->stats.damaged_lines++;
		error = stream_log_line(stream, "Mended line: ", line, after.data);
	}
	return error ? error : crashinfo_json_edits_apply(payload->check.edits, ret, size_ret);
}

/* Check the payload as the section's table says, and set the section's member to it. */
static struct crashinfo_error *set_object(struct crashinfo_stream *stream,
					  struct crashinfo_slice line,
					  struct stream_payload *payload)
{
	const struct stream_section *section = stream->section;
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error = members_apply(&payload->check, section->members, 0);

	if (!error)
		error = stream_payload_text(stream, line, payload, &text, &size);
	if (error)
		return error;
	return stream_set(stream, section->target, (struct crashinfo_slice){text, size});
}

struct crashinfo_error *stream_object_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0};
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	return error ? error : set_object(stream, line, &payload);
}

/*
 * Nothing of it goes into the report. Text of the application that closes a section early could
 * pass for a configuration, hence only the first counts, and none behind the process info.
 */
struct crashinfo_error *stream_config_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0};
	struct crashinfo_error *error;

	if (!stream->strict && stream->stats.has_config)
		return stream_log(stream, "Unexpected double config");
	if (!stream->strict && stream->has_process)
		return stream_log(stream, "Ignored a config behind the process info");
	error = stream_payload_open(stream, line, &payload);
	if (error)
		return error;
	payload.check.strict = true;
	error = members_apply(&payload.check, stream->section->members, 0);
	if (!error)
		stream->stats.has_config = true;
	return error;
}

struct crashinfo_error *stream_process_line(struct crashinfo_stream *stream,
					    struct crashinfo_slice line)
{
	struct crashinfo_error *error = stream_object_line(stream, line);

	if (!error)
		stream->has_process = true;
	return error;
}

static struct crashinfo_error *add_string(struct strbuf *buf, const struct crashinfo_json *json,
					  const char *member)
{
	_free_ char *storage = NULL;
	struct crashinfo_slice text;
	struct crashinfo_error *error;

	error = crashinfo_json_string(json, crashinfo_json_member(json, 0, member), &text,
				      &storage);
	if (!error)
		strbuf_add(buf, text.data, text.size);
	return error;
}

/* `signal` has been checked and mended. */
static struct crashinfo_error *set_default_message(struct crashinfo_stream *stream,
						   struct crashinfo_slice signal)
{
	_payload_ struct stream_payload payload = {0};
	_strbuf_ struct strbuf message = {0};
	struct crashinfo_error *error = stream_payload_open(stream, signal, &payload);

	strbuf_adds(&message, "Process terminated with ");
	if (!error)
		error = add_string(&message, payload.json, "si_code_human_readable");
	strbuf_adds(&message, " (");
	if (!error)
		error = add_string(&message, payload.json, "si_signo_human_readable");
	strbuf_adds(&message, ")");
	if (!error)
		error = strbuf_error(&message);
	if (error)
		return error;
	return crashinfo_report_builder_set_text(stream->builder, "error.message", message.data,
						 message.size);
}

static struct crashinfo_error *set_time_of_crash(struct crashinfo_stream *stream)
{
	char now[28];

	if (crashinfo_report_builder_has(stream->builder, "timestamp"))
		return NULL;
	crashinfo_timestamp_now(now);
	return crashinfo_report_builder_set_text(stream->builder, "timestamp", now, strlen(now));
}

static struct crashinfo_error *set_signal(struct crashinfo_stream *stream,
					  struct crashinfo_slice line,
					  struct stream_payload *payload)
{
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_slice signal;
	struct crashinfo_error *error = members_apply(&payload->check, members_of_signal, 0);

	if (!error)
		error = stream_payload_text(stream, line, payload, &text, &size);
	if (error)
		return error;
	signal = (struct crashinfo_slice){text, size};
	error = stream_set(stream, stream->section->target, signal);
	if (!error && !crashinfo_report_builder_has(stream->builder, "error.message"))
		error = set_default_message(stream, signal);
	return error ? error : set_time_of_crash(stream);
}

struct crashinfo_error *stream_signal_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0}, converted = {0};
	_strbuf_ struct strbuf legacy = {0};
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	if (error)
		return error;
	if (!stream->strict && stream_legacy_signal(payload.json, &legacy)) {
		if (legacy.failed)
			return crashinfo_error_no_memory();
		error = stream_payload_open(
			stream, (struct crashinfo_slice){legacy.data, legacy.size}, &converted);
	}
	if (!error)
		error = set_signal(stream, line, converted.json ? &converted : &payload);
	if (!error)
		stream->has_signal = true;
	return error;
}

struct crashinfo_error *stream_kind_line(struct crashinfo_stream *stream,
					 struct crashinfo_slice line)
{
	static const struct members kind = {"kind", MEMBERS_NAME, .names = members_error_kinds};
	_payload_ struct stream_payload payload = {0};
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	if (error)
		return error;
	if (!members_fits(&payload.check, &kind, 0))
		return wrong("\"UnixSignal\", \"UnhandledException\" or \"Panic\"");
	error = stream_set(stream, stream->section->target, crashinfo_json_raw(payload.json, 0));
	if (!error)
		stream->stats.has_kind = true;
	return error;
}

struct crashinfo_error *stream_counter_line(struct crashinfo_stream *stream,
					    struct crashinfo_slice line)
{
	static const struct members integer = {"counter", MEMBERS_INT64};
	_payload_ struct stream_payload payload = {0};
	_free_ char *storage = NULL;
	struct crashinfo_slice name, value;
	crashinfo_json_node node;
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	if (error)
		return error;
	node = crashinfo_json_first(payload.json, 0);
	if (crashinfo_json_type(payload.json, 0) != CRASHINFO_JSON_OBJECT ||
	    crashinfo_json_count(payload.json, 0) != 1 ||
	    !members_fits(&payload.check, &integer, crashinfo_json_value(node)))
		return wrong("an object with one member, an integer");
	error = crashinfo_json_string(payload.json, node, &name, &storage);
	if (error)
		return error;
	if (!name.size)
		return wrong("a name for the counter");
	if (stream->counters++ >= stream->context.limits.stream_entries)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "more than %zu counters",
					      stream->context.limits.stream_entries);
	value = crashinfo_json_raw(payload.json, crashinfo_json_value(node));
	error = stream_keep(stream, name.size + value.size);
	if (error)
		return error;
	stream->stats.has_data = true;
	return crashinfo_report_builder_counter(stream->builder, name.data, name.size, value.data,
						value.size);
}

/* A bare id becomes an object, an object is checked. */
static struct crashinfo_error *check_id(struct crashinfo_stream *stream,
					struct stream_payload *payload, crashinfo_json_node node)
{
	_strbuf_ struct strbuf legacy = {0};

	if (stream->strict || !stream_legacy_id(payload->json, node, &legacy))
		return members_apply(&payload->check, members_of_span, node);
	if (legacy.failed)
		return crashinfo_error_no_memory();
	return crashinfo_json_edits_replace(payload->check.edits, node, legacy.data, legacy.size);
}

struct crashinfo_error *stream_ids_line(struct crashinfo_stream *stream,
					struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0};
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	if (error)
		return error;
	if (crashinfo_json_type(payload.json, 0) != CRASHINFO_JSON_ARRAY)
		return wrong("an array of ids");
	for (crashinfo_json_node at = crashinfo_json_first(payload.json, 0);
	     at != CRASHINFO_JSON_NONE && !error; at = crashinfo_json_next(payload.json, 0, at))
		error = check_id(stream, &payload, at);
	if (!error)
		error = stream_payload_text(stream, line, &payload, &text, &size);
	if (error)
		return error;
	return stream_set(stream, stream->section->target, (struct crashinfo_slice){text, size});
}

/* Mend a line of tags that its emitter did not escape. */
static struct crashinfo_error *mend_tags(struct crashinfo_stream *stream,
					 struct crashinfo_slice line, struct crashinfo_error *cause)
{
	_strbuf_ struct strbuf tags = {0}, after = {0};
	struct crashinfo_error *error;

	if (stream->strict || cause->code != CRASHINFO_ERROR_SYNTAX ||
	    !stream_legacy_tags(line, &tags))
		return cause;
	strbuf_addf(&after, ". Error: %s (column %u)", cause->message, cause->column);
	crashinfo_error_destroy(cause);
	if (tags.failed || after.failed)
		return crashinfo_error_no_memory();
	stream->stats.damaged_lines++;
	error = stream_log_line(stream, "Mended line: ", line, after.data);
	if (error)
		return error;
	return stream_set(stream, stream->section->target,
			  (struct crashinfo_slice){tags.data, tags.size});
}

struct crashinfo_error *stream_tags_line(struct crashinfo_stream *stream,
					 struct crashinfo_slice line)
{
	static const struct members tags = {"tags", MEMBERS_STRINGS};
	_payload_ struct stream_payload payload = {0};
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	if (error)
		return mend_tags(stream, line, error);
	if (!members_fits(&payload.check, &tags, 0))
		return wrong("an array of strings");
	return stream_set(stream, stream->section->target, crashinfo_json_raw(payload.json, 0));
}

/* Before it was JSON it was the debug text of a ucontext_t, which reports had elsewhere. */
struct crashinfo_error *stream_ucontext_line(struct crashinfo_stream *stream,
					     struct crashinfo_slice line)
{
	struct crashinfo_error *error;

	if (stream->strict || line.size == 0 || line.data[0] == '{')
		return stream_object_line(stream, line);
	error = stream_keep(stream, line.size);
	if (error)
		return error;
	stream->stats.has_data = true;
	return crashinfo_report_builder_set_text(stream->builder, "experimental.ucontext",
						 line.data, line.size);
}
