/* SPDX-License-Identifier: Apache-2.0 */
/* type, enum, const, and the words for numbers and strings. */
#include "schema/compile.h"

#include <string.h>

#include "base/number.h"

static const struct {
	const char *name;
	uint8_t types;
} type_names[] = {
	{"array", TYPE_ARRAY},
	{"boolean", TYPE_BOOLEAN},
	{"integer", TYPE_INTEGER},
	{"null", TYPE_NULL},
	{"number", TYPE_INTEGER | TYPE_FRACTION},
	{"object", TYPE_OBJECT},
	{"string", TYPE_STRING},
};

/* The bits of one name of a type, 0 for what is none. */
static uint8_t read_type(const struct building *b, crashinfo_json_node node)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (crashinfo_json_string_equals(b->place->json, node, type_names[i].name))
			return type_names[i].types;
	return 0;
}

struct crashinfo_error *compile_types(const struct building *b)
{
	static const char what[] = "the name of a type or an array of them";
	const struct json_node *nodes = b->place->json->nodes;
	crashinfo_json_node node = b->words.at[WORD_TYPE];

	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	b->schema->types = 0;
	if (!compile_is(b, WORD_TYPE, CRASHINFO_JSON_ARRAY)) {
		b->schema->types = read_type(b, node);
		return b->schema->types ? NULL : compile_expect(b, WORD_TYPE, what);
	}
	for (uint32_t child = node + 1; child < nodes[node].next; child = nodes[child].next) {
		uint8_t types = read_type(b, child);

		if (!types)
			return compile_expect(b, WORD_TYPE, what);
		b->schema->types |= types;
	}
	return b->schema->types ? NULL : compile_expect(b, WORD_TYPE, what);
}

/* --- enum and const --- */

static struct crashinfo_error *add_value(const struct building *b, crashinfo_json_node node,
					 struct crashinfo_slice *strings, size_t *string_count,
					 struct value_rules *rules)
{
	const struct crashinfo_json *json = b->place->json;
	struct value *others = (struct value *)rules->others;

	rules->types |= type_bit(json, &json->nodes[node]);
	if (json_type(&json->nodes[node]) == CRASHINFO_JSON_STRING)
		return compile_text(b, node, &strings[(*string_count)++]);
	others[rules->other_count++] = (struct value){json, node};
	return NULL;
}

/* `count` values from `first` on. */
static struct crashinfo_error *compile_list(const struct building *b, crashinfo_json_node first,
					    size_t count, enum keyword keyword,
					    struct value_rules *rules)
{
	struct arena *arena = b->compiler->arena;
	struct crashinfo_slice *strings = arena_calloc(arena, count + 1, sizeof(*strings));
	size_t string_count = 0;

	*rules = (struct value_rules){
		.keyword = keyword,
		.others = arena_calloc(arena, count + 1, sizeof(*rules->others)),
	};
	if (!strings || !rules->others)
		return crashinfo_error_no_memory();
	for (crashinfo_json_node node = first; count--; node = b->place->json->nodes[node].next) {
		struct crashinfo_error *error = add_value(b, node, strings, &string_count, rules);

		if (error)
			return error;
	}
	return names_init(&rules->strings, arena, strings, string_count)
		       ? NULL
		       : crashinfo_error_no_memory();
}

struct crashinfo_error *compile_values(const struct building *b)
{
	crashinfo_json_node list = b->words.at[WORD_ENUM], constant = b->words.at[WORD_CONST];
	struct crashinfo_error *error = NULL;
	struct value_rules *rules;

	if (list == CRASHINFO_JSON_NONE && constant == CRASHINFO_JSON_NONE)
		return NULL;
	rules = arena_calloc(b->compiler->arena, 2, sizeof(*rules));
	if (!rules)
		return crashinfo_error_no_memory();
	b->schema->values = rules;
	if (list != CRASHINFO_JSON_NONE) {
		if (!compile_is(b, WORD_ENUM, CRASHINFO_JSON_ARRAY))
			return compile_expect(b, WORD_ENUM, "an array");
		error = compile_list(b, list + 1, crashinfo_json_count(b->place->json, list),
				     KEYWORD_ENUM, &rules[b->schema->value_count++]);
	}
	if (!error && constant != CRASHINFO_JSON_NONE)
		error = compile_list(b, constant, 1, KEYWORD_CONST,
				     &rules[b->schema->value_count++]);
	return error;
}

/* --- numbers --- */

static struct crashinfo_error *compile_bound(const struct building *b, enum word word,
					     struct number_bound *ret)
{
	const struct crashinfo_json *json = b->place->json;
	crashinfo_json_node node = b->words.at[word];

	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(b, word, CRASHINFO_JSON_NUMBER))
		return compile_expect(b, word, "a number");
	ret->present = true;
	ret->text = json_node_text(json, &json->nodes[node]);
	ret->value = decimal_parse(ret->text.data, ret->text.size);
	return NULL;
}

/* A bound as an integer; without one `fallback`. */
static bool small_bound(const struct number_bound *bound, int64_t fallback, int64_t *ret)
{
	*ret = fallback;
	return !bound->present || parse_dec_i64(bound->text.data, bound->text.size, ret);
}

struct crashinfo_error *compile_numbers(const struct building *b)
{
	static const enum word words[] = {WORD_MINIMUM,     WORD_EXCLUSIVE_MINIMUM,
					  WORD_MAXIMUM,     WORD_EXCLUSIVE_MAXIMUM,
					  WORD_MULTIPLE_OF, WORD_COUNT};
	struct crashinfo_error *error = NULL;
	struct number_rules *rules;
	struct number_bound *bounds[5];

	if (!compile_has_any(b, words))
		return NULL;
	rules = arena_calloc(b->compiler->arena, 1, sizeof(*rules));
	if (!rules)
		return crashinfo_error_no_memory();
	b->schema->numbers = rules;
	bounds[0] = &rules->minimum;
	bounds[1] = &rules->exclusive_minimum;
	bounds[2] = &rules->maximum;
	bounds[3] = &rules->exclusive_maximum;
	bounds[4] = &rules->multiple_of;
	for (size_t i = 0; words[i] != WORD_COUNT && !error; i++)
		error = compile_bound(b, words[i], bounds[i]);
	rules->small = !rules->multiple_of.present && !rules->exclusive_minimum.present &&
		       !rules->exclusive_maximum.present &&
		       small_bound(&rules->minimum, INT64_MIN, &rules->least) &&
		       small_bound(&rules->maximum, INT64_MAX, &rules->most);
	if (!error && rules->multiple_of.present &&
	    (rules->multiple_of.value.negative || !rules->multiple_of.value.size))
		error = compile_expect(b, WORD_MULTIPLE_OF, "greater than 0");
	return error;
}

/* --- strings --- */

static struct crashinfo_error *compile_format(const struct building *b, struct string_rules *rules)
{
	struct crashinfo_slice name;
	struct crashinfo_error *error;

	if (b->words.at[WORD_FORMAT] == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(b, WORD_FORMAT, CRASHINFO_JSON_STRING))
		return compile_expect(b, WORD_FORMAT, "a string");
	error = compile_text(b, b->words.at[WORD_FORMAT], &name);
	if (!error)
		rules->format = schema_format_find(name.data, name.size);
	return error;
}

static bool is_word_text(const struct building *b, enum word word, const char *text)
{
	return b->words.at[word] != CRASHINFO_JSON_NONE &&
	       crashinfo_json_string_equals(b->place->json, b->words.at[word], text);
}

struct crashinfo_error *compile_strings(const struct building *b)
{
	static const enum word words[] = {
		WORD_MIN_LENGTH,       WORD_MAX_LENGTH,         WORD_PATTERN, WORD_FORMAT,
		WORD_CONTENT_ENCODING, WORD_CONTENT_MEDIA_TYPE, WORD_COUNT};
	struct string_rules *rules;
	struct crashinfo_error *error;

	if (!compile_has_any(b, words))
		return NULL;
	rules = arena_calloc(b->compiler->arena, 1, sizeof(*rules));
	if (!rules)
		return crashinfo_error_no_memory();
	b->schema->strings = rules;
	rules->base64 = is_word_text(b, WORD_CONTENT_ENCODING, "base64");
	rules->media_json = is_word_text(b, WORD_CONTENT_MEDIA_TYPE, "application/json");
	error = compile_counts(b, WORD_MIN_LENGTH, WORD_MAX_LENGTH, &rules->length);
	if (!error)
		error = compile_format(b, rules);
	if (error || b->words.at[WORD_PATTERN] == CRASHINFO_JSON_NONE)
		return error;
	if (!compile_is(b, WORD_PATTERN, CRASHINFO_JSON_STRING))
		return compile_expect(b, WORD_PATTERN, "a string");
	error = compile_text(b, b->words.at[WORD_PATTERN], &rules->pattern_text);
	return error ? error : compile_pattern(b, b->words.at[WORD_PATTERN], &rules->pattern);
}
