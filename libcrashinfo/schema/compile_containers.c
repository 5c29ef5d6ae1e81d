/* SPDX-License-Identifier: Apache-2.0 */
/* The words for arrays and objects, and those that combine schemas. */
#include "schema/compile.h"

/* --- arrays --- */

static struct crashinfo_error *compile_items(const struct building *b, struct array_rules *rules)
{
	crashinfo_json_node items = b->words.at[WORD_ITEMS];
	struct crashinfo_error *error;

	if (items == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(b, WORD_ITEMS, CRASHINFO_JSON_ARRAY))
		return compile_child(b, items, &rules->rest);
	error = compile_children(b, items, &rules->tuple, &rules->tuple_count);
	if (error)
		return error;
	/* without an array in "items" it means nothing */
	rules->rest_is_additional = true;
	return compile_word(b, WORD_ADDITIONAL_ITEMS, &rules->rest);
}

struct crashinfo_error *compile_arrays(const struct building *b)
{
	static const enum word words[] = {WORD_ITEMS,     WORD_CONTAINS,     WORD_MIN_ITEMS,
					  WORD_MAX_ITEMS, WORD_UNIQUE_ITEMS, WORD_COUNT};
	struct array_rules *rules;
	struct crashinfo_error *error;

	if (!compile_has_any(b, words))
		return NULL;
	rules = arena_calloc(b->compiler->arena, 1, sizeof(*rules));
	if (!rules)
		return crashinfo_error_no_memory();
	b->schema->arrays = rules;
	if (b->words.at[WORD_UNIQUE_ITEMS] != CRASHINFO_JSON_NONE) {
		rules->unique = compile_is(b, WORD_UNIQUE_ITEMS, CRASHINFO_JSON_TRUE);
		if (!rules->unique && !compile_is(b, WORD_UNIQUE_ITEMS, CRASHINFO_JSON_FALSE))
			return compile_expect(b, WORD_UNIQUE_ITEMS, "a boolean");
	}
	error = compile_counts(b, WORD_MIN_ITEMS, WORD_MAX_ITEMS, &rules->count);
	if (!error)
		error = compile_items(b, rules);
	return error ? error : compile_word(b, WORD_CONTAINS, &rules->contains);
}

/* --- objects --- */

/* The names that the rules of an object are about, while they are gathered. */
struct gathering {
	const struct building *b;
	struct object_rules *rules;
	VEC(struct crashinfo_slice) names;
};

/*
 * The index of the name at `node`, added when it is new. A list is searched, as a table cannot be
 * made before all names are known; schemas name few.
 */
static struct crashinfo_error *gather_name(struct gathering *g, crashinfo_json_node node,
					   uint32_t *ret)
{
	struct crashinfo_slice text, *name;
	struct crashinfo_error *error = compile_text(g->b, node, &text);

	if (error)
		return error;
	for (size_t i = 0; i < g->names.size; i++) {
		if (g->names.data[i].size == text.size &&
		    !memcmp(g->names.data[i].data, text.data, text.size)) {
			*ret = (uint32_t)i;
			return NULL;
		}
	}
	name = vec_push(&g->names);
	if (!name)
		return crashinfo_error_no_memory();
	*name = text;
	*ret = (uint32_t)(g->names.size - 1);
	return NULL;
}

/* An array of strings as indexes of names. */
static struct crashinfo_error *gather_list(struct gathering *g, enum word word,
					   crashinfo_json_node node, const uint32_t **ret,
					   size_t *count_ret)
{
	const struct json_node *nodes = g->b->place->json->nodes;
	uint32_t *list =
		arena_calloc(g->b->compiler->arena, json_count(&nodes[node]) + 1, sizeof(*list));
	size_t count = 0;

	if (!list)
		return crashinfo_error_no_memory();
	if (json_type(&nodes[node]) != CRASHINFO_JSON_ARRAY)
		return compile_expect(g->b, word, "an array of strings");
	for (uint32_t child = node + 1; child < nodes[node].next; child = nodes[child].next) {
		struct crashinfo_error *error;

		if (json_type(&nodes[child]) != CRASHINFO_JSON_STRING)
			return compile_expect(g->b, word, "an array of strings");
		error = gather_name(g, child, &list[count++]);
		if (error)
			return error;
	}
	*ret = list;
	*count_ret = count;
	return NULL;
}

static struct crashinfo_error *gather_required(struct gathering *g)
{
	struct object_rules *rules = g->rules;
	struct crashinfo_error *error;

	if (g->b->words.at[WORD_REQUIRED] == CRASHINFO_JSON_NONE)
		return NULL;
	error = gather_list(g, WORD_REQUIRED, g->b->words.at[WORD_REQUIRED], &rules->required,
			    &rules->required_count);
	if (error)
		return error;
	for (size_t i = 0; i < rules->required_count; i++)
		if (rules->required[i] < 64)
			rules->required_bits |= UINT64_C(1) << rules->required[i];
	return NULL;
}

static struct crashinfo_error *gather_dependency(struct gathering *g, crashinfo_json_node name,
						 struct dependency *ret)
{
	const struct json_node *value = &g->b->place->json->nodes[name + 1];
	struct crashinfo_error *error = gather_name(g, name, &ret->name);

	if (error)
		return error;
	if (json_type(value) == CRASHINFO_JSON_ARRAY)
		return gather_list(g, WORD_DEPENDENCIES, name + 1, &ret->required,
				   &ret->required_count);
	return compile_child(g->b, name + 1, &ret->schema);
}

static struct crashinfo_error *gather_dependencies(struct gathering *g)
{
	const struct json_node *nodes = g->b->place->json->nodes;
	crashinfo_json_node node = g->b->words.at[WORD_DEPENDENCIES];
	struct dependency *list;

	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(g->b, WORD_DEPENDENCIES, CRASHINFO_JSON_OBJECT))
		return compile_expect(g->b, WORD_DEPENDENCIES, "an object");
	list = arena_calloc(g->b->compiler->arena, json_count(&nodes[node]) + 1, sizeof(*list));
	if (!list)
		return crashinfo_error_no_memory();
	g->rules->dependencies = list;
	for (uint32_t name = node + 1; name < nodes[node].next; name = nodes[name + 1].next) {
		struct crashinfo_error *error =
			gather_dependency(g, name, &list[g->rules->dependency_count++]);

		if (error)
			return error;
	}
	return NULL;
}

/* Called last: `properties` has a place for each name, those of other words too. */
static struct crashinfo_error *gather_properties(struct gathering *g)
{
	const struct json_node *nodes = g->b->place->json->nodes;
	crashinfo_json_node node = g->b->words.at[WORD_PROPERTIES];
	size_t most = g->names.size + (node == CRASHINFO_JSON_NONE ? 0 : json_count(&nodes[node]));
	const struct subschema **properties =
		arena_calloc(g->b->compiler->arena, most + 1, sizeof(*properties));

	if (!properties)
		return crashinfo_error_no_memory();
	g->rules->properties = properties;
	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(g->b, WORD_PROPERTIES, CRASHINFO_JSON_OBJECT))
		return compile_expect(g->b, WORD_PROPERTIES, "an object");
	for (uint32_t name = node + 1; name < nodes[node].next; name = nodes[name + 1].next) {
		uint32_t index;
		struct crashinfo_error *error = gather_name(g, name, &index);

		if (!error)
			error = compile_child(g->b, name + 1, &properties[index]);
		if (error)
			return error;
	}
	return NULL;
}

static struct crashinfo_error *compile_pattern_properties(const struct building *b,
							  struct object_rules *rules)
{
	const struct json_node *nodes = b->place->json->nodes;
	crashinfo_json_node node = b->words.at[WORD_PATTERN_PROPERTIES];
	struct pattern_property *list;

	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(b, WORD_PATTERN_PROPERTIES, CRASHINFO_JSON_OBJECT))
		return compile_expect(b, WORD_PATTERN_PROPERTIES, "an object");
	list = arena_calloc(b->compiler->arena, json_count(&nodes[node]) + 1, sizeof(*list));
	if (!list)
		return crashinfo_error_no_memory();
	rules->patterns = list;
	for (uint32_t name = node + 1; name < nodes[node].next; name = nodes[name + 1].next) {
		struct pattern_property *property = &list[rules->pattern_count++];
		struct crashinfo_error *error = compile_pattern(b, name, &property->pattern);

		if (!error)
			error = compile_child(b, name + 1, &property->schema);
		if (error)
			return error;
	}
	return NULL;
}

/* The names that were gathered become a table. */
static struct crashinfo_error *settle_names(struct gathering *g)
{
	size_t count = g->names.size;
	struct crashinfo_slice *names =
		arena_calloc(g->b->compiler->arena, count + 1, sizeof(*names));

	if (!names)
		return crashinfo_error_no_memory();
	if (count)
		memcpy(names, g->names.data, count * sizeof(*names));
	return names_init(&g->rules->names, g->b->compiler->arena, names, count)
		       ? NULL
		       : crashinfo_error_no_memory();
}

struct crashinfo_error *compile_objects(const struct building *b)
{
	static const enum word words[] = {
		WORD_PROPERTIES,     WORD_PATTERN_PROPERTIES, WORD_ADDITIONAL_PROPERTIES,
		WORD_PROPERTY_NAMES, WORD_REQUIRED,           WORD_DEPENDENCIES,
		WORD_MIN_PROPERTIES, WORD_MAX_PROPERTIES,     WORD_COUNT};
	struct gathering g = {.b = b};
	struct crashinfo_error *error;

	if (!compile_has_any(b, words))
		return NULL;
	g.rules = arena_calloc(b->compiler->arena, 1, sizeof(*g.rules));
	if (!g.rules)
		return crashinfo_error_no_memory();
	b->schema->objects = g.rules;
	error = compile_counts(b, WORD_MIN_PROPERTIES, WORD_MAX_PROPERTIES, &g.rules->count);
	if (!error) /* first, so that required names have the low bits */
		error = gather_required(&g);
	if (!error)
		error = gather_dependencies(&g);
	if (!error)
		error = gather_properties(&g);
	if (!error)
		error = settle_names(&g);
	free(g.names.data);
	if (!error)
		error = compile_pattern_properties(b, g.rules);
	if (!error)
		error = compile_word(b, WORD_ADDITIONAL_PROPERTIES, &g.rules->additional);
	return error ? error : compile_word(b, WORD_PROPERTY_NAMES, &g.rules->property_names);
}

/* --- combinations --- */

static struct crashinfo_error *compile_branches(const struct building *b, enum word word,
						enum combine_kind kind, struct combine_rule *rules)
{
	struct combine_rule *rule = &rules[b->schema->combine_count];
	crashinfo_json_node node = b->words.at[word];

	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(b, word, CRASHINFO_JSON_ARRAY) ||
	    !crashinfo_json_count(b->place->json, node))
		return compile_expect(b, word, "an array of schemas, not empty");
	rule->kind = kind;
	rule->types = arena_calloc(b->compiler->arena, crashinfo_json_count(b->place->json, node),
				   sizeof(*rule->types));
	if (!rule->types)
		return crashinfo_error_no_memory();
	b->schema->combine_count++;
	return compile_children(b, node, &rule->branches, &rule->count);
}

/* Up to three schemas by their words; those that are absent stay NULL. */
static struct crashinfo_error *compile_words(const struct building *b, const enum word *words,
					     size_t count, enum combine_kind kind,
					     struct combine_rule *rules)
{
	struct combine_rule *rule = &rules[b->schema->combine_count];
	const struct subschema **branches;
	struct crashinfo_error *error = NULL;

	if (b->words.at[words[0]] == CRASHINFO_JSON_NONE)
		return NULL;
	branches = arena_calloc(b->compiler->arena, count, sizeof(*branches));
	if (!branches)
		return crashinfo_error_no_memory();
	*rule = (struct combine_rule){kind, branches,
				      arena_calloc(b->compiler->arena, count, sizeof(*rule->types)),
				      count};
	if (!rule->types)
		return crashinfo_error_no_memory();
	b->schema->combine_count++;
	for (size_t i = 0; i < count && !error; i++)
		error = compile_word(b, words[i], &branches[i]);
	return error;
}

struct crashinfo_error *compile_combines(const struct building *b)
{
	static const enum word words[] = {WORD_ALL_OF, WORD_ANY_OF, WORD_ONE_OF,
					  WORD_NOT,    WORD_IF,     WORD_COUNT};
	static const enum word not_words[] = {WORD_NOT};
	static const enum word if_words[] = {WORD_IF, WORD_THEN, WORD_ELSE};
	struct combine_rule *rules;
	struct crashinfo_error *error;

	if (!compile_has_any(b, words))
		return NULL;
	rules = arena_calloc(b->compiler->arena, 5, sizeof(*rules));
	if (!rules)
		return crashinfo_error_no_memory();
	b->schema->combines = rules;
	error = compile_branches(b, WORD_ALL_OF, COMBINE_ALL, rules);
	if (!error)
		error = compile_branches(b, WORD_ANY_OF, COMBINE_ANY, rules);
	if (!error)
		error = compile_branches(b, WORD_ONE_OF, COMBINE_ONE, rules);
	if (!error)
		error = compile_words(b, not_words, 1, COMBINE_NOT, rules);
	return error ? error : compile_words(b, if_words, 3, COMBINE_IF, rules);
}

/* Types of values that a branch may hold for. */
static uint8_t branch_types(const struct subschema *branch)
{
	uint8_t types;

	branch = branch->target ? branch->target : branch;
	types = branch->types;
	for (size_t i = 0; i < branch->value_count; i++)
		types &= branch->values[i].types;
	return types;
}

static bool is_only_union(const struct subschema *schema)
{
	return schema->combine_count == 1 && schema->types == TYPE_ANY && !schema->value_count &&
	       !schema->numbers && !schema->strings && !schema->arrays && !schema->objects &&
	       (schema->combines->kind == COMBINE_ANY || schema->combines->kind == COMBINE_ONE);
}

struct crashinfo_error *compile_selection(struct compiler *c, struct subschema *schema)
{
	const struct combine_rule *rule = schema->combines;
	const struct subschema **select;

	for (size_t i = 0; i < schema->combine_count; i++)
		for (size_t j = 0; j < rule[i].count; j++)
			if (rule[i].branches[j])
				rule[i].types[j] = branch_types(rule[i].branches[j]);
	if (!is_only_union(schema))
		return NULL;
	select = arena_calloc(c->arena, TYPE_COUNT, sizeof(*select));
	if (!select)
		return crashinfo_error_no_memory();
	for (size_t type = 0; type < TYPE_COUNT; type++) {
		size_t candidates = 0;

		for (size_t j = 0; j < rule->count; j++) {
			if (!(rule->types[j] >> type & 1))
				continue;
			candidates++;
			select[type] = rule->branches[j];
		}
		if (candidates > 1)
			select[type] = NULL;
	}
	schema->select = select;
	return NULL;
}
