/* SPDX-License-Identifier: Apache-2.0 */
/* Reports are symbolized in batches, so that a module is opened once for many of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/file.h>
#include <crashinfo/input.h>

#include "symbolize.h"

/* What is held in memory at once; more reports mean another batch. */
#define BATCH_REPORTS 1024
#define BATCH_BYTES   (64u << 20)
/* Missing modules that are named at the end; the rest is counted. */
#define MISSING_MAX 64

struct missing {
	char *build_id, *path;
};

struct reports {
	struct symbolize *symbolize;
	struct crashinfo_inputs *inputs;
	struct crashinfo_report *reports[BATCH_REPORTS];
	char *names[BATCH_REPORTS];
	size_t indexes[BATCH_REPORTS]; /* within their files */
	size_t count, bytes;
	struct crashinfo_symbolize_stats stats;
	struct missing missing[MISSING_MAX];
	size_t missing_count, missing_more;
};

/* --- what is said at the end --- */

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void note_missing(struct reports *r, const struct crashinfo_symbol_query *query)
{
	struct missing *missing = &r->missing[r->missing_count];

	for (size_t i = 0; i < r->missing_count; i++)
		if (same(r->missing[i].build_id, query->build_id) &&
		    same(r->missing[i].path, query->path))
			return;
	if (r->missing_count == MISSING_MAX) {
		r->missing_more++;
		return;
	}
	missing->build_id = query->build_id ? strdup(query->build_id) : NULL;
	missing->path = query->path ? strdup(query->path) : NULL;
	r->missing_count++;
}

static bool is_missing(enum crashinfo_symbol_status status)
{
	return status == CRASHINFO_SYMBOL_NO_DEBUG_FILE ||
	       status == CRASHINFO_SYMBOL_BUILD_ID_MISMATCH ||
	       status == CRASHINFO_SYMBOL_CRC_MISMATCH;
}

static void note_frame(void *user, const struct crashinfo_symbolized_frame *frame)
{
	struct reports *r = user;
	char where[256];

	if (!frame->answer)
		return;
	if (is_missing(frame->answer->status) && (frame->query->build_id || frame->query->path))
		note_missing(r, frame->query);
	symbolize_note_memory(r->symbolize, frame->query, frame->answer);
	symbolize_note_split(r->symbolize, frame->answer);
	if (!r->symbolize->options.explain)
		return;
	snprintf(where, sizeof(where), "%s: frame %zu", r->names[frame->report], frame->frame);
	symbolize_explain(r->symbolize, frame->query, frame->answer, where);
}

static void summarize(struct reports *r)
{
	const struct crashinfo_symbolize_stats *stats = &r->stats;
	size_t unresolved = stats->frames - stats->kept - stats->resolved;
	char reasons[512] = "", cached[64] = "";
	size_t at = 0;

	for (size_t i = 0; i < sizeof(stats->by_status) / sizeof(stats->by_status[0]); i++)
		if (stats->by_status[i] && !crashinfo_symbol_status_has_name(i) &&
		    at < sizeof(reasons))
			at += (size_t)snprintf(reasons + at, sizeof(reasons) - at, "%s%s %zu",
					       at ? ", " : " (", crashinfo_symbol_status_name(i),
					       stats->by_status[i]);
	if (stats->cached)
		snprintf(cached, sizeof(cached), "; %zu from the cache", stats->cached);
	tool_note(&r->symbolize->tool,
		  "%zu frames: %zu resolved, %zu had names, %zu unresolved%s%s%s", stats->frames,
		  stats->resolved, stats->kept, unresolved, reasons, at ? ")" : "", cached);
	for (size_t i = 0; i < r->missing_count; i++)
		tool_note(&r->symbolize->tool, "no file for %s (build id %s)",
			  r->missing[i].path ? r->missing[i].path : "a module",
			  r->missing[i].build_id ? r->missing[i].build_id : "unknown");
	if (r->missing_more)
		tool_note(&r->symbolize->tool, "and for more modules (%zu frames)",
			  r->missing_more);
	symbolize_name_memory(r->symbolize);
	symbolize_name_splits(r->symbolize);
	r->symbolize->unresolved = unresolved > 0;
}

/* --- output --- */

static bool parse_again(struct reports *r, const char *text, size_t size,
			struct crashinfo_report **ret)
{
	struct crashinfo_context *context = &r->symbolize->tool.context;
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(context, text, size, NULL, &json);
	if (!error)
		error = crashinfo_report_create(context, json, ret);
	return !tool_failed(&r->symbolize->tool, error);
}

static void render_report(struct reports *r, const char *text, size_t size)
{
	struct crashinfo_report *report;

	if (!parse_again(r, text, size, &report))
		return;
	tool_render(&r->symbolize->tool, report,
		    (enum crashinfo_render_format)(r->symbolize->options.format - SYMBOLIZE_TEXT),
		    &r->symbolize->options.render);
	crashinfo_report_destroy(report);
}

/* The file gets the layout that was asked for, pretty by default: people open it. */
static void write_in_place(struct reports *r, size_t i, const char *text, size_t size)
{
	bool compact = r->symbolize->tool.layout == TOOL_LAYOUT_COMPACT;
	struct crashinfo_error *error;
	char *laid_out;
	size_t laid_out_size;

	error = crashinfo_json_layout(text, size,
				      compact ? CRASHINFO_JSON_COMPACT : CRASHINFO_JSON_PRETTY,
				      &laid_out, &laid_out_size);
	if (!error) {
		laid_out[laid_out_size] = '\n';
		error = crashinfo_file_write(r->names[i], laid_out, laid_out_size + 1);
		free(laid_out);
	}
	tool_failed(&r->symbolize->tool, error);
}

static void write_report(void *user, size_t i, char *text, size_t size)
{
	struct reports *r = user;

	if (r->symbolize->options.in_place)
		write_in_place(r, i, text, size);
	else if (symbolize_for_people(r->symbolize->options.format))
		render_report(r, text, size);
	else
		tool_json(&r->symbolize->tool, text, size);
	free(text);
}

static void end_batch(struct reports *r)
{
	for (size_t i = 0; i < r->count; i++) {
		crashinfo_report_destroy(r->reports[i]);
		free(r->names[i]);
	}
	r->count = r->bytes = 0;
}

static void run_batch(struct reports *r)
{
	const struct crashinfo_symbolize_options how = {.force = r->symbolize->options.force};
	struct tool *tool = &r->symbolize->tool;

	tool_failed(tool, crashinfo_symbolize(&tool->context, r->symbolize->symbolizer, &how,
					      r->reports, r->count, &r->stats, note_frame,
					      write_report, r));
	end_batch(r);
}

/* --- input --- */

/* The text of the input goes with the next file, so the report takes a copy. */
static void add_report(struct reports *r, const struct crashinfo_input *input)
{
	struct tool *tool = &r->symbolize->tool;
	size_t i = r->count, size = crashinfo_json_raw(input->json, 0).size;
	struct crashinfo_error *error = crashinfo_json_keep(input->json);

	if (error)
		crashinfo_json_destroy(input->json);
	else
		error = crashinfo_report_create(&tool->context, input->json, &r->reports[i]);
	if (tool_failed(tool, error))
		return;
	r->names[i] = strdup(input->name);
	if (!r->names[i])
		exit(tool_failed(tool, crashinfo_error_no_memory()) ? TOOL_FAILED : TOOL_OK);
	r->indexes[i] = input->index;
	r->bytes += size;
	r->count++;
	if (r->count == BATCH_REPORTS || r->bytes >= BATCH_BYTES)
		run_batch(r);
}

static void take_input(struct reports *r, const struct crashinfo_input *input)
{
	struct tool *tool = &r->symbolize->tool;

	if (input->kind != CRASHINFO_INPUT_JSON) {
		if (!input->index)
			tool_error(tool,
				   "%s: a collector stream: make a report of it with ddcrash-parse",
				   input->name);
		return;
	}
	if (r->symbolize->options.in_place &&
	    (input->index || input->is_packed || !strcmp(input->name, "-"))) {
		tool_error(tool, "%s: --in-place needs files of one report each", input->name);
		crashinfo_json_destroy(input->json);
		return;
	}
	add_report(r, input);
}

static void read_inputs(struct reports *r)
{
	struct tool *tool = &r->symbolize->tool;
	struct crashinfo_input input;
	uint64_t reports = 0;
	bool done = false;

	while (!done && !tool_out_failed(tool)) {
		if (tool_failed(tool, crashinfo_inputs_next(r->inputs, &input, &done)) || done)
			continue;
		tool_progress(tool, "reports", ++reports, 0);
		take_input(r, &input);
	}
	if (r->count)
		run_batch(r);
}

void symbolize_reports(struct symbolize *symbolize)
{
	static const char *const standard_input[] = {"-"};
	const struct tool_list *operands = &symbolize->tool.operands;
	struct reports *r = calloc(1, sizeof(*r));
	struct crashinfo_error *error;

	if (!r) {
		tool_failed(&symbolize->tool, crashinfo_error_no_memory());
		return;
	}
	r->symbolize = symbolize;
	symbolize->tool.ndjson = symbolize->options.format == SYMBOLIZE_NDJSON;
	error = crashinfo_inputs_create(&symbolize->tool.context,
					operands->count ? operands->data : standard_input,
					operands->count ? operands->count : 1, &r->inputs);
	if (error && error->code == CRASHINFO_ERROR_INVALID_ARGUMENT)
		tool_usage(&symbolize->tool, "%s", error->message);
	if (!tool_failed(&symbolize->tool, error)) {
		read_inputs(r);
		summarize(r);
	}
	for (size_t i = 0; i < r->missing_count; i++) {
		free(r->missing[i].build_id);
		free(r->missing[i].path);
	}
	crashinfo_inputs_destroy(r->inputs);
	free(r);
}
