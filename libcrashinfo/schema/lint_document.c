/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on the report as a whole. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "schema/format.h"
#include "schema/lint.h"
#include "json/string.h"

/* Payload limits of agents and proxies. */
#define SIZE_REFUSED (10u << 20)
#define SIZE_RISKY   (5u << 20)
#define DAY_SECONDS  86400

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

/* --- L-01, L-02: incomplete --- */

static bool is_complete_object(struct lint *l, crashinfo_json_node object, const char *type,
			       report_versions versions, const struct report_member **missing)
{
	for (size_t i = 0; i < report_member_count; i++) {
		const struct report_member *row = &report_members[i];

		if (!(row->required & versions) || strcmp(row->object, type) ||
		    lint_member(l, object, row->name) != CRASHINFO_JSON_NONE)
			continue;
		*missing = row;
		return false;
	}
	return true;
}

/* Objects whose required members the prose calls required; the rest is the schema's. */
static const struct {
	const char *path, *type;
} required_objects[] = {
	{"", REPORT_ROOT_OBJECT},  {"error", "ErrorData"},   {"error.stack", "StackTrace"},
	{"metadata", "Metadata"},  {"os_info", "OsInfo"},    {"sig_info", "SigInfo"},
	{"proc_info", "ProcInfo"}, {"ucontext", "Ucontext"},
};

/* What the label requires; all that every version requires when it says nothing. */
static report_versions label_versions(const struct lint *l)
{
	if (l->versions)
		return l->versions;
	return l->minor <= REPORT_MINOR_MAX ? REPORT_MINOR(l->minor)
					    : REPORT_MINOR(REPORT_MINOR_MAX);
}

/* The first required member that is missing; NULL when all are there. */
static const struct report_member *find_missing(struct lint *l, crashinfo_json_node *object_ret)
{
	const struct report_member *missing = NULL;

	for (size_t i = 0; i < sizeof(required_objects) / sizeof(required_objects[0]); i++) {
		crashinfo_json_node object = lint_at(l, required_objects[i].path);

		if (lint_is(l, object, CRASHINFO_JSON_OBJECT) &&
		    !is_complete_object(l, object, required_objects[i].type, label_versions(l),
					&missing)) {
			*object_ret = object;
			return missing;
		}
	}
	return NULL;
}

void lint_incomplete_missing(struct lint *l, const char *id)
{
	crashinfo_json_node flag = lint_at(l, "incomplete"), object;
	const struct report_member *missing = find_missing(l, &object);

	if (missing && lint_is(l, flag, CRASHINFO_JSON_FALSE))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, flag,
			 "incomplete is false though %s lacks \"%s\"", missing->object,
			 missing->name);
}

void lint_incomplete_idle(struct lint *l, const char *id)
{
	crashinfo_json_node flag = lint_at(l, "incomplete"), object;
	crashinfo_json_node logs = lint_at(l, "log_messages");

	if (!lint_is(l, flag, CRASHINFO_JSON_TRUE) || find_missing(l, &object) ||
	    !lint_is(l, lint_at(l, "error.stack.incomplete"), CRASHINFO_JSON_FALSE) ||
	    lint_next(l, logs, CRASHINFO_JSON_NONE) != CRASHINFO_JSON_NONE)
		return;
	lint_add(l, id, CRASHINFO_SEVERITY_WARNING, flag,
		 "incomplete is true though nothing is missing");
}

/* --- L-03, L-04, L-05: the label --- */

void lint_version(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "data_schema_version");
	unsigned major = 0, minor = 0;
	enum lint_label label = lint_read_label(l->json, &major, &minor);

	if (label == LABEL_FINE && major == 1 && minor == 1) {
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "no release ever wrote 1.1");
		return;
	}
	if (l->version_reported || label == LABEL_ABSENT || label == LABEL_NO_STRING)
		return;
	if (label == LABEL_MALFORMED)
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "not a version");
	else if (major != 1)
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "unknown major version %u", major);
	else if (minor > REPORT_MINOR_MAX)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "newer than 1.%d, the newest known", REPORT_MINOR_MAX);
}

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

void lint_threads_shape(struct lint *l, const char *id)
{
	crashinfo_json_node threads = lint_at(l, "error.threads");
	bool object = lint_is(l, threads, CRASHINFO_JSON_OBJECT);

	if (l->minor > REPORT_MINOR_MAX || (!object && !lint_is(l, threads, CRASHINFO_JSON_ARRAY)))
		return;
	if (object != (l->minor == 7))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, threads,
			 "threads are an %s in 1.%u, this is an %s",
			 l->minor == 7 ? "object" : "array", l->minor, object ? "object" : "array");
}

/* --- L-06, L-07: uuid and timestamp --- */

#define UUID_SIZE 36

static bool is_uuid(struct crashinfo_slice text, bool *upper)
{
	*upper = false;
	if (text.size != UUID_SIZE)
		return false;
	for (size_t i = 0; i < UUID_SIZE; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text.data[i] != '-' : hex_digit(text.data[i]) < 0)
			return false;
		*upper |= text.data[i] >= 'A' && text.data[i] <= 'F';
	}
	return true;
}

void lint_uuid(struct lint *l, const char *id)
{
	static const char nil[] = "00000000-0000-0000-0000-000000000000";
	crashinfo_json_node node = lint_at(l, "uuid");
	struct crashinfo_slice text = lint_text(l, node);
	bool upper;

	if (!lint_is(l, node, CRASHINFO_JSON_STRING))
		return;
	if (!is_uuid(text, &upper) || upper)
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node,
			 upper ? "hex digits of a UUID are lower case" : "not a UUID");
	else if (!memcmp(text.data, nil, UUID_SIZE))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "this is the nil UUID");
	else if (text.data[14] != '4' || !strchr("89ab", text.data[19]))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "not a UUID of version 4");
}

/* "YYYY-MM-DD HH:MM:SS[.fraction] UTC" in the form of RFC 3339; false for any other text. */
static bool from_display_form(struct lint *l, struct crashinfo_slice text,
			      struct crashinfo_slice *ret)
{
	char *copy;

	if (text.size < 23 || text.data[10] != ' ' ||
	    memcmp(text.data + text.size - 4, " UTC", 4) != 0)
		return false;
	copy = arena_memdup(&l->report.arena, text.data, text.size);
	if (!copy)
		return false;
	copy[10] = 'T';
	copy[text.size - 4] = 'Z';
	*ret = (struct crashinfo_slice){copy, text.size - 3};
	return true;
}

/* Seconds since 1970 of a time in RFC 3339's form. */
static int64_t seconds_of(struct crashinfo_slice text)
{
	const char *zone = text.data + text.size - 6;
	struct tm tm = {0};
	int64_t offset = 0;

	strptime(text.data, "%Y-%m-%d", &tm);
	strptime(text.data + 11, "%H:%M:%S", &tm);
	if (*zone == '+' || *zone == '-')
		offset = (*zone == '-' ? -60 : 60) * ((zone[1] - '0') * 600 + (zone[2] - '0') * 60 +
						      (zone[4] - '0') * 10 + (zone[5] - '0'));
	return (int64_t)timegm(&tm) - offset;
}

void lint_timestamp(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "timestamp");
	struct crashinfo_slice text = lint_text(l, node);
	bool display = from_display_form(l, text, &text);
	int64_t seconds;

	if (!lint_is(l, node, CRASHINFO_JSON_STRING))
		return;
	if (!format_date_time(text.data, text.size)) {
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "not a date and time");
		return;
	}
	seconds = seconds_of(text);
	/* 2020-01-01 */
	if (seconds < 1577836800)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "the time is before 2020");
	else if (seconds > (int64_t)time(NULL) + DAY_SECONDS)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "the time is yet to come");
	else if (display)
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "not in the form of RFC 3339");
}

/* --- the rest --- */

void lint_source_type(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "error.source_type");

	if (!lint_is(l, node, CRASHINFO_JSON_STRING) || lint_equals(l, node, "Crashtracking"))
		return;
	if (lint_equals(l, node, "crashtracking")) {
		if (!(l->versions & REPORT_RFC0002))
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
				 "source_type as in RFC 0002");
		return;
	}
	lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "source_type is not Crashtracking");
}

void lint_size(struct lint *l, const char *id)
{
	size_t size = l->json->nodes[0].end - l->json->nodes[0].start;

	if (size > SIZE_RISKY)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, 0, "the report has %zu bytes, %s", size,
			 size > SIZE_REFUSED ? "agents refuse more than 10 MiB"
					     : "some intakes refuse more than 5 MiB");
}

static void show_failed_comments(struct lint *l, const char *id, const struct lint_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		crashinfo_json_node comments = stack->frames[i].at[FRAME_COMMENTS], node;

		for (node = lint_next(l, comments, CRASHINFO_JSON_NONE);
		     node != CRASHINFO_JSON_NONE; node = lint_next(l, comments, node)) {
			struct crashinfo_slice raw = crashinfo_json_raw(l->json, node);

			if (memmem(raw.data, raw.size, "failed with", 11))
				lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "%s",
					 gatherer_show(l->g, l->json, node));
		}
	}
}

void lint_logs(struct lint *l, const char *id)
{
	crashinfo_json_node logs = lint_at(l, "log_messages"), node;

	if (l->level < CRASHINFO_SEVERITY_INFO)
		return;
	for (node = lint_next(l, logs, CRASHINFO_JSON_NONE); node != CRASHINFO_JSON_NONE;
	     node = lint_next(l, logs, node))
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "the collector logged %s",
			 gatherer_show(l->g, l->json, node));
	for (size_t i = 0; i < l->stack_count; i++) {
		if (l->stacks[i].incomplete)
			lint_add(l, id, CRASHINFO_SEVERITY_INFO, l->stacks[i].node,
				 "the stack is incomplete");
		show_failed_comments(l, id, &l->stacks[i]);
	}
}

void lint_no_crash(struct lint *l, const char *id)
{
	crashinfo_json_node node = lint_at(l, "error.is_crash");

	if (lint_is(l, node, CRASHINFO_JSON_FALSE))
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node, "this error is no crash");
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

/* --- L-37 --- */

/* Logs quote lines of the stream. */
static const char *find_corruption(struct crashinfo_slice text, bool is_log)
{
	if (memmem(text.data, text.size, "\xef\xbf\xbd", 3) ||
	    memmem(text.data, text.size, "\\ufffd", 6) ||
	    memmem(text.data, text.size, "\\uFFFD", 6))
		return "the string holds U+FFFD, which stands for bytes that were lost";
	if (memmem(text.data, text.size, "\\u0000", 6))
		return "the string holds a NUL";
	if (!is_log && memmem(text.data, text.size, "DD_CRASHTRACK_", 14))
		return "the string holds a marker of the collector's stream";
	return NULL;
}

void lint_corruption(struct lint *l, const char *id)
{
	const struct crashinfo_json *json = l->json;
	crashinfo_json_node logs = lint_at(l, "log_messages");
	uint32_t logs_end = logs == CRASHINFO_JSON_NONE ? 0 : json->nodes[logs].next;
	const char *what;

	/* most reports hold none of it, which one look at the whole text shows */
	if (!find_corruption(json_node_text(json, &json->nodes[0]), false))
		return;
	for (uint32_t node = 0; node < json->node_count; node++) {
		if (json_type(&json->nodes[node]) != CRASHINFO_JSON_STRING)
			continue;
		what = find_corruption(json_quoted(json, &json->nodes[node]),
				       node > logs && node < logs_end);
		if (what)
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "%s", what);
	}
}
