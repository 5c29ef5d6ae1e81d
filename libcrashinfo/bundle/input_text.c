/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/input_text.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"

/* The window has room for so much, or for its document. */
#define WINDOW_BYTES (1024 * 1024)

void input_text_close(struct input_text *text)
{
	strbuf_deinit(&text->text);
	*text = (struct input_text){0};
}

/* --- the window --- */

/*
 * Leave behind what lies before the next document, but not the beginning of its line, which columns
 * are counted from. One byte always stays: only the very first one may be a mark of byte order.
 */
static void leave_behind(struct input_text *text)
{
	const char *data = text->text.data;
	const char *newline = text->offset ? memrchr(data, '\n', text->offset) : NULL;
	size_t count = newline ? (size_t)(newline - data) : text->offset;

	if (!newline && count)
		count--;
	for (const char *at = data; (at = memchr(at, '\n', (size_t)(data + count - at))); at++) {
		text->lines++;
		text->columns = 0;
	}
	newline = memrchr(data, '\n', count);
	text->columns += (uint32_t)(newline ? data + count - newline - 1 : (ptrdiff_t)count);
	text->bytes += count;
	text->offset -= count;
	text->text.size -= count;
	memmove(text->text.data, data + count, text->text.size);
}

static struct crashinfo_error *check_size(const struct input_text *text)
{
	if (text->text.size <= text->max_bytes)
		return NULL;
	return crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "larger than the limit of %zu bytes",
				      text->max_bytes);
}

/* Read on; twice as much for a document that is longer than the window. */
static struct crashinfo_error *fill_window(struct input_text *text)
{
	struct strbuf *buf = &text->text;
	struct crashinfo_error *error;
	struct crashinfo_slice got;
	size_t target;

	if (buf->size)
		leave_behind(text);
	target = buf->size < WINDOW_BYTES / 2 ? WINDOW_BYTES : 2 * buf->size;
	while (buf->size < target && !text->whole) {
		error = input_source_take(text->source, &got);
		if (error)
			return error;
		text->whole = !got.size;
		strbuf_add(buf, got.data, got.size);
		if (buf->failed)
			return strbuf_error(buf);
	}
	return check_size(text);
}

/* Where a document begins a line behind `offset`; NULL for nowhere. */
static const char *find_line(const struct input_text *text, size_t offset)
{
	if (offset < text->offset)
		offset = text->offset;
	if (offset >= text->text.size)
		return NULL;
	return memmem(text->text.data + offset, text->text.size - offset, "\n{", 2);
}

/*
 * Whether what was read may be otherwise when more is known: there was none, it is a scalar that
 * could go on, or it breaks off before the next document begins.
 */
static bool needs_more(const struct input_text *text, const struct crashinfo_error *error,
		       const struct crashinfo_json *json, size_t end)
{
	if (text->whole)
		return false;
	if (error)
		return error->code != CRASHINFO_ERROR_NO_MEMORY &&
		       !find_line(text, (size_t)error->offset);
	return !json || end == text->text.size;
}

/* --- documents --- */

struct crashinfo_error *input_text_open(struct input_text *text,
					const struct crashinfo_context *context,
					struct input_source *source, size_t max_bytes, bool window)
{
	*text = (struct input_text){
		.context = context,
		.source = source,
		.max_bytes = max_bytes,
		.whole = !window,
		.window = window,
	};
	return window ? fill_window(text) : input_source_read_all(source, max_bytes, &text->text);
}

/*
 * Go on behind a bad document: at the next line that begins one. In a document that is laid out
 * over many lines only its first line begins with a brace.
 */
static void resume(struct input_text *text, const struct crashinfo_error *error)
{
	const char *at = find_line(text, (size_t)error->offset);

	text->offset = at ? (size_t)(at + 1 - text->text.data) : text->text.size;
	if (++text->errors < limits_of(text->context)->input_errors)
		return;
	if (at)
		context_log(text->context, CRASHINFO_LOG_WARNING,
			    "%s: too many bad documents, the rest is left", text->source->name);
	text->offset = text->text.size;
	text->whole = true;
}

/* Positions in the window are those of the file. */
static void move_error(const struct input_text *text, struct crashinfo_error *error)
{
	if (!error->line)
		return;
	if (error->line == 1)
		error->column += text->columns;
	error->line += text->lines;
	error->offset += text->bytes;
}

struct crashinfo_error *input_text_next(struct input_text *text, struct crashinfo_json **ret,
					bool *broken_ret)
{
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;
	size_t end;

	for (;;) {
		end = text->offset;
		error = crashinfo_json_parse_next(text->context, text->text.data, text->text.size,
						  text->source->name, &end, &json);
		if (!needs_more(text, error, json, end))
			break;
		crashinfo_error_destroy(error);
		crashinfo_json_destroy(json);
		json = NULL;
		error = fill_window(text);
		if (error) {
			*broken_ret = true;
			return error;
		}
	}
	if (error) {
		resume(text, error);
		move_error(text, error);
		return error;
	}
	text->offset = end;
	*ret = json;
	return NULL;
}
