/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a report by the tables of its version and of the one it becomes. */
#include <stdlib.h>
#include <string.h>

#include "report/convert.h"

#define NO_MEMBER "no such member"

/* Members that change their shape or depend on others. */
static const struct {
	const char *object, *name;
	convert_member_fn *convert;
} special_members[] = {
	{"CrashInfo", "sig_info", convert_sig_info},
	{"CrashInfo", "span_ids", convert_spans},
	{"CrashInfo", "trace_ids", convert_spans},
	{"CrashInfo", "ucontext", convert_context},
	{"ErrorData", "kind", convert_kind},
	{"ErrorData", "source_type", convert_source_type},
	{"ErrorData", "threads", convert_thread_stacks},
	{"Experimental", "ucontext", convert_context_text},
	{"Metadata", "tags", convert_tags},
	{"StackTrace", "format", convert_stack_format},
};

/* What is written where a version requires what the other does not have. */
static const struct {
	const char *object, *name, *json;
	bool incomplete; /* it stands for something that is missing */
} fillings[] = {
	{"StackTrace", "incomplete", "false", false},
	{"CrashInfo", "proc_info", "{\"pid\":0}", true},
};

static convert_member_fn *function_of(const struct report_member *member)
{
	for (size_t i = 0; i < sizeof(special_members) / sizeof(special_members[0]); i++)
		if (!strcmp(special_members[i].object, member->object) &&
		    !strcmp(special_members[i].name, member->name))
			return special_members[i].convert;
	return convert_plain_member;
}

/* --- the plan: what differs between the two versions --- */

/* Whether some value of the enumeration is in the old version and not in the new one. */
static bool enum_shrinks(const struct converter *c, const char *enumeration)
{
	for (size_t i = 0; i < report_enum_value_count; i++)
		if (!strcmp(report_enum_values[i].enumeration, enumeration) &&
		    report_enum_values[i].in & c->from && !(report_enum_values[i].in & c->to))
			return true;
	return false;
}

static bool is_object_type(const char *type)
{
	size_t size = strcspn(type, "[{");

	for (size_t i = 0; i < report_member_count; i++)
		if (strlen(report_members[i].object) == size &&
		    !memcmp(report_members[i].object, type, size))
			return true;
	return false;
}

/* Whether a member can come out other than it went in. */
static bool does_something(const struct converter *c, const struct convert_rule *rule)
{
	const struct report_member *from = rule->from, *to = rule->to;

	if (!from || !to || strcmp(from->type, to->type) ||
	    function_of(to) != convert_plain_member || is_object_type(to->type))
		return true;
	return (from->nullable & c->from && !(to->nullable & c->to)) ||
	       (to->required & c->to && !(from->required & c->from)) ||
	       (report_is_enum(to->type, strlen(to->type)) && enum_shrinks(c, to->type));
}

/* The rule of the member in row `index`, unless an earlier row was of the same member. */
static bool make_rule(const struct converter *c, size_t index, struct convert_rule *ret)
{
	const struct report_member *row = &report_members[index];
	size_t size = strlen(row->name);

	if (index && !strcmp(row[-1].name, row->name) && !strcmp(row[-1].object, row->object))
		return false;
	ret->name = row->name;
	ret->from = report_member_find(row->object, row->name, size, c->from);
	ret->to = report_member_find(row->object, row->name, size, c->to);
	return (ret->from || ret->to) && does_something(c, ret);
}

static struct crashinfo_error *make_plan(struct converter *c)
{
	size_t used = 0;

	c->rules = calloc(report_member_count, sizeof(*c->rules));
	if (!c->rules)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < report_member_count; i++) {
		struct convert_kind *kind =
			c->kinds.size ? &c->kinds.data[c->kinds.size - 1] : NULL;

		if (!kind || strcmp(kind->object, report_members[i].object)) {
			kind = vec_push(&c->kinds);
			if (!kind)
				return crashinfo_error_no_memory();
			*kind = (struct convert_kind){report_members[i].object, &c->rules[used], 0};
		}
		if (make_rule(c, i, &c->rules[used])) {
			used++;
			kind->count++;
		}
	}
	return NULL;
}

static const struct convert_kind *find_kind(const struct converter *c, const char *object,
					    size_t size)
{
	for (size_t i = 0; i < c->kinds.size; i++)
		if (strlen(c->kinds.data[i].object) == size &&
		    !memcmp(c->kinds.data[i].object, object, size))
			return &c->kinds.data[i];
	return NULL;
}

/* --- members --- */

/* A required member that the old version could leave out. */
static struct crashinfo_error *fill_in(struct converter *c, const struct convert_member *m)
{
	const struct report_member *to = m->rule->to;

	if (m->rule->from && m->rule->from->required & c->from)
		return NULL; /* not valid before, not valid after */
	for (size_t i = 0; i < sizeof(fillings) / sizeof(fillings[0]); i++) {
		struct crashinfo_error *error;

		if (strcmp(fillings[i].object, to->object) || strcmp(fillings[i].name, to->name))
			continue;
		error = convert_set(c, m->object, to->name, fillings[i].json);
		if (!error && fillings[i].incomplete)
			error = convert_set_incomplete(c);
		return error;
	}
	return NULL;
}

static struct crashinfo_error *convert_enum(struct converter *c, const struct convert_member *m)
{
	const char *value = convert_enum_value(c, m->rule->to->type, m->value);
	struct strbuf json _strbuf_ = {0};

	if (!convert_is(c, m->value, CRASHINFO_JSON_STRING) ||
	    convert_in_enum(c, m->rule->to->type, m->value))
		return NULL;
	if (!value)
		return convert_drop(c, m, "no such value");
	strbuf_addf(&json, "\"%s\"", value);
	return json.failed ? crashinfo_error_no_memory() : convert_replace(c, m->value, json.data);
}

static struct crashinfo_error *convert_object(struct converter *c, const struct convert_kind *kind,
					      crashinfo_json_node object,
					      const struct convert_place *up)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < kind->count && !error; i++) {
		const struct convert_rule *rule = &kind->rules[i];
		struct convert_place place = {up, rule->name, 0};
		struct convert_member m = {rule, object, convert_get(c, object, rule->name),
					   &place};

		error = function_of(rule->to ? rule->to : rule->from)(c, &m);
	}
	return error;
}

struct crashinfo_error *convert_elements(struct converter *c, const char *object,
					 crashinfo_json_node array,
					 const struct convert_place *place)
{
	const struct convert_kind *kind = find_kind(c, object, strlen(object));
	struct convert_place at = {place, NULL, 0};
	struct crashinfo_error *error = NULL;

	if (!kind || !kind->count || !convert_is(c, array, CRASHINFO_JSON_ARRAY))
		return NULL;
	for (crashinfo_json_node element = crashinfo_json_first(c->json, array);
	     element != CRASHINFO_JSON_NONE && !error;
	     element = crashinfo_json_next(c->json, array, element), at.index++)
		if (convert_is(c, element, CRASHINFO_JSON_OBJECT))
			error = convert_object(c, kind, element, &at);
	return error;
}

/* Into objects; values of other types are the same in all versions. */
static struct crashinfo_error *descend(struct converter *c, const struct convert_member *m)
{
	const char *type = m->rule->to->type;
	size_t size = strcspn(type, "[{");
	const struct convert_kind *kind = find_kind(c, type, size);

	if (!kind)
		return NULL;
	if (!strcmp(type + size, "[]"))
		return convert_elements(c, kind->object, m->value, m->place);
	if (type[size] || !convert_is(c, m->value, CRASHINFO_JSON_OBJECT))
		return NULL;
	return convert_object(c, kind, m->value, m->place);
}

struct crashinfo_error *convert_plain_member(struct converter *c, const struct convert_member *m)
{
	const struct report_member *from = m->rule->from, *to = m->rule->to;
	bool null = convert_is(c, m->value, CRASHINFO_JSON_NULL);

	if (m->value == CRASHINFO_JSON_NONE || (null && to && !(to->nullable & c->to))) {
		/* setting replaces null, so it must not be removed too */
		if (to && to->required & c->to)
			return fill_in(c, m);
		return null ? convert_remove(c, m) : NULL;
	}
	if (!to)
		return convert_drop(c, m, NO_MEMBER);
	if (null)
		return NULL;
	/* what was a member of no meaning gets one */
	if (!from)
		return convert_fits(c, to->type, m->value)
			       ? NULL
			       : convert_drop(c, m, "another type of value");
	if (report_is_enum(to->type, strlen(to->type)))
		return convert_enum(c, m);
	return descend(c, m);
}

struct crashinfo_error *convert_root(struct converter *c)
{
	const struct convert_kind *root;
	struct crashinfo_error *error = make_plan(c);

	if (error)
		return error;
	root = find_kind(c, REPORT_ROOT_OBJECT, strlen(REPORT_ROOT_OBJECT));
	return root ? convert_object(c, root, 0, NULL) : NULL;
}
