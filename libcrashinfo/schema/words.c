/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/words.h"

#include <string.h>

#include "json/string.h"

static const struct word_row {
	const char *name;
	enum word_holds holds;
} rows[WORD_COUNT] = {
	[WORD_ID] = {"$id", HOLDS_NONE},
	[WORD_REF] = {"$ref", HOLDS_NONE},
	[WORD_ADDITIONAL_ITEMS] = {"additionalItems", HOLDS_SCHEMA},
	[WORD_ADDITIONAL_PROPERTIES] = {"additionalProperties", HOLDS_SCHEMA},
	[WORD_ALL_OF] = {"allOf", HOLDS_ARRAY},
	[WORD_ANY_OF] = {"anyOf", HOLDS_ARRAY},
	[WORD_CONST] = {"const", HOLDS_NONE},
	[WORD_CONTAINS] = {"contains", HOLDS_SCHEMA},
	[WORD_CONTENT_ENCODING] = {"contentEncoding", HOLDS_NONE},
	[WORD_CONTENT_MEDIA_TYPE] = {"contentMediaType", HOLDS_NONE},
	[WORD_DEFINITIONS] = {"definitions", HOLDS_MEMBERS},
	[WORD_DEPENDENCIES] = {"dependencies", HOLDS_MEMBERS},
	[WORD_ELSE] = {"else", HOLDS_SCHEMA},
	[WORD_ENUM] = {"enum", HOLDS_NONE},
	[WORD_EXCLUSIVE_MAXIMUM] = {"exclusiveMaximum", HOLDS_NONE},
	[WORD_EXCLUSIVE_MINIMUM] = {"exclusiveMinimum", HOLDS_NONE},
	[WORD_FORMAT] = {"format", HOLDS_NONE},
	[WORD_IF] = {"if", HOLDS_SCHEMA},
	[WORD_ITEMS] = {"items", HOLDS_EITHER},
	[WORD_MAX_ITEMS] = {"maxItems", HOLDS_NONE},
	[WORD_MAX_LENGTH] = {"maxLength", HOLDS_NONE},
	[WORD_MAX_PROPERTIES] = {"maxProperties", HOLDS_NONE},
	[WORD_MAXIMUM] = {"maximum", HOLDS_NONE},
	[WORD_MIN_ITEMS] = {"minItems", HOLDS_NONE},
	[WORD_MIN_LENGTH] = {"minLength", HOLDS_NONE},
	[WORD_MIN_PROPERTIES] = {"minProperties", HOLDS_NONE},
	[WORD_MINIMUM] = {"minimum", HOLDS_NONE},
	[WORD_MULTIPLE_OF] = {"multipleOf", HOLDS_NONE},
	[WORD_NOT] = {"not", HOLDS_SCHEMA},
	[WORD_ONE_OF] = {"oneOf", HOLDS_ARRAY},
	[WORD_PATTERN] = {"pattern", HOLDS_NONE},
	[WORD_PATTERN_PROPERTIES] = {"patternProperties", HOLDS_MEMBERS},
	[WORD_PROPERTIES] = {"properties", HOLDS_MEMBERS},
	[WORD_PROPERTY_NAMES] = {"propertyNames", HOLDS_SCHEMA},
	[WORD_REQUIRED] = {"required", HOLDS_NONE},
	[WORD_THEN] = {"then", HOLDS_SCHEMA},
	[WORD_TYPE] = {"type", HOLDS_NONE},
	[WORD_UNIQUE_ITEMS] = {"uniqueItems", HOLDS_NONE},
};

const char *word_name(enum word word)
{
	return rows[word].name;
}

enum word_holds word_holds(enum word word)
{
	return rows[word].holds;
}

/* WORD_COUNT when the member name is no word. */
static enum word word_find(const struct crashinfo_json *json, const struct json_node *name)
{
	struct crashinfo_slice text = json_quoted(json, name);

	if (name->info & JSON_FLAG) {
		for (int i = 0; i < WORD_COUNT; i++)
			if (json_string_is(json, name, rows[i].name, strlen(rows[i].name)))
				return (enum word)i;
		return WORD_COUNT;
	}
	for (int i = 0; i < WORD_COUNT; i++)
		if (text.size > 1 && rows[i].name[0] == text.data[0] &&
		    rows[i].name[1] == text.data[1] && strlen(rows[i].name) == text.size &&
		    !memcmp(rows[i].name, text.data, text.size))
			return (enum word)i;
	return WORD_COUNT;
}

void words_read(struct words *words, const struct crashinfo_json *json, crashinfo_json_node node)
{
	const struct json_node *nodes = json->nodes;

	for (int i = 0; i < WORD_COUNT; i++)
		words->at[i] = CRASHINFO_JSON_NONE;
	if (json_type(&nodes[node]) != CRASHINFO_JSON_OBJECT)
		return;
	for (uint32_t name = node + 1; name < nodes[node].next; name = nodes[name + 1].next) {
		enum word word = word_find(json, &nodes[name]);

		if (word != WORD_COUNT)
			words->at[word] = name + 1;
	}
}
