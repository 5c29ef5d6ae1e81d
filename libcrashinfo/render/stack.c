/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of one stack. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "render/render.h"

/* Recursion through more functions than this is shown frame by frame. */
#define STACK_PERIOD 8
/* Fewer repetitions are shown too. */
#define STACK_REPEATS 3
/* Digits of a build id that tell builds apart for a reader. */
#define STACK_ID_DIGITS 12

/* A frame in words; each part may be empty. */
struct frame_words {
	struct strbuf function, where, module, reason;
	bool named, has_path;
};

static void words_deinit(struct frame_words *words)
{
	strbuf_deinit(&words->function);
	strbuf_deinit(&words->where);
	strbuf_deinit(&words->module);
	strbuf_deinit(&words->reason);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_place(const struct crashinfo_frame *a, const struct crashinfo_frame *b)
{
	return a->line == b->line && a->column == b->column &&
	       same_text(a->function, b->function) && same_text(a->file, b->file) &&
	       a->has_ip == b->has_ip && a->ip == b->ip &&
	       a->relative_address == b->relative_address && same_text(a->path, b->path);
}

/*
 * Whether `frame` is inlined into the next one: both are of one address and one stack frame.
 * Without stack pointers recursion has equal addresses too, but then all is equal.
 */
static bool is_inlined(const struct crashinfo_frame *frame, const struct crashinfo_frame *next)
{
	if (!frame->function || !next->function || same_place(frame, next))
		return false;
	if (frame->has_ip || next->has_ip)
		return frame->has_ip && next->has_ip && frame->ip == next->ip &&
		       frame->has_sp == next->has_sp && frame->sp == next->sp;
	return frame->has_relative_address && next->has_relative_address &&
	       frame->relative_address == next->relative_address &&
	       same_text(frame->path, next->path);
}

/* --- the words of a frame --- */

static size_t function_width(const struct crashinfo_render_options *options)
{
	if (options->verbose)
		return SIZE_MAX;
	/* room for the number, and for something behind the name */
	return options->width > 60 ? options->width - 12 : RENDER_FUNCTION_WIDTH;
}

static void add_function(const struct render *r, const struct crashinfo_frame *frame,
			 struct frame_words *words)
{
	const char *name = frame->function ? frame->function : frame->mangled_name;

	words->named = name && *name;
	if (frame->type_name && *frame->type_name && words->named) {
		render_escaped(&words->function, frame->type_name);
		strbuf_addc(&words->function, '.');
	}
	render_function_name(&words->function, words->named ? name : "??",
			     function_width(r->options));
}

static void add_where(const struct crashinfo_frame *frame, struct frame_words *words)
{
	if (!frame->file || !*frame->file)
		return;
	render_escaped(&words->where, frame->file);
	if (frame->line)
		strbuf_addf(&words->where, ":%" PRIu32, frame->line);
	if (frame->line && frame->column)
		strbuf_addf(&words->where, ":%" PRIu32, frame->column);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* A build id in full or as much as tells it from others. */
static void add_build_id(const struct render *r, const struct crashinfo_frame *frame,
			 struct strbuf *out)
{
	_strbuf_ struct strbuf id = {0};

	if (!frame->build_id || !*frame->build_id)
		return;
	render_escaped(&id, frame->build_id);
	if (!r->options->verbose && id.size > STACK_ID_DIGITS)
		id.size = render_cut(id.data, id.size, STACK_ID_DIGITS);
	strbuf_adds(out, " (build id ");
	strbuf_add(out, id.data, id.size);
	strbuf_addc(out, ')');
	out->failed |= id.failed;
}

static void add_module(const struct render *r, const struct crashinfo_frame *frame,
		       struct frame_words *words)
{
	words->has_path = frame->path && *frame->path;
	if (words->has_path)
		render_escaped(&words->module,
			       r->options->verbose ? frame->path : base_name(frame->path));
	if (frame->has_relative_address)
		strbuf_addf(&words->module, "+0x%" PRIx64, frame->relative_address);
	else if (frame->has_ip && !words->has_path)
		strbuf_addf(&words->module, "0x%" PRIx64, frame->ip);
	if (!words->named || r->options->verbose)
		add_build_id(r, frame, &words->module);
}

/* Why there is no name; with --verbose whatever the producers noted. */
static void add_reason(const struct render *r, const struct crashinfo_frame *frame,
		       struct frame_words *words)
{
	size_t count =
		frame->comment_count < RENDER_COMMENTS ? frame->comment_count : RENDER_COMMENTS;

	if (words->named && !r->options->verbose)
		return;
	for (size_t i = 0; i < count; i++) {
		if (i)
			strbuf_adds(&words->reason, "; ");
		render_escaped(&words->reason, frame->comments[i]);
	}
	if (count < frame->comment_count)
		strbuf_addf(&words->reason, " and %zu more", frame->comment_count - count);
}

/* --- a frame --- */

static size_t columns(const struct strbuf *text)
{
	return text->size ? utf8_length(text->data, text->size) : 0;
}

/* Add " LABEL TEXT" at column `*column`, on a line of its own when it does not fit. */
static void add_part(const struct render *r, struct strbuf *out, size_t *column, const char *label,
		     enum render_style style, const struct strbuf *text)
{
	size_t wanted = strlen(label) + columns(text);

	if (!text->size)
		return;
	if (r->options->width && *column + wanted > r->options->width) {
		strbuf_adds(out, "\n" RENDER_INDENT);
		*column = strlen(RENDER_INDENT);
		label += strspn(label, " :");
	}
	strbuf_adds(out, label);
	render_styled(out, style, text->data);
	*column += wanted;
}

static void add_addresses(const struct crashinfo_frame *frame,
			  struct strbuf *out)
{
	char text[128] = RENDER_INDENT;
	size_t size = strlen(text);

	if (frame->has_ip)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "ip 0x%" PRIx64 " ",
					 frame->ip);
	if (frame->has_sp)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "sp 0x%" PRIx64 " ",
					 frame->sp);
	if (frame->has_module_base_address)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "base 0x%" PRIx64 " ",
					 frame->module_base_address);
	if (size == strlen(RENDER_INDENT))
		return;
	text[size - 1] = '\n';
	render_styled(out, RENDER_DIM, text);
}

static void add_frame(struct render *r, const struct crashinfo_frame *frame, size_t index,
		      bool inlined, struct strbuf *out)
{
	__attribute__((cleanup(words_deinit))) struct frame_words words = {0};
	size_t column;

	add_function(r, frame, &words);
	add_where(frame, &words);
	add_module(r, frame, &words);
	add_reason(r, frame, &words);
	column = out->size;
	strbuf_addf(out, "  #%-3zu ", index);
	column = out->size - column + columns(&words.function);
	render_styled(out, words.named ? RENDER_FUNCTION : RENDER_DIM, words.function.data);
	if (inlined) {
		strbuf_adds(out, " (inlined)");
		column += strlen(" (inlined)");
	}
	add_part(r, out, &column, " at ", RENDER_FILE, &words.where);
	if (!inlined)
		add_part(r, out, &column, words.has_path ? " in " : " ip ", RENDER_DIM,
			 &words.module);
	add_part(r, out, &column, ": ", RENDER_PLAIN, &words.reason);
	strbuf_addc(out, '\n');
	if (r->options->verbose && !inlined)
		add_addresses(frame, out);
	out->failed |= words.function.failed || words.where.failed || words.module.failed ||
		       words.reason.failed;
}

/* --- the stack --- */

struct frame_list {
	const struct crashinfo_frame *data;
	size_t count;
};

/* How often the `period` frames at `start` come one after the other. */
static size_t count_repeats(const struct frame_list *frames, size_t start, size_t period)
{
	size_t at = start + period;

	while (at < frames->count && same_place(&frames->data[at], &frames->data[at - period]))
		at++;
	return (at - start) / period;
}

/* The shortest period of a recursion at `start`, 0 when there is none worth folding. */
static size_t find_recursion(const struct frame_list *frames, size_t start, size_t *repeats_ret)
{
	for (size_t period = 1; period <= STACK_PERIOD; period++) {
		size_t repeats = count_repeats(frames, start, period);

		if (repeats <= STACK_REPEATS)
			continue;
		*repeats_ret = repeats;
		return period;
	}
	return 0;
}

static struct crashinfo_error *add_numbered(struct render *r, const struct frame_list *frames,
					    size_t index, bool with_source, struct strbuf *out)
{
	const struct crashinfo_frame *frame = &frames->data[index];
	bool inlined = index + 1 < frames->count && is_inlined(frame, frame + 1);

	add_frame(r, frame, index, inlined, out);
	return with_source ? render_source(r, frame, out) : NULL;
}

/* Frames that are not shown one by one: a line says how many. */
static void add_left_out(size_t first, size_t count, const char *why,
			 struct strbuf *out)
{
	char text[160];

	snprintf(text, sizeof(text), "  ...  #%zu to #%zu%s\n", first, first + count - 1, why);
	render_styled(out, RENDER_DIM, text);
}

static void add_recursion(size_t index, size_t period, size_t repeats,
			  struct strbuf *out)
{
	char why[80];

	if (period == 1)
		snprintf(why, sizeof(why), ": the frame above, %zu times more", repeats - 1);
	else
		snprintf(why, sizeof(why), ": the %zu frames above, %zu times more", period,
			 repeats - 1);
	add_left_out(index + period, period * (repeats - 1), why, out);
}

static struct crashinfo_error *add_frames(struct render *r, const struct frame_list *frames,
					  bool with_source, struct strbuf *out)
{
	size_t shown = 0, repeats, period;
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < frames->count && !error; i++) {
		size_t left = frames->count - i;

		if (shown == RENDER_STACK_HEAD && left > RENDER_STACK_TAIL &&
		    !r->options->verbose) {
			add_left_out(i, left - RENDER_STACK_TAIL, " are not shown", out);
			i += left - RENDER_STACK_TAIL;
		}
		period = find_recursion(frames, i, &repeats);
		for (size_t k = 0; k < (period ? period : 1) && !error; k++, shown++)
			error = add_numbered(r, frames, i + k, with_source, out);
		if (!period)
			continue;
		add_recursion(i, period, repeats, out);
		i += period * repeats - 1;
	}
	return error;
}

struct crashinfo_error *render_stack(struct render *r, const struct crashinfo_stack *stack,
				     bool with_source, struct strbuf *out)
{
	struct frame_list frames;
	struct crashinfo_error *error =
		crashinfo_report_frames(r->report, stack, &frames.data, &frames.count);

	if (error)
		return error;
	if (!frames.count)
		strbuf_adds(out, "  no frames\n");
	error = add_frames(r, &frames, with_source, out);
	if (stack->incomplete)
		strbuf_adds(out, "  ...  the stack is incomplete\n");
	return error;
}
