/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a schema is compiled to. Each (sub)schema becomes one struct with the rules for each type of
 * value in a struct of their own, absent when there are none; `$ref` is followed beforehand.
 */
#ifndef SCHEMA_PROGRAM_H
#define SCHEMA_PROGRAM_H

#include <crashinfo/schema.h>

#include "base/arena.h"
#include "schema/decimal.h"
#include "schema/format.h"
#include "schema/names.h"
#include "schema/regex.h"
#include "json/document.h"

/* Types as bits; a number without fraction is an integer and a number. */
enum {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_INTEGER = 4,
	TYPE_FRACTION = 8, /* a number that is no integer */
	TYPE_STRING = 16,
	TYPE_ARRAY = 32,
	TYPE_OBJECT = 64,
	TYPE_ANY = 127,
};

/* What a finding can be about; the order is that of keyword_names[] in explain.c. */
enum keyword {
	KEYWORD_FALSE, /* the schema `false` */
	KEYWORD_TYPE,
	KEYWORD_ENUM,
	KEYWORD_CONST,
	KEYWORD_MULTIPLE_OF,
	KEYWORD_MAXIMUM,
	KEYWORD_EXCLUSIVE_MAXIMUM,
	KEYWORD_MINIMUM,
	KEYWORD_EXCLUSIVE_MINIMUM,
	KEYWORD_MAX_LENGTH,
	KEYWORD_MIN_LENGTH,
	KEYWORD_PATTERN,
	KEYWORD_FORMAT,
	KEYWORD_CONTENT_ENCODING,
	KEYWORD_CONTENT_MEDIA_TYPE,
	KEYWORD_ADDITIONAL_ITEMS,
	KEYWORD_MAX_ITEMS,
	KEYWORD_MIN_ITEMS,
	KEYWORD_UNIQUE_ITEMS,
	KEYWORD_CONTAINS,
	KEYWORD_MAX_PROPERTIES,
	KEYWORD_MIN_PROPERTIES,
	KEYWORD_REQUIRED,
	KEYWORD_ADDITIONAL_PROPERTIES,
	KEYWORD_DEPENDENCIES,
	KEYWORD_ANY_OF,
	KEYWORD_ONE_OF,
	KEYWORD_NOT,
	KEYWORD_COUNT,
};

struct subschema;

/* A value of some document. */
struct value {
	const struct crashinfo_json *json;
	crashinfo_json_node node;
};

/* The values of `enum`, or the one of `const`. */
struct value_rules {
	enum keyword keyword;
	uint8_t types;        /* of all the values */
	struct names strings; /* those that are strings, unescaped */
	const struct value *others;
	size_t other_count;
};

struct number_bound {
	bool present;
	struct decimal value;
	struct crashinfo_slice text; /* as written */
};

struct number_rules {
	/* bounds are all that there is, and they fit here: enough for numbers of few digits */
	bool small;
	int64_t least, most;
	struct number_bound minimum, exclusive_minimum, maximum, exclusive_maximum, multiple_of;
};

/* Counts from `min` to `max`, UINT64_MAX when there is no bound. */
struct count_rules {
	uint64_t min, max;
};

struct string_rules {
	struct count_rules length; /* code points */
	struct schema_regex *pattern;
	struct crashinfo_slice pattern_text;
	const struct schema_format *format;
	bool base64, media_json; /* contentEncoding, contentMediaType */
};

struct array_rules {
	struct count_rules count;
	bool unique;
	const struct subschema *const *tuple; /* for the first elements */
	size_t tuple_count;
	const struct subschema *rest; /* for the others; NULL: anything */
	bool rest_is_additional;      /* it stands under additionalItems */
	const struct subschema *contains;
};

struct pattern_property {
	struct schema_regex *pattern;
	const struct subschema *schema;
};

struct dependency {
	uint32_t name;            /* the member that asks for others */
	const uint32_t *required; /* these names */
	size_t required_count;
	const struct subschema *schema; /* or this to hold for the object; NULL */
};

struct object_rules {
	struct count_rules count;
	struct names names; /* all member names that matter, each with a bit in a set */
	const struct subschema *const *properties; /* by name; NULL elements: any value */
	const uint32_t *required;                  /* names */
	size_t required_count;
	uint64_t required_bits; /* of the first 64 names */
	const struct pattern_property *patterns;
	size_t pattern_count;
	const struct subschema *additional; /* NULL: anything */
	const struct subschema *property_names;
	const struct dependency *dependencies;
	size_t dependency_count;
};

enum combine_kind { COMBINE_ALL, COMBINE_ANY, COMBINE_ONE, COMBINE_NOT, COMBINE_IF };

struct combine_rule {
	enum combine_kind kind;
	const struct subschema *const *branches; /* of COMBINE_IF: if, then, else (NULL: absent) */
	uint8_t *types; /* for each branch, of the values it may hold for */
	size_t count;
};

struct subschema {
	struct subschema *target;         /* of `$ref`: all else is in there */
	uint8_t types;                    /* allowed ones */
	bool never;                       /* the schema `false` */
	const struct value_rules *values; /* `value_count` of them: enum, const */
	size_t value_count;
	const struct number_rules *numbers;
	const struct string_rules *strings;
	const struct array_rules *arrays;
	const struct object_rules *objects;
	const struct combine_rule *combines;
	size_t combine_count;
	/*
	 * Of a schema that is a union and nothing else: by the number of a type's bit the one
	 * branch that values of the type may hold for; NULL when there is none or are several.
	 */
	const struct subschema *const *select;
};

struct schema_documents;

struct crashinfo_schema {
	struct arena arena; /* everything but what PCRE2 and the documents own */
	struct schema_documents *documents;
	struct subschema *root;
	size_t subschema_count;
	struct schema_regex **patterns; /* all, to be destroyed */
	size_t pattern_count;
};

#define TYPE_COUNT 7

/* The bit of a node's type; a number written with fraction or exponent may be an integer. */
static inline uint8_t type_bit(const struct crashinfo_json *json, const struct json_node *node)
{
	static const uint8_t bits[] = {TYPE_NULL,   TYPE_BOOLEAN, TYPE_BOOLEAN, TYPE_INTEGER,
				       TYPE_STRING, TYPE_ARRAY,   TYPE_OBJECT};
	enum crashinfo_json_type type = json_type(node);

	if (type == CRASHINFO_JSON_NUMBER && node->info & JSON_FLAG) {
		struct crashinfo_slice text = json_node_text(json, node);
		struct decimal value = decimal_parse(text.data, text.size);

		return decimal_is_integer(&value) ? TYPE_INTEGER : TYPE_FRACTION;
	}
	return bits[type];
}

#endif
