/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream leaves in the report, within its limits. */
#include "stream/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "stream/markers.h"

/* Enough of a damaged line to see what it was, and for a frame to be mended by hand. */
#define QUOTED_BYTES 4096
/* Roughly what a value costs besides its text, so that empty ones are not free. */
#define ENTRY_BYTES 64

struct crashinfo_error *stream_keep(struct crashinfo_stream *stream, size_t bytes)
{
	size_t limit = stream->context.limits.stream_report_bytes, wanted;

	if (__builtin_add_overflow(stream->kept_bytes, bytes, &wanted) ||
	    __builtin_add_overflow(wanted, ENTRY_BYTES, &wanted) || wanted > limit)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "more than %zu bytes in one report", limit);
	stream->kept_bytes = wanted;
	return NULL;
}

struct crashinfo_error *stream_put(struct crashinfo_stream *stream, const char *member,
				   struct crashinfo_slice json)
{
	stream->stats.has_data = true;
	return crashinfo_report_builder_set(stream->builder, member, json.data, json.size);
}

struct crashinfo_error *stream_set(struct crashinfo_stream *stream, const char *member,
				   struct crashinfo_slice json)
{
	struct crashinfo_error *error = stream_keep(stream, json.size);

	return error ? error : stream_put(stream, member, json);
}

static void add_line_number(const struct crashinfo_stream *stream, struct strbuf *buf)
{
	if (!stream->strict)
		strbuf_addf(buf, "line %llu: ", (unsigned long long)stream->stats.lines);
}

static struct crashinfo_error *add_log(struct crashinfo_stream *stream, struct strbuf *text)
{
	struct crashinfo_error *error = strbuf_error(text);

	if (error)
		return error;
	stream->stats.has_data = true;
	if (stream->logs >= stream->context.limits.stream_entries) {
		stream->logs_left_out++;
		return NULL;
	}
	stream->logs++;
	context_log(&stream->context, CRASHINFO_LOG_DEBUG, "%s", text->data);
	return crashinfo_report_builder_log(stream->builder, text->data, text->size);
}

struct crashinfo_error *stream_log(struct crashinfo_stream *stream, const char *format, ...)
{
	_strbuf_ struct strbuf text = {0};
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	add_line_number(stream, &text);
	strbuf_adds(&text, message);
	return add_log(stream, &text);
}

/* A configuration may hold an API key, also when its markers were lost. */
static bool is_secret(const struct crashinfo_stream *stream, struct crashinfo_slice line)
{
	static const char key[] = "api_key";

	return (stream->section && stream->section->is_secret) ||
	       memmem(line.data, line.size, key, sizeof(key) - 1);
}

static void quote(struct strbuf *buf, struct crashinfo_slice line)
{
	size_t size = line.size;

	if (size > QUOTED_BYTES)
		size = utf8_valid_prefix(line.data, QUOTED_BYTES);
	strbuf_add(buf, line.data, size);
	if (size < line.size)
		strbuf_adds(buf, "…");
}

struct crashinfo_error *stream_log_line(struct crashinfo_stream *stream, const char *before,
					struct crashinfo_slice line, const char *after)
{
	_strbuf_ struct strbuf text = {0};

	add_line_number(stream, &text);
	strbuf_adds(&text, before);
	if (is_secret(stream, line))
		strbuf_adds(&text, "(configuration, not shown)");
	else
		quote(&text, line);
	strbuf_adds(&text, after);
	return add_log(stream, &text);
}

/* What a reader says of bad JSON quotes it. */
static void explain(const struct crashinfo_stream *stream, const struct crashinfo_error *error,
		    struct strbuf *buf)
{
	bool hidden = stream->section && stream->section->is_secret &&
		      error->code == CRASHINFO_ERROR_SYNTAX;

	strbuf_addf(buf, ". Error: %s", hidden ? "not valid JSON" : error->message);
	if (error->line)
		strbuf_addf(buf, " (column %u)", error->column);
}

struct crashinfo_error *stream_damaged(struct crashinfo_stream *stream, struct crashinfo_slice line,
				       struct crashinfo_error *error)
{
	_strbuf_ struct strbuf after = {0};

	if (error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	stream->stats.damaged_lines++;
	stream->stopped |= stream->strict;
	explain(stream, error, &after);
	crashinfo_error_destroy(error);
	strbuf_adds(&after, stream_issue(stream, STREAM_ISSUE("process_line_error")));
	if (after.failed)
		return crashinfo_error_no_memory();
	return stream_log_line(stream, "Unable to process line: ", line, after.data);
}
