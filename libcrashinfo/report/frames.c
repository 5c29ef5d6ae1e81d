/* SPDX-License-Identifier: Apache-2.0 */
/* One frame of a stack, whatever its dialect calls the members. */
#include <string.h>

#include "base/limits.h"
#include "report/report.h"

struct frame_text {
	const char *name;
	size_t offset;
};

#define MEMBER(name)                                          \
	{                                                     \
#name, offsetof(struct crashinfo_frame, name) \
	}

static const struct frame_text texts[] = {
	MEMBER(build_id), MEMBER(build_id_type), MEMBER(file_type), MEMBER(path),
	MEMBER(function), MEMBER(mangled_name),  MEMBER(type_name), MEMBER(file),
};

struct frame_address {
	const char *name;
	size_t value, flag;
};

#define ADDRESS(name)                                                \
	{                                                            \
#name, offsetof(struct crashinfo_frame, name),       \
			offsetof(struct crashinfo_frame, has_##name) \
	}

static const struct frame_address addresses[] = {
	ADDRESS(ip),
	ADDRESS(sp),
	ADDRESS(relative_address),
	ADDRESS(module_base_address),
	ADDRESS(symbol_address),
};

static void *at_offset(struct crashinfo_frame *frame, size_t offset)
{
	return (char *)frame + offset;
}

static uint32_t small_number(const struct crashinfo_json *json, crashinfo_json_node object,
			     const char *name)
{
	crashinfo_json_node node = crashinfo_json_member(json, object, name);
	uint64_t value;

	if (node == CRASHINFO_JSON_NONE || !crashinfo_json_uint64(json, node, &value) ||
	    value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

static void read_addresses(const struct crashinfo_json *json, struct crashinfo_frame *frame)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		const struct frame_address *member = &addresses[i];
		crashinfo_json_node node = crashinfo_json_member(json, frame->node, member->name);

		*(bool *)at_offset(frame, member->flag) =
			report_address(json, node, at_offset(frame, member->value));
	}
}

static struct crashinfo_error *read_texts(struct crashinfo_report *report,
					  struct crashinfo_frame *frame)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct crashinfo_error *error = report_text(
			report, crashinfo_json_member(report->json, frame->node, texts[i].name),
			at_offset(frame, texts[i].offset));

		if (error)
			return error;
	}
	return NULL;
}

static struct crashinfo_error *read_comments(struct crashinfo_report *report,
					     struct crashinfo_frame *frame)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node array = crashinfo_json_member(json, frame->node, "comments");
	const char **comments;

	if (array == CRASHINFO_JSON_NONE || !crashinfo_json_count(json, array) ||
	    crashinfo_json_type(json, array) != CRASHINFO_JSON_ARRAY)
		return NULL;
	comments =
		arena_calloc(&report->arena, crashinfo_json_count(json, array), sizeof(*comments));
	if (!comments)
		return crashinfo_error_no_memory();
	frame->comments = comments;
	for (crashinfo_json_node node = crashinfo_json_first(json, array);
	     node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(json, array, node)) {
		struct crashinfo_error *error =
			report_text(report, node, &comments[frame->comment_count]);

		if (error)
			return error;
		frame->comment_count += comments[frame->comment_count] != NULL;
	}
	return NULL;
}

/* Up to 2024 the names of an address were a list; its first entry is the innermost function. */
static struct crashinfo_error *read_legacy_names(struct crashinfo_report *report,
						 struct crashinfo_frame *frame)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node names = crashinfo_json_member(json, frame->node, "names");
	crashinfo_json_node first;
	struct crashinfo_error *error;

	if (names == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(json, names) != CRASHINFO_JSON_ARRAY || frame->function)
		return NULL;
	first = crashinfo_json_first(json, names);
	if (first == CRASHINFO_JSON_NONE)
		return NULL;
	frame->line = small_number(json, first, "lineno");
	frame->column = small_number(json, first, "colno");
	error = report_text(report, crashinfo_json_member(json, first, "name"), &frame->function);
	if (error)
		return error;
	return report_text(report, crashinfo_json_member(json, first, "filename"), &frame->file);
}

/* The older draft lists a build id as byte values. */
static struct crashinfo_error *hex_of_bytes(struct crashinfo_report *report,
					    crashinfo_json_node array, const char **ret)
{
	static const char digits[] = "0123456789abcdef";
	const struct crashinfo_json *json = report->json;
	size_t count = crashinfo_json_count(json, array), size = 0;
	char *hex;

	if (!count || crashinfo_json_type(json, array) != CRASHINFO_JSON_ARRAY)
		return NULL;
	hex = arena_calloc(&report->arena, count + 1, 2);
	if (!hex)
		return crashinfo_error_no_memory();
	for (crashinfo_json_node node = crashinfo_json_first(json, array);
	     node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(json, array, node)) {
		uint64_t byte;

		if (!crashinfo_json_uint64(json, node, &byte) || byte > 255)
			return NULL;
		hex[size++] = digits[byte >> 4];
		hex[size++] = digits[byte & 15];
	}
	*ret = hex;
	return NULL;
}

/* The draft's file offset is no relative address: only path and build id are taken. */
static struct crashinfo_error *read_draft_module(struct crashinfo_report *report,
						 struct crashinfo_frame *frame)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node elf = report_at(json, frame->node, "normalized_ip.meta.Elf");
	crashinfo_json_node id;
	struct crashinfo_error *error;

	if (elf == CRASHINFO_JSON_NONE || frame->path)
		return NULL;
	error = report_text(report, crashinfo_json_member(json, elf, "path"), &frame->path);
	if (frame->path)
		frame->file_type = "ELF";
	id = crashinfo_json_member(json, elf, "build_id");
	if (error || id == CRASHINFO_JSON_NONE)
		return error;
	error = hex_of_bytes(report, id, &frame->build_id);
	if (frame->build_id)
		frame->build_id_type = "GNU";
	return error;
}

static struct crashinfo_error *read_frame(struct crashinfo_report *report,
					  struct crashinfo_frame *frame)
{
	const struct crashinfo_json *json = report->json;
	struct crashinfo_error *error;

	if (crashinfo_json_type(json, frame->node) != CRASHINFO_JSON_OBJECT)
		return NULL;
	read_addresses(json, frame);
	frame->line = small_number(json, frame->node, "line");
	frame->column = small_number(json, frame->node, "column");
	error = read_texts(report, frame);
	if (!error)
		error = read_comments(report, frame);
	if (!error)
		error = read_legacy_names(report, frame);
	if (!error && report->dialect == CRASHINFO_DIALECT_DRAFT0002)
		error = read_draft_module(report, frame);
	return error;
}

static struct crashinfo_error *read_frames(struct crashinfo_report *report,
					   const struct crashinfo_stack *stack,
					   struct crashinfo_frame *frames)
{
	const struct crashinfo_json *json = report->json;
	size_t i = 0;

	for (crashinfo_json_node node = crashinfo_json_first(json, stack->frames);
	     node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(json, stack->frames, node)) {
		struct crashinfo_error *error;

		frames[i].node = node;
		error = read_frame(report, &frames[i++]);
		if (error)
			return error;
	}
	return NULL;
}

struct crashinfo_error *crashinfo_report_frames(struct crashinfo_report *report,
						const struct crashinfo_stack *stack,
						const struct crashinfo_frame **ret,
						size_t *count_ret)
{
	struct report_frames *cache = &report->frames[stack - report->stacks];

	if (!cache->data && stack->frame_count) {
		struct crashinfo_frame *frames =
			arena_calloc(&report->arena, stack->frame_count, sizeof(*frames));
		struct crashinfo_error *error;

		if (!frames)
			return crashinfo_error_no_memory();
		error = read_frames(report, stack, frames);
		if (error)
			return error;
		cache->data = frames;
		cache->count = stack->frame_count;
	}
	*ret = cache->data;
	*count_ret = cache->count;
	return NULL;
}
