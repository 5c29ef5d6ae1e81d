/* SPDX-License-Identifier: Apache-2.0 */
/* Answers into the frames of a report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "symbol/symbolize.h"
#include "json/write.h"

/* Begins the comments that this suite writes, so that a later run can replace them. */
#define COMMENT_PREFIX "not symbolized: "

/* The members an answer has a say in; all others are copied to the frames of the same address. */
static const char *const answer_members[] = {
	"function", "mangled_name", "file", "line", "column", "comments",
};

#define ANSWER_MEMBERS  6
#define ANSWER_COMMENTS 5

/* JSON of each answer member, in the order above; empty when it is to be absent. */
struct frame_texts {
	struct strbuf texts[ANSWER_MEMBERS];
	struct strbuf members; /* those that are present, with their names and commas */
};

/* Of all frames of one answer, whose `frames` they are. */
struct answer_texts {
	const struct crashinfo_symbol_frame *frames;
	struct frame_texts *data;
	size_t count;
};

/* A stack has fewer different addresses. */
#define TEXTS_RECENT 256

struct symbolize_texts {
	struct answer_texts recent[TEXTS_RECENT];
	struct strbuf outer; /* frames that are being written */
};

struct symbolize_texts *symbolize_texts_create(void)
{
	return calloc(1, sizeof(struct symbolize_texts));
}

static void answer_texts_deinit(struct answer_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		for (size_t k = 0; k < ANSWER_MEMBERS; k++)
			strbuf_deinit(&texts->data[i].texts[k]);
		strbuf_deinit(&texts->data[i].members);
	}
	free(texts->data);
	*texts = (struct answer_texts){0};
}

void symbolize_texts_destroy(struct symbolize_texts *texts)
{
	for (size_t i = 0; texts && i < TEXTS_RECENT; i++)
		answer_texts_deinit(&texts->recent[i]);
	if (texts)
		strbuf_deinit(&texts->outer);
	free(texts);
}

/* Names in debug files are bytes, a report is UTF-8. */
static bool add_text(struct strbuf *buf, const char *text)
{
	if (text)
		json_add_string(buf, text, strlen(text));
	return !buf->failed;
}

static bool add_number(struct strbuf *buf, uint32_t number)
{
	if (number)
		strbuf_addf(buf, "%u", number);
	return !buf->failed;
}

static bool join_members(struct frame_texts *texts)
{
	for (size_t i = 0; i < ANSWER_MEMBERS; i++) {
		if (!texts->texts[i].size)
			continue;
		strbuf_adds(&texts->members, texts->members.size ? ",\"" : "\"");
		strbuf_adds(&texts->members, answer_members[i]);
		strbuf_adds(&texts->members, "\":");
		strbuf_add(&texts->members, texts->texts[i].data, texts->texts[i].size);
	}
	return !texts->members.failed;
}

static bool fill_texts(const struct crashinfo_symbol_frame *frame, struct frame_texts *texts)
{
	return add_text(&texts->texts[0], frame->function) &&
	       add_text(&texts->texts[1], frame->mangled_name) &&
	       add_text(&texts->texts[2], frame->file) &&
	       add_number(&texts->texts[3], frame->line) &&
	       add_number(&texts->texts[4], frame->column) && join_members(texts);
}

/* The texts of an answer, whose frames tell it from others; NULL when memory is out. */
static const struct answer_texts *texts_of(struct symbolize_texts *recent,
					   const struct crashinfo_symbol_answer *answer)
{
	uintptr_t place = (uintptr_t)answer->frames;
	struct answer_texts *texts = &recent->recent[(place >> 4 ^ place >> 12) % TEXTS_RECENT];
	bool ok;

	if (texts->frames == answer->frames && texts->count == answer->frame_count)
		return texts;
	answer_texts_deinit(texts);
	texts->data = calloc(answer->frame_count + 1, sizeof(*texts->data));
	ok = texts->data != NULL;
	for (size_t i = 0; ok && i < answer->frame_count; i++) {
		texts->count = i + 1;
		ok = fill_texts(&answer->frames[i], &texts->data[i]);
	}
	if (!ok)
		answer_texts_deinit(texts);
	else
		texts->frames = answer->frames;
	return ok ? texts : NULL;
}

/* The frame's comments but those of an earlier run, then `reason`; empty when none are left. */
static struct crashinfo_error *add_comments(const struct crashinfo_json *json,
					    crashinfo_json_node frame, const char *reason,
					    struct strbuf *buf)
{
	crashinfo_json_node array = crashinfo_json_member(json, frame, "comments");
	crashinfo_json_node node = CRASHINFO_JSON_NONE;

	if (array != CRASHINFO_JSON_NONE &&
	    crashinfo_json_type(json, array) == CRASHINFO_JSON_ARRAY)
		node = crashinfo_json_first(json, array);
	for (; node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(json, array, node)) {
		struct crashinfo_slice raw = crashinfo_json_raw(json, node);

		if (raw.size > sizeof(COMMENT_PREFIX) &&
		    !memcmp(raw.data + 1, COMMENT_PREFIX, sizeof(COMMENT_PREFIX) - 1))
			continue;
		strbuf_addc(buf, buf->size ? ',' : '[');
		strbuf_add(buf, raw.data, raw.size);
	}
	if (reason) {
		strbuf_addc(buf, buf->size ? ',' : '[');
		if (!add_text(buf, reason))
			return crashinfo_error_no_memory();
	}
	if (buf->size)
		strbuf_addc(buf, ']');
	return strbuf_error(buf);
}

/* Make one member what it should be; an empty text removes it. */
static struct crashinfo_error *edit_member(const struct crashinfo_json *json,
					   struct crashinfo_json_edits *edits,
					   crashinfo_json_node node, const char *name,
					   const struct strbuf *text)
{
	crashinfo_json_node old = crashinfo_json_member(json, node, name);
	struct crashinfo_slice raw;

	if (!text->size && old == CRASHINFO_JSON_NONE)
		return NULL;
	if (!text->size)
		return crashinfo_json_edits_remove(edits, node, name);
	if (old != CRASHINFO_JSON_NONE) {
		raw = crashinfo_json_raw(json, old);
		if (raw.size == text->size && !memcmp(raw.data, text->data, raw.size))
			return NULL;
	}
	return crashinfo_json_edits_set(edits, node, name, text->data, text->size);
}

static bool is_answer_member(const struct crashinfo_json *json, crashinfo_json_node name)
{
	for (size_t i = 0; i < ANSWER_MEMBERS; i++)
		if (crashinfo_json_string_equals(json, name, answer_members[i]))
			return true;
	return false;
}

/* Append a frame that has the other members of the one at `node` and these texts. */
static void add_frame(const struct crashinfo_json *json, crashinfo_json_node node,
		      const struct frame_texts *texts, struct strbuf *buf)
{
	const char *separator = "{";

	if (buf->size)
		strbuf_addc(buf, ',');
	for (crashinfo_json_node name = crashinfo_json_first(json, node);
	     name != CRASHINFO_JSON_NONE; name = crashinfo_json_next(json, node, name)) {
		struct crashinfo_slice key = crashinfo_json_raw(json, name), value;

		if (is_answer_member(json, name))
			continue;
		value = crashinfo_json_raw(json, crashinfo_json_value(name));
		strbuf_adds(buf, separator);
		strbuf_add(buf, key.data, key.size);
		strbuf_addc(buf, ':');
		strbuf_add(buf, value.data, value.size);
		separator = ",";
	}
	if (texts->members.size) {
		strbuf_adds(buf, separator);
		strbuf_add(buf, texts->members.data, texts->members.size);
		separator = ",";
	}
	strbuf_adds(buf, *separator == '{' ? "{}" : "}");
}

/* Whether none of the members of an answer is there yet, as none is in what crashes leave. */
static bool is_untouched(const struct crashinfo_json *json, crashinfo_json_node node)
{
	crashinfo_json_node name = crashinfo_json_first(json, node);

	while (name != CRASHINFO_JSON_NONE && !is_answer_member(json, name))
		name = crashinfo_json_next(json, node, name);
	return name == CRASHINFO_JSON_NONE;
}

/* Edit the first frame; `texts` is NULL without an answer, `reason` when it lacks nothing. */
static struct crashinfo_error *write_first(const struct crashinfo_json *json,
					   struct crashinfo_json_edits *edits,
					   crashinfo_json_node node,
					   const struct frame_texts *texts, const char *reason)
{
	struct strbuf comments _strbuf_ = {0};
	struct crashinfo_error *error;

	if (texts && texts->members.size && !reason && is_untouched(json, node))
		return crashinfo_json_edits_append_members(edits, node, texts->members.data,
							   texts->members.size);
	error = add_comments(json, node, reason, &comments);
	/* without an answer only the comment is new: what the frame says of itself stays */
	for (size_t i = 0; texts && i < ANSWER_COMMENTS && !error; i++)
		error = edit_member(json, edits, node, answer_members[i], &texts->texts[i]);
	return error ? error
		     : edit_member(json, edits, node, answer_members[ANSWER_COMMENTS], &comments);
}

static struct crashinfo_error *write_frames(const struct crashinfo_json *json,
					    struct crashinfo_json_edits *edits,
					    struct strbuf *outer, const struct frame_group *group,
					    const struct answer_texts *texts, bool named,
					    const char *reason)
{
	struct crashinfo_error *error;

	strbuf_clear(outer);
	error = write_first(json, edits, group->frames->node, texts->count ? texts->data : NULL,
			    reason);
	/* all but the innermost function as one text to insert */
	for (size_t i = 1; i < texts->count && !error; i++)
		add_frame(json, group->frames->node, &texts->data[i], outer);
	if (!error)
		error = strbuf_error(outer);
	if (error || !named)
		return error;
	/* the frames of an earlier run give way to the new ones */
	for (size_t i = 1; i < group->count && !error; i++)
		error = crashinfo_json_edits_remove_element(edits, group->stack->frames,
							    group->frames[i].node);
	if (!error && outer->size)
		error = crashinfo_json_edits_insert_after(edits, group->frames->node, outer->data,
							  outer->size);
	return error;
}

struct crashinfo_error *symbolize_write(const struct crashinfo_json *json,
					struct crashinfo_json_edits *edits,
					struct symbolize_texts *recent,
					const struct frame_group *group,
					const struct crashinfo_symbol_answer *answer)
{
	const struct answer_texts *texts = texts_of(recent, answer);
	bool named = crashinfo_symbol_status_has_name(answer->status);
	bool lacking = answer->status == CRASHINFO_SYMBOL_RESOLVED_MEMORY_LIMIT ||
		       answer->status == CRASHINFO_SYMBOL_RESOLVED_SPLIT_MISSING;
	char reason[256];

	if (!texts)
		return crashinfo_error_no_memory();
	if (named && !lacking)
		return write_frames(json, edits, &recent->outer, group, texts, true, NULL);
	snprintf(reason, sizeof(reason), COMMENT_PREFIX "%s: %s",
		 crashinfo_symbol_status_name(answer->status),
		 crashinfo_symbol_status_text(answer->status));
	return write_frames(json, edits, &recent->outer, group, texts, named, reason);
}
