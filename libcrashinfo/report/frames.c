/* SPDX-License-Identifier: Apache-2.0 */
/* One frame of a stack, whatever its dialect calls the members. */
#include <string.h>

#include "base/limits.h"
#include "report/report.h"
#include "json/string.h"

struct frame_text {
	const char *name;
	size_t size, offset;
};

#define MEMBER(name)                                                             \
	{                                                                        \
#name, sizeof(#name) - 1, offsetof(struct crashinfo_frame, name) \
	}

static const struct frame_text texts[] = {
	MEMBER(build_id), MEMBER(build_id_type), MEMBER(file_type), MEMBER(path),
	MEMBER(function), MEMBER(mangled_name),  MEMBER(type_name), MEMBER(file),
};

struct frame_address {
	const char *name;
	size_t size, value, flag;
};

#define ADDRESS(name)                                                             \
	{                                                                         \
#name, sizeof(#name) - 1, offsetof(struct crashinfo_frame, name), \
			offsetof(struct crashinfo_frame, has_##name)              \
	}

static const struct frame_address addresses[] = {
	ADDRESS(ip),
	ADDRESS(sp),
	ADDRESS(relative_address),
	ADDRESS(module_base_address),
	ADDRESS(symbol_address),
};

/* All that is read of a frame of any dialect but one: the texts, the addresses, then these. */
#define TEXTS     (sizeof(texts) / sizeof(texts[0]))
#define ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))
#define OTHERS    (sizeof(others) / sizeof(others[0]))

static const char *const others[] = {"line", "column", "comments", "names"};

enum frame_other {
	OTHER_LINE,
	OTHER_COLUMN,
	OTHER_COMMENTS,
	OTHER_NAMES,
};

/* Values of the members of a frame, NONE where it has none; found in one pass over them. */
struct frame_members {
	crashinfo_json_node texts[TEXTS], addresses[ADDRESSES], others[OTHERS];
};

/* The place for the value of a member; NULL when nobody asks for it. */
static crashinfo_json_node *place_of(const struct crashinfo_json *json,
				     const struct json_node *name, struct frame_members *members)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (json_may_be_long(name, texts[i].size) &&
		    json_string_is(json, name, texts[i].name, texts[i].size))
			return &members->texts[i];
	for (size_t i = 0; i < ADDRESSES; i++)
		if (json_may_be_long(name, addresses[i].size) &&
		    json_string_is(json, name, addresses[i].name, addresses[i].size))
			return &members->addresses[i];
	for (size_t i = 0; i < OTHERS; i++)
		if (json_may_be_long(name, strlen(others[i])) &&
		    json_string_is(json, name, others[i], strlen(others[i])))
			return &members->others[i];
	return NULL;
}

/* Of members with one name the last counts, as everywhere. */
static void find_members(const struct crashinfo_json *json, crashinfo_json_node frame,
			 struct frame_members *members)
{
	uint32_t end = json->nodes[frame].next;

	for (size_t i = 0; i < TEXTS; i++)
		members->texts[i] = CRASHINFO_JSON_NONE;
	for (size_t i = 0; i < ADDRESSES; i++)
		members->addresses[i] = CRASHINFO_JSON_NONE;
	for (size_t i = 0; i < OTHERS; i++)
		members->others[i] = CRASHINFO_JSON_NONE;
	for (uint32_t child = frame + 1; child < end; child = json->nodes[child + 1].next) {
		crashinfo_json_node *place = place_of(json, &json->nodes[child], members);

		if (place)
			*place = child + 1;
	}
}

static void *at_offset(struct crashinfo_frame *frame, size_t offset)
{
	return (char *)frame + offset;
}

static uint32_t small_number(const struct crashinfo_json *json, crashinfo_json_node node)
{
	uint64_t value;

	if (node == CRASHINFO_JSON_NONE || !crashinfo_json_uint64(json, node, &value) ||
	    value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

static void read_addresses(const struct crashinfo_json *json, const struct frame_members *members,
			   struct crashinfo_frame *frame)
{
	for (size_t i = 0; i < ADDRESSES; i++)
		*(bool *)at_offset(frame, addresses[i].flag) = report_address(
			json, members->addresses[i], at_offset(frame, addresses[i].value));
}

static struct crashinfo_error *read_texts(struct crashinfo_report *report,
					  const struct frame_members *members,
					  struct crashinfo_frame *frame)
{
	for (size_t i = 0; i < TEXTS; i++) {
		struct crashinfo_error *error =
			report_text(report, members->texts[i], at_offset(frame, texts[i].offset));

		if (error)
			return error;
	}
	return NULL;
}

static struct crashinfo_error *read_comments(struct crashinfo_report *report,
					     crashinfo_json_node array,
					     struct crashinfo_frame *frame)
{
	const struct crashinfo_json *json = report->json;
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
						 crashinfo_json_node names,
						 struct crashinfo_frame *frame)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node first;
	struct crashinfo_error *error;

	if (names == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(json, names) != CRASHINFO_JSON_ARRAY || frame->function)
		return NULL;
	first = crashinfo_json_first(json, names);
	if (first == CRASHINFO_JSON_NONE)
		return NULL;
	frame->line = small_number(json, crashinfo_json_member(json, first, "lineno"));
	frame->column = small_number(json, crashinfo_json_member(json, first, "colno"));
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
	struct frame_members members;
	struct crashinfo_error *error;

	if (crashinfo_json_type(json, frame->node) != CRASHINFO_JSON_OBJECT)
		return NULL;
	find_members(json, frame->node, &members);
	read_addresses(json, &members, frame);
	frame->line = small_number(json, members.others[OTHER_LINE]);
	frame->column = small_number(json, members.others[OTHER_COLUMN]);
	error = read_texts(report, &members, frame);
	if (!error)
		error = read_comments(report, members.others[OTHER_COMMENTS], frame);
	if (!error)
		error = read_legacy_names(report, members.others[OTHER_NAMES], frame);
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
