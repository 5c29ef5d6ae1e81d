/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/core.h>
#include <crashinfo/input.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "bundle/input_files.h"
#include "bundle/input_stream.h"
#include "bundle/input_text.h"

struct crashinfo_inputs {
	struct crashinfo_context context;
	struct input_files files;

	bool has_stream;
	struct input_stream stream;

	/* of a source of JSON documents */
	bool has_text, windowed;
	struct input_text text;
	size_t index;
};

static struct crashinfo_error *check_stdin(const char *const *operands, size_t count)
{
	size_t dashes = 0;

	for (size_t i = 0; i < count; i++)
		dashes += !strcmp(operands[i], "-");
	if (dashes < 2)
		return NULL;
	return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
				      "standard input (-) can be read only once");
}

struct crashinfo_error *crashinfo_inputs_create(const struct crashinfo_context *context,
						const char *const *operands, size_t count,
						struct crashinfo_inputs **ret)
{
	struct crashinfo_error *error = check_stdin(operands, count);
	struct crashinfo_inputs *inputs;

	if (error)
		return error;
	inputs = calloc(1, sizeof(*inputs));
	if (!inputs)
		return crashinfo_error_no_memory();
	inputs->context = context ? *context : crashinfo_context_default();
	input_files_init(&inputs->files, &inputs->context, operands, count);
	*ret = inputs;
	return NULL;
}

void crashinfo_inputs_set_windowed(struct crashinfo_inputs *inputs)
{
	inputs->windowed = true;
}

/* Done with the file at hand. */
static void close_text(struct crashinfo_inputs *inputs)
{
	input_text_close(&inputs->text);
	inputs->has_text = inputs->has_stream = false;
	inputs->index = 0;
}

void crashinfo_inputs_destroy(struct crashinfo_inputs *inputs)
{
	if (!inputs)
		return;
	close_text(inputs);
	input_files_deinit(&inputs->files);
	free(inputs);
}

static struct crashinfo_error *source_failed(struct crashinfo_inputs *inputs,
					     struct crashinfo_error *error)
{
	error = crashinfo_error_at(error, inputs->files.source.name, 0, 0, 0);
	return input_files_failed(&inputs->files, error);
}

static void fill(const struct crashinfo_inputs *inputs, enum crashinfo_input_kind kind,
		 struct crashinfo_json *json, struct crashinfo_input *ret)
{
	*ret = (struct crashinfo_input){
		.kind = kind,
		.name = inputs->files.source.name,
		.json = json,
		.index = inputs->index,
		.is_packed = inputs->files.source.is_packed,
	};
	memcpy(ret->modified, inputs->files.source.modified, sizeof(ret->modified));
}

/* `ret->json` is NULL at the end of the file. */
static struct crashinfo_error *next_document(struct crashinfo_inputs *inputs,
					     struct crashinfo_input *ret)
{
	struct crashinfo_json *json = NULL;
	bool broken = false;
	struct crashinfo_error *error = input_text_next(&inputs->text, &json, &broken);

	if (broken) {
		inputs->has_text = false;
		return source_failed(inputs, error);
	}
	if (!error)
		fill(inputs, CRASHINFO_INPUT_JSON, json, ret);
	inputs->index++;
	return error;
}

static struct crashinfo_error *refuse(const struct crashinfo_inputs *inputs, const char *what)
{
	return crashinfo_error_at(crashinfo_error_create(CRASHINFO_ERROR_SYNTAX, "%s", what),
				  inputs->files.source.name, 0, 1, 1);
}

static bool has_prefix(const struct strbuf *text, const char *prefix)
{
	return text->size >= strlen(prefix) && !memcmp(text->data, prefix, strlen(prefix));
}

static struct crashinfo_error *open_unknown(struct crashinfo_inputs *inputs)
{
	/* it takes more than reading in sequence */
	if (inputs->files.source.is_operand &&
	    crashinfo_core_sniff(inputs->files.source.head.data, inputs->files.source.head.size))
		return refuse(inputs,
			      "a core file: ddcrash-parse reads it where it is, named on its "
			      "command line, not from a pipe");
	if (inputs->files.source.is_operand)
		return refuse(inputs, "neither JSON nor a collector stream nor an archive");
	if (has_prefix(&inputs->files.source.head, INPUT_JOURNAL_MARK))
		return NULL;
	context_log(&inputs->context, CRASHINFO_LOG_WARNING,
		    "%s: passed over, neither JSON nor a collector stream nor an archive",
		    inputs->files.source.name);
	return NULL;
}

/* What a manifest decides on is read as a whole, before any of it is given out. */
static struct crashinfo_error *open_json(struct crashinfo_inputs *inputs)
{
	const struct crashinfo_limits *limits = limits_of(&inputs->context);
	struct input_source *source = &inputs->files.source;
	size_t max = source->is_packed ? limits->member_bytes : limits->input_bytes;
	bool checked = input_files_is_checked(&inputs->files), is_manifest = false;
	struct crashinfo_error *error;

	error = input_text_open(&inputs->text, &inputs->context, source, max,
				inputs->windowed && !checked);
	if (!error && checked)
		error = input_files_check(&inputs->files, &inputs->text.text, &is_manifest);
	inputs->has_text = !error && !is_manifest;
	return source_failed(inputs, error);
}

static void open_stream(struct crashinfo_inputs *inputs)
{
	inputs->has_stream = true;
	inputs->stream = (struct input_stream){.done = false};
}

/* A file that nobody named and that begins like JSON by chance. */
static bool looks_like_text(const struct input_source *source)
{
	return !source->is_operand && !input_is_json(source->head.data, source->head.size);
}

/* Begin with the next file; `*found_ret` says whether there is one. */
static struct crashinfo_error *open_next(struct crashinfo_inputs *inputs, bool *found_ret)
{
	enum input_format format;
	struct crashinfo_error *error;

	close_text(inputs);
	error = input_files_next(&inputs->files, found_ret, &format);
	if (error || !*found_ret)
		return error;
	switch (format) {
	case INPUT_FORMAT_STREAM: open_stream(inputs); return NULL;
	case INPUT_FORMAT_JSON:
		if (!looks_like_text(&inputs->files.source))
			return open_json(inputs);
		break;
	case INPUT_FORMAT_EMPTY: return refuse(inputs, "empty");
	case INPUT_FORMAT_ARCHIVE:
	case INPUT_FORMAT_UNKNOWN: break;
	}
	return open_unknown(inputs);
}

/* The next stream of the file at hand; there may be none. */
static struct crashinfo_error *next_stream(struct crashinfo_inputs *inputs)
{
	struct crashinfo_error *error;

	error = input_stream_next(&inputs->stream, &inputs->files.source, &inputs->has_stream);
	if (error) {
		inputs->has_stream = false;
		return source_failed(inputs, error);
	}
	inputs->index++;
	return NULL;
}

struct crashinfo_error *crashinfo_inputs_next(struct crashinfo_inputs *inputs,
					      struct crashinfo_input *ret, bool *done_ret)
{
	bool found = true;
	struct crashinfo_input input = {0};
	struct crashinfo_error *error = inputs->has_stream ? next_stream(inputs) : NULL;

	while (!error && !inputs->has_stream) {
		if (inputs->has_text)
			error = next_document(inputs, &input);
		if (error || input.json)
			break;
		error = open_next(inputs, &found);
		if (!found)
			break;
	}
	if (error)
		return error;
	if (inputs->has_stream)
		fill(inputs, CRASHINFO_INPUT_STREAM, NULL, &input);
	*done_ret = !found;
	*ret = input;
	return NULL;
}

struct crashinfo_error *crashinfo_inputs_read(struct crashinfo_inputs *inputs, char *buffer,
					      size_t capacity, size_t *size_ret)
{
	struct crashinfo_error *error;

	error = input_stream_read(&inputs->stream, &inputs->files.source, buffer, capacity,
				  size_ret);
	/* it is not tried again for what stands behind */
	inputs->has_stream = !error;
	return source_failed(inputs, error);
}
