/* SPDX-License-Identifier: Apache-2.0 */
/* The section with the threads of the process. */
#include "base/cleanup.h"
#include "stream/stream.h"

static bool is_crashed(const struct crashinfo_json *json)
{
	crashinfo_json_node crashed = crashinfo_json_member(json, 0, "crashed");

	return crashed != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, crashed) == CRASHINFO_JSON_TRUE;
}

/* The name of the thread that crashed stands in two places. */
static struct crashinfo_error *take_name(struct crashinfo_stream *stream,
					 const struct crashinfo_json *json)
{
	crashinfo_json_node name = crashinfo_json_member(json, 0, "name");

	if (!is_crashed(json) || name == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(json, name) != CRASHINFO_JSON_STRING)
		return NULL;
	return stream_set(stream, stream->section->target, crashinfo_json_raw(json, name));
}

/* Where threads were not asked for there is this one line, and error.threads stays away. */
static bool is_name_only(const struct crashinfo_json *json)
{
	return is_crashed(json) && crashinfo_json_count(json, 0) == 2;
}

static struct crashinfo_error *check(struct stream_payload *payload)
{
	crashinfo_json_node stack = crashinfo_json_member(payload->json, 0, "stack");
	struct crashinfo_error *error = members_apply(&payload->check, members_of_thread, 0);

	return error ? error : stream_check_frames(payload, stack);
}

/* Beyond the limit there is room for the one that crashed, which may come last. */
static struct crashinfo_error *check_room(struct crashinfo_stream *stream, bool may_be_crashed)
{
	if (stream->threads < stream->context.limits.stream_entries ||
	    (may_be_crashed && !stream->has_crashed_thread))
		return NULL;
	return crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "more than %zu threads",
				      stream->context.limits.stream_entries);
}

struct crashinfo_error *stream_thread_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0};
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error = check_room(stream, true);

	if (!error)
		error = stream_payload_open(stream, line, &payload);
	if (!error && is_name_only(payload.json))
		return take_name(stream, payload.json);
	if (!error)
		error = check_room(stream, is_crashed(payload.json));
	if (!error)
		error = check(&payload);
	if (!error)
		error = stream_payload_text(stream, line, &payload, &text, &size);
	if (!error)
		error = stream_keep(stream, size);
	if (!error)
		error = take_name(stream, payload.json);
	if (error)
		return error;
	stream->threads++;
	stream->has_crashed_thread |= is_crashed(payload.json);
	stream->stats.has_data = true;
	return crashinfo_report_builder_add_thread(stream->builder, text, size);
}
