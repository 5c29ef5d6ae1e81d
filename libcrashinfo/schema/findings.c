/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "schema/places.h"

/* What is shown of a long value. */
#define SHOWN_BYTES 120

const char *crashinfo_severity_name(enum crashinfo_severity severity)
{
	static const char *const names[] = {"error", "warning", "info"};

	return names[severity];
}

void crashinfo_findings_destroy(struct crashinfo_findings *findings)
{
	struct findings *f = (struct findings *)findings;

	if (!f)
		return;
	arena_deinit(&f->arena);
	free(f->public.items);
	free(f);
}

struct crashinfo_error *gatherer_init(struct gatherer *g, const struct crashinfo_json *json,
				      size_t max)
{
	*g = (struct gatherer){.json = json, .max = max ? max : SIZE_MAX};
	g->findings = calloc(1, sizeof(*g->findings));
	return g->findings ? NULL : crashinfo_error_no_memory();
}

void gatherer_deinit(struct gatherer *g)
{
	if (g->findings)
		crashinfo_findings_destroy(&g->findings->public);
	free(g->notes.data);
}

struct note *gatherer_add(struct gatherer *g, enum crashinfo_severity severity, const char *rule,
			  crashinfo_json_node node)
{
	struct note *note;

	if (g->counts[severity]++ >= g->max)
		return NULL;
	note = vec_push(&g->notes);
	if (!note) {
		g->failed = true;
		return NULL;
	}
	*note = (struct note){.node = node, .severity = severity, .rule = rule, .message = ""};
	return note;
}

static const char *add_text(struct gatherer *g, const char *format, va_list args)
{
	_free_ char *text = NULL;
	const char *copy;

	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		g->failed = true;
		return "";
	}
	copy = arena_strdup(&g->findings->arena, text);
	g->failed |= !copy;
	return copy ? copy : "";
}

const char *gatherer_text(struct gatherer *g, const char *format, ...)
{
	const char *text;
	va_list args;

	va_start(args, format);
	text = add_text(g, format, args);
	va_end(args);
	return text;
}

struct note *gatherer_addf(struct gatherer *g, enum crashinfo_severity severity, const char *rule,
			   crashinfo_json_node node, const char *format, ...)
{
	struct note *note = gatherer_add(g, severity, rule, node);
	va_list args;

	if (!note)
		return NULL;
	va_start(args, format);
	note->message = add_text(g, format, args);
	va_end(args);
	return note;
}

const char *type_article(enum crashinfo_json_type type)
{
	static const char *const names[] = {"null",     "a boolean", "a boolean", "a number",
					    "a string", "an array",  "an object"};

	return names[type];
}

/* Bytes of `text` up to a limit, no character cut in two. */
static size_t cut_size(struct crashinfo_slice text)
{
	size_t size = SHOWN_BYTES;

	if (text.size <= SHOWN_BYTES)
		return text.size;
	while (size && (text.data[size] & 0xc0) == 0x80)
		size--;
	return size;
}

const char *gatherer_show(struct gatherer *g, const struct crashinfo_json *json,
			  crashinfo_json_node node)
{
	const struct json_node *n = &json->nodes[node];
	struct crashinfo_slice text = json_node_text(json, n);
	size_t shown = cut_size(text);

	if (!json_is_container(n))
		return gatherer_text(g, "%.*s%s", (int)shown, text.data,
				     shown < text.size ? "\xe2\x80\xa6" : "");
	if (!json_count(n))
		return json_type(n) == CRASHINFO_JSON_ARRAY ? "[]" : "{}";
	return gatherer_text(g, "%s of %u", type_article(json_type(n)), json_count(n));
}

/* --- from notes to findings --- */

/* In the order of the document, what is said alike of one place together. */
static int compare_notes(const void *a, const void *b)
{
	const struct note *x = a, *y = b;
	int order;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	/* a member's name stands before its value */
	if (x->at_name != y->at_name)
		return x->at_name ? -1 : 1;
	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	order = strcmp(x->rule, y->rule);
	if (!order)
		order = strcmp(x->message, y->message);
	if (!order)
		order = strcmp(x->expected ? x->expected : "", y->expected ? y->expected : "");
	return order;
}

/* Two schemas may ask for the same. */
static void drop_repeated(struct gatherer *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->notes.size; i++) {
		struct note *note = &g->notes.data[i];

		if (kept && !compare_notes(note, &g->notes.data[kept - 1]))
			g->counts[note->severity]--;
		else
			g->notes.data[kept++] = *note;
	}
	g->notes.size = kept;
}

static void place_finding(struct gatherer *g, struct places *places, const struct note *note,
			  struct json_cursor *cursor, struct crashinfo_finding *f)
{
	const struct json_node *node = &g->json->nodes[note->node];
	struct json_cursor end;

	*f = (struct crashinfo_finding){
		.severity = note->severity,
		.rule = note->rule,
		.message = note->message,
		.expected = note->expected,
		.got = note->got,
		.suggestion = note->suggestion,
	};
	places_move(places, note->node);
	f->pointer = places_pointer(places, &g->findings->arena, note->about_parent);
	g->failed |= !f->pointer;
	if (note->at_name && places_is_member(places))
		node--;
	f->offset = (size_t)(g->json->begin - g->json->text) + node->start;
	/* a container is shown by its first byte */
	f->size = json_is_container(node) ? 1 : node->end - node->start;
	json_cursor_move(cursor, f->offset);
	end = *cursor;
	json_cursor_move(&end, f->offset + f->size);
	f->line = cursor->line;
	f->column = cursor->column;
	f->end_line = end.line;
	f->end_column = end.column;
}

struct crashinfo_error *gatherer_finish(struct gatherer *g, struct json_cursor *cursor,
					struct crashinfo_findings **ret)
{
	struct crashinfo_findings *public = &g->findings->public;
	_cleanup_(places_deinit) struct places places = {.json = g->json};

	if (g->notes.size)
		qsort(g->notes.data, g->notes.size, sizeof(*g->notes.data), compare_notes);
	drop_repeated(g);
	public->errors = g->counts[CRASHINFO_SEVERITY_ERROR];
	public->warnings = g->counts[CRASHINFO_SEVERITY_WARNING];
	public->infos = g->counts[CRASHINFO_SEVERITY_INFO];
	public->items = calloc(g->notes.size + 1, sizeof(*public->items));
	if (!public->items)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < g->notes.size && i < g->max; i++)
		place_finding(g, &places, &g->notes.data[i], cursor,
			      &public->items[public->count++]);
	if (g->failed || places.failed)
		return crashinfo_error_no_memory();
	public->left_out = public->errors + public->warnings + public->infos - public->count;
	*ret = public;
	g->findings = NULL;
	return NULL;
}
