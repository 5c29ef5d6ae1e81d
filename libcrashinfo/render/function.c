/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions that fit on a line. */
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "render/render.h"

/* Deeper nested templates are shortened in one step. */
#define FUNCTION_DEPTH 4

/* The operator names that hold angle brackets, longest first. */
static const char *const operators[] = {"<=>", "<<=", ">>=", "->*", "<<", ">>",
					"<=",  ">=",  "->",  "<",   ">"};

/* Bytes at `name` that hold brackets which are none: of an operator's name, or of "->". */
static size_t literal_brackets(const char *start, const char *name)
{
	bool is_operator = name - start >= 8 && !memcmp(name - 8, "operator", 8);

	if (!strncmp(name, "->", 2))
		return 2;
	for (size_t i = 0; is_operator && i < sizeof(operators) / sizeof(operators[0]); i++)
		if (!strncmp(name, operators[i], strlen(operators[i])))
			return strlen(operators[i]);
	return 0;
}

/* Copy `name` with what is nested deeper than `depth` angle brackets replaced by "...". */
static void add_to_depth(struct strbuf *out, const char *name, size_t depth)
{
	size_t nested = 0;

	for (const char *p = name; *p;) {
		size_t literal = literal_brackets(name, p), step = literal ? literal : 1;

		nested -= !literal && *p == '>' && nested;
		if (nested <= depth)
			strbuf_add(out, p, step);
		nested += !literal && *p == '<';
		if (!literal && *p == '<' && nested == depth + 1)
			strbuf_adds(out, "...");
		p += step;
	}
}

size_t render_cut(const char *text, size_t size, size_t width)
{
	size_t at = 0, bad;

	while (at < size && width--) {
		size_t length = utf8_sequence(text + at, size - at, &bad);

		at += length ? length : 1;
	}
	return at;
}

/* Shorten `name`, which is escaped, into `buf` as far as needed and possible. */
static void shorten(struct strbuf *buf, const char *name, size_t width)
{
	/* Rust puts a type in brackets in front: "<T as Trait>::name" */
	size_t keep = *name == '<';

	strbuf_adds(buf, name);
	for (size_t depth = FUNCTION_DEPTH + 1; depth-- > 0;) {
		if (buf->failed || utf8_length(buf->data, buf->size) <= width)
			return;
		strbuf_clear(buf);
		add_to_depth(buf, name, depth + keep);
	}
}

void render_function_name(struct strbuf *out, const char *name, size_t width)
{
	_strbuf_ struct strbuf escaped = {0}, buf = {0};

	utf8_add_printable(&escaped, name, strlen(name));
	if (escaped.size && !escaped.failed)
		shorten(&buf, escaped.data, width);
	out->failed |= escaped.failed || buf.failed;
	if (out->failed || utf8_length(buf.data, buf.size) <= width) {
		strbuf_add(out, buf.data, buf.size);
		return;
	}
	strbuf_add(out, buf.data, render_cut(buf.data, buf.size, width - 3));
	strbuf_adds(out, "...");
}
