/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/compile.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"

/* --- subschemas, each compiled once --- */

static size_t place_hash(const struct schema_place *place)
{
	return (size_t)(((uintptr_t)place->json ^ place->node) * 0x9e3779b97f4a7c15u >> 20);
}

static uint32_t *find_bucket(struct compiler *c, const struct schema_place *place)
{
	for (size_t i = place_hash(place);; i++) {
		uint32_t *bucket = &c->buckets[i & (c->bucket_count - 1)];

		if (*bucket == UINT32_MAX || (c->all.data[*bucket].place.json == place->json &&
					      c->all.data[*bucket].place.node == place->node))
			return bucket;
	}
}

static bool grow_buckets(struct compiler *c)
{
	size_t count = c->bucket_count ? 2 * c->bucket_count : 64;

	if (2 * (c->all.size + 1) <= c->bucket_count)
		return true;
	free(c->buckets);
	c->buckets = malloc(count * sizeof(*c->buckets));
	if (!c->buckets)
		return false;
	c->bucket_count = count;
	memset(c->buckets, 0xff, count * sizeof(*c->buckets));
	for (size_t i = 0; i < c->all.size; i++)
		*find_bucket(c, &c->all.data[i].place) = (uint32_t)i;
	return true;
}

/* The subschema at a place, to be compiled later when it is new. */
static struct crashinfo_error *subschema_at(struct compiler *c, const struct schema_place *place,
					    struct subschema **ret)
{
	struct pending *pending;
	uint32_t *bucket;

	if (!grow_buckets(c))
		return crashinfo_error_no_memory();
	bucket = find_bucket(c, place);
	if (*bucket == UINT32_MAX) {
		pending = vec_push(&c->all);
		if (!pending)
			return crashinfo_error_no_memory();
		*pending = (struct pending){arena_calloc(c->arena, 1, sizeof(*pending->schema)),
					    *place};
		if (!pending->schema)
			return crashinfo_error_no_memory();
		*bucket = (uint32_t)(c->all.size - 1);
	}
	*ret = c->all.data[*bucket].schema;
	return NULL;
}

struct crashinfo_error *compile_child(const struct building *b, crashinfo_json_node node,
				      const struct subschema **ret)
{
	struct crashinfo_error *error;
	struct schema_place place;
	struct subschema *child;

	error = schema_documents_child(b->compiler->documents, b->place, node, &place);
	if (!error)
		error = subschema_at(b->compiler, &place, &child);
	if (!error)
		*ret = child;
	return error;
}

struct crashinfo_error *compile_word(const struct building *b, enum word word,
				     const struct subschema **ret)
{
	crashinfo_json_node node = b->words.at[word];

	return node == CRASHINFO_JSON_NONE ? NULL : compile_child(b, node, ret);
}

struct crashinfo_error *compile_children(const struct building *b, crashinfo_json_node node,
					 const struct subschema *const **ret, size_t *count_ret)
{
	const struct json_node *nodes = b->place->json->nodes;
	size_t count = json_count(&nodes[node]), i = 0;
	const struct subschema **children =
		arena_calloc(b->compiler->arena, count + 1, sizeof(*children));

	if (!children)
		return crashinfo_error_no_memory();
	for (uint32_t child = node + 1; child < nodes[node].next; child = nodes[child].next) {
		struct crashinfo_error *error = compile_child(b, child, &children[i++]);

		if (error)
			return error;
	}
	*ret = children;
	*count_ret = count;
	return NULL;
}

/* --- what the parts share --- */

bool compile_is(const struct building *b, enum word word, enum crashinfo_json_type type)
{
	return json_type(&b->place->json->nodes[b->words.at[word]]) == type;
}

bool compile_has_any(const struct building *b, const enum word *words)
{
	while (*words != WORD_COUNT)
		if (b->words.at[*words++] != CRASHINFO_JSON_NONE)
			return true;
	return false;
}

struct crashinfo_error *compile_expect(const struct building *b, enum word word, const char *what)
{
	return schema_place_error(b->place, b->words.at[word], "%s must be %s", word_name(word),
				  what);
}

struct crashinfo_error *compile_text(const struct building *b, crashinfo_json_node node,
				     struct crashinfo_slice *ret)
{
	_free_ char *storage = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_string(b->place->json, node, ret, &storage);
	if (error || !storage)
		return error;
	ret->data = arena_memdup(b->compiler->arena, ret->data, ret->size);
	return ret->data ? NULL : crashinfo_error_no_memory();
}

static bool read_count(const struct building *b, crashinfo_json_node node, uint64_t *ret)
{
	const struct json_node *n = &b->place->json->nodes[node];
	struct crashinfo_slice text = json_node_text(b->place->json, n);
	struct decimal value;

	if (json_type(n) != CRASHINFO_JSON_NUMBER)
		return false;
	value = decimal_parse(text.data, text.size);
	if (value.negative || !decimal_is_integer(&value))
		return false;
	/* nothing is as long as what does not fit */
	if (!crashinfo_json_uint64(b->place->json, node, ret))
		*ret = UINT64_MAX;
	return true;
}

struct crashinfo_error *compile_counts(const struct building *b, enum word min, enum word max,
				       struct count_rules *ret)
{
	static const char what[] = "a non-negative integer";

	*ret = (struct count_rules){0, UINT64_MAX};
	if (b->words.at[min] != CRASHINFO_JSON_NONE && !read_count(b, b->words.at[min], &ret->min))
		return compile_expect(b, min, what);
	if (b->words.at[max] != CRASHINFO_JSON_NONE && !read_count(b, b->words.at[max], &ret->max))
		return compile_expect(b, max, what);
	return NULL;
}

struct crashinfo_error *compile_pattern(const struct building *b, crashinfo_json_node node,
					struct schema_regex **ret)
{
	struct schema_regex **pattern;
	struct crashinfo_slice text;
	struct crashinfo_error *error = compile_text(b, node, &text);

	if (error)
		return error;
	pattern = vec_push(&b->compiler->patterns);
	if (!pattern)
		return crashinfo_error_no_memory();
	*pattern = NULL;
	error = schema_regex_create(text.data, text.size, pattern);
	if (error && error->code != CRASHINFO_ERROR_NO_MEMORY) {
		size_t offset = crashinfo_json_offset(b->place->json, node);
		uint32_t line, column;

		crashinfo_json_position(b->place->json, offset, &line, &column);
		error = crashinfo_error_at(error, b->place->source, offset, line, column);
		return crashinfo_error_wrap(error, "pattern \"%.*s\"", (int)text.size, text.data);
	}
	*ret = *pattern;
	return error;
}

/* --- one subschema --- */

static struct crashinfo_error *compile_reference(const struct building *b)
{
	struct crashinfo_error *error;
	struct schema_place place;

	if (!compile_is(b, WORD_REF, CRASHINFO_JSON_STRING))
		return compile_expect(b, WORD_REF, "a string");
	error = schema_documents_resolve(b->compiler->documents, b->place, b->words.at[WORD_REF],
					 &place);
	return error ? error : subschema_at(b->compiler, &place, &b->schema->target);
}

static struct crashinfo_error *compile_definitions(const struct building *b)
{
	const struct json_node *nodes = b->place->json->nodes;
	crashinfo_json_node node = b->words.at[WORD_DEFINITIONS];
	const struct subschema *unused;
	struct crashinfo_error *error = NULL;

	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	if (!compile_is(b, WORD_DEFINITIONS, CRASHINFO_JSON_OBJECT))
		return compile_expect(b, WORD_DEFINITIONS, "an object");
	for (uint32_t name = node + 1; name < nodes[node].next && !error;
	     name = nodes[name + 1].next)
		error = compile_child(b, name + 1, &unused);
	return error;
}

static struct crashinfo_error *compile_subschema(struct compiler *c, const struct pending *pending)
{
	static struct crashinfo_error *(*const parts[])(const struct building *) = {
		compile_types,  compile_values,  compile_numbers,  compile_strings,
		compile_arrays, compile_objects, compile_combines, compile_definitions,
	};
	const struct json_node *node = &pending->place.json->nodes[pending->place.node];
	struct building b = {.compiler = c, .schema = pending->schema, .place = &pending->place};
	struct crashinfo_error *error = NULL;

	b.schema->types = TYPE_ANY;
	b.schema->never = json_type(node) == CRASHINFO_JSON_FALSE;
	if (b.schema->never)
		b.schema->types = 0;
	if (b.schema->never || json_type(node) == CRASHINFO_JSON_TRUE)
		return NULL;
	if (json_type(node) != CRASHINFO_JSON_OBJECT)
		return schema_place_error(&pending->place, pending->place.node,
					  "a schema must be an object or a boolean");
	words_read(&b.words, pending->place.json, pending->place.node);
	if (b.words.at[WORD_REF] != CRASHINFO_JSON_NONE)
		return compile_reference(&b);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !error; i++)
		error = parts[i](&b);
	return error;
}

/* Let each `$ref` lead to what is no `$ref` itself. */
static struct crashinfo_error *link_references(struct compiler *c)
{
	for (size_t i = 0; i < c->all.size; i++) {
		struct subschema *schema = c->all.data[i].schema;
		size_t steps = 0;

		while (schema->target && schema->target->target) {
			schema->target = schema->target->target;
			if (++steps > c->all.size)
				return schema_place_error(&c->all.data[i].place,
							  c->all.data[i].place.node,
							  "$ref leads back to itself");
		}
	}
	return NULL;
}

static struct crashinfo_error *compile_all(struct compiler *c, const struct schema_place *root)
{
	struct crashinfo_error *error = subschema_at(c, root, &c->schema->root);

	while (!error && c->compiled < c->all.size) {
		/* a copy: the array grows while this one is compiled */
		struct pending pending = c->all.data[c->compiled++];

		error = compile_subschema(c, &pending);
	}
	if (!error)
		error = link_references(c);
	for (size_t i = 0; i < c->all.size && !error; i++)
		error = compile_selection(c, c->all.data[i].schema);
	c->schema->subschema_count = c->all.size;
	return error;
}

static struct crashinfo_error *schema_compile(const struct crashinfo_context *context,
					      struct crashinfo_schema *schema, struct strbuf *text,
					      const char *source,
					      const struct crashinfo_schema_base *bases,
					      size_t base_count)
{
	struct compiler c = {.schema = schema, .arena = &schema->arena};
	struct crashinfo_error *error;
	struct schema_place root;

	error = schema_documents_create(context, bases, base_count, &schema->documents);
	if (error)
		return error;
	c.documents = schema->documents;
	error = schema_documents_add(c.documents, text, source, &root);
	if (!error)
		error = compile_all(&c, &root);
	schema->patterns = c.patterns.data;
	schema->pattern_count = c.patterns.size;
	free(c.all.data);
	free(c.buckets);
	return error;
}

static struct crashinfo_error *create_from(const struct crashinfo_context *context,
					   struct strbuf *text, const char *source,
					   const struct crashinfo_schema_base *bases,
					   size_t base_count, struct crashinfo_schema **ret)
{
	struct crashinfo_schema *schema = calloc(1, sizeof(*schema));
	struct crashinfo_error *error;

	if (!schema)
		return crashinfo_error_no_memory();
	error = schema_compile(context, schema, text, source, bases, base_count);
	if (error) {
		crashinfo_schema_destroy(schema);
		return error;
	}
	*ret = schema;
	return NULL;
}

struct crashinfo_error *crashinfo_schema_create(const struct crashinfo_context *context,
						const char *text, size_t size, const char *source,
						const struct crashinfo_schema_base *bases,
						size_t base_count, struct crashinfo_schema **ret)
{
	_strbuf_ struct strbuf copy = {0};

	strbuf_add(&copy, text, size);
	return copy.failed ? crashinfo_error_no_memory()
			   : create_from(context, &copy, source, bases, base_count, ret);
}

struct crashinfo_error *crashinfo_schema_load(const struct crashinfo_context *context,
					      const char *path,
					      const struct crashinfo_schema_base *bases,
					      size_t base_count, struct crashinfo_schema **ret)
{
	_strbuf_ struct strbuf text = {0};
	struct crashinfo_error *error;

	error = io_read_file(path, limits_of(context)->input_bytes, &text);
	if (error)
		return crashinfo_error_wrap(error, "%s", path);
	return create_from(context, &text, path, bases, base_count, ret);
}

void crashinfo_schema_destroy(struct crashinfo_schema *schema)
{
	if (!schema)
		return;
	for (size_t i = 0; i < schema->pattern_count; i++)
		schema_regex_destroy(schema->patterns[i]);
	free(schema->patterns);
	schema_documents_destroy(schema->documents);
	arena_deinit(&schema->arena);
	free(schema);
}
