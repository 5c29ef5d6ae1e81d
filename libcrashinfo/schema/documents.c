/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/documents.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/vec.h"
#include "schema/bases.h"
#include "schema/uri.h"
#include "schema/words.h"
#include "json/document.h"

#define DRAFT07_URI "http://json-schema.org/draft-07/schema"

struct document {
	struct crashinfo_json *json;
	char *text;
	const char *source;
};

/* A URI, perhaps with a fragment that is a plain name, and the schema it identifies. */
struct identifier {
	const char *uri;
	struct schema_place place;
};

struct schema_documents {
	const struct crashinfo_context *context;
	struct arena arena; /* strings */
	struct bases bases;
	VEC(struct document) documents;
	VEC(struct identifier) identifiers;
};

/* A schema that has yet to be searched for identifiers. */
struct unsearched {
	crashinfo_json_node node;
	const char *base;
};

struct search {
	struct schema_documents *documents;
	struct schema_place root;
	VEC(struct unsearched) stack;
};

struct crashinfo_error *schema_place_error(const struct schema_place *place,
					   crashinfo_json_node node, const char *format, ...)
{
	size_t offset = crashinfo_json_offset(place->json, node);
	_free_ char *message = NULL;
	uint32_t line, column;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&message, format, args);
	va_end(args);
	if (length < 0) {
		message = NULL;
		return crashinfo_error_no_memory();
	}
	crashinfo_json_position(place->json, offset, &line, &column);
	return crashinfo_error_at(crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "%s", message),
				  place->source, offset, line, column);
}

struct crashinfo_error *schema_documents_create(const struct crashinfo_context *context,
						const struct crashinfo_schema_base *bases,
						size_t base_count, struct schema_documents **ret)
{
	struct schema_documents *documents = calloc(1, sizeof(*documents));

	if (!documents)
		return crashinfo_error_no_memory();
	documents->context = context;
	for (size_t i = 0; i < base_count; i++) {
		if (!bases_add(&documents->bases, bases[i].url, bases[i].folder)) {
			schema_documents_destroy(documents);
			return crashinfo_error_no_memory();
		}
	}
	*ret = documents;
	return NULL;
}

void schema_documents_destroy(struct schema_documents *documents)
{
	if (!documents)
		return;
	for (size_t i = 0; i < documents->documents.size; i++) {
		crashinfo_json_destroy(documents->documents.data[i].json);
		free(documents->documents.data[i].text);
	}
	free(documents->documents.data);
	free(documents->identifiers.data);
	bases_deinit(&documents->bases);
	arena_deinit(&documents->arena);
	free(documents);
}

/* --- identifiers --- */

static const struct identifier *identifier_find(const struct schema_documents *documents,
						const char *uri)
{
	for (size_t i = 0; i < documents->identifiers.size; i++)
		if (!strcmp(documents->identifiers.data[i].uri, uri))
			return &documents->identifiers.data[i];
	return NULL;
}

/* The first schema keeps an identifier that two claim. */
static bool identifier_add(struct schema_documents *documents, const char *uri,
			   const struct schema_place *place)
{
	struct identifier *identifier;

	if (identifier_find(documents, uri))
		return true;
	identifier = vec_push(&documents->identifiers);
	if (identifier)
		*identifier = (struct identifier){uri, *place};
	return identifier;
}

/* `reference` against `base`, without fragment; NULL when memory is out. */
static const char *resolve_uri(struct schema_documents *documents, const char *base,
			       struct crashinfo_slice reference)
{
	_strbuf_ struct strbuf buf = {0};

	uri_resolve(&buf, (struct crashinfo_slice){base, strlen(base)}, reference);
	return buf.failed ? NULL : arena_memdup(&documents->arena, buf.data, buf.size);
}

/* The string at `node` into the arena; an empty one for what is no string. */
static struct crashinfo_error *read_text(struct schema_documents *documents,
					 const struct crashinfo_json *json,
					 crashinfo_json_node node, struct crashinfo_slice *ret)
{
	struct crashinfo_error *error;
	_free_ char *storage = NULL;

	*ret = (struct crashinfo_slice){"", 0};
	if (node == CRASHINFO_JSON_NONE || json_type(&json->nodes[node]) != CRASHINFO_JSON_STRING)
		return NULL;
	error = crashinfo_json_string(json, node, ret, &storage);
	if (error)
		return error;
	ret->data = arena_memdup(&documents->arena, ret->data, ret->size);
	return ret->data ? NULL : crashinfo_error_no_memory();
}

/*
 * The `$id` that counts for a schema: none beside a `$ref`. What is before a '#' is a reference for
 * a new base, what is behind it names the schema within its base.
 */
static struct crashinfo_error *read_id(struct schema_documents *documents,
				       const struct crashinfo_json *json, const struct words *words,
				       struct crashinfo_slice *reference_ret,
				       struct crashinfo_slice *name_ret)
{
	struct crashinfo_error *error;
	struct crashinfo_slice id;
	const char *hash;

	*reference_ret = *name_ret = (struct crashinfo_slice){"", 0};
	if (words->at[WORD_REF] != CRASHINFO_JSON_NONE)
		return NULL;
	error = read_text(documents, json, words->at[WORD_ID], &id);
	if (error)
		return error;
	hash = memchr(id.data, '#', id.size);
	*reference_ret =
		(struct crashinfo_slice){id.data, hash ? (size_t)(hash - id.data) : id.size};
	if (hash)
		*name_ret = (struct crashinfo_slice){hash, id.size - reference_ret->size};
	return NULL;
}

struct crashinfo_error *schema_documents_child(struct schema_documents *documents,
					       const struct schema_place *parent,
					       crashinfo_json_node node, struct schema_place *ret)
{
	struct crashinfo_slice reference, name;
	struct crashinfo_error *error;
	struct words words;

	words_read(&words, parent->json, node);
	error = read_id(documents, parent->json, &words, &reference, &name);
	if (error)
		return error;
	*ret = *parent;
	ret->node = node;
	if (reference.size)
		ret->base = resolve_uri(documents, parent->base, reference);
	return ret->base ? NULL : crashinfo_error_no_memory();
}

static bool search_later(struct search *search, crashinfo_json_node node, const char *base)
{
	struct unsearched *next = vec_push(&search->stack);

	if (next)
		*next = (struct unsearched){node, base};
	return next;
}

static bool search_content(struct search *search, crashinfo_json_node container, const char *base)
{
	const struct json_node *nodes = search->root.json->nodes;
	bool object = json_type(&nodes[container]) == CRASHINFO_JSON_OBJECT;

	for (uint32_t child = container + 1; child < nodes[container].next;) {
		uint32_t value = child + object;

		if (!search_later(search, value, base))
			return false;
		child = nodes[value].next;
	}
	return true;
}

static bool search_words(struct search *search, const struct words *words, const char *base)
{
	const struct json_node *nodes = search->root.json->nodes;

	for (int word = 0; word < WORD_COUNT; word++) {
		enum word_holds holds = word_holds((enum word)word);
		crashinfo_json_node value = words->at[word];
		bool one;

		if (value == CRASHINFO_JSON_NONE || holds == HOLDS_NONE)
			continue;
		one = holds == HOLDS_SCHEMA ||
		      (holds == HOLDS_EITHER && json_type(&nodes[value]) != CRASHINFO_JSON_ARRAY);
		if (!(one ? search_later(search, value, base)
			  : search_content(search, value, base)))
			return false;
	}
	return true;
}

static struct crashinfo_error *search_one(struct search *search, struct unsearched schema)
{
	struct schema_place place = search->root;
	struct crashinfo_slice reference, name;
	struct crashinfo_error *error;
	struct words words;

	words_read(&words, place.json, schema.node);
	error = read_id(search->documents, place.json, &words, &reference, &name);
	if (error)
		return error;
	place.node = schema.node;
	place.base = schema.base;
	if (reference.size) {
		place.base = resolve_uri(search->documents, schema.base, reference);
		if (!place.base || !identifier_add(search->documents, place.base, &place))
			return crashinfo_error_no_memory();
	}
	if (name.size > 1) {
		_strbuf_ struct strbuf uri = {0};
		const char *copy;

		strbuf_adds(&uri, place.base);
		strbuf_add(&uri, name.data, name.size);
		copy = uri.failed ? NULL
				  : arena_memdup(&search->documents->arena, uri.data, uri.size);
		if (!copy || !identifier_add(search->documents, copy, &place))
			return crashinfo_error_no_memory();
	}
	return search_words(search, &words, place.base) ? NULL : crashinfo_error_no_memory();
}

/* Register all that `$id` names at and below the root schema of a document. */
static struct crashinfo_error *search_identifiers(struct schema_documents *documents,
						  const struct schema_place *root)
{
	struct search search = {.documents = documents, .root = *root};
	struct crashinfo_error *error = NULL;

	if (!search_later(&search, root->node, root->base))
		error = crashinfo_error_no_memory();
	while (!error && search.stack.size)
		error = search_one(&search, search.stack.data[--search.stack.size]);
	free(search.stack.data);
	return error;
}

/* --- documents --- */

/* Schemas of other drafts read alike and mean something else. */
static struct crashinfo_error *check_draft(const struct schema_place *place)
{
	static const char *const others[] = {"draft-03/", "draft-04/", "draft/2019-09/",
					     "draft/2020-12/", "draft/next/"};
	crashinfo_json_node node = crashinfo_json_member(place->json, place->node, "$schema");
	struct crashinfo_error *error;
	struct crashinfo_slice text;

	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	text = crashinfo_json_raw(place->json, node);
	if (!memmem(text.data, text.size, "//json-schema.org/", 18))
		return NULL;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!memmem(text.data, text.size, others[i], strlen(others[i])))
			continue;
		error = schema_place_error(place, node, "%.*s is not supported, draft-07 is",
					   (int)text.size, text.data);
		if (error->code == CRASHINFO_ERROR_FORMAT)
			error->code = CRASHINFO_ERROR_UNSUPPORTED;
		return error;
	}
	return NULL;
}

static struct crashinfo_error *add_document(struct schema_documents *documents, struct strbuf *text,
					    const char *source, const char *uri,
					    struct schema_place *ret)
{
	struct document *document = vec_push(&documents->documents);
	struct schema_place root;
	struct crashinfo_error *error;
	size_t size = text->size;

	if (!document)
		return crashinfo_error_no_memory();
	*document = (struct document){.text = strbuf_steal(text)};
	if (!document->text)
		return crashinfo_error_no_memory();
	if (source) {
		document->source = arena_strdup(&documents->arena, source);
		if (!document->source)
			return crashinfo_error_no_memory();
	}
	error = crashinfo_json_parse(documents->context, document->text, size, source,
				     &document->json);
	if (error)
		return error;
	root = (struct schema_place){document->json, 0, uri, document->source};
	error = check_draft(&root);
	if (!error) /* its own $id is the base of what is in it */
		error = schema_documents_child(documents, &root, root.node, ret);
	if (!error && !identifier_add(documents, uri, ret))
		error = crashinfo_error_no_memory();
	return error ? error : search_identifiers(documents, &root);
}

struct crashinfo_error *schema_documents_add(struct schema_documents *documents,
					     struct strbuf *text, const char *source,
					     struct schema_place *ret)
{
	const char *uri = bases_add_file(&documents->bases, source);

	return uri ? add_document(documents, text, source, uri, ret) : crashinfo_error_no_memory();
}

static struct crashinfo_error *load_document(struct schema_documents *documents, const char *uri)
{
	_strbuf_ struct strbuf path = {0}, text = {0};
	struct crashinfo_error *error;
	struct schema_place place;

	if (!strcmp(uri, DRAFT07_URI)) {
		strbuf_adds(&text, schema_draft07);
		return add_document(documents, &text, DRAFT07_URI, DRAFT07_URI, &place);
	}
	error = bases_map(&documents->bases, uri, &path);
	if (error)
		return error;
	if (!path.size)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND,
					      "%s is in none of the folders given", uri);
	error = io_read_file(path.data, limits_of(documents->context)->input_bytes, &text);
	if (error)
		return crashinfo_error_wrap(error, "%s", path.data);
	return add_document(documents, &text, path.data, uri, &place);
}

/* --- references --- */

static crashinfo_json_node element_at(const struct crashinfo_json *json, crashinfo_json_node array,
				      struct crashinfo_slice token)
{
	crashinfo_json_node element = crashinfo_json_first(json, array);
	size_t index = 0;

	if (!token.size || (token.size > 1 && token.data[0] == '0'))
		return CRASHINFO_JSON_NONE;
	for (size_t i = 0; i < token.size; i++) {
		if (token.data[i] < '0' || token.data[i] > '9' || index > JSON_MAX_NODES)
			return CRASHINFO_JSON_NONE;
		index = index * 10 + (size_t)(token.data[i] - '0');
	}
	while (index-- && element != CRASHINFO_JSON_NONE)
		element = crashinfo_json_next(json, array, element);
	return element;
}

/* One token of a JSON Pointer, its escapes undone in place. */
static crashinfo_json_node step_down(const struct crashinfo_json *json, crashinfo_json_node node,
				     char *token)
{
	char *out = token;

	if (json_type(&json->nodes[node]) == CRASHINFO_JSON_ARRAY)
		return element_at(json, node, (struct crashinfo_slice){token, strlen(token)});
	for (const char *in = token; *in; in++) {
		bool escape = in[0] == '~' && (in[1] == '0' || in[1] == '1');

		*out++ = escape ? (in[1] == '0' ? '~' : '/') : *in;
		in += escape;
	}
	*out = '\0';
	return crashinfo_json_member(json, node, token);
}

/* Follow the JSON Pointer behind its first '/' from `place`; node NONE when it leads nowhere. */
static struct crashinfo_error *follow_pointer(struct schema_documents *documents, char *pointer,
					      struct schema_place *place)
{
	char *next = pointer;

	for (char *token = strsep(&next, "/"); token; token = strsep(&next, "/")) {
		crashinfo_json_node node = step_down(place->json, place->node, token);
		struct crashinfo_error *error;

		if (node == CRASHINFO_JSON_NONE) {
			place->node = node;
			return NULL;
		}
		error = schema_documents_child(documents, place, node, place);
		if (error)
			return error;
	}
	return NULL;
}

/* The resource `uri`, loaded when it has not been. */
static struct crashinfo_error *find_resource(struct schema_documents *documents, const char *uri,
					     struct schema_place *ret)
{
	const struct identifier *identifier = identifier_find(documents, uri);
	struct crashinfo_error *error;

	if (!identifier) {
		error = load_document(documents, uri);
		if (error)
			return error;
		identifier = identifier_find(documents, uri);
	}
	*ret = identifier->place;
	return NULL;
}

static struct crashinfo_error *resolve_fragment(struct schema_documents *documents, const char *uri,
						struct crashinfo_slice fragment,
						struct schema_place *place)
{
	_strbuf_ struct strbuf name = {0};
	const struct identifier *identifier;

	strbuf_reserve(&name, fragment.size);
	uri_unescape(&name, fragment);
	if (name.failed)
		return crashinfo_error_no_memory();
	if (!name.size)
		return NULL;
	if (name.data[0] == '/')
		return follow_pointer(documents, name.data + 1, place);
	strbuf_clear(&name);
	strbuf_addf(&name, "%s#%.*s", place->base, (int)fragment.size, fragment.data);
	identifier = name.failed ? NULL : identifier_find(documents, name.data);
	if (!identifier) {
		strbuf_clear(&name);
		strbuf_addf(&name, "%s#%.*s", uri, (int)fragment.size, fragment.data);
		identifier = name.failed ? NULL : identifier_find(documents, name.data);
	}
	if (identifier)
		*place = identifier->place;
	else
		place->node = CRASHINFO_JSON_NONE;
	return strbuf_error(&name);
}

struct crashinfo_error *schema_documents_resolve(struct schema_documents *documents,
						 const struct schema_place *from,
						 crashinfo_json_node node, struct schema_place *ret)
{
	struct crashinfo_error *error;
	struct crashinfo_slice text, fragment;
	struct schema_place place;
	const char *uri;

	error = read_text(documents, from->json, node, &text);
	if (error)
		return error;
	uri = resolve_uri(documents, from->base, text);
	if (!uri)
		return crashinfo_error_no_memory();
	fragment = uri_split(text.data, text.size).fragment;
	error = find_resource(documents, uri, &place);
	if (!error)
		error = resolve_fragment(documents, uri, fragment, &place);
	if (!error && place.node == CRASHINFO_JSON_NONE)
		error = crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND,
					       "there is nothing at that place");
	if (error && !error->line) {
		uint32_t line, column;
		size_t offset = crashinfo_json_offset(from->json, node);

		crashinfo_json_position(from->json, offset, &line, &column);
		error = crashinfo_error_at(error, from->source, offset, line, column);
	}
	if (error)
		return crashinfo_error_wrap(error, "$ref \"%s\"", text.data);
	*ret = place;
	return NULL;
}
