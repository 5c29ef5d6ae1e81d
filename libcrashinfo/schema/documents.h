/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that make up a schema, and what `$id` and `$ref` mean in them. */
#ifndef SCHEMA_DOCUMENTS_H
#define SCHEMA_DOCUMENTS_H

#include <crashinfo/schema.h>

#include "base/arena.h"
#include "base/strbuf.h"

struct schema_documents;

/* A schema within a document; `base` is the URI that references in it are relative to. */
struct schema_place {
	const struct crashinfo_json *json;
	crashinfo_json_node node;
	const char *base;
	const char *source; /* names the document in messages; NULL: nothing does */
};

struct crashinfo_error *schema_documents_create(const struct crashinfo_context *context,
						const struct crashinfo_schema_base *bases,
						size_t base_count, struct schema_documents **ret);
void schema_documents_destroy(struct schema_documents *documents);

/*
 * Add the main document. `text` is emptied. A `source` that is the path of a file gives its URI,
 * and the folder it is in is searched for others.
 */
struct crashinfo_error *schema_documents_add(struct schema_documents *documents,
					     struct strbuf *text, const char *source,
					     struct schema_place *ret);

/* What the `$ref` at `node`, a string in the document of `from`, refers to. */
struct crashinfo_error *schema_documents_resolve(struct schema_documents *documents,
						 const struct schema_place *from,
						 crashinfo_json_node node,
						 struct schema_place *ret);

/*
 * The schema at `node` of the document of `parent`, its base changed by its own `$id`; the strings
 * of `ret` live as long as the documents.
 */
struct crashinfo_error *schema_documents_child(struct schema_documents *documents,
					       const struct schema_place *parent,
					       crashinfo_json_node node, struct schema_place *ret);

/* An error of code FORMAT about `node` of a document. */
struct crashinfo_error *schema_place_error(const struct schema_place *place,
					   crashinfo_json_node node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The text of the meta-schema of draft-07. */
extern const char schema_draft07[];

#endif
