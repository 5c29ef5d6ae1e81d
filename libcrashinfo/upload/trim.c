/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/trim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "report/report.h"
#include "json/write.h"

#define TRIM_THREADS_KEPT 64
#define TRIM_FRAMES_KEPT  512
/* Files named in the log; the others are counted. */
#define TRIM_FILES_NAMED 16

struct trim {
	const struct crashinfo_report *report;
	const struct crashinfo_json *json;
	struct crashinfo_json_edits *edits;
	struct strbuf log; /* elements of log_messages, separated by commas */
};

static void note(struct trim *trim, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct trim *trim, const char *format, ...)
{
	va_list args;
	char *text;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0) {
		trim->log.failed = true;
		return;
	}
	if (trim->log.size)
		strbuf_addc(&trim->log, ',');
	json_add_string(&trim->log, text, (size_t)size);
	free(text);
}

/* --- files --- */

struct file {
	crashinfo_json_node name;
	size_t size;
};

/* Of equal ones the first first, so that the result is always the same. */
static int compare_files(const void *a, const void *b)
{
	const struct file *left = a, *right = b;

	if (left->size != right->size)
		return left->size < right->size ? 1 : -1;
	return (left->name > right->name) - (left->name < right->name);
}

static struct crashinfo_error *empty_file(struct trim *trim, const struct file *file, bool named)
{
	crashinfo_json_node lines = crashinfo_json_value(file->name);
	_free_ char *storage = NULL;
	struct crashinfo_slice name;
	struct crashinfo_error *error;

	error = crashinfo_json_string(trim->json, file->name, &name, &storage);
	if (!error && named)
		note(trim, "Left out to fit the size limit: %zu lines of file %.*s",
		     crashinfo_json_count(trim->json, lines), (int)name.size, name.data);
	return error ? error : crashinfo_json_edits_replace(trim->edits, lines, "[]", 2);
}

static struct crashinfo_error *trim_files(struct trim *trim, size_t excess)
{
	crashinfo_json_node files = report_at(trim->json, 0, "files"), name;
	VEC(struct file) list = {0};
	struct crashinfo_error *error = NULL;
	size_t removed = 0, count = 0;

	if (files == CRASHINFO_JSON_NONE)
		return NULL;
	for (name = crashinfo_json_first(trim->json, files); name != CRASHINFO_JSON_NONE && !error;
	     name = crashinfo_json_next(trim->json, files, name)) {
		crashinfo_json_node lines = crashinfo_json_value(name);
		struct file *file;

		if (!crashinfo_json_count(trim->json, lines))
			continue;
		file = vec_push(&list);
		if (file)
			*file = (struct file){name, crashinfo_json_raw(trim->json, lines).size};
		else
			error = crashinfo_error_no_memory();
	}
	if (list.size)
		qsort(list.data, list.size, sizeof(*list.data), compare_files);
	for (; count < list.size && removed < excess && !error; count++) {
		error = empty_file(trim, &list.data[count], count < TRIM_FILES_NAMED);
		removed += list.data[count].size;
	}
	if (count > TRIM_FILES_NAMED)
		note(trim, "Left out to fit the size limit: the content of %zu more files",
		     count - TRIM_FILES_NAMED);
	free(list.data);
	return error;
}

/* --- the rest --- */

static struct crashinfo_error *trim_raw(struct trim *trim)
{
	crashinfo_json_node raw = report_at(trim->json, 0, "ucontext.raw");

	if (raw == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(trim->json, raw) != CRASHINFO_JSON_STRING)
		return NULL;
	note(trim, "Left out to fit the size limit: ucontext.raw, %zu bytes",
	     crashinfo_json_raw(trim->json, raw).size - 2);
	return crashinfo_json_edits_remove(trim->edits,
					   crashinfo_json_member(trim->json, 0, "ucontext"), "raw");
}

/* Replace an array by its first `kept` elements. `wanted` is one that has to be among them: behind
 * them it takes the place of the last one. */
static struct crashinfo_error *cut_array(struct trim *trim, crashinfo_json_node array, size_t kept,
					 crashinfo_json_node wanted)
{
	crashinfo_json_node last = crashinfo_json_first(trim->json, array);
	const char *start = crashinfo_json_raw(trim->json, array).data;
	bool is_behind = wanted != CRASHINFO_JSON_NONE;
	_strbuf_ struct strbuf value = {0};
	struct crashinfo_slice end;
	struct crashinfo_error *error;

	for (size_t i = 1; i < kept - is_behind; i++)
		last = crashinfo_json_next(trim->json, array, last);
	end = crashinfo_json_raw(trim->json, last);
	strbuf_add(&value, start, (size_t)(end.data + end.size - start));
	if (is_behind) {
		end = crashinfo_json_raw(trim->json, wanted);
		strbuf_addc(&value, ',');
		strbuf_add(&value, end.data, end.size);
	}
	strbuf_addc(&value, ']');
	error = strbuf_error(&value);
	return error ? error
		     : crashinfo_json_edits_replace(trim->edits, array, value.data, value.size);
}

static bool has_crashed(const struct crashinfo_json *json, crashinfo_json_node thread)
{
	crashinfo_json_node crashed = CRASHINFO_JSON_NONE;

	if (crashinfo_json_type(json, thread) == CRASHINFO_JSON_OBJECT)
		crashed = crashinfo_json_member(json, thread, "crashed");
	return crashed != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, crashed) == CRASHINFO_JSON_TRUE;
}

/* The thread that crashed, when it comes behind those that are kept. */
static crashinfo_json_node crashed_behind(const struct crashinfo_json *json,
					  crashinfo_json_node threads, size_t kept)
{
	crashinfo_json_node thread = crashinfo_json_first(json, threads);

	for (size_t i = 0; thread != CRASHINFO_JSON_NONE; i++) {
		if (has_crashed(json, thread))
			return i < kept ? CRASHINFO_JSON_NONE : thread;
		thread = crashinfo_json_next(json, threads, thread);
	}
	return CRASHINFO_JSON_NONE;
}

static struct crashinfo_error *trim_threads(struct trim *trim)
{
	crashinfo_json_node threads = report_at(trim->json, 0, "error.threads");
	size_t count;

	/* 1.7 wraps them */
	if (threads != CRASHINFO_JSON_NONE &&
	    crashinfo_json_type(trim->json, threads) == CRASHINFO_JSON_OBJECT)
		threads = crashinfo_json_member(trim->json, threads, "threads");
	if (threads == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(trim->json, threads) != CRASHINFO_JSON_ARRAY)
		return NULL;
	count = crashinfo_json_count(trim->json, threads);
	if (count <= TRIM_THREADS_KEPT)
		return NULL;
	note(trim, "Left out to fit the size limit: %zu of %zu threads", count - TRIM_THREADS_KEPT,
	     count);
	return cut_array(trim, threads, TRIM_THREADS_KEPT,
			 crashed_behind(trim->json, threads, TRIM_THREADS_KEPT));
}

static struct crashinfo_error *trim_frames(struct trim *trim)
{
	size_t stacks = 0, frames = 0;
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < crashinfo_report_stack_count(trim->report) && !error; i++) {
		const struct crashinfo_stack *stack = crashinfo_report_stack(trim->report, i);

		if (stack->frame_count <= TRIM_FRAMES_KEPT)
			continue;
		stacks++;
		frames += stack->frame_count - TRIM_FRAMES_KEPT;
		error = cut_array(trim, stack->frames, TRIM_FRAMES_KEPT, CRASHINFO_JSON_NONE);
		if (!error)
			error = crashinfo_json_edits_set(trim->edits, stack->node, "incomplete",
							 "true", 4);
	}
	if (stacks)
		note(trim, "Left out to fit the size limit: %zu outermost frames of %zu stacks",
		     frames, stacks);
	return error;
}

static struct crashinfo_error *trim_step(struct trim *trim, enum trim_step step, size_t excess)
{
	switch (step) {
	case TRIM_FILES: return trim_files(trim, excess);
	case TRIM_RAW: return trim_raw(trim);
	case TRIM_THREADS: return trim_threads(trim);
	case TRIM_FRAMES: return trim_frames(trim);
	case TRIM_STEPS: break;
	}
	return NULL;
}

/* Say in the report what was done to it. */
static struct crashinfo_error *mark(struct trim *trim)
{
	crashinfo_json_node messages = crashinfo_json_member(trim->json, 0, "log_messages");
	_strbuf_ struct strbuf value = {0};
	struct crashinfo_error *error = strbuf_error(&trim->log);

	if (!error)
		error = crashinfo_json_edits_set(trim->edits, 0, "incomplete", "true", 4);
	if (error)
		return error;
	if (messages != CRASHINFO_JSON_NONE &&
	    crashinfo_json_type(trim->json, messages) == CRASHINFO_JSON_ARRAY)
		return crashinfo_json_edits_append(trim->edits, messages, trim->log.data,
						   trim->log.size);
	strbuf_addc(&value, '[');
	strbuf_add(&value, trim->log.data, trim->log.size);
	strbuf_addc(&value, ']');
	error = strbuf_error(&value);
	return error ? error
		     : crashinfo_json_edits_set(trim->edits, 0, "log_messages", value.data,
						value.size);
}

struct crashinfo_error *trim_report(const struct crashinfo_report *report, enum trim_step step,
				    size_t excess, char **ret, size_t *size_ret)
{
	struct trim trim = {.report = report, .json = report->json};
	struct crashinfo_error *error = crashinfo_json_edits_create(trim.json, &trim.edits);

	if (error)
		return error;
	error = trim_step(&trim, step, excess);
	if (!error && !trim.log.size)
		*ret = NULL;
	else if (!error)
		error = mark(&trim);
	if (!error && trim.log.size)
		error = crashinfo_json_edits_apply(trim.edits, ret, size_ret);
	crashinfo_json_edits_destroy(trim.edits);
	strbuf_deinit(&trim.log);
	return error;
}
