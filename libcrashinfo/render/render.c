/* SPDX-License-Identifier: Apache-2.0 */
/* From the marked text of a report to what terminals, Markdown and browsers take. */
#include "render/render.h"

#include <string.h>

/* --- text --- */

static const char *const colors[] = {
	[RENDER_ALERT] = "\033[1;31m", [RENDER_HEADING] = "\033[1m", [RENDER_FUNCTION] = "\033[33m",
	[RENDER_FILE] = "\033[36m",    [RENDER_DIM] = "\033[2m",
};

static bool is_mark(char c)
{
	return (unsigned char)c < ' ' && c != '\n';
}

/* Bytes at `text` up to the next mark. */
static size_t plain_size(const char *text, size_t size)
{
	size_t plain = 0;

	while (plain < size && !is_mark(text[plain]))
		plain++;
	return plain;
}

static void write_text(const char *text, size_t size,
		       const struct crashinfo_render_options *options, struct strbuf *out)
{
	for (size_t at = 0; at < size; at++) {
		size_t plain = plain_size(text + at, size - at);

		strbuf_add(out, text + at, plain);
		at += plain;
		if (at < size && options->color)
			strbuf_adds(out, text[at] == RENDER_MARK_END ? "\033[0m"
								     : colors[(int)text[at]]);
	}
}

/* --- documents: a title, and blocks of lines under headings --- */

/* Lines that belong together: a heading, or what is between two of them. */
struct block {
	enum render_style style; /* ALERT, HEADING or PLAIN */
	const char *text;
	size_t size; /* without the newlines around */
};

/* Take the next block off `*text`; false at the end. */
static bool next_block(const char **text, const char *end, struct block *ret)
{
	const char *at = *text, *line;

	while (at < end && *at == '\n')
		at++;
	if (at == end)
		return false;
	ret->style = *at == RENDER_ALERT || *at == RENDER_HEADING ? (enum render_style) * at
								  : RENDER_PLAIN;
	ret->text = at;
	line = at;
	do {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		line = newline ? newline + 1 : end;
	} while (ret->style == RENDER_PLAIN && line < end && *line != RENDER_ALERT &&
		 *line != RENDER_HEADING);
	*text = line;
	while (line > at && line[-1] == '\n')
		line--;
	ret->size = (size_t)(line - at);
	return true;
}

/* What is between the marks of a heading, without the colon that leads on to its text. */
static void strip_heading(struct block *block)
{
	block->text++;
	block->size -= 2;
	if (block->size && block->text[block->size - 1] == ':')
		block->size--;
}

/* --- Markdown --- */

/* Characters that Markdown gives a meaning, and @, by which people are called. */
static void add_markdown(struct strbuf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '@') {
			strbuf_adds(out, "&#64;");
			continue;
		}
		if (strchr("\\`*_[]<>#&~|!", text[i]))
			strbuf_addc(out, '\\');
		strbuf_addc(out, text[i]);
	}
}

/* A fence longer than any that the block could hold, so that nothing in it ends it. */
static size_t fence_size(const struct block *block)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < block->size; i++) {
		run = block->text[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest < 3 ? 3 : longest + 1;
}

static void write_markdown(const char *text, size_t size,
			   const struct crashinfo_render_options *options, struct strbuf *out)
{
	static const struct crashinfo_render_options plain;
	const char *end = text + size;
	struct block block;

	(void)options;
	while (next_block(&text, end, &block)) {
		size_t fence = fence_size(&block);

		if (out->size)
			strbuf_addc(out, '\n');
		if (block.style != RENDER_PLAIN) {
			strip_heading(&block);
			strbuf_adds(out, block.style == RENDER_ALERT ? "# " : "## ");
			add_markdown(out, block.text, block.size);
			strbuf_addc(out, '\n');
			continue;
		}
		strbuf_pad(out, '`', fence);
		strbuf_adds(out, "text\n");
		write_text(block.text, block.size, &plain, out);
		strbuf_addc(out, '\n');
		strbuf_pad(out, '`', fence);
		strbuf_addc(out, '\n');
	}
}

/* --- HTML --- */

static const char *const classes[] = {
	[RENDER_ALERT] = "",    [RENDER_HEADING] = "", [RENDER_FUNCTION] = "fn",
	[RENDER_FILE] = "file", [RENDER_DIM] = "dim",
};

static const char html_begin[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Crash report</title>\n"
	"<style>\n"
	":root { color-scheme: light dark; }\n"
	"body { font-family: sans-serif; margin: 2em; }\n"
	"h1 { font-size: 1.3em; } h2 { font-size: 1em; }\n"
	"pre { font-family: monospace; overflow-x: auto; line-height: 1.4; }\n"
	".fn { font-weight: bold; } .file { color: #08c; } .dim { opacity: 0.6; }\n"
	"article + article { border-top: 1px solid; }\n"
	"</style>\n"
	"</head>\n"
	"<body>\n";
static const char html_end[] = "</body>\n</html>\n";

static void add_html(struct strbuf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		switch (text[i]) {
		case '&': strbuf_adds(out, "&amp;"); break;
		case '<': strbuf_adds(out, "&lt;"); break;
		case '>': strbuf_adds(out, "&gt;"); break;
		case '"': strbuf_adds(out, "&quot;"); break;
		default: strbuf_addc(out, text[i]); break;
		}
	}
}

static void add_html_block(struct strbuf *out, const struct block *block)
{
	strbuf_adds(out, "<pre>");
	for (size_t at = 0; at < block->size; at++) {
		size_t plain = plain_size(block->text + at, block->size - at);

		add_html(out, block->text + at, plain);
		at += plain;
		if (at == block->size)
			break;
		if (block->text[at] == RENDER_MARK_END)
			strbuf_adds(out, "</span>");
		else
			strbuf_addf(out, "<span class=\"%s\">", classes[(int)block->text[at]]);
	}
	strbuf_adds(out, "</pre>\n");
}

static void write_html(const char *text, size_t size,
		       const struct crashinfo_render_options *options, struct strbuf *out)
{
	const char *end = text + size;
	struct block block;

	(void)options;
	strbuf_adds(out, "<article>\n");
	while (next_block(&text, end, &block)) {
		const char *tag;

		if (block.style == RENDER_PLAIN) {
			add_html_block(out, &block);
			continue;
		}
		strip_heading(&block);
		tag = block.style == RENDER_ALERT ? "h1" : "h2";
		strbuf_addf(out, "<%s>", tag);
		add_html(out, block.text, block.size);
		strbuf_addf(out, "</%s>\n", tag);
	}
	strbuf_adds(out, "</article>\n");
}

/* --- formats --- */

static const struct {
	const char *begin, *end;
	void (*write)(const char *text, size_t size, const struct crashinfo_render_options *options,
		      struct strbuf *out);
} formats[] = {
	[CRASHINFO_RENDER_TEXT] = {"", "", write_text},
	[CRASHINFO_RENDER_MARKDOWN] = {"", "", write_markdown},
	[CRASHINFO_RENDER_HTML] = {html_begin, html_end, write_html},
};

const char *crashinfo_render_begin(enum crashinfo_render_format format)
{
	return formats[format].begin;
}

const char *crashinfo_render_end(enum crashinfo_render_format format)
{
	return formats[format].end;
}

struct crashinfo_error *crashinfo_render(struct crashinfo_report *report,
					 enum crashinfo_render_format format,
					 const struct crashinfo_render_options *options, char **ret,
					 size_t *size_ret)
{
	struct crashinfo_render_options how =
		options ? *options : (struct crashinfo_render_options){0};
	_strbuf_ struct strbuf marked = {0}, out = {0};
	struct crashinfo_error *error;
	size_t size;
	char *text;

	/* Markdown and browsers break lines themselves */
	if (format != CRASHINFO_RENDER_TEXT)
		how.width = 0;
	error = render_sections(report, &how, &marked);
	if (error)
		return error;
	formats[format].write(marked.data, marked.size, &how, &out);
	size = out.size;
	text = strbuf_steal(&out);
	if (!text)
		return crashinfo_error_no_memory();
	*ret = text;
	*size_ret = size;
	return NULL;
}
