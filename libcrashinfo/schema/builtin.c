/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas of crash reports as JSON text, made of the tables of report/versions.c. The one
 * called "superset" takes whatever any of 1.0 to 1.8 takes.
 */
#include <crashinfo/schema.h>

#include <string.h>

#include "base/strbuf.h"
#include "report/versions.h"
#include "json/write.h"

#define SUPERSET_NAME "superset"

struct making {
	struct strbuf *out;
	report_versions versions; /* one, or several for the superset */
};

const char *crashinfo_schema_builtin_name(size_t index)
{
	const char *name = report_version_name(index);

	if (name)
		return name;
	return index && report_version_name(index - 1) ? SUPERSET_NAME : NULL;
}

/* --- types --- */

static const struct {
	const char *name, *json_type, *rest;
} scalars[] = {
	{"string", "\"string\"", ""},
	{"boolean", "\"boolean\"", ""},
	{"object", "\"object\"", ""},
	{"array|object", "\"array\",\"object\"", ""},
	{"uint", "\"integer\"", ",\"format\":\"uint\",\"minimum\":0"},
	{"uint32", "\"integer\"", ",\"format\":\"uint32\",\"minimum\":0"},
	{"int32", "\"integer\"", ",\"format\":\"int32\""},
	{"int64", "\"integer\"", ",\"format\":\"int64\""},
};

/* The members of the schema of a type without suffix; null is allowed by another type or branch. */
static void add_plain_type(struct making *m, const char *type, size_t size, bool nullable)
{
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
		bool list = nullable || strchr(scalars[i].json_type, ',');

		if (strlen(scalars[i].name) != size || memcmp(scalars[i].name, type, size))
			continue;
		strbuf_addf(m->out, "\"type\":%s%s%s%s%s", list ? "[" : "", scalars[i].json_type,
			    nullable ? ",\"null\"" : "", list ? "]" : "", scalars[i].rest);
		return;
	}
	if (nullable)
		strbuf_addf(m->out,
			    "\"anyOf\":[{\"$ref\":\"#/definitions/%.*s\"},{\"type\":\"null\"}]",
			    (int)size, type);
	else
		strbuf_addf(m->out, "\"$ref\":\"#/definitions/%.*s\"", (int)size, type);
}

/* Suffixes "[]" and "{}" from the last, the outermost, to the first. */
static void add_type(struct making *m, const char *type, bool nullable)
{
	size_t size = strlen(type), depth = 0;

	while (size > 2 && (type[size - 1] == ']' || type[size - 1] == '}')) {
		bool array = type[size - 1] == ']';

		strbuf_addf(m->out,
			    nullable && !depth ? "\"type\":[\"%s\",\"null\"],\"%s\":{"
					       : "\"type\":\"%s\",\"%s\":{",
			    array ? "array" : "object", array ? "items" : "additionalProperties");
		size -= 2;
		depth++;
	}
	add_plain_type(m, type, size, nullable && !depth);
	while (depth--)
		strbuf_addc(m->out, '}');
}

/* --- objects --- */

/* All rows of one member in the versions at hand. */
struct rows {
	const struct report_member *first,
		*other; /* other: of another type, NULL when there is none */
	report_versions in, required, nullable;
};

static struct rows rows_of(const struct making *m, const struct report_member *member)
{
	struct rows rows = {.first = member};

	for (size_t i = 0; i < report_member_count; i++) {
		const struct report_member *row = &report_members[i];

		if (!(row->in & m->versions) || strcmp(row->object, member->object) ||
		    strcmp(row->name, member->name))
			continue;
		rows.in |= row->in & m->versions;
		rows.required |= row->required & m->versions;
		rows.nullable |= row->nullable & m->versions;
		if (strcmp(row->type, member->type))
			rows.other = row;
	}
	return rows;
}

static void add_member(struct making *m, const struct report_member *member)
{
	struct rows rows = rows_of(m, member);

	strbuf_addf(m->out, "\"%s\":{\"description\":", member->name);
	json_add_string(m->out, member->text, strlen(member->text));
	strbuf_addc(m->out, ',');
	if (!rows.other) {
		add_type(m, member->type, rows.nullable);
	} else {
		strbuf_adds(m->out, "\"anyOf\":[{");
		add_type(m, member->type, rows.nullable);
		strbuf_adds(m->out, "},{");
		add_type(m, rows.other->type, false);
		strbuf_adds(m->out, "}]");
	}
	strbuf_adds(m->out, "},");
}

static void drop_comma(struct strbuf *out)
{
	if (out->size && out->data[out->size - 1] == ',')
		out->data[--out->size] = '\0';
}

/* Whether row `index` is the first one of its member in the versions at hand. */
static bool is_first_row(const struct making *m, size_t index)
{
	const struct report_member *row = &report_members[index];

	return row->in & m->versions &&
	       report_member_find(row->object, row->name, strlen(row->name), m->versions) == row;
}

/* "type", "properties" and "required" of an object. */
static void add_object(struct making *m, const char *object)
{
	size_t start;

	strbuf_adds(m->out, "\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; i < report_member_count; i++)
		if (is_first_row(m, i) && !strcmp(report_members[i].object, object))
			add_member(m, &report_members[i]);
	drop_comma(m->out);
	strbuf_adds(m->out, "},\"required\":[");
	start = m->out->size;
	/* the superset requires what each version requires */
	for (size_t i = 0; i < report_member_count; i++)
		if (is_first_row(m, i) && !strcmp(report_members[i].object, object) &&
		    rows_of(m, &report_members[i]).required == m->versions)
			strbuf_addf(m->out, "\"%s\",", report_members[i].name);
	if (m->out->size > start)
		drop_comma(m->out);
	strbuf_addc(m->out, ']');
}

static void add_enum(struct making *m, const char *name)
{
	strbuf_adds(m->out, "\"type\":\"string\",\"enum\":[");
	for (size_t i = 0; i < report_enum_value_count; i++)
		if (report_enum_values[i].in & m->versions &&
		    !strcmp(report_enum_values[i].enumeration, name))
			strbuf_addf(m->out, "\"%s\",", report_enum_values[i].value);
	drop_comma(m->out);
	strbuf_addc(m->out, ']');
}

static void add_definitions(struct making *m)
{
	const char *last = REPORT_ROOT_OBJECT;

	strbuf_adds(m->out, ",\"definitions\":{");
	for (size_t i = 0; i < report_member_count; i++) {
		const char *object = report_members[i].object;

		if (!(report_members[i].in & m->versions) || !strcmp(object, last))
			continue;
		last = object;
		strbuf_addf(m->out, "\"%s\":{", object);
		add_object(m, object);
		strbuf_adds(m->out, "},");
	}
	last = "";
	for (size_t i = 0; i < report_enum_value_count; i++) {
		const char *name = report_enum_values[i].enumeration;

		if (!(report_enum_values[i].in & m->versions) || !strcmp(name, last))
			continue;
		last = name;
		strbuf_addf(m->out, "\"%s\":{", name);
		add_enum(m, name);
		strbuf_adds(m->out, "},");
	}
	drop_comma(m->out);
	strbuf_addc(m->out, '}');
}

struct crashinfo_error *crashinfo_schema_builtin_text(const char *name, char **ret,
						      size_t *size_ret)
{
	bool superset = !strcmp(name, SUPERSET_NAME);
	_strbuf_ struct strbuf out = {0};
	struct making m = {&out, superset ? REPORT_ALL_MINORS : report_version_bit(name)};
	char *text;

	if (!m.versions)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND, "no schema is called %s",
					      name);
	strbuf_addf(&out,
		    "{\"$schema\":\"http://json-schema.org/draft-07/schema#\","
		    "\"title\":\"Crash report (%s)\",",
		    name);
	add_object(&m, REPORT_ROOT_OBJECT);
	add_definitions(&m);
	strbuf_addc(&out, '}');
	*size_ret = out.size;
	text = strbuf_steal(&out);
	if (!text)
		return crashinfo_error_no_memory();
	*ret = text;
	return NULL;
}
