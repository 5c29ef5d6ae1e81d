/* SPDX-License-Identifier: Apache-2.0 */
/* Blanks between tokens taken out or put in. */
#include <crashinfo/json.h>

#include "base/strbuf.h"
#include "json/scan.h"

/*
 * Deeper lines are indented no further: the blanks of hostile nesting would grow with its square.
 * Reports nest about ten deep.
 */
#define LAYOUT_MAX_INDENT 64

struct layout {
	struct strbuf out;
	const char *at, *end;
	size_t depth;
};

static void layout_newline(struct layout *l)
{
	size_t depth = l->depth < LAYOUT_MAX_INDENT ? l->depth : LAYOUT_MAX_INDENT;

	strbuf_addc(&l->out, '\n');
	strbuf_pad(&l->out, ' ', 2 * depth);
}

/* Copy a string, number or literal. */
static void layout_token(struct layout *l)
{
	const char *start = l->at++;

	if (*start == '"') {
		while ((l->at = scan_string(l->at, l->end)) < l->end && *l->at != '"')
			l->at += *l->at == '\\' && l->end - l->at > 1 ? 2 : 1;
		l->at += l->at < l->end;
	} else {
		while (l->at < l->end && !scan_is_blank(*l->at) && !strchr(",:]}", *l->at))
			l->at++;
	}
	strbuf_add(&l->out, start, (size_t)(l->at - start));
}

static void layout_open(struct layout *l)
{
	strbuf_addc(&l->out, *l->at++);
	l->at = scan_blanks(l->at, l->end);
	if (l->at < l->end && (*l->at == '}' || *l->at == ']')) {
		strbuf_addc(&l->out, *l->at++);
		return;
	}
	l->depth++;
	layout_newline(l);
}

static void layout_close(struct layout *l)
{
	l->depth -= l->depth > 0;
	layout_newline(l);
	strbuf_addc(&l->out, *l->at++);
}

static void layout_next(struct layout *l)
{
	switch (*l->at) {
	case '{':
	case '[': layout_open(l); break;
	case '}':
	case ']': layout_close(l); break;
	case ',':
		strbuf_addc(&l->out, *l->at++);
		layout_newline(l);
		break;
	case ':':
		strbuf_adds(&l->out, ": ");
		l->at++;
		break;
	default: layout_token(l);
	}
}

/* Without blanks all that is left can be copied in pieces as long as there are none. */
static void layout_compact(struct layout *l)
{
	const char *from = l->at;

	while (l->at < l->end && !l->out.failed) {
		if (*l->at == '"') {
			l->at++;
			while ((l->at = scan_string(l->at, l->end)) < l->end && *l->at != '"')
				l->at += *l->at == '\\' && l->end - l->at > 1 ? 2 : 1;
			l->at += l->at < l->end;
		} else if (scan_is_blank(*l->at)) {
			strbuf_add(&l->out, from, (size_t)(l->at - from));
			from = l->at = scan_blanks(l->at, l->end);
		} else {
			l->at++;
		}
	}
	strbuf_add(&l->out, from, (size_t)(l->at - from));
}

struct crashinfo_error *crashinfo_json_layout(const char *text, size_t size,
					      enum crashinfo_json_layout layout, char **ret,
					      size_t *size_ret)
{
	struct layout l = {
		.at = scan_mark(text, text + size),
		.end = text + size,
	};
	char *data;

	/* most texts change little in size */
	strbuf_reserve(&l.out, size);
	if (layout == CRASHINFO_JSON_COMPACT)
		layout_compact(&l);
	while (!l.out.failed && (l.at = scan_blanks(l.at, l.end)) < l.end)
		layout_next(&l);
	size = l.out.size;
	data = strbuf_steal(&l.out);
	if (!data) {
		strbuf_deinit(&l.out);
		return crashinfo_error_no_memory();
	}
	*ret = data;
	*size_ret = size;
	return NULL;
}
