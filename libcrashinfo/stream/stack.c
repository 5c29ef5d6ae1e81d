/* SPDX-License-Identifier: Apache-2.0 */
/* Sections that hold frames: native stacks and the stack of a language runtime. */
#include "stream/stream.h"

#include "base/cleanup.h"
#include "json/write.h"
#include "stream/markers.h"

/* --- frames of error.stack --- */

static struct crashinfo_error *add_frame(struct crashinfo_stream *stream, const char *json,
					 size_t size)
{
	struct crashinfo_error *error;

	if (stream->stack_frames >= stream->context.limits.stream_frames) {
		stream->frames_left_out++;
		return NULL;
	}
	error = stream_keep(stream, size);
	if (error)
		return error;
	stream->stack_frames++;
	stream->has_stack = stream->stats.has_data = true;
	return crashinfo_report_builder_add_frame(stream->builder, json, size);
}

/* One frame for each function inlined there, innermost first as they stand in `names`. */
static struct crashinfo_error *add_named_frames(struct crashinfo_stream *stream,
						struct crashinfo_slice frame)
{
	_payload_ struct stream_payload payload = {0};
	struct crashinfo_error *error = stream_payload_open(stream, frame, &payload);
	crashinfo_json_node names, name;

	if (error)
		return error;
	names = crashinfo_json_member(payload.json, 0, "names");
	for (name = crashinfo_json_first(payload.json, names);
	     name != CRASHINFO_JSON_NONE && !error;
	     name = crashinfo_json_next(payload.json, names, name)) {
		_free_ char *text = NULL;
		size_t size;

		error = stream_legacy_name(payload.json, name, &text, &size);
		if (!error)
			error = add_frame(stream, text, size);
	}
	return error;
}

static struct crashinfo_error *read_frame(struct crashinfo_stream *stream,
					  struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0};
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	if (!error)
		error = members_apply(&payload.check, members_of_frame, 0);
	if (!error)
		error = stream_payload_text(stream, line, &payload, &text, &size);
	if (error)
		return error;
	if (!stream->strict && stream_legacy_has_names(payload.json))
		return add_named_frames(stream, (struct crashinfo_slice){text, size});
	return add_frame(stream, text, size);
}

struct crashinfo_error *stream_stack_line(struct crashinfo_stream *stream,
					  struct crashinfo_slice line)
{
	struct crashinfo_error *error;

	if (stream->stack_closed)
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "Can't push a new frame onto a complete stack");
	error = read_frame(stream, line);
	stream->stack_damaged |= error != NULL;
	return error;
}

struct crashinfo_error *stream_log_left_out(struct crashinfo_stream *stream)
{
	size_t left_out = stream->frames_left_out;

	stream->frames_left_out = 0;
	if (!left_out)
		return NULL;
	return stream_log(stream, "Left out %zu frames behind the first %zu", left_out,
			  stream->context.limits.stream_frames);
}

struct crashinfo_error *stream_stack_close(struct crashinfo_stream *stream)
{
	if (stream->stack_closed)
		return NULL;
	stream->stack_damaged |= stream->frames_left_out != 0;
	if (!stream->stack_frames && !stream->stack_damaged) {
		stream->has_stack = stream->stats.has_data = true;
		return stream_log(
			stream,
			"No native stack frames received; stack unwinding may have failed%s",
			stream_issue(stream, STREAM_ISSUE("incomplete_stacktrace")));
	}
	stream->stack_closed = true;
	return stream_log_left_out(stream);
}

/* --- a stack on one line --- */

struct crashinfo_error *stream_check_frames(struct stream_payload *payload,
					    crashinfo_json_node node)
{
	const struct crashinfo_json *json = payload->json;
	crashinfo_json_node frames = crashinfo_json_member(json, node, "frames");
	struct crashinfo_error *error = NULL;

	for (crashinfo_json_node at = crashinfo_json_first(json, frames);
	     at != CRASHINFO_JSON_NONE && !error; at = crashinfo_json_next(json, frames, at))
		error = members_apply(&payload->check, members_of_frame, at);
	return error;
}

struct crashinfo_error *stream_whole_stack_line(struct crashinfo_stream *stream,
						struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0};
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error = stream_payload_open(stream, line, &payload);

	if (!error)
		error = members_apply(&payload.check, members_of_stack, 0);
	if (!error)
		error = stream_check_frames(&payload, 0);
	if (!error)
		error = stream_payload_text(stream, line, &payload, &text, &size);
	if (!error)
		error = stream_set(stream, stream->section->target,
				   (struct crashinfo_slice){text, size});
	if (error)
		return error;
	/* the builder lets a whole stack stand for one built of frames */
	stream->has_stack = stream->stack_closed = true;
	return NULL;
}

/* --- frames of a language runtime --- */

/* Replace an array of bytes in any encoding by a string. */
static struct crashinfo_error *decode_bytes(struct members_check *check, const char *member)
{
	const struct crashinfo_json *json = check->json;
	crashinfo_json_node node = crashinfo_json_member(json, 0, member);
	_strbuf_ struct strbuf bytes = {0}, string = {0};
	uint64_t byte;

	if (node == CRASHINFO_JSON_NONE || crashinfo_json_type(json, node) != CRASHINFO_JSON_ARRAY)
		return NULL;
	for (crashinfo_json_node at = crashinfo_json_first(json, node); at != CRASHINFO_JSON_NONE;
	     at = crashinfo_json_next(json, node, at)) {
		if (!crashinfo_json_uint64(json, at, &byte) || byte > UINT8_MAX)
			return NULL;
		strbuf_addc(&bytes, (char)byte);
	}
	json_add_string(&string, bytes.data, bytes.size);
	if (bytes.failed || string.failed)
		return crashinfo_error_no_memory();
	return crashinfo_json_edits_replace(check->edits, node, string.data, string.size);
}

static struct crashinfo_error *check_runtime_frame(struct members_check *check)
{
	struct crashinfo_error *error = members_apply(check, members_of_runtime_frame, 0);

	for (const struct members *row = members_of_runtime_frame; row->name && !error; row++)
		if (row->type == MEMBERS_BYTES)
			error = decode_bytes(check, row->name);
	return error;
}

struct crashinfo_error *stream_runtime_frame_line(struct crashinfo_stream *stream,
						  struct crashinfo_slice line)
{
	_payload_ struct stream_payload payload = {0};
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error;

	if (stream->collected >= stream->context.limits.stream_frames) {
		stream->frames_left_out++;
		return NULL;
	}
	error = stream_payload_open(stream, line, &payload);
	if (!error)
		error = check_runtime_frame(&payload.check);
	if (!error)
		error = stream_payload_text(stream, line, &payload, &text, &size);
	if (!error)
		error = stream_keep(stream, size);
	if (error)
		return error;
	if (stream->collected++)
		strbuf_addc(&stream->text, ',');
	strbuf_add(&stream->text, text, size);
	return strbuf_error(&stream->text);
}

struct crashinfo_error *stream_runtime_frame_close(struct crashinfo_stream *stream)
{
	_strbuf_ struct strbuf stack = {0};
	struct crashinfo_error *error = stream_log_left_out(stream);

	strbuf_adds(&stack, "{\"format\":\"Datadog Runtime Callback 1.0\"");
	if (stream->collected) {
		strbuf_adds(&stack, ",\"frames\":[");
		strbuf_add(&stack, stream->text.data, stream->text.size);
		strbuf_adds(&stack, "]");
	}
	strbuf_adds(&stack, "}");
	if (!error)
		error = strbuf_error(&stack);
	if (error)
		return error;
	return stream_put(stream, stream->section->target,
			  (struct crashinfo_slice){stack.data, stack.size});
}
