/* SPDX-License-Identifier: Apache-2.0 */
/* From schemas to what program.h describes: the parts of the compiler. */
#ifndef SCHEMA_COMPILE_H
#define SCHEMA_COMPILE_H

#include "base/vec.h"
#include "schema/documents.h"
#include "schema/program.h"
#include "schema/words.h"

struct pending {
	struct subschema *schema;
	struct schema_place place;
};

struct compiler {
	struct crashinfo_schema *schema;
	struct schema_documents *documents;
	struct arena *arena;
	VEC(struct pending) all; /* every subschema met, each once */
	size_t compiled;         /* of them */
	uint32_t *buckets;       /* hash table of indexes into `all`, UINT32_MAX: empty */
	size_t bucket_count;
	VEC(struct schema_regex *) patterns;
};

/* One subschema on its way. */
struct building {
	struct compiler *compiler;
	struct subschema *schema;
	const struct schema_place *place;
	struct words words;
};

/* The compiled form of the schema at `node` below the place that is being built. */
struct crashinfo_error *compile_child(const struct building *b, crashinfo_json_node node,
				      const struct subschema **ret);
/* Of each element of the array at `node`. */
struct crashinfo_error *compile_children(const struct building *b, crashinfo_json_node node,
					 const struct subschema *const **ret, size_t *count_ret);
/* The same for the value of a word; NULL stays when the schema does not have it. */
struct crashinfo_error *compile_word(const struct building *b, enum word word,
				     const struct subschema **ret);
/* The regular expression of a string node. */
struct crashinfo_error *compile_pattern(const struct building *b, crashinfo_json_node node,
					struct schema_regex **ret);

/* The content of a string node, living as long as the schema. */
struct crashinfo_error *compile_text(const struct building *b, crashinfo_json_node node,
				     struct crashinfo_slice *ret);
/* Bounds such as minLength and maxLength. */
struct crashinfo_error *compile_counts(const struct building *b, enum word min, enum word max,
				       struct count_rules *ret);
/* Whether the schema has any of the words of a list that ends with WORD_COUNT. */
bool compile_has_any(const struct building *b, const enum word *words);
/* FORMAT: "WORD must be WHAT". */
struct crashinfo_error *compile_expect(const struct building *b, enum word word, const char *what);
/* Whether the node of a word has a type. */
bool compile_is(const struct building *b, enum word word, enum crashinfo_json_type type);

struct crashinfo_error *compile_types(const struct building *b);
struct crashinfo_error *compile_values(const struct building *b);
struct crashinfo_error *compile_numbers(const struct building *b);
struct crashinfo_error *compile_strings(const struct building *b);
struct crashinfo_error *compile_arrays(const struct building *b);
struct crashinfo_error *compile_objects(const struct building *b);
struct crashinfo_error *compile_combines(const struct building *b);
/* When all is compiled and linked: see `select` of struct subschema. */
struct crashinfo_error *compile_selection(struct compiler *c, struct subschema *schema);

#endif
