/* SPDX-License-Identifier: Apache-2.0 */
/* Sections whose lines are text. */
#include "stream/stream.h"

#include <string.h>

#include "json/write.h"

#define UNNAMED_FILE "MISSING_FILENAME"

/* --- the message --- */

/* Emitters write newlines and carriage returns as two characters, and backslashes as they are. */
static void unescape(struct strbuf *buf, struct crashinfo_slice line)
{
	for (size_t i = 0; i < line.size; i++) {
		char next = i + 1 < line.size ? line.data[i + 1] : '\0';

		if (line.data[i] != '\\' || (next != 'n' && next != 'r')) {
			strbuf_addc(buf, line.data[i]);
			continue;
		}
		strbuf_addc(buf, next == 'n' ? '\n' : '\r');
		i++;
	}
}

/* The last line of the section counts. */
struct crashinfo_error *stream_message_line(struct crashinfo_stream *stream,
					    struct crashinfo_slice line)
{
	struct crashinfo_slice before = {stream->text.data, stream->text.size};
	_strbuf_ struct strbuf message = {0};
	struct crashinfo_error *error = NULL;

	if (stream->collected++ && !stream->strict)
		error = stream_log_line(stream, "Message line replaced by the next: ", before, "");
	if (!error)
		error = stream_keep(stream, line.size);
	if (error)
		return error;
	strbuf_clear(&stream->text);
	strbuf_add(&stream->text, line.data, line.size);
	unescape(&message, line);
	if (stream->text.failed || message.failed)
		return crashinfo_error_no_memory();
	stream->stats.has_data = true;
	return crashinfo_report_builder_set_text(stream->builder, stream->section->target,
						 message.data, message.size);
}

/* --- messages of the receiver --- */

struct crashinfo_error *stream_log_message_line(struct crashinfo_stream *stream,
						struct crashinfo_slice line)
{
	struct crashinfo_error *error = line.size ? stream_keep(stream, line.size) : NULL;

	if (error || !line.size)
		return error;
	if (stream->logs >= stream->context.limits.stream_entries) {
		stream->logs_left_out++;
		return NULL;
	}
	stream->logs++;
	return crashinfo_report_builder_log(stream->builder, line.data, line.size);
}

/* --- lines as they are --- */

struct crashinfo_error *stream_text_line(struct crashinfo_stream *stream,
					 struct crashinfo_slice line)
{
	struct crashinfo_error *error = stream_keep(stream, line.size);

	if (error)
		return error;
	if (stream->collected++)
		strbuf_addc(&stream->text, '\n');
	strbuf_add(&stream->text, line.data, line.size);
	return strbuf_error(&stream->text);
}

struct crashinfo_error *stream_runtime_string_close(struct crashinfo_stream *stream)
{
	_strbuf_ struct strbuf stack = {0};

	strbuf_adds(&stack, "{\"format\":\"Datadog Runtime Callback 1.0\",\"stacktrace_string\":");
	json_add_string(&stack, stream->text.data, stream->text.size);
	strbuf_adds(&stack, "}");
	if (stack.failed)
		return crashinfo_error_no_memory();
	return stream_put(stream, stream->section->target,
			  (struct crashinfo_slice){stack.data, stack.size});
}

/* --- files --- */

struct crashinfo_error *stream_file_open(struct crashinfo_stream *stream,
					 struct crashinfo_slice rest)
{
	const char *blank = memchr(rest.data, ' ', rest.size);

	strbuf_clear(&stream->name);
	if (blank)
		strbuf_add(&stream->name, blank + 1, rest.size - (size_t)(blank + 1 - rest.data));
	else
		strbuf_adds(&stream->name, UNNAMED_FILE);
	return strbuf_error(&stream->name);
}

static struct crashinfo_error *add_lines(struct crashinfo_stream *stream)
{
	const char *at = stream->text.data;
	size_t left = stream->text.size;
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < stream->collected && !error; i++) {
		const char *newline = left ? memchr(at, '\n', left) : NULL;
		size_t size = newline ? (size_t)(newline - at) : left;

		error = crashinfo_report_builder_file_line(stream->builder, at, size);
		if (newline) {
			at += size + 1;
			left -= size + 1;
		}
	}
	return error;
}

struct crashinfo_error *stream_file_close(struct crashinfo_stream *stream)
{
	struct crashinfo_error *error = stream_keep(stream, stream->name.size);

	if (error)
		return error;
	if (stream->files++ >= stream->context.limits.stream_entries)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "more than %zu files",
					      stream->context.limits.stream_entries);
	stream->stats.has_data = true;
	error = crashinfo_report_builder_file(stream->builder, stream->name.data,
					      stream->name.size);
	return error ? error : add_lines(stream);
}
