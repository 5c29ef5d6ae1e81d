/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits become replacements of ranges of the text. Those that depend on what else happens to the
 * same container (which comma goes when members are removed, which one comes when something is
 * appended) are kept as wishes and resolved together when all are known.
 */
#include <crashinfo/json.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "json/string.h"
#include "json/write.h"

/* Text in place of [start, end) of the document. */
struct splice {
	uint32_t start, end;
	bool comma_before, comma_after;
	struct crashinfo_slice name; /* of an appended member: JSON with its colon, else empty */
	struct crashinfo_slice value;
	size_t order; /* among what is inserted at one place */
};

/* Something to be appended to a container, or a part of it to be removed. */
struct wish {
	crashinfo_json_node container;
	crashinfo_json_node removed;  /* the element or the member's name, NONE to append */
	struct crashinfo_slice plain; /* the appended member's name as it was given */
	struct crashinfo_slice name, value;
	size_t order;
};

struct splices {
	VEC(struct splice) list;
};

struct crashinfo_json_edits {
	const struct crashinfo_json *json;
	struct arena arena;
	struct splices splices;
	VEC(struct wish) wishes;
};

struct crashinfo_error *crashinfo_json_edits_create(const struct crashinfo_json *json,
						    struct crashinfo_json_edits **ret)
{
	struct crashinfo_json_edits *edits = calloc(1, sizeof(*edits));

	if (!edits)
		return crashinfo_error_no_memory();
	edits->json = json;
	arena_init(&edits->arena);
	*ret = edits;
	return NULL;
}

void crashinfo_json_edits_destroy(struct crashinfo_json_edits *edits)
{
	if (!edits)
		return;
	arena_deinit(&edits->arena);
	free(edits->splices.list.data);
	free(edits->wishes.data);
	free(edits);
}

/* --- taking edits
 * --------------------------------------------------------------------------------- */

static bool copy(struct crashinfo_json_edits *edits, const char *text, size_t size,
		 struct crashinfo_slice *ret)
{
	*ret = (struct crashinfo_slice){arena_memdup(&edits->arena, text, size), size};
	return ret->data;
}

static struct crashinfo_error *wrong_node(const char *expected)
{
	return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT, "the node is not %s",
				      expected);
}

static bool is_type(const struct crashinfo_json_edits *edits, crashinfo_json_node node,
		    enum crashinfo_json_type type)
{
	return node < edits->json->node_count && json_type(&edits->json->nodes[node]) == type;
}

static struct crashinfo_error *add_splice(struct crashinfo_json_edits *edits, struct splice splice,
					  const char *value, size_t size)
{
	struct splice *added;

	if (!copy(edits, value, size, &splice.value))
		return crashinfo_error_no_memory();
	added = vec_push(&edits->splices.list);
	if (!added)
		return crashinfo_error_no_memory();
	*added = splice;
	return NULL;
}

struct crashinfo_error *crashinfo_json_edits_replace(struct crashinfo_json_edits *edits,
						     crashinfo_json_node node, const char *value,
						     size_t size)
{
	const struct json_node *n;

	if (node >= edits->json->node_count)
		return wrong_node("part of the document");
	n = &edits->json->nodes[node];
	return add_splice(edits, (struct splice){.start = n->start, .end = n->end}, value, size);
}

struct crashinfo_error *crashinfo_json_edits_insert_before(struct crashinfo_json_edits *edits,
							   crashinfo_json_node element,
							   const char *value, size_t size)
{
	uint32_t at;

	if (!element || element >= edits->json->node_count)
		return wrong_node("an element of an array");
	at = edits->json->nodes[element].start;
	return add_splice(edits, (struct splice){.start = at, .end = at, .comma_after = true},
			  value, size);
}

struct crashinfo_error *crashinfo_json_edits_insert_after(struct crashinfo_json_edits *edits,
							  crashinfo_json_node element,
							  const char *value, size_t size)
{
	uint32_t at;

	if (!element || element >= edits->json->node_count)
		return wrong_node("an element of an array");
	at = edits->json->nodes[element].end;
	return add_splice(edits, (struct splice){.start = at, .end = at, .comma_before = true},
			  value, size);
}

static struct crashinfo_error *add_wish(struct crashinfo_json_edits *edits, struct wish wish)
{
	struct wish *added = vec_push(&edits->wishes);

	if (!added)
		return crashinfo_error_no_memory();
	*added = wish;
	added->order = edits->wishes.size;
	return NULL;
}

struct crashinfo_error *crashinfo_json_edits_append(struct crashinfo_json_edits *edits,
						    crashinfo_json_node array, const char *value,
						    size_t size)
{
	struct wish wish = {.container = array, .removed = CRASHINFO_JSON_NONE};

	if (!is_type(edits, array, CRASHINFO_JSON_ARRAY))
		return wrong_node("an array");
	if (!copy(edits, value, size, &wish.value))
		return crashinfo_error_no_memory();
	return add_wish(edits, wish);
}

static struct crashinfo_error *append_member(struct crashinfo_json_edits *edits,
					     crashinfo_json_node object, const char *name,
					     const char *value, size_t size)
{
	struct wish wish = {.container = object, .removed = CRASHINFO_JSON_NONE};
	_strbuf_ struct strbuf quoted = {0};

	json_add_string(&quoted, name, strlen(name));
	strbuf_addc(&quoted, ':');
	if (quoted.failed || !copy(edits, quoted.data, quoted.size, &wish.name) ||
	    !copy(edits, name, strlen(name), &wish.plain) || !copy(edits, value, size, &wish.value))
		return crashinfo_error_no_memory();
	return add_wish(edits, wish);
}

struct crashinfo_error *crashinfo_json_edits_append_members(struct crashinfo_json_edits *edits,
							    crashinfo_json_node object,
							    const char *members, size_t size)
{
	struct wish wish = {.container = object, .removed = CRASHINFO_JSON_NONE};

	if (!is_type(edits, object, CRASHINFO_JSON_OBJECT))
		return wrong_node("an object");
	if (!copy(edits, members, size, &wish.value))
		return crashinfo_error_no_memory();
	return add_wish(edits, wish);
}

struct crashinfo_error *crashinfo_json_edits_set(struct crashinfo_json_edits *edits,
						 crashinfo_json_node object, const char *name,
						 const char *value, size_t size)
{
	crashinfo_json_node member;

	if (!is_type(edits, object, CRASHINFO_JSON_OBJECT))
		return wrong_node("an object");
	member = crashinfo_json_member(edits->json, object, name);
	if (member != CRASHINFO_JSON_NONE)
		return crashinfo_json_edits_replace(edits, member, value, size);
	return append_member(edits, object, name, value, size);
}

struct crashinfo_error *crashinfo_json_edits_remove(struct crashinfo_json_edits *edits,
						    crashinfo_json_node object, const char *name)
{
	const struct json_node *nodes = edits->json->nodes;
	struct crashinfo_error *error = NULL;

	if (!is_type(edits, object, CRASHINFO_JSON_OBJECT))
		return wrong_node("an object");
	for (uint32_t child = object + 1; !error && child < nodes[object].next;
	     child = nodes[child + 1].next) {
		if (json_may_be_long(&nodes[child], strlen(name)) &&
		    json_string_is(edits->json, &nodes[child], name, strlen(name)))
			error = add_wish(edits,
					 (struct wish){.container = object, .removed = child});
	}
	return error;
}

struct crashinfo_error *crashinfo_json_edits_remove_element(struct crashinfo_json_edits *edits,
							    crashinfo_json_node array,
							    crashinfo_json_node element)
{
	if (!is_type(edits, array, CRASHINFO_JSON_ARRAY))
		return wrong_node("an array");
	if (element <= array || element >= edits->json->nodes[array].next)
		return wrong_node("an element of the array");
	return add_wish(edits, (struct wish){.container = array, .removed = element});
}

/* --- resolving what concerns one container
 * -------------------------------------------------------- */

/* By container, removals first and in text order, then what is appended in the order of calls. */
static int compare_wishes(const void *a, const void *b)
{
	const struct wish *l = a, *r = b;

	if (l->container != r->container)
		return l->container < r->container ? -1 : 1;
	if (l->removed != r->removed)
		return l->removed < r->removed ? -1 : 1;
	return (l->order > r->order) - (l->order < r->order);
}

static bool push_splice(struct splices *splices, struct splice splice)
{
	struct splice *added = vec_push(&splices->list);

	if (added)
		*added = splice;
	return added;
}

/*
 * Cut the members or elements that the `count` wishes name out of `container`: with the comma
 * before when something stays before them, else with the comma behind. `*kept` is whether any
 * stays.
 */
static bool cut_children(const struct crashinfo_json *json, uint32_t container,
			 const struct wish *removals, size_t count, struct splices *splices,
			 bool *kept)
{
	const struct json_node *nodes = json->nodes;
	bool object = json_type(&nodes[container]) == CRASHINFO_JSON_OBJECT;
	uint32_t previous_end = 0, child = container + 1, end = nodes[container].next;
	size_t i = 0;

	for (; child < end; child = nodes[child + object].next) {
		const struct json_node *value = &nodes[child + object];
		uint32_t next_start = value->next < end ? nodes[value->next].start : value->end;
		struct splice cut = {.start = *kept ? previous_end : nodes[child].start,
				     .end = *kept ? value->end : next_start};
		/* the same member may have been removed twice */
		bool removed = i < count && removals[i].removed == child;

		while (i < count && removals[i].removed == child)
			i++;
		if (!removed)
			*kept = true;
		else if (!push_splice(splices, cut))
			return false;
		previous_end = value->end;
	}
	return true;
}

/* Where something is appended: behind the last value, or behind the bracket when there is none. */
static uint32_t append_offset(const struct crashinfo_json *json, uint32_t container)
{
	const struct json_node *nodes = json->nodes;
	bool object = json_type(&nodes[container]) == CRASHINFO_JSON_OBJECT;
	uint32_t end = nodes[container].start + 1;

	for (uint32_t child = container + 1; child < nodes[container].next;) {
		const struct json_node *value = &nodes[child + object];

		end = value->end;
		child = value->next;
	}
	return end;
}

static bool append_all(const struct crashinfo_json *json, uint32_t container,
		       const struct wish *wishes, size_t count, bool comma, struct splices *splices)
{
	uint32_t at = count ? append_offset(json, container) : 0;

	for (size_t i = 0; i < count; i++, comma = true) {
		struct splice splice = {.start = at,
					.end = at,
					.comma_before = comma,
					.name = wishes[i].name,
					.value = wishes[i].value};

		if (!push_splice(splices, splice))
			return false;
	}
	return true;
}

/* The `count` wishes that name the container of the first. */
static bool resolve_container(const struct crashinfo_json *json, const struct wish *wishes,
			      size_t count, struct splices *splices)
{
	uint32_t container = wishes[0].container;
	bool kept = false;
	size_t removals = 0;

	while (removals < count && wishes[removals].removed != CRASHINFO_JSON_NONE)
		removals++;
	if (!removals)
		kept = json_count(&json->nodes[container]) > 0;
	else if (!cut_children(json, container, wishes, removals, splices, &kept))
		return false;
	return append_all(json, container, wishes + removals, count - removals, kept, splices);
}

static bool resolve_wishes(const struct crashinfo_json *json, const struct wish *wishes,
			   size_t count, struct splices *splices)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && wishes[end].container == wishes[i].container;)
			end++;
		if (!resolve_container(json, wishes + i, end - i, splices))
			return false;
	}
	return true;
}

/* --- applying
 * ------------------------------------------------------------------------------------- */

static struct crashinfo_error *overlap_error(void)
{
	return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
				      "edits of one document overlap");
}

static int compare_names(const void *a, const void *b)
{
	const struct wish *l = a, *r = b;
	size_t shorter = l->plain.size < r->plain.size ? l->plain.size : r->plain.size;
	int order;

	if (l->container != r->container)
		return l->container < r->container ? -1 : 1;
	if (!l->plain.data != !r->plain.data)
		return l->plain.data ? 1 : -1;
	order = shorter ? memcmp(l->plain.data, r->plain.data, shorter) : 0;
	return order ? order : (l->plain.size > r->plain.size) - (l->plain.size < r->plain.size);
}

/* As qsort() does, of which there is mostly no need: edits are made in the order of the text. */
static void sort_wishes(struct wish *wishes, size_t count,
			int (*compare)(const void *, const void *))
{
	size_t i = 1;

	while (i < count && compare(&wishes[i - 1], &wishes[i]) <= 0)
		i++;
	if (i < count)
		qsort(wishes, count, sizeof(*wishes), compare);
}

static bool same_name(const struct wish *a, const struct wish *b)
{
	return a->plain.data && b->plain.data && !compare_names(a, b);
}

/* As many wishes for one container are compared with each other before they are sorted for it. */
#define FEW_WISHES 16

/*
 * Whether two wishes, sorted by compare_wishes(), append members of one name to one object. They
 * may be sorted anew.
 */
static bool same_name_twice(struct wish *wishes, size_t count)
{
	size_t first = 0;

	for (size_t i = 0; i < count && i - first <= FEW_WISHES; i++) {
		if (wishes[i].container != wishes[first].container)
			first = i;
		for (size_t k = first; k < i; k++)
			if (same_name(&wishes[k], &wishes[i]))
				return true;
		if (i + 1 == count)
			return false;
	}
	sort_wishes(wishes, count, compare_names);
	for (size_t i = 1; i < count; i++)
		if (same_name(&wishes[i - 1], &wishes[i]))
			return true;
	return false;
}

/* By place; what is inserted at the start of a range goes before it. */
static int compare_splices(const void *a, const void *b)
{
	const struct splice *l = a, *r = b;

	if (l->start != r->start)
		return l->start < r->start ? -1 : 1;
	if ((l->end > l->start) != (r->end > r->start))
		return l->end > l->start ? 1 : -1;
	return (l->order > r->order) - (l->order < r->order);
}

/* All edits as sorted splices that do not overlap; `splices` begins empty. */
static struct crashinfo_error *resolve(const struct crashinfo_json_edits *edits,
				       struct splices *splices)
{
	size_t count = edits->wishes.size;
	_free_ struct wish *wishes = malloc(count * sizeof(*wishes) + 1);

	if (!wishes)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < edits->splices.list.size; i++)
		if (!push_splice(splices, edits->splices.list.data[i]))
			return crashinfo_error_no_memory();
	if (count)
		memcpy(wishes, edits->wishes.data, count * sizeof(*wishes));
	sort_wishes(wishes, count, compare_wishes);
	if (same_name_twice(wishes, count))
		return overlap_error();
	sort_wishes(wishes, count, compare_wishes);
	if (!resolve_wishes(edits->json, wishes, count, splices))
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < splices->list.size; i++)
		splices->list.data[i].order = i;
	if (splices->list.size)
		qsort(splices->list.data, splices->list.size, sizeof(struct splice),
		      compare_splices);
	return NULL;
}

static void add_slice(struct strbuf *out, struct crashinfo_slice slice)
{
	if (slice.size)
		strbuf_add(out, slice.data, slice.size);
}

static void add_splice_text(struct strbuf *out, const struct splice *splice)
{
	if (splice->comma_before)
		strbuf_addc(out, ',');
	add_slice(out, splice->name);
	add_slice(out, splice->value);
	if (splice->comma_after)
		strbuf_addc(out, ',');
}

static struct crashinfo_error *splice_text(const struct crashinfo_json *json,
					   const struct splices *splices, struct strbuf *out)
{
	uint32_t done = json->nodes[0].start, end = json->nodes[0].end;
	size_t size = end - done;

	for (size_t i = 0; i < splices->list.size; i++)
		size += splices->list.data[i].name.size + splices->list.data[i].value.size + 2;
	strbuf_reserve(out, size);
	for (size_t i = 0; i < splices->list.size; i++) {
		const struct splice *splice = &splices->list.data[i];

		if (splice->start < done)
			return overlap_error();
		strbuf_add(out, json->begin + done, splice->start - done);
		add_splice_text(out, splice);
		done = splice->end;
	}
	strbuf_add(out, json->begin + done, end - done);
	return strbuf_error(out);
}

struct crashinfo_error *crashinfo_json_edits_apply(const struct crashinfo_json_edits *edits,
						   char **ret, size_t *size_ret)
{
	struct splices splices = {0};
	_strbuf_ struct strbuf out = {0};
	struct crashinfo_error *error = resolve(edits, &splices);
	size_t size;
	char *text;

	if (!error)
		error = splice_text(edits->json, &splices, &out);
	free(splices.list.data);
	if (error)
		return error;
	size = out.size;
	text = strbuf_steal(&out);
	if (!text)
		return crashinfo_error_no_memory();
	*ret = text;
	*size_ret = size;
	return NULL;
}
