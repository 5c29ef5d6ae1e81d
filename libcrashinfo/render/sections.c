/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of a report. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "render/render.h"
#include "report/report.h"

/* --- what all sections use --- */

void render_styled(struct strbuf *out, enum render_style style, const char *text)
{
	while (text && *text) {
		size_t size = strcspn(text, "\n");

		if (style != RENDER_PLAIN && size)
			strbuf_addc(out, (char)style);
		strbuf_add(out, text, size);
		if (style != RENDER_PLAIN && size)
			strbuf_addc(out, RENDER_MARK_END);
		if (text[size] == '\n')
			strbuf_addc(out, text[size++]);
		text += size;
	}
}

static void add_escaped(struct strbuf *out, const char *text, size_t size)
{
	size_t shown = size;

	if (size > RENDER_TEXT_BYTES) {
		shown = RENDER_TEXT_BYTES;
		/* not within a character */
		while (shown && ((unsigned char)text[shown] & 0xc0) == 0x80)
			shown--;
	}
	utf8_add_printable(out, text, shown);
	if (shown < size)
		strbuf_addf(out, "... (%zu bytes more)", size - shown);
}

void render_escaped(struct strbuf *out, const char *text)
{
	if (text)
		add_escaped(out, text, strlen(text));
}

void render_node(const struct render *r, struct strbuf *out, crashinfo_json_node node)
{
	_error_ struct crashinfo_error *error = NULL;
	_free_ char *storage = NULL;
	struct crashinfo_slice text;

	if (node == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(r->json, node) != CRASHINFO_JSON_STRING)
		return;
	error = crashinfo_json_string(r->json, node, &text, &storage);
	if (error)
		out->failed = true;
	else
		add_escaped(out, text.data, text.size);
}

void render_heading(struct strbuf *out, const char *format, ...)
{
	_free_ char *text = NULL;
	va_list args;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0) {
		text = NULL;
		out->failed = true;
		return;
	}
	strbuf_addc(out, '\n');
	render_styled(out, RENDER_HEADING, text);
	strbuf_addc(out, '\n');
}

crashinfo_json_node render_at(const struct render *r, const char *path,
			      enum crashinfo_json_type type)
{
	crashinfo_json_node node = report_at(r->json, 0, path);

	if (node == CRASHINFO_JSON_NONE || crashinfo_json_type(r->json, node) != type)
		return CRASHINFO_JSON_NONE;
	return node;
}

/* --- sections --- */

static const struct crashinfo_stack *find_stack(const struct render *r,
						enum crashinfo_stack_role role)
{
	const struct crashinfo_stack *stack;

	for (size_t i = 0; (stack = crashinfo_report_stack(r->report, i)); i++)
		if (stack->role == role)
			return stack;
	return NULL;
}

static struct crashinfo_error *add_crashed(struct render *r, struct strbuf *out)
{
	const struct crashinfo_stack *stack = find_stack(r, CRASHINFO_STACK_CRASHED);

	render_heading(out, r->summary->is_crash ? "Stack of the crashed thread:" : "Stack:");
	if (stack)
		return render_stack(r, stack, true, out);
	strbuf_adds(out, "  the report has none\n");
	return NULL;
}

/* Lines of `text` indented, each escaped. */
static void add_lines(struct strbuf *out, struct crashinfo_slice text)
{
	for (size_t lines = 0; text.size; lines++) {
		const char *end = memchr(text.data, '\n', text.size);
		size_t size = end ? (size_t)(end - text.data) : text.size;

		if (lines == RENDER_LINES) {
			strbuf_addf(out, "  ...  %zu bytes more are not shown\n", text.size);
			return;
		}
		strbuf_adds(out, "  ");
		render_line(out, text.data, size);
		strbuf_addc(out, '\n');
		size += end != NULL;
		text.data += size;
		text.size -= size;
	}
}

/* The language runtime's own view: frames, or a text that it made. */
static struct crashinfo_error *add_runtime(struct render *r, struct strbuf *out)
{
	const struct crashinfo_stack *stack = find_stack(r, CRASHINFO_STACK_RUNTIME);
	crashinfo_json_node node =
		render_at(r, "experimental.runtime_stack.stacktrace_string", CRASHINFO_JSON_STRING);
	_free_ char *storage = NULL;
	struct crashinfo_slice text;
	struct crashinfo_error *error;

	if (!stack)
		return NULL;
	render_heading(out, "Stack of the language runtime:");
	if (stack->frame_count || node == CRASHINFO_JSON_NONE)
		return render_stack(r, stack, true, out);
	error = crashinfo_json_string(r->json, node, &text, &storage);
	if (!error)
		add_lines(out, text);
	return error;
}

static struct crashinfo_error *add_log(struct render *r, struct strbuf *out)
{
	crashinfo_json_node log = render_at(r, "log_messages", CRASHINFO_JSON_ARRAY), line;
	size_t count = 0,
	       total = log == CRASHINFO_JSON_NONE ? 0 : crashinfo_json_count(r->json, log);

	if (!total)
		return NULL;
	render_heading(out, "Messages of the collector:");
	for (line = crashinfo_json_first(r->json, log);
	     line != CRASHINFO_JSON_NONE && count < RENDER_LINES;
	     line = crashinfo_json_next(r->json, log, line), count++) {
		strbuf_adds(out, "  ");
		render_node(r, out, line);
		strbuf_addc(out, '\n');
	}
	if (count < total)
		strbuf_addf(out, "  ...  %zu more are not shown\n", total - count);
	return NULL;
}

/* Four registers in a row, as a debugger shows them. */
static struct crashinfo_error *add_registers(struct render *r, struct strbuf *out)
{
	crashinfo_json_node registers = render_at(r, "ucontext.registers", CRASHINFO_JSON_OBJECT);
	crashinfo_json_node name;
	size_t count = 0;

	if (!r->options->verbose || registers == CRASHINFO_JSON_NONE ||
	    !crashinfo_json_count(r->json, registers))
		return NULL;
	render_heading(out, "Registers:");
	for (name = crashinfo_json_first(r->json, registers);
	     name != CRASHINFO_JSON_NONE && count < RENDER_STACK_HEAD;
	     name = crashinfo_json_next(r->json, registers, name), count++) {
		_strbuf_ struct strbuf text = {0};

		render_node(r, &text, name);
		strbuf_addf(out, "%s  %-4s ", count && count % 4 == 0 ? "\n" : "",
			    text.size ? text.data : "");
		render_node(r, out, crashinfo_json_value(name));
		out->failed |= text.failed;
	}
	strbuf_addc(out, '\n');
	return NULL;
}

/* Files come in whole; a reader wants to know which there are. */
static struct crashinfo_error *add_files(struct render *r, struct strbuf *out)
{
	crashinfo_json_node files = render_at(r, "files", CRASHINFO_JSON_OBJECT), name;
	size_t count = 0;

	if (!r->options->verbose || files == CRASHINFO_JSON_NONE ||
	    !crashinfo_json_count(r->json, files))
		return NULL;
	render_heading(out, "Files in the report:");
	for (name = crashinfo_json_first(r->json, files);
	     name != CRASHINFO_JSON_NONE && count < RENDER_NAMES;
	     name = crashinfo_json_next(r->json, files, name), count++) {
		strbuf_adds(out, "  ");
		render_node(r, out, name);
		strbuf_addf(out, ", %zu lines\n",
			    crashinfo_json_count(r->json, crashinfo_json_value(name)));
	}
	return NULL;
}

/* Frames of a stack that ddcrash-symbolize has not seen: no name, and no reason why. */
static struct crashinfo_error *count_unseen(struct render *r, const struct crashinfo_stack *stack,
					    size_t *unseen)
{
	const struct crashinfo_frame *frames;
	size_t count;
	struct crashinfo_error *error = crashinfo_report_frames(r->report, stack, &frames, &count);

	for (size_t i = 0; !error && i < count; i++)
		*unseen += !frames[i].function && !frames[i].mangled_name &&
			   frames[i].has_relative_address && !frames[i].comment_count;
	return error;
}

static struct crashinfo_error *add_hint(struct render *r, struct strbuf *out)
{
	const struct crashinfo_stack *stack;
	struct crashinfo_error *error = NULL;
	size_t unseen = 0;

	for (size_t i = 0; !error && (stack = crashinfo_report_stack(r->report, i)); i++)
		if (stack->role != CRASHINFO_STACK_RUNTIME)
			error = count_unseen(r, stack, &unseen);
	if (!error && unseen)
		strbuf_addf(
			out,
			"\n%zu %s no name yet; ddcrash-symbolize --debug-dir DIR looks for it.\n",
			unseen, unseen == 1 ? "frame has" : "frames have");
	return error;
}

static struct crashinfo_error *(*const sections[])(struct render *r, struct strbuf *out) = {
	add_crashed, add_runtime, render_threads, add_registers, add_files, add_log, add_hint,
};

struct crashinfo_error *render_sections(struct crashinfo_report *report,
					const struct crashinfo_render_options *options,
					struct strbuf *out)
{
	struct crashinfo_error *error = NULL;
	struct render r = {
		.report = report,
		.json = crashinfo_report_json(report),
		.summary = crashinfo_report_summary(report),
		.options = options,
	};

	source_init(&r.sources, options);
	render_header(&r, out);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && !error; i++)
		error = sections[i](&r, out);
	source_deinit(&r.sources);
	return error ? error : strbuf_error(out);
}
