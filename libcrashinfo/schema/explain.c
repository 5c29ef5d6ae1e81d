/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "schema/suggest.h"
#include "json/string.h"

/* How many values of an enumeration are shown, and how many names are looked at for a near miss. */
#define SHOWN_VALUES    8
#define SUGGESTED_NAMES 1000

struct explaining {
	struct gatherer *g;
	struct evaluation *e;
	const struct fault *fault;
	const struct subschema *schema;
	struct note *note;
};

typedef void explain_fn(struct explaining *x);

/* --- pieces of text --- */

static const struct {
	uint8_t types;
	const char *name;
} type_names[] = {
	{TYPE_OBJECT, "object"},   {TYPE_ARRAY, "array"},     {TYPE_STRING, "string"},
	{TYPE_INTEGER, "integer"}, {TYPE_FRACTION, "number"}, {TYPE_BOOLEAN, "boolean"},
	{TYPE_NULL, "null"},
};

/* "string, integer or null" */
static const char *types_text(struct gatherer *g, uint8_t types)
{
	const char *text = "", *between = "";

	if (types & TYPE_FRACTION)
		types &= (uint8_t)~TYPE_INTEGER;
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (!(types & type_names[i].types))
			continue;
		types &= (uint8_t)~type_names[i].types;
		text = gatherer_text(g, "%s%s%s", text, between, type_names[i].name);
		/* the last one comes behind "or" */
		between = types & (types - 1) ? ", " : " or ";
	}
	return text;
}

static const char *show_slice(struct gatherer *g, struct crashinfo_slice text)
{
	return gatherer_text(g, "%.*s", (int)text.size, text.data);
}

static const char *show_instance(struct explaining *x)
{
	return gatherer_show(x->g, x->e->json, x->fault->node);
}

static struct crashinfo_slice name_at(const struct explaining *x, uint32_t index)
{
	return x->schema->objects->names.strings[index];
}

/* --- near misses --- */

/* The string at the fault's node, or an empty text for another value; kept until the next one. */
static struct crashinfo_slice string_at(const struct explaining *x, crashinfo_json_node node)
{
	if (json_type(&x->e->json->nodes[node]) != CRASHINFO_JSON_STRING)
		return (struct crashinfo_slice){"", 0};
	return evaluation_text(x->e, node);
}

static const char *nearest_name(const struct explaining *x, struct crashinfo_slice text,
				const struct names *names)
{
	struct suggestion s = {.text = text};

	for (uint32_t i = 0; i < names->count && i < SUGGESTED_NAMES; i++)
		suggestion_offer(&s, names->strings[i]);
	return s.best.data ? show_slice(x->g, s.best) : NULL;
}

/* Another object's member of a name that its schema does not have and that is near `missing`. */
static crashinfo_json_node find_misspelt(const struct explaining *x, struct crashinfo_slice missing)
{
	const struct json_node *nodes = x->e->json->nodes;
	crashinfo_json_node object = x->fault->node, found = CRASHINFO_JSON_NONE;
	struct suggestion s = {.text = missing};
	size_t looked_at = 0;

	for (uint32_t name = object + 1; name < nodes[object].next && looked_at++ < SUGGESTED_NAMES;
	     name = nodes[name + 1].next) {
		const char *before = s.best.data;
		struct crashinfo_slice text = json_quoted(x->e->json, &nodes[name]);

		if (nodes[name].info & JSON_FLAG ||
		    names_find(&x->schema->objects->names, text.data, text.size) != NAMES_NONE)
			continue;
		suggestion_offer(&s, text);
		if (s.best.data != before)
			found = name;
	}
	return found;
}

/* --- keywords --- */

static void explain_false(struct explaining *x)
{
	x->note->message = "no value is allowed here";
	x->note->at_name = true;
	x->note->got = show_instance(x);
}

static void explain_type(struct explaining *x)
{
	const struct json_node *node = &x->e->json->nodes[x->fault->node];
	bool scalar = !json_is_container(node) && json_type(node) >= CRASHINFO_JSON_NUMBER;

	x->note->message = "wrong type";
	x->note->expected = types_text(x->g, x->schema->types);
	x->note->got = scalar ? gatherer_text(x->g, "%s %s", type_article(json_type(node)) + 2,
					      show_instance(x))
			      : show_instance(x);
}

static const char *list_values(struct explaining *x, const struct value_rules *rules)
{
	size_t count = rules->strings.count + rules->other_count;
	const char *text = "", *between = "";
	size_t shown = 0;

	for (size_t i = 0; i < rules->strings.count && shown < SHOWN_VALUES; i++, shown++) {
		struct crashinfo_slice value = rules->strings.strings[i];

		text = gatherer_text(x->g, "%s%s\"%.*s\"", text, between, (int)value.size,
				     value.data);
		between = ", ";
	}
	for (size_t i = 0; i < rules->other_count && shown < SHOWN_VALUES; i++, shown++) {
		text = gatherer_text(
			x->g, "%s%s%s", text, between,
			gatherer_show(x->g, rules->others[i].json, rules->others[i].node));
		between = ", ";
	}
	return shown == count
		       ? text
		       : gatherer_text(x->g, "one of %zu values: %s, \xe2\x80\xa6", count, text);
}

static void explain_values(struct explaining *x)
{
	const struct value_rules *rules = &x->schema->values[x->fault->detail];
	bool constant = rules->keyword == KEYWORD_CONST;

	x->note->message =
		constant ? "not the value that is asked for" : "not one of the values allowed";
	x->note->expected = list_values(x, rules);
	x->note->got = show_instance(x);
	x->note->suggestion = nearest_name(x, string_at(x, x->fault->node), &rules->strings);
}

static const struct {
	enum keyword keyword;
	size_t bound; /* offset in struct number_rules */
	const char *what, *message;
} bounds[] = {
	{KEYWORD_MINIMUM, offsetof(struct number_rules, minimum), "at least",
	 "number is too small"},
	{KEYWORD_EXCLUSIVE_MINIMUM, offsetof(struct number_rules, exclusive_minimum), "more than",
	 "number is too small"},
	{KEYWORD_MAXIMUM, offsetof(struct number_rules, maximum), "at most", "number is too large"},
	{KEYWORD_EXCLUSIVE_MAXIMUM, offsetof(struct number_rules, exclusive_maximum), "less than",
	 "number is too large"},
	{KEYWORD_MULTIPLE_OF, offsetof(struct number_rules, multiple_of), "a multiple of",
	 "not a multiple"},
};

static void explain_bound(struct explaining *x)
{
	const char *rules = (const char *)x->schema->numbers;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		const struct number_bound *bound = (const void *)(rules + bounds[i].bound);

		if (bounds[i].keyword != x->fault->keyword)
			continue;
		x->note->message = bounds[i].message;
		x->note->expected = gatherer_text(x->g, "%s %.*s", bounds[i].what,
						  (int)bound->text.size, bound->text.data);
	}
	x->note->got = show_instance(x);
}

/* Too few or too many of something. */
static void explain_count(struct explaining *x, const struct count_rules *rules, bool too_few,
			  const char *what)
{
	x->note->message = gatherer_text(x->g, "too %s %s", too_few ? "few" : "many", what);
	x->note->expected = gatherer_text(x->g, "at %s %llu", too_few ? "least" : "most",
					  (unsigned long long)(too_few ? rules->min : rules->max));
}

static void explain_container_count(struct explaining *x)
{
	bool items =
		x->fault->keyword == KEYWORD_MIN_ITEMS || x->fault->keyword == KEYWORD_MAX_ITEMS;
	bool too_few = x->fault->keyword == KEYWORD_MIN_ITEMS ||
		       x->fault->keyword == KEYWORD_MIN_PROPERTIES;

	explain_count(x, items ? &x->schema->arrays->count : &x->schema->objects->count, too_few,
		      items ? "elements" : "members");
	x->note->got = gatherer_text(x->g, "%u", json_count(&x->e->json->nodes[x->fault->node]));
}

static void explain_length(struct explaining *x)
{
	explain_count(x, &x->schema->strings->length, x->fault->keyword == KEYWORD_MIN_LENGTH,
		      "characters");
	x->note->got = show_instance(x);
}

static void explain_pattern(struct explaining *x)
{
	x->note->message = "does not match the pattern";
	x->note->expected = show_slice(x->g, x->schema->strings->pattern_text);
	x->note->got = show_instance(x);
}

static void explain_format(struct explaining *x)
{
	x->note->message =
		gatherer_text(x->g, "not in the format %s", x->schema->strings->format->name);
	x->note->expected = x->schema->strings->format->expected;
	x->note->got = show_instance(x);
}

static void explain_content(struct explaining *x)
{
	bool encoding = x->fault->keyword == KEYWORD_CONTENT_ENCODING;

	x->note->message = "not the content that is announced";
	x->note->expected = encoding ? "base64" : "JSON";
	x->note->got = show_instance(x);
}

static void explain_additional_items(struct explaining *x)
{
	x->note->message = "element is too many";
	x->note->expected = gatherer_text(x->g, "at most %zu", x->schema->arrays->tuple_count);
}

static void explain_unique(struct explaining *x)
{
	x->note->message = "element repeats an earlier one";
	x->note->got = show_instance(x);
}

static void explain_contains(struct explaining *x)
{
	x->note->message = "no element is of the kind that is asked for";
	x->note->got = show_instance(x);
}

static void explain_required(struct explaining *x)
{
	struct crashinfo_slice name = name_at(x, x->fault->detail);
	crashinfo_json_node misspelt = find_misspelt(x, name);

	x->note->message =
		gatherer_text(x->g, "member \"%.*s\" is missing", (int)name.size, name.data);
	x->note->at_name = true;
	if (misspelt == CRASHINFO_JSON_NONE)
		return;
	x->note->node = misspelt;
	x->note->got = gatherer_show(x->g, x->e->json, misspelt);
	x->note->at_name = false;
	x->note->about_parent = true;
	x->note->suggestion = show_slice(x->g, name);
}

static void explain_additional(struct explaining *x)
{
	struct crashinfo_slice text = string_at(x, x->fault->node);

	x->note->message = gatherer_text(x->g, "member %s is not allowed", show_instance(x));
	x->note->suggestion = nearest_name(x, text, &x->schema->objects->names);
}

static void explain_dependencies(struct explaining *x)
{
	const struct dependency *d = &x->schema->objects->dependencies[x->fault->detail];
	struct crashinfo_slice missing = name_at(x, d->required[x->fault->other]);
	struct crashinfo_slice present = name_at(x, d->name);

	x->note->at_name = true;
	x->note->message =
		gatherer_text(x->g, "member \"%.*s\" is missing", (int)missing.size, missing.data);
	x->note->expected =
		gatherer_text(x->g, "it beside \"%.*s\"", (int)present.size, present.data);
}

static void explain_union(struct explaining *x)
{
	const struct combine_rule *rule = &x->schema->combines[x->fault->detail];
	uint8_t types = 0;

	for (size_t i = 0; i < rule->count; i++) {
		const struct subschema *branch = rule->branches[i];

		types |= (branch->target ? branch->target : branch)->types;
	}
	x->note->got = show_instance(x);
	if (types & type_bit(x->e->json, &x->e->json->nodes[x->fault->node])) {
		x->note->message = x->fault->keyword == KEYWORD_ONE_OF
					   ? "not exactly one of the alternatives holds"
					   : "none of the alternatives holds";
		return;
	}
	x->note->message = "wrong type";
	x->note->expected = types_text(x->g, types);
}

static void explain_not(struct explaining *x)
{
	x->note->message = "a value of this kind is ruled out";
	x->note->got = show_instance(x);
}

static const struct {
	const char *name, *summary;
	explain_fn *explain;
} keywords[KEYWORD_COUNT] = {
	[KEYWORD_FALSE] = {"false", "no value is allowed here", explain_false},
	[KEYWORD_TYPE] = {"type", "a value has the type it should have", explain_type},
	[KEYWORD_ENUM] = {"enum", "a value is one of those listed", explain_values},
	[KEYWORD_CONST] = {"const", "a value is the one asked for", explain_values},
	[KEYWORD_MULTIPLE_OF] = {"multipleOf", "a number is a multiple of another", explain_bound},
	[KEYWORD_MAXIMUM] = {"maximum", "a number is not too large", explain_bound},
	[KEYWORD_EXCLUSIVE_MAXIMUM] = {"exclusiveMaximum", "a number is small enough",
				       explain_bound},
	[KEYWORD_MINIMUM] = {"minimum", "a number is not too small", explain_bound},
	[KEYWORD_EXCLUSIVE_MINIMUM] = {"exclusiveMinimum", "a number is large enough",
				       explain_bound},
	[KEYWORD_MAX_LENGTH] = {"maxLength", "a string is not too long", explain_length},
	[KEYWORD_MIN_LENGTH] = {"minLength", "a string is not too short", explain_length},
	[KEYWORD_PATTERN] = {"pattern", "a string matches a pattern", explain_pattern},
	[KEYWORD_FORMAT] = {"format", "a string has a format", explain_format},
	[KEYWORD_CONTENT_ENCODING] = {"contentEncoding", "a string is encoded as announced",
				      explain_content},
	[KEYWORD_CONTENT_MEDIA_TYPE] = {"contentMediaType", "a string holds what is announced",
					explain_content},
	[KEYWORD_ADDITIONAL_ITEMS] = {"additionalItems", "an array has no further elements",
				      explain_additional_items},
	[KEYWORD_MAX_ITEMS] = {"maxItems", "an array is not too long", explain_container_count},
	[KEYWORD_MIN_ITEMS] = {"minItems", "an array is not too short", explain_container_count},
	[KEYWORD_UNIQUE_ITEMS] = {"uniqueItems", "no elements are equal", explain_unique},
	[KEYWORD_CONTAINS] = {"contains", "an element is of some kind", explain_contains},
	[KEYWORD_MAX_PROPERTIES] = {"maxProperties", "an object has not too many members",
				    explain_container_count},
	[KEYWORD_MIN_PROPERTIES] = {"minProperties", "an object has enough members",
				    explain_container_count},
	[KEYWORD_REQUIRED] = {"required", "an object has the members it must have",
			      explain_required},
	[KEYWORD_ADDITIONAL_PROPERTIES] = {"additionalProperties", "an object has no other members",
					   explain_additional},
	[KEYWORD_DEPENDENCIES] = {"dependencies", "members that belong together are all there",
				  explain_dependencies},
	[KEYWORD_ANY_OF] = {"anyOf", "at least one alternative holds", explain_union},
	[KEYWORD_ONE_OF] = {"oneOf", "exactly one alternative holds", explain_union},
	[KEYWORD_NOT] = {"not", "a schema does not hold", explain_not},
};

const char *keyword_name(enum keyword keyword)
{
	return keywords[keyword].name;
}

const char *keyword_summary(enum keyword keyword)
{
	return keywords[keyword].summary;
}

struct crashinfo_error *explain_faults(struct gatherer *g, struct evaluation *e)
{
	for (size_t i = 0; i < e->recorded.size; i++) {
		const struct fault *fault = &e->recorded.data[i];
		enum keyword keyword = (enum keyword)fault->keyword;
		struct explaining x = {.g = g, .e = e, .fault = fault, .schema = fault->schema};
		struct note *note;

		note = gatherer_add(g, CRASHINFO_SEVERITY_ERROR, keyword_name(keyword),
				    fault->node);
		if (!note)
			continue;
		x.note = note;
		keywords[keyword].explain(&x);
	}
	g->counts[CRASHINFO_SEVERITY_ERROR] += e->faults - e->recorded.size;
	return steal_ptr(e->error);
}
