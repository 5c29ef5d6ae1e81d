/* SPDX-License-Identifier: Apache-2.0 */
/* The words of draft-07 that mean something to a validator, and the members that a schema has. */
#ifndef SCHEMA_WORDS_H
#define SCHEMA_WORDS_H

#include "json/document.h"

/* In the order of the table in words.c, which is sorted by name. */
enum word {
	WORD_ID,
	WORD_REF,
	WORD_ADDITIONAL_ITEMS,
	WORD_ADDITIONAL_PROPERTIES,
	WORD_ALL_OF,
	WORD_ANY_OF,
	WORD_CONST,
	WORD_CONTAINS,
	WORD_CONTENT_ENCODING,
	WORD_CONTENT_MEDIA_TYPE,
	WORD_DEFINITIONS,
	WORD_DEPENDENCIES,
	WORD_ELSE,
	WORD_ENUM,
	WORD_EXCLUSIVE_MAXIMUM,
	WORD_EXCLUSIVE_MINIMUM,
	WORD_FORMAT,
	WORD_IF,
	WORD_ITEMS,
	WORD_MAX_ITEMS,
	WORD_MAX_LENGTH,
	WORD_MAX_PROPERTIES,
	WORD_MAXIMUM,
	WORD_MIN_ITEMS,
	WORD_MIN_LENGTH,
	WORD_MIN_PROPERTIES,
	WORD_MINIMUM,
	WORD_MULTIPLE_OF,
	WORD_NOT,
	WORD_ONE_OF,
	WORD_PATTERN,
	WORD_PATTERN_PROPERTIES,
	WORD_PROPERTIES,
	WORD_PROPERTY_NAMES,
	WORD_REQUIRED,
	WORD_THEN,
	WORD_TYPE,
	WORD_UNIQUE_ITEMS,
	WORD_COUNT,
};

/* Where a word's value holds schemas. */
enum word_holds {
	HOLDS_NONE,
	HOLDS_SCHEMA,
	HOLDS_ARRAY,  /* of schemas */
	HOLDS_EITHER, /* one or the other */
	HOLDS_MEMBERS /* of which those that are arrays are none */
};

const char *word_name(enum word word);
enum word_holds word_holds(enum word word);

/* The values of the words that the object `node` has; NONE for the others and in other types. */
struct words {
	crashinfo_json_node at[WORD_COUNT];
};
void words_read(struct words *words, const struct crashinfo_json *json, crashinfo_json_node node);

#endif
