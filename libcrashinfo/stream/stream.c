/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a stream: between sections, in one of them, done. */
#include "stream/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "stream/markers.h"

/* --- lines --- */

static struct crashinfo_error *begin_section(struct crashinfo_stream *stream,
					     const struct stream_section *section,
					     struct crashinfo_slice line)
{
	size_t marker = strlen(section->begin);

	stream->section = section;
	stream->stats.sections++;
	stream->collected = 0;
	stream->frames_left_out = 0;
	strbuf_clear(&stream->text);
	if (!section->open)
		return NULL;
	return section->open(stream,
			     (struct crashinfo_slice){line.data + marker, line.size - marker});
}

static struct crashinfo_error *end_section(struct crashinfo_stream *stream)
{
	struct crashinfo_error *error =
		stream->section->close ? stream->section->close(stream) : NULL;

	stream->section = NULL;
	return error;
}

static struct crashinfo_error *read_between(struct crashinfo_stream *stream,
					    struct crashinfo_slice line)
{
	const struct stream_section *section = stream_section_find(line);

	if (section)
		return begin_section(stream, section, line);
	if (stream_has_prefix(line, STREAM_DONE)) {
		stream->stats.done = stream->stopped = true;
		return NULL;
	}
	stream->stats.damaged_lines++;
	return stream_log_line(stream, "Unexpected line while receiving crashreport: ", line,
			       stream_issue(stream, STREAM_ISSUE("unexpected_line")));
}

static bool is_marker(const struct crashinfo_stream *stream, struct crashinfo_slice line)
{
	if (stream->section)
		return stream_has_prefix(line, stream->section->end);
	return stream_has_prefix(line, STREAM_DONE) || stream_section_find(line);
}

static struct crashinfo_error *read_text(struct crashinfo_stream *stream,
					 struct crashinfo_slice line)
{
	struct crashinfo_error *error;

	if (!stream->section)
		error = read_between(stream, line);
	else if (stream_has_prefix(line, stream->section->end))
		error = end_section(stream);
	else
		error = stream->section->line(stream, line);
	return error ? stream_damaged(stream, line, error) : NULL;
}

/* A line of which only the beginning is at hand. */
static struct crashinfo_error *read_cut(struct crashinfo_stream *stream,
					struct crashinfo_slice line)
{
	struct crashinfo_error *error;

	stream->stack_damaged |= stream->section && stream->section->line == stream_stack_line;
	error = crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "longer than the limit of %zu bytes",
				       stream->lines.max_bytes);
	return stream_damaged(stream, line, error);
}

static struct crashinfo_error *read_invalid(struct crashinfo_stream *stream,
					    struct crashinfo_slice line)
{
	_strbuf_ struct strbuf clean = {0};
	struct crashinfo_error *error;

	stream->stats.damaged_lines++;
	if (stream->strict) {
		stream->stopped = true;
		return stream_log(stream, "IO Error: stream did not contain valid UTF-8");
	}
	utf8_add_lossy(&clean, line.data, line.size);
	if (clean.failed)
		return crashinfo_error_no_memory();
	error = stream_log(stream,
			   "Replaced bytes that are not valid UTF-8" STREAM_ISSUE("io_error"));
	if (error)
		return error;
	return read_text(stream, (struct crashinfo_slice){clean.data, clean.size});
}

/* Lines that are too long are passed over, but markers are known by their beginning. */
static struct crashinfo_error *read_line(struct crashinfo_stream *stream,
					 const struct stream_line *line)
{
	stream->stats.lines++;
	if (line->cut) {
		struct crashinfo_error *error = read_cut(stream, line->text);

		if (error || stream->stopped || !is_marker(stream, line->text))
			return error;
	}
	if (utf8_valid_prefix(line->text.data, line->text.size) < line->text.size)
		return read_invalid(stream, line->text);
	return read_text(stream, line->text);
}

/* --- end of input --- */

/* Whether the section at hand has come whole before: then what broke off must not replace it. */
static bool came_before(const struct crashinfo_stream *stream)
{
	if (stream->section->target)
		return crashinfo_report_builder_has(stream->builder, stream->section->target);
	return crashinfo_report_builder_has_file(stream->builder, stream->name.data,
						 stream->name.size);
}

/* Keep what only an END would have stored, and say that there was none. */
static struct crashinfo_error *break_off(struct crashinfo_stream *stream)
{
	const struct stream_section *section = stream->section;
	char note[128];
	struct crashinfo_error *error;

	snprintf(note, sizeof(note), "line %llu: The stream broke off%s%s",
		 (unsigned long long)stream->stats.lines, section ? " in section " : "",
		 section ? section->name : "");
	error = crashinfo_stream_note(stream, note);
	if (!error)
		error = stream_log_left_out(stream);
	if (!error && section && section->keeps_partial && !came_before(stream))
		error = end_section(stream);
	if (!error || error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	return stream_damaged(stream, (struct crashinfo_slice){"", 0}, error);
}

static struct crashinfo_error *note_left_out(struct crashinfo_stream *stream)
{
	char note[64];

	if (!stream->logs_left_out)
		return NULL;
	snprintf(note, sizeof(note), "Left out %zu log messages", stream->logs_left_out);
	return crashinfo_stream_note(stream, note);
}

/* Collectors sent a kind only later than a signal. */
static struct crashinfo_error *assume_kind(struct crashinfo_stream *stream)
{
	const char *kind = stream->has_signal ? "UnixSignal" : NULL;

	if (!kind || crashinfo_report_builder_has(stream->builder, "error.kind"))
		return NULL;
	return crashinfo_report_builder_set_text(stream->builder, "error.kind", kind, strlen(kind));
}

static struct crashinfo_error *set_uuid(struct crashinfo_stream *stream)
{
	char uuid[37];
	struct crashinfo_error *error;

	if (!stream->random_uuid)
		return NULL;
	error = crashinfo_uuid_random(uuid);
	if (error)
		return error;
	return crashinfo_report_builder_set_text(stream->builder, "uuid", uuid, strlen(uuid));
}

static struct crashinfo_error *set_ends(struct crashinfo_stream *stream)
{
	/* upstream sets the mark at the signal, so that exceptions never have it */
	bool incomplete = !stream->stats.done && (!stream->strict || stream->has_signal);
	struct crashinfo_error *error = note_left_out(stream);

	if (!error)
		error = crashinfo_report_builder_set_bool(stream->builder, "incomplete",
							  incomplete);
	if (!error)
		error = set_uuid(stream);
	if (!error && !stream->strict)
		error = assume_kind(stream);
	if ((stream->stack_closed && !stream->stack_damaged) ||
	    (stream->has_stack && !stream->stack_frames))
		crashinfo_report_builder_end_stack(stream->builder);
	return error;
}

static struct crashinfo_error *require(const struct crashinfo_stream *stream)
{
	const char *what = NULL;

	if (!stream->stats.has_data)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND,
					      "the stream holds no data of a crash");
	if (stream->strict && !stream->stats.has_kind)
		what = "required field 'kind' missing";
	if (stream->strict && !stream->stats.has_config)
		what = "Missing crashtracker configuration";
	return what ? crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "%s", what) : NULL;
}

static struct crashinfo_error *at_end(const struct crashinfo_stream *stream,
				      struct crashinfo_error *error)
{
	uint64_t line = stream->stats.lines;

	if (!error || error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	return crashinfo_error_at(error, stream->source, 0,
				  line > UINT32_MAX ? UINT32_MAX : (uint32_t)line, 0);
}

/* --- public --- */

static struct crashinfo_error *copy_options(struct crashinfo_stream *stream,
					    const struct crashinfo_stream_options *options)
{
	struct crashinfo_error *error = NULL;

	stream->strict = options->strict;
	stream->random_uuid = options->random_uuid;
	if (options->source && !(stream->source = strdup(options->source)))
		return crashinfo_error_no_memory();
	error = crashinfo_report_builder_create(&stream->context, options->version,
						&stream->builder);
	if (!error && options->timestamp)
		error = crashinfo_report_builder_set_text(stream->builder, "timestamp",
							  options->timestamp,
							  strlen(options->timestamp));
	if (!error && options->os_info)
		error = crashinfo_report_builder_set(stream->builder, "os_info", options->os_info,
						     strlen(options->os_info));
	return error;
}

struct crashinfo_error *crashinfo_stream_create(const struct crashinfo_context *context,
						const struct crashinfo_stream_options *options,
						struct crashinfo_stream **ret)
{
	struct crashinfo_stream *stream = calloc(1, sizeof(*stream));
	struct crashinfo_error *error;

	if (!stream)
		return crashinfo_error_no_memory();
	stream->context = context ? *context : crashinfo_context_default();
	stream_lines_init(&stream->lines, stream->context.limits.stream_line_bytes);
	error = copy_options(stream, options ? options : &(struct crashinfo_stream_options){0});
	if (error)
		crashinfo_stream_destroy(stream);
	else
		*ret = stream;
	return error;
}

void crashinfo_stream_destroy(struct crashinfo_stream *stream)
{
	if (!stream)
		return;
	crashinfo_report_builder_destroy(stream->builder);
	stream_lines_deinit(&stream->lines);
	strbuf_deinit(&stream->name);
	strbuf_deinit(&stream->text);
	free(stream->source);
	free(stream);
}

struct crashinfo_error *crashinfo_stream_feed(struct crashinfo_stream *stream, const char *bytes,
					      size_t size)
{
	struct crashinfo_slice rest = {bytes, size};
	struct stream_line line;
	struct crashinfo_error *error = NULL;

	while (!stream->stopped && !error && stream_lines_next(&stream->lines, &rest, &line))
		error = read_line(stream, &line);
	if (!error && stream_lines_failed(&stream->lines))
		error = crashinfo_error_no_memory();
	return error;
}

struct crashinfo_error *crashinfo_stream_note(struct crashinfo_stream *stream, const char *text)
{
	return crashinfo_report_builder_log(stream->builder, text, strlen(text));
}

bool crashinfo_stream_is_done(const struct crashinfo_stream *stream)
{
	return stream->stopped;
}

struct crashinfo_stream_stats crashinfo_stream_stats(const struct crashinfo_stream *stream)
{
	return stream->stats;
}

struct crashinfo_error *crashinfo_stream_finish(struct crashinfo_stream *stream, char **ret,
						size_t *size_ret)
{
	struct crashinfo_error *error = NULL;
	struct stream_line line;

	if (!stream->stopped && stream_lines_last(&stream->lines, &line))
		error = read_line(stream, &line);
	if (!error && !stream->strict && !stream->stats.done)
		error = break_off(stream);
	if (!error)
		error = require(stream);
	if (!error)
		error = set_ends(stream);
	if (!error)
		error = crashinfo_report_builder_finish(stream->builder, ret, size_ret);
	return at_end(stream, error);
}

const struct crashinfo_loss *crashinfo_stream_loss(const struct crashinfo_stream *stream,
						   size_t index)
{
	return crashinfo_report_builder_loss(stream->builder, index);
}
