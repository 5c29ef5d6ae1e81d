/* SPDX-License-Identifier: Apache-2.0 */
/* What a parsed document is made of, for code that walks many nodes. */
#ifndef JSON_DOCUMENT_H
#define JSON_DOCUMENT_H

#include <crashinfo/json.h>

/*
 * Nodes stand in text order: a container before its content, a member name right before its value.
 * Offsets count from the `begin` of the document.
 */
struct json_node {
	uint32_t start, end;
	uint32_t next; /* the node behind this one and all it contains */
	uint32_t info; /* type, flag, count: see below */
};

#define JSON_TYPE_MASK 7u
/* A string holds escapes; a number is not digits alone but has a fraction or an exponent. */
#define JSON_FLAG        8u
#define JSON_COUNT_SHIFT 4
#define JSON_COUNT_ONE   (1u << JSON_COUNT_SHIFT)
/* Counts are 28 bits wide, so a document has fewer nodes than this. */
#define JSON_MAX_NODES (1u << 28)

struct crashinfo_json {
	const char *text;  /* as given to the parse call */
	const char *begin; /* where this document was begun to be read */
	struct json_node *nodes;
	uint32_t node_count;
	char *kept; /* its own copy of the text, NULL when that is the caller's */
};

static inline enum crashinfo_json_type json_type(const struct json_node *node)
{
	return (enum crashinfo_json_type)(node->info & JSON_TYPE_MASK);
}

static inline uint32_t json_count(const struct json_node *node)
{
	return node->info >> JSON_COUNT_SHIFT;
}

static inline bool json_is_container(const struct json_node *node)
{
	return json_type(node) >= CRASHINFO_JSON_ARRAY;
}

static inline struct crashinfo_slice json_node_text(const struct crashinfo_json *json,
						    const struct json_node *node)
{
	return (struct crashinfo_slice){json->begin + node->start, node->end - node->start};
}

/* The text between the quotes of a string, escapes as they stand. */
static inline struct crashinfo_slice json_quoted(const struct crashinfo_json *json,
						 const struct json_node *node)
{
	return (struct crashinfo_slice){json->begin + node->start + 1,
					(size_t)node->end - node->start - 2};
}

/* False when a string cannot have so many bytes, as most do not that are looked at for a name. */
static inline bool json_may_be_long(const struct json_node *node, size_t size)
{
	return node->info & JSON_FLAG || (size_t)node->end - node->start - 2 == size;
}

#endif
