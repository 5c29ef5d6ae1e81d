/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at values, removing and replacing them, and what is noted of it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "report/convert.h"

/* The deepest place of a loss is a frame's member in a thread: error, threads, threads, 0, ... */
#define PLACE_DEPTH 16

/* --- losses --- */

static void add_pointer(struct strbuf *out, const struct convert_place *place)
{
	const struct convert_place *places[PLACE_DEPTH];
	size_t depth = 0;

	for (; place && depth < PLACE_DEPTH; place = place->up)
		places[depth++] = place;
	while (depth--) {
		strbuf_addc(out, '/');
		if (!places[depth]->name) {
			strbuf_addf(out, "%zu", places[depth]->index);
			continue;
		}
		for (const char *at = places[depth]->name; *at; at++) {
			if (*at == '~' || *at == '/')
				strbuf_adds(out, *at == '~' ? "~0" : "~1");
			else
				strbuf_addc(out, *at);
		}
	}
}

struct crashinfo_error *convert_lose(struct converter *c, const struct convert_place *place,
				     const char *format, ...)
{
	struct crashinfo_conversion *result = c->result;
	struct strbuf pointer _strbuf_ = {0};
	_free_ char *reason = NULL;
	struct crashinfo_loss *loss;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&reason, format, args);
	va_end(args);
	if (length < 0) {
		reason = NULL; /* undefined after a failure */
		return crashinfo_error_no_memory();
	}
	add_pointer(&pointer, place);
	loss = pointer.failed ? NULL : vec_push(&result->losses);
	if (!loss)
		return crashinfo_error_no_memory();
	loss->pointer =
		arena_memdup(&result->arena, pointer.data ? pointer.data : "", pointer.size);
	loss->reason = arena_strdup(&result->arena, reason);
	return loss->pointer && loss->reason ? NULL : crashinfo_error_no_memory();
}

/* --- looking --- */

crashinfo_json_node convert_get(const struct converter *c, crashinfo_json_node object,
				const char *name)
{
	return object == CRASHINFO_JSON_NONE ? object
					     : crashinfo_json_member(c->json, object, name);
}

bool convert_is(const struct converter *c, crashinfo_json_node node, enum crashinfo_json_type type)
{
	return node != CRASHINFO_JSON_NONE && crashinfo_json_type(c->json, node) == type;
}

bool convert_in_enum(const struct converter *c, const char *enumeration, crashinfo_json_node node)
{
	for (size_t i = 0; i < report_enum_value_count; i++)
		if (convert_to(c, report_enum_values[i].in) &&
		    !strcmp(report_enum_values[i].enumeration, enumeration) &&
		    crashinfo_json_string_equals(c->json, node, report_enum_values[i].value))
			return true;
	return false;
}

const char *convert_enum_value(const struct converter *c, const char *enumeration,
			       crashinfo_json_node node)
{
	struct crashinfo_slice raw;

	if (!convert_is(c, node, CRASHINFO_JSON_STRING))
		return NULL;
	raw = crashinfo_json_raw(c->json, node); /* no value has an escape */
	for (size_t i = 0; i < report_enum_value_count; i++) {
		const struct report_enum_value *row = &report_enum_values[i];

		if (convert_to(c, row->in) && !strcmp(row->enumeration, enumeration) &&
		    raw.size == strlen(row->value) + 2 &&
		    !strncasecmp(raw.data + 1, row->value, raw.size - 2))
			return row->value;
	}
	return NULL;
}

static bool fits_integer(const struct converter *c, const char *type, crashinfo_json_node node)
{
	int64_t value;
	uint64_t big;

	if (!strcmp(type, "uint"))
		return crashinfo_json_uint64(c->json, node, &big);
	if (!crashinfo_json_int64(c->json, node, &value))
		return false;
	if (!strcmp(type, "uint32"))
		return value >= 0 && value <= UINT32_MAX;
	return !strcmp(type, "int64") || (value >= INT32_MIN && value <= INT32_MAX);
}

/* An object with the members that the version requires, each of its type. */
static bool fits_object(const struct converter *c, const char *object, crashinfo_json_node node)
{
	if (!convert_is(c, node, CRASHINFO_JSON_OBJECT))
		return false;
	for (size_t i = 0; i < report_member_count; i++) {
		const struct report_member *row = &report_members[i];
		crashinfo_json_node value;

		if (!convert_to(c, row->in) || strcmp(row->object, object))
			continue;
		value = convert_get(c, node, row->name);
		if (value == CRASHINFO_JSON_NONE && convert_to(c, row->required))
			return false;
		if (value == CRASHINFO_JSON_NONE ||
		    (convert_is(c, value, CRASHINFO_JSON_NULL) && convert_to(c, row->nullable)))
			continue;
		if (!convert_fits(c, row->type, value))
			return false;
	}
	return true;
}

/* Elements of arrays and values of maps; types nest by the tables, not by the input. */
static bool fits_all(const struct converter *c, const char *type, size_t size,
		     crashinfo_json_node node)
{
	bool map = type[size - 1] == '}';
	char element[32];

	if (!convert_is(c, node, map ? CRASHINFO_JSON_OBJECT : CRASHINFO_JSON_ARRAY))
		return false;
	snprintf(element, sizeof(element), "%.*s", (int)size - 2, type);
	for (crashinfo_json_node child = crashinfo_json_first(c->json, node);
	     child != CRASHINFO_JSON_NONE; child = crashinfo_json_next(c->json, node, child))
		if (!convert_fits(c, element, map ? crashinfo_json_value(child) : child))
			return false;
	return true;
}

bool convert_fits(const struct converter *c, const char *type, crashinfo_json_node node)
{
	size_t size = strlen(type);

	if (strchr("]}", type[size - 1]))
		return fits_all(c, type, size, node);
	if (!strcmp(type, "string"))
		return convert_is(c, node, CRASHINFO_JSON_STRING);
	if (!strcmp(type, "boolean"))
		return convert_is(c, node, CRASHINFO_JSON_TRUE) ||
		       convert_is(c, node, CRASHINFO_JSON_FALSE);
	if (!strcmp(type, "array|object"))
		return convert_is(c, node, CRASHINFO_JSON_ARRAY) ||
		       convert_is(c, node, CRASHINFO_JSON_OBJECT);
	if (report_is_enum(type, size))
		return convert_in_enum(c, type, node);
	if (strstr(type, "int"))
		return fits_integer(c, type, node);
	return fits_object(c, type, node);
}

struct crashinfo_error *convert_lose_members(struct converter *c, crashinfo_json_node object,
					     const char *const *kept,
					     const struct convert_place *place)
{
	struct crashinfo_error *error = NULL;

	for (crashinfo_json_node name = crashinfo_json_first(c->json, object);
	     name != CRASHINFO_JSON_NONE && !error;
	     name = crashinfo_json_next(c->json, object, name)) {
		struct crashinfo_slice text;
		_free_ char *storage = NULL;
		_free_ char *copy = NULL;
		struct convert_place at = {place, NULL, 0};
		bool keep = convert_is(c, crashinfo_json_value(name), CRASHINFO_JSON_NULL);

		for (size_t i = 0; kept[i]; i++)
			keep |= crashinfo_json_string_equals(c->json, name, kept[i]);
		if (keep)
			continue;
		error = crashinfo_json_string(c->json, name, &text, &storage);
		if (error)
			break;
		copy = strndup(text.data, text.size);
		at.name = copy;
		error = copy ? convert_lose(c, &at, "no such member") : crashinfo_error_no_memory();
	}
	return error;
}

/* --- changing --- */

struct crashinfo_error *convert_replace(struct converter *c, crashinfo_json_node node,
					const char *json)
{
	return crashinfo_json_edits_replace(c->edits, node, json, strlen(json));
}

struct crashinfo_error *convert_set(struct converter *c, crashinfo_json_node object,
				    const char *name, const char *json)
{
	return crashinfo_json_edits_set(c->edits, object, name, json, strlen(json));
}

struct crashinfo_error *convert_remove(struct converter *c, const struct convert_member *m)
{
	return crashinfo_json_edits_remove(c->edits, m->object, m->rule->name);
}

struct crashinfo_error *convert_drop(struct converter *c, const struct convert_member *m,
				     const char *reason)
{
	bool flag = !strcmp(m->rule->name, "incomplete");
	struct crashinfo_error *error = convert_remove(c, m);

	if (error || m->value == CRASHINFO_JSON_NONE ||
	    convert_is(c, m->value, CRASHINFO_JSON_NULL) ||
	    (flag && convert_is(c, m->value, CRASHINFO_JSON_FALSE)))
		return error;
	return convert_lose(c, m->place, "%s", reason);
}

struct crashinfo_error *convert_set_incomplete(struct converter *c)
{
	if (c->marked_incomplete ||
	    convert_is(c, convert_get(c, 0, "incomplete"), CRASHINFO_JSON_TRUE))
		return NULL;
	c->marked_incomplete = true; /* one edit of one place */
	return convert_set(c, 0, "incomplete", "true");
}
