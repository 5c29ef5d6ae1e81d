/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that hold every member of a report against the tables of the report's versions. */
#include <stdlib.h>
#include <string.h>

#include "schema/lint.h"

/* --- walking a report with the tables of its versions --- */

/* Called for each member that the tables know, with its row, and NULL for one they do not. */
typedef void member_fn(struct lint *l, const char *id, const struct report_member *member,
		       crashinfo_json_node name);

/* An object of the report and what the tables call it. */
struct walk_item {
	crashinfo_json_node node;
	const char *type; /* with suffixes, of which the first `size` bytes are left */
	size_t size;
};

struct walk {
	struct lint *l;
	const char *id;
	member_fn *member;
	report_versions versions;
	VEC(struct walk_item) items;
};

static void walk_later(struct walk *w, crashinfo_json_node node, const char *type, size_t size)
{
	struct walk_item *item = vec_push(&w->items);

	if (item)
		*item = (struct walk_item){node, type, size};
	else
		w->l->g->failed = true;
}

/* The name of an object as a string that ends where it should: types are short. */
static const char *object_name(struct walk *w, const struct walk_item *item)
{
	const char *name = arena_memdup(&w->l->report.arena, item->type, item->size);

	w->l->g->failed |= !name;
	return name ? name : "";
}

static void walk_object(struct walk *w, struct walk_item item)
{
	const struct crashinfo_json *json = w->l->json;
	const char *object = item.type[item.size] ? object_name(w, &item) : item.type;

	for (uint32_t name = item.node + 1; name < json->nodes[item.node].next;
	     name = json->nodes[name + 1].next) {
		struct crashinfo_slice text = json_quoted(json, &json->nodes[name]);
		const struct report_member *member =
			report_member_find(object, text.data, text.size, w->versions);

		w->member(w->l, w->id, member, name);
		if (member)
			walk_later(w, name + 1, member->type, strlen(member->type));
	}
}

static void walk_one(struct walk *w, struct walk_item item)
{
	bool array = item.size > 2 && item.type[item.size - 1] == ']';
	bool map = item.size > 2 && item.type[item.size - 1] == '}';
	crashinfo_json_node child = CRASHINFO_JSON_NONE;

	if (!array && !map) {
		/* names of objects are capital */
		if (lint_is(w->l, item.node, CRASHINFO_JSON_OBJECT) && item.type[0] >= 'A' &&
		    item.type[0] <= 'Z')
			walk_object(w, item);
		return;
	}
	if (!lint_is(w->l, item.node, array ? CRASHINFO_JSON_ARRAY : CRASHINFO_JSON_OBJECT))
		return;
	while ((child = lint_next(w->l, item.node, child)) != CRASHINFO_JSON_NONE)
		walk_later(w, child + map, item.type, item.size - 2);
}

static void walk_report(struct lint *l, const char *id, report_versions versions, member_fn *fn)
{
	struct walk w = {.l = l, .id = id, .member = fn, .versions = versions};

	walk_later(&w, 0, REPORT_ROOT_OBJECT, strlen(REPORT_ROOT_OBJECT));
	while (w.items.size && !l->g->failed)
		walk_one(&w, w.items.data[--w.items.size]);
	free(w.items.data);
}

/* --- L-04 --- */

/* The first version of a set, as text. */
static const char *first_version(report_versions versions)
{
	return report_version_name((size_t)__builtin_ctz(versions));
}

static const struct report_enum_value *find_enum_value(struct lint *l, const char *enumeration,
						       crashinfo_json_node node)
{
	/* names of enumerations are capital */
	if (enumeration[0] < 'A' || enumeration[0] > 'Z' ||
	    !lint_is(l, node, CRASHINFO_JSON_STRING))
		return NULL;
	for (size_t i = 0; i < report_enum_value_count; i++)
		if (!strcmp(report_enum_values[i].enumeration, enumeration) &&
		    lint_equals(l, node, report_enum_values[i].value))
			return &report_enum_values[i];
	return NULL;
}

static void check_newer(struct lint *l, const char *id, const struct report_member *member,
			crashinfo_json_node name)
{
	report_versions label = REPORT_MINOR(l->minor);
	report_versions in = member ? member->in & REPORT_ALL_MINORS : 0;
	const struct report_enum_value *value;
	crashinfo_json_node node = name + 1;

	if (!in)
		return;
	/* a member that has two shapes is in another row as well */
	if (!report_member_find(member->object, member->name, strlen(member->name), label)) {
		if (__builtin_ctz(in) > (int)l->minor)
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, name,
				 "\"%s\" came with %s, the label says 1.%u", member->name,
				 first_version(in), l->minor);
		return;
	}
	value = find_enum_value(l, member->type, node);
	if (value && !(value->in & label) && value->in & REPORT_ALL_MINORS &&
	    __builtin_ctz(value->in & REPORT_ALL_MINORS) > (int)l->minor)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "\"%s\" came with %s, the label says 1.%u", value->value,
			 first_version(value->in), l->minor);
}

void lint_newer(struct lint *l, const char *id)
{
	if (l->minor <= REPORT_MINOR_MAX && l->report.dialect == CRASHINFO_DIALECT_1_X)
		walk_report(l, id, REPORT_ALL_MINORS, check_newer);
}

/* --- L-43 --- */

static const struct {
	const char *type;
	int64_t min, max;
} ranges[] = {
	{"uint32", 0, UINT32_MAX},
	{"int32", INT32_MIN, INT32_MAX},
	{"int64", INT64_MIN, INT64_MAX},
};

static void check_range(struct lint *l, const char *id, const char *type, size_t size,
			crashinfo_json_node node)
{
	int64_t value;

	if (!lint_is(l, node, CRASHINFO_JSON_NUMBER))
		return;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct note *note;

		if (strlen(ranges[i].type) != size || memcmp(ranges[i].type, type, size) ||
		    (lint_integer(l, node, &value) && value >= ranges[i].min &&
		     value <= ranges[i].max))
			continue;
		note = lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "not an integer of type %s",
				ranges[i].type);
		if (!note)
			continue;
		note->expected = gatherer_text(l->g, "%lld to %lld", (long long)ranges[i].min,
					       (long long)ranges[i].max);
		note->got = gatherer_show(l->g, l->json, node);
	}
}

static void check_member_range(struct lint *l, const char *id, const struct report_member *member,
			       crashinfo_json_node name)
{
	crashinfo_json_node child = CRASHINFO_JSON_NONE;
	size_t size = member ? strlen(member->type) : 0;

	if (!member)
		return;
	if (size > 2 && member->type[size - 1] == '}') {
		if (!lint_is(l, name + 1, CRASHINFO_JSON_OBJECT))
			return;
		while ((child = lint_next(l, name + 1, child)) != CRASHINFO_JSON_NONE)
			check_range(l, id, member->type, size - 2, child + 1);
		return;
	}
	check_range(l, id, member->type, size, name + 1);
}

void lint_ranges(struct lint *l, const char *id)
{
	walk_report(l, id, REPORT_ALL_MINORS | REPORT_RFC0002, check_member_range);
}
