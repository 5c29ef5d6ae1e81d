/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a rendering share. */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include <stdint.h>

#include <crashinfo/render.h>

#include "base/strbuf.h"
#include "render/source.h"

/*
 * How much of what input controls is shown. A reader wants the top of a stack and its root, some
 * dozen threads, and no member that fills the screen; what is left out is counted.
 */
#define RENDER_TEXT_BYTES     2000 /* of one string */
#define RENDER_STACK_HEAD     100  /* frames from the top */
#define RENDER_STACK_TAIL     20   /* frames from the root when there are more */
#define RENDER_THREAD_GROUPS  100  /* different stacks of other threads */
#define RENDER_NAMES          20   /* names in one list: threads, tags, ids */
#define RENDER_LINES          50   /* of messages, or of one text */
#define RENDER_COMMENTS       4    /* reasons for one frame */
#define RENDER_FUNCTION_WIDTH 160  /* columns of a function name when no width is given */

/* In front of what belongs to a frame and has a line of its own. */
#define RENDER_INDENT "        "

/*
 * The sections are made once, as text with marks in it; render.c turns the marks into colours,
 * Markdown or HTML. A mark is a control character, which nothing from a report can be, as all that
 * is escaped: the value of the style before, RENDER_MARK_END behind.
 */
#define RENDER_MARK_END '\x0e'

enum render_style {
	RENDER_PLAIN,    /* has no mark */
	RENDER_ALERT,    /* the title: what happened */
	RENDER_HEADING,  /* of a section, a line of its own */
	RENDER_FUNCTION, /* names of functions */
	RENDER_FILE,     /* positions in source files */
	RENDER_DIM,      /* what is rarely looked at */
};

struct render {
	struct crashinfo_report *report;
	const struct crashinfo_json *json;
	const struct crashinfo_report_summary *summary;
	const struct crashinfo_render_options *options;
	struct source_files sources;
};

/* Add `text` as it is, each line between the marks of `style`; NULL adds nothing. */
void render_styled(struct strbuf *out, enum render_style style, const char *text);
/* Add `text`, escaped and cut at RENDER_TEXT_BYTES with a note; NULL adds nothing. */
void render_escaped(struct strbuf *out, const char *text);
/* Add the string `node` likewise; nothing when it is none. */
void render_node(const struct render *r, struct strbuf *out, crashinfo_json_node node);
/* A line with the heading of a section, an empty line before it. */
void render_heading(struct strbuf *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The value at a dotted path from the root when it has that type, else NONE. */
crashinfo_json_node render_at(const struct render *r, const char *path,
			      enum crashinfo_json_type type);

/* What the signal, its code and the fault address mean, in plain words without full stop. */
void render_signal_meaning(const struct crashinfo_report_summary *summary, struct strbuf *out);

/* Bytes of `text` that make at most `width` code points. */
size_t render_cut(const char *text, size_t size, size_t width);

/* `name` with template arguments shortened, innermost first, until it fits `width` columns. */
void render_function_name(struct strbuf *out, const char *name, size_t width);

/* A line of a stranger's text: escaped, cut as above, tabs filled up to columns of eight. */
void render_line(struct strbuf *out, const char *text, size_t size);

/* What happened, where and when. */
void render_header(const struct render *r, struct strbuf *out);

/* The frames of a stack, with source lines if `with_source`. */
struct crashinfo_error *render_stack(struct render *r, const struct crashinfo_stack *stack,
				     bool with_source, struct strbuf *out);

/* The source lines around the line of a frame, as far as they can be found. */
struct crashinfo_error *render_source(struct render *r, const struct crashinfo_frame *frame,
				      struct strbuf *out);

/* The other threads, those with the same stack together. */
struct crashinfo_error *render_threads(struct render *r, struct strbuf *out);

/* All sections, marked as above. */
struct crashinfo_error *render_sections(struct crashinfo_report *report,
					const struct crashinfo_render_options *options,
					struct strbuf *out);

#endif
