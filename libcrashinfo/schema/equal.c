/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/equal.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "json/string.h"

struct pair {
	crashinfo_json_node a, b;
};

/* Two documents and the pairs of values that are left to compare. */
struct comparison {
	const struct crashinfo_json *a, *b;
	VEC(struct pair) left;
	bool failed; /* out of memory */
};

/* Order by content, across documents. */
static int compare_text(const struct crashinfo_json *a, const struct json_node *x,
			const struct crashinfo_json *b, const struct json_node *y)
{
	struct json_bytes left = json_bytes_of(a, x), right = json_bytes_of(b, y);

	for (;;) {
		int c = json_bytes_next(&left), d = json_bytes_next(&right);

		if (c != d)
			return c < d ? -1 : 1;
		if (c < 0)
			return 0;
	}
}

static int compare_names(const void *a, const void *b, void *json)
{
	const crashinfo_json_node *x = a, *y = b;
	const struct crashinfo_json *j = json;

	return json_string_compare(j, &j->nodes[*x], &j->nodes[*y]);
}

/* The member names of an object in the order of their content. */
static crashinfo_json_node *sorted_names(const struct crashinfo_json *json,
					 crashinfo_json_node object)
{
	const struct json_node *nodes = json->nodes;
	size_t count = json_count(&nodes[object]), i = 0;
	crashinfo_json_node *names = calloc(count + 1, sizeof(*names));

	if (!names)
		return NULL;
	for (uint32_t name = object + 1; name < nodes[object].next; name = nodes[name + 1].next)
		names[i++] = name;
	qsort_r(names, count, sizeof(*names), compare_names, (void *)json);
	return names;
}

static void compare_later(struct comparison *c, crashinfo_json_node a, crashinfo_json_node b)
{
	struct pair *pair = vec_push(&c->left);

	if (pair)
		*pair = (struct pair){a, b};
	else
		c->failed = true;
}

static bool objects_may_equal(struct comparison *c, struct pair pair)
{
	_free_ crashinfo_json_node *x = sorted_names(c->a, pair.a);
	_free_ crashinfo_json_node *y = sorted_names(c->b, pair.b);

	c->failed |= !x || !y;
	for (size_t i = 0; !c->failed && i < json_count(&c->a->nodes[pair.a]); i++) {
		if (compare_text(c->a, &c->a->nodes[x[i]], c->b, &c->b->nodes[y[i]]))
			return false;
		compare_later(c, x[i] + 1, y[i] + 1);
	}
	return true;
}

static bool arrays_may_equal(struct comparison *c, struct pair pair)
{
	const struct json_node *x = c->a->nodes, *y = c->b->nodes;

	for (uint32_t i = pair.a + 1, j = pair.b + 1; i < x[pair.a].next;
	     i = x[i].next, j = y[j].next)
		compare_later(c, i, j);
	return true;
}

static bool numbers_equal(struct crashinfo_slice a, struct crashinfo_slice b)
{
	struct decimal x = decimal_parse(a.data, a.size), y = decimal_parse(b.data, b.size);

	return !decimal_compare(&x, &y);
}

/* False when they differ; what they contain is compared later. */
static bool may_equal(struct comparison *c, struct pair pair)
{
	const struct json_node *x = &c->a->nodes[pair.a], *y = &c->b->nodes[pair.b];

	if (json_type(x) != json_type(y) || json_count(x) != json_count(y))
		return false;
	switch (json_type(x)) {
	case CRASHINFO_JSON_NUMBER:
		return numbers_equal(json_node_text(c->a, x), json_node_text(c->b, y));
	case CRASHINFO_JSON_STRING: return !compare_text(c->a, x, c->b, y);
	case CRASHINFO_JSON_ARRAY: return arrays_may_equal(c, pair);
	case CRASHINFO_JSON_OBJECT: return objects_may_equal(c, pair);
	case CRASHINFO_JSON_NULL:
	case CRASHINFO_JSON_FALSE:
	case CRASHINFO_JSON_TRUE: break;
	}
	return true;
}

struct crashinfo_error *value_equal(struct value a, struct value b, bool *ret)
{
	struct comparison c = {.a = a.json, .b = b.json};
	bool equal = may_equal(&c, (struct pair){a.node, b.node});

	while (equal && !c.failed && c.left.size)
		equal = may_equal(&c, c.left.data[--c.left.size]);
	free(c.left.data);
	if (c.failed)
		return crashinfo_error_no_memory();
	*ret = equal;
	return NULL;
}

/* --- uniqueItems --- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t text_hash(const struct crashinfo_json *json, const struct json_node *node)
{
	struct json_bytes bytes = json_bytes_of(json, node);
	uint64_t hash = CRASHINFO_JSON_STRING;

	for (int c = json_bytes_next(&bytes); c >= 0; c = json_bytes_next(&bytes))
		hash = mix(hash, (unsigned)c);
	return hash;
}

/* Of a node whose content has been hashed; `hashes` begins at node `first`. */
static uint64_t node_hash(const struct crashinfo_json *json, crashinfo_json_node node,
			  const uint64_t *hashes, crashinfo_json_node first)
{
	const struct json_node *nodes = json->nodes, *n = &nodes[node];
	uint64_t hash = mix(json_type(n), json_count(n));

	if (json_type(n) == CRASHINFO_JSON_STRING)
		return text_hash(json, n);
	if (json_type(n) == CRASHINFO_JSON_NUMBER) {
		struct crashinfo_slice text = json_node_text(json, n);
		struct decimal value = decimal_parse(text.data, text.size);

		return mix(hash, decimal_hash(&value));
	}
	if (json_type(n) == CRASHINFO_JSON_ARRAY)
		for (uint32_t child = node + 1; child < n->next; child = nodes[child].next)
			hash = mix(hash, hashes[child - first]);
	/* a sum, so that the order of members does not matter */
	if (json_type(n) == CRASHINFO_JSON_OBJECT)
		for (uint32_t name = node + 1; name < n->next; name = nodes[name + 1].next)
			hash += mix(hashes[name - first], hashes[name + 1 - first]);
	return hash;
}

struct hashed {
	uint64_t hash;
	crashinfo_json_node node;
};

static int compare_hashed(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* The elements with their hashes, those of equal hash together. */
static struct hashed *hash_elements(struct value array)
{
	const struct json_node *nodes = array.json->nodes;
	uint32_t first = array.node + 1, end = nodes[array.node].next;
	size_t count = json_count(&nodes[array.node]), i = 0;
	struct hashed *elements = calloc(count, sizeof(*elements));
	_free_ uint64_t *hashes = calloc(end - first, sizeof(*hashes));

	if (!hashes || !elements) {
		free(elements);
		return NULL;
	}
	/* containers stand before their content */
	for (uint32_t node = end; node-- > first;)
		hashes[node - first] = node_hash(array.json, node, hashes, first);
	for (uint32_t node = first; node < end; node = nodes[node].next)
		elements[i++] = (struct hashed){hashes[node - first], node};
	qsort(elements, count, sizeof(*elements), compare_hashed);
	return elements;
}

struct crashinfo_error *value_unique(struct value array, bool *ret, crashinfo_json_node *first_ret)
{
	size_t count = json_count(&array.json->nodes[array.node]);
	_free_ struct hashed *elements = NULL;
	bool equal = false;

	*ret = true;
	if (count < 2)
		return NULL;
	elements = hash_elements(array);
	if (!elements)
		return crashinfo_error_no_memory();
	for (size_t i = 1; i < count; i++) {
		/* with 64 bits, what has the same hash is nearly always the same */
		for (size_t j = i; j-- > 0 && elements[j].hash == elements[i].hash && !equal;) {
			struct value a = {array.json, elements[i].node};
			struct value b = {array.json, elements[j].node};
			struct crashinfo_error *error = value_equal(a, b, &equal);

			if (error)
				return error;
		}
		if (equal) {
			*ret = false;
			*first_ret = elements[i].node;
			return NULL;
		}
	}
	return NULL;
}
