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

/* JSON of each answer member, in the order above; empty when it is to be absent. */
struct answer_texts {
	struct strbuf texts[6];
};

static void texts_deinit(struct answer_texts *texts)
{
	for (size_t i = 0; i < 6; i++)
		strbuf_deinit(&texts->texts[i]);
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

static bool fill_texts(const struct crashinfo_symbol_frame *frame, struct answer_texts *texts)
{
	return add_text(&texts->texts[0], frame->function) &&
	       add_text(&texts->texts[1], frame->mangled_name) &&
	       add_text(&texts->texts[2], frame->file) &&
	       add_number(&texts->texts[3], frame->line) &&
	       add_number(&texts->texts[4], frame->column);
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

/* Edit the members of the frame at `node`, leaving alone what is as it should be. */
static struct crashinfo_error *edit_frame(const struct crashinfo_json *json,
					  struct crashinfo_json_edits *edits,
					  crashinfo_json_node node,
					  const struct answer_texts *texts, size_t from)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = from; i < 6 && !error; i++) {
		crashinfo_json_node old = crashinfo_json_member(json, node, answer_members[i]);
		const struct strbuf *text = &texts->texts[i];
		struct crashinfo_slice raw = {0};

		if (old != CRASHINFO_JSON_NONE)
			raw = crashinfo_json_raw(json, old);
		if (!text->size)
			error = crashinfo_json_edits_remove(edits, node, answer_members[i]);
		else if (raw.size != text->size || memcmp(raw.data, text->data, raw.size))
			error = crashinfo_json_edits_set(edits, node, answer_members[i], text->data,
							 text->size);
	}
	return error;
}

static bool is_answer_member(const struct crashinfo_json *json, crashinfo_json_node name)
{
	for (size_t i = 0; i < 6; i++)
		if (crashinfo_json_string_equals(json, name, answer_members[i]))
			return true;
	return false;
}

/* Append a frame that has the other members of the one at `node` and these texts. */
static void add_frame(const struct crashinfo_json *json, crashinfo_json_node node,
		      const struct answer_texts *texts, struct strbuf *buf)
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
	for (size_t i = 0; i < 6; i++) {
		if (!texts->texts[i].size)
			continue;
		strbuf_addf(buf, "%s\"%s\":", separator, answer_members[i]);
		strbuf_add(buf, texts->texts[i].data, texts->texts[i].size);
		separator = ",";
	}
	strbuf_adds(buf, *separator == '{' ? "{}" : "}");
}

/* Frames for all but the innermost function, as one text to insert. */
static struct crashinfo_error *outer_frames(const struct crashinfo_json *json,
					    const struct frame_group *group,
					    const struct crashinfo_symbol_answer *answer,
					    struct strbuf *buf)
{
	for (size_t i = 1; i < answer->frame_count; i++) {
		struct answer_texts texts __attribute__((cleanup(texts_deinit))) = {0};

		if (!fill_texts(&answer->frames[i], &texts))
			return crashinfo_error_no_memory();
		add_frame(json, group->frames->node, &texts, buf);
	}
	return strbuf_error(buf);
}

/* Edit the first frame; `reason` is NULL when the answer lacks nothing. */
static struct crashinfo_error *write_first(const struct crashinfo_json *json,
					   struct crashinfo_json_edits *edits,
					   crashinfo_json_node node,
					   const struct crashinfo_symbol_frame *frame,
					   const char *reason)
{
	struct answer_texts texts __attribute__((cleanup(texts_deinit))) = {0};
	struct crashinfo_error *error;

	if (frame && !fill_texts(frame, &texts))
		return crashinfo_error_no_memory();
	error = add_comments(json, node, reason, &texts.texts[5]);
	if (error)
		return error;
	/* without an answer only the comment is new: what the frame says of itself stays */
	return edit_frame(json, edits, node, &texts, frame ? 0 : 5);
}

struct crashinfo_error *symbolize_write(const struct crashinfo_json *json,
					struct crashinfo_json_edits *edits,
					const struct frame_group *group,
					const struct crashinfo_symbol_answer *answer)
{
	bool named = crashinfo_symbol_status_has_name(answer->status);
	bool lacking = answer->status == CRASHINFO_SYMBOL_RESOLVED_MEMORY_LIMIT ||
		       answer->status == CRASHINFO_SYMBOL_RESOLVED_SPLIT_MISSING;
	struct strbuf outer _strbuf_ = {0};
	struct crashinfo_error *error;
	char reason[256];

	snprintf(reason, sizeof(reason), COMMENT_PREFIX "%s: %s",
		 crashinfo_symbol_status_name(answer->status),
		 crashinfo_symbol_status_text(answer->status));
	error = write_first(json, edits, group->frames->node,
			    answer->frame_count ? answer->frames : NULL,
			    named && !lacking ? NULL : reason);
	if (!error)
		error = outer_frames(json, group, answer, &outer);
	if (error || !named)
		return error;
	/* the frames of an earlier run give way to the new ones */
	for (size_t i = 1; i < group->count && !error; i++)
		error = crashinfo_json_edits_remove_element(edits, group->stack->frames,
							    group->frames[i].node);
	if (!error && outer.size)
		error = crashinfo_json_edits_insert_after(edits, group->frames->node, outer.data,
							  outer.size);
	return error;
}
