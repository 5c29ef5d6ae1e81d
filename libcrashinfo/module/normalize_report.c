/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/normalize.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "json/write.h"

#define COMMENT "normalize_ip failed with "

struct normalizer {
	struct crashinfo_finder *finder;
	struct crashinfo_report *report;
	const struct crashinfo_json *json;
	struct crashinfo_maps *maps; /* NULL when the report has none */
	struct crashinfo_json_edits *edits;
	struct crashinfo_normalize_stats stats;
};

/* Add a member unless the frame has it. */
static struct crashinfo_error *add_json(struct normalizer *n, const struct crashinfo_frame *frame,
					const char *member, const char *json, size_t size)
{
	if (crashinfo_json_member(n->json, frame->node, member) != CRASHINFO_JSON_NONE)
		return NULL;
	return crashinfo_json_edits_set(n->edits, frame->node, member, json, size);
}

static struct crashinfo_error *add_text(struct normalizer *n, const struct crashinfo_frame *frame,
					const char *member, const char *text)
{
	_strbuf_ struct strbuf json = {0};

	json_add_string(&json, text, strlen(text));
	if (json.failed)
		return crashinfo_error_no_memory();
	return add_json(n, frame, member, json.data, json.size);
}

static struct crashinfo_error *add_address(struct normalizer *n,
					   const struct crashinfo_frame *frame, const char *member,
					   const char *format, uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), format, address);
	return add_text(n, frame, member, text);
}

static struct crashinfo_error *add_normalized(struct normalizer *n,
					      const struct crashinfo_frame *frame,
					      const struct crashinfo_normalized *normalized)
{
	struct crashinfo_error *error;

	error = add_address(n, frame, "relative_address", "0x%016" PRIx64,
			    normalized->relative_address);
	if (!error)
		error = add_text(n, frame, "path", normalized->path);
	if (!error)
		error = add_text(n, frame, "file_type", "ELF");
	if (!error)
		error = add_address(n, frame, "module_base_address", "0x%" PRIx64,
				    normalized->module_base);
	if (!error && normalized->build_id)
		error = add_text(n, frame, "build_id", normalized->build_id);
	if (!error && normalized->build_id)
		error = add_text(n, frame, "build_id_type", "GNU");
	return error;
}

static bool has_comment(const struct crashinfo_frame *frame)
{
	for (size_t i = 0; i < frame->comment_count; i++)
		if (!strncmp(frame->comments[i], COMMENT, sizeof(COMMENT) - 1))
			return true;
	return false;
}

static struct crashinfo_error *add_comment(struct normalizer *n,
					   const struct crashinfo_frame *frame, const char *reason)
{
	crashinfo_json_node comments = crashinfo_json_member(n->json, frame->node, "comments");
	bool is_array = comments != CRASHINFO_JSON_NONE &&
			crashinfo_json_type(n->json, comments) == CRASHINFO_JSON_ARRAY;
	_strbuf_ struct strbuf text = {0}, json = {0};

	if (has_comment(frame))
		return NULL;
	strbuf_addf(&text, COMMENT "%s", reason);
	strbuf_adds(&json, is_array ? "" : "[");
	json_add_string(&json, text.data, text.size);
	strbuf_adds(&json, is_array ? "" : "]");
	if (text.failed || json.failed)
		return crashinfo_error_no_memory();
	if (is_array)
		return crashinfo_json_edits_append(n->edits, comments, json.data, json.size);
	return crashinfo_json_edits_set(n->edits, frame->node, "comments", json.data, json.size);
}

/* What went wrong with one frame is its comment. */
static struct crashinfo_error *give_up(struct normalizer *n, const struct crashinfo_frame *frame,
				       struct crashinfo_error *reason)
{
	struct crashinfo_error *error;

	if (reason->code == CRASHINFO_ERROR_NO_MEMORY)
		return reason;
	error = add_comment(n, frame, reason->message);
	crashinfo_error_destroy(reason);
	return error;
}

static struct crashinfo_error *normalize_frame(struct normalizer *n,
					       const struct crashinfo_frame *frame)
{
	struct crashinfo_normalized normalized;
	struct crashinfo_error *error;

	if (!frame->has_ip || frame->has_relative_address)
		return NULL;
	n->stats.frames++;
	if (!n->maps)
		return add_comment(n, frame, "no memory maps in the report");
	error = crashinfo_normalize(n->finder, n->maps, frame->ip, frame->build_id, &normalized);
	if (error)
		return give_up(n, frame, error);
	n->stats.normalized++;
	return add_normalized(n, frame, &normalized);
}

static struct crashinfo_error *normalize_stack(struct normalizer *n,
					       const struct crashinfo_stack *stack)
{
	const struct crashinfo_frame *frames;
	size_t count;
	struct crashinfo_error *error;

	if (stack->role == CRASHINFO_STACK_RUNTIME)
		return NULL;
	error = crashinfo_report_frames(n->report, stack, &frames, &count);
	for (size_t i = 0; !error && i < count; i++)
		error = normalize_frame(n, &frames[i]);
	return error;
}

static struct crashinfo_error *read_maps(const struct crashinfo_context *context,
					 struct normalizer *n)
{
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error = crashinfo_report_maps_text(n->report, &text, &size);

	if (!error)
		return crashinfo_maps_parse(context, text, size, &n->maps);
	if (error->code != CRASHINFO_ERROR_NOT_FOUND)
		return error;
	crashinfo_error_destroy(error);
	return NULL;
}

static struct crashinfo_error *check_dialect(const struct crashinfo_report *report)
{
	enum crashinfo_dialect dialect = crashinfo_report_dialect(report);

	if (dialect == CRASHINFO_DIALECT_1_X || dialect == CRASHINFO_DIALECT_RFC0002)
		return NULL;
	return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
				      "frames of a %s report cannot be normalized",
				      crashinfo_dialect_name(dialect));
}

struct crashinfo_error *crashinfo_normalize_report(const struct crashinfo_context *context,
						   struct crashinfo_finder *finder,
						   struct crashinfo_report *report, char **ret,
						   size_t *size_ret,
						   struct crashinfo_normalize_stats *stats)
{
	struct normalizer n = {
		.finder = finder,
		.report = report,
		.json = crashinfo_report_json(report),
	};
	struct crashinfo_error *error = check_dialect(report);

	if (!error)
		error = read_maps(context, &n);
	if (!error)
		error = crashinfo_json_edits_create(n.json, &n.edits);
	for (size_t i = 0; !error && i < crashinfo_report_stack_count(report); i++)
		error = normalize_stack(&n, crashinfo_report_stack(report, i));
	if (!error)
		error = crashinfo_json_edits_apply(n.edits, ret, size_ret);
	crashinfo_json_edits_destroy(n.edits);
	crashinfo_maps_destroy(n.maps);
	if (!error && stats) {
		stats->frames += n.stats.frames;
		stats->normalized += n.stats.normalized;
	}
	return error;
}
