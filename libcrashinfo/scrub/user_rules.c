/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that users write, as JSON. */
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "scrub/rules.h"
#include "json/string.h"

/* Rules are written by hand. */
#define RULES_MAX_BYTES (16u << 20)

struct loading {
	struct crashinfo_scrubber *s;
	const struct crashinfo_json *json;
	const char *source;
};

/* An error about a value of the rules, with its place. */
static struct crashinfo_error *wrong(const struct loading *l, crashinfo_json_node node,
				     const char *what)
{
	size_t offset = crashinfo_json_offset(l->json, node);
	uint32_t line, column;

	crashinfo_json_position(l->json, offset, &line, &column);
	return crashinfo_error_at(crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "%s", what),
				  l->source, offset, line, column);
}

/* A string's content in the scrubber's arena. */
static struct crashinfo_error *take_text(const struct loading *l, crashinfo_json_node node,
					 const char *what, struct crashinfo_slice *ret)
{
	_free_ char *storage = NULL;
	struct crashinfo_slice text;
	struct crashinfo_error *error;

	if (crashinfo_json_type(l->json, node) != CRASHINFO_JSON_STRING)
		return wrong(l, node, what);
	error = crashinfo_json_string(l->json, node, &text, &storage);
	if (error)
		return error;
	ret->data = arena_memdup(&l->s->arena, text.data, text.size);
	ret->size = text.size;
	return ret->data ? NULL : crashinfo_error_no_memory();
}

static struct crashinfo_error *take_where(const struct loading *l, crashinfo_json_node node,
					  struct scrub_rule *rule)
{
	static const char what[] = "\"where\" is a list of JSON pointers";
	const char **list;

	if (crashinfo_json_type(l->json, node) != CRASHINFO_JSON_ARRAY ||
	    !crashinfo_json_count(l->json, node))
		return wrong(l, node, what);
	list = arena_calloc(&l->s->arena, crashinfo_json_count(l->json, node), sizeof(*list));
	if (!list)
		return crashinfo_error_no_memory();
	rule->where = list;
	for (crashinfo_json_node element = crashinfo_json_first(l->json, node);
	     element != CRASHINFO_JSON_NONE;
	     element = crashinfo_json_next(l->json, node, element)) {
		struct crashinfo_slice text;
		struct crashinfo_error *error = take_text(l, element, what, &text);

		if (error)
			return error;
		if (text.size && *text.data != '/')
			return wrong(l, element, what);
		list[rule->where_count++] = text.data;
	}
	return NULL;
}

static struct crashinfo_error *take_id(const struct loading *l, crashinfo_json_node node,
				       struct scrub_rule *rule)
{
	static const char what[] = "\"id\" is a text";
	struct crashinfo_slice text;
	struct crashinfo_error *error = take_text(l, node, what, &text);

	if (!error && (!text.size || strlen(text.data) < text.size))
		error = wrong(l, node, what);
	if (!error)
		rule->id = text.data;
	return error;
}

static struct crashinfo_error *take_replacement(const struct loading *l, crashinfo_json_node node,
						struct scrub_rule *rule)
{
	struct crashinfo_slice text;
	struct crashinfo_error *error = take_text(l, node, "\"replacement\" is a text", &text);

	if (!error && text.size > SCRUB_REPLACEMENT_MAX)
		error = wrong(l, node, "the replacement is too long");
	if (error)
		return error;
	rule->replacement = text.data;
	rule->replacement_size = text.size;
	return NULL;
}

static struct crashinfo_error *take_names(const struct loading *l, crashinfo_json_node node,
					  struct scrub_rule *rule)
{
	rule->names = crashinfo_json_type(l->json, node) == CRASHINFO_JSON_TRUE;
	return rule->names || crashinfo_json_type(l->json, node) == CRASHINFO_JSON_FALSE
		       ? NULL
		       : wrong(l, node, "\"names\" is true or false");
}

/* One member of a rule; the pattern waits until the id is known. */
static struct crashinfo_error *take_member(const struct loading *l, crashinfo_json_node name,
					   struct scrub_rule *rule, crashinfo_json_node *pattern)
{
	static const struct {
		const char *name;
		struct crashinfo_error *(*take)(const struct loading *, crashinfo_json_node,
						struct scrub_rule *);
	} members[] = {
		{"id", take_id},
		{"replacement", take_replacement},
		{"where", take_where},
		{"names", take_names},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (crashinfo_json_string_equals(l->json, name, members[i].name))
			return members[i].take(l, crashinfo_json_value(name), rule);
	if (!crashinfo_json_string_equals(l->json, name, "pattern"))
		return wrong(l, name,
			     "a rule has the members id, pattern, where, replacement, names");
	*pattern = crashinfo_json_value(name);
	return NULL;
}

static struct crashinfo_error *take_rule(const struct loading *l, crashinfo_json_node node)
{
	struct scrub_rule rule = {.careful = true,
				  .replacement = SCRUB_REDACTED,
				  .replacement_size = strlen(SCRUB_REDACTED)};
	crashinfo_json_node pattern = CRASHINFO_JSON_NONE;
	struct crashinfo_slice text;
	struct crashinfo_error *error = NULL;
	struct scrub_rule *added;

	if (crashinfo_json_type(l->json, node) != CRASHINFO_JSON_OBJECT)
		return wrong(l, node, "a rule is an object");
	for (crashinfo_json_node name = crashinfo_json_first(l->json, node);
	     name != CRASHINFO_JSON_NONE && !error; name = crashinfo_json_next(l->json, node, name))
		error = take_member(l, name, &rule, &pattern);
	if (!error && (!rule.id || pattern == CRASHINFO_JSON_NONE))
		error = wrong(l, node, "a rule has an id and a pattern");
	if (!error)
		error = take_text(l, pattern, "\"pattern\" is a text", &text);
	if (!error)
		error = scrub_compile(rule.id, text.data, text.size, true, &rule.code);
	if (error)
		return error;
	added = vec_push(&l->s->rules);
	if (!added) {
		pcre2_code_free(rule.code);
		return crashinfo_error_no_memory();
	}
	*added = rule;
	return NULL;
}

static struct crashinfo_error *take_rules(const struct loading *l)
{
	crashinfo_json_node rules = crashinfo_json_member(l->json, 0, "rules");
	struct crashinfo_error *error = NULL;

	if (rules == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(l->json, rules) != CRASHINFO_JSON_ARRAY)
		return wrong(l, 0, "expected an object with a list \"rules\"");
	if (crashinfo_json_count(l->json, rules) > l->s->limits->scrub_rules)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "more rules than the limit of %zu",
					      l->s->limits->scrub_rules);
	for (crashinfo_json_node rule = crashinfo_json_first(l->json, rules);
	     rule != CRASHINFO_JSON_NONE && !error;
	     rule = crashinfo_json_next(l->json, rules, rule)) {
		error = take_rule(l, rule);
		if (error && !error->line)
			error = crashinfo_error_at(error, l->source, 0, 0, 0);
	}
	return error;
}

struct crashinfo_error *crashinfo_scrubber_add_rules(struct crashinfo_scrubber *s, const char *text,
						     size_t size, const char *source)
{
	struct loading l = {.s = s, .source = source};
	struct crashinfo_context context = {.limits = *s->limits};
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(&context, text, size, source, &json);
	if (error)
		return error;
	l.json = json;
	error = take_rules(&l);
	crashinfo_json_destroy(json);
	return error;
}

struct crashinfo_error *crashinfo_scrubber_add_file(struct crashinfo_scrubber *s, const char *path)
{
	_strbuf_ struct strbuf text = {0};
	struct crashinfo_error *error = io_read_file(path, RULES_MAX_BYTES, &text);

	if (error)
		return crashinfo_error_at(error, path, 0, 0, 0);
	return crashinfo_scrubber_add_rules(s, text.data ? text.data : "", text.size, path);
}
