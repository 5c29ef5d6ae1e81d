/* SPDX-License-Identifier: Apache-2.0 */
/* Member names that occur twice in one object. */
#include <crashinfo/json.h>

#include <stdlib.h>
#include <string.h>

#include "base/side.h"
#include "base/vec.h"
#include "json/string.h"

/* Up to here each name is compared with the earlier ones that look alike. */
#define SMALL_OBJECT 64
/* From so many nodes on a second thread is worth its beginning. */
#define LARGE_DOCUMENT (1u << 17)

struct duplicates {
	VEC(crashinfo_json_node) found;
	/* room for the names of one large object */
	VEC(struct hashed_name) names;
	const struct crashinfo_json *json;
};

struct hashed_name {
	uint64_t hash;
	crashinfo_json_node node;
};

/* One of 64 bits by what is cheap to see of a name; all bits when it holds escapes. */
static uint64_t name_look(const struct crashinfo_json *json, const struct json_node *name)
{
	struct crashinfo_slice quoted = json_quoted(json, name);
	const unsigned char *s = (const unsigned char *)quoted.data;
	size_t n = quoted.size;

	if (name->info & JSON_FLAG)
		return UINT64_MAX;
	/* without content these are the quotes */
	return (uint64_t)1 << ((n + s[0] * 5u + s[n / 2] * 11u + s[n ? n - 1 : 0] * 3u) % 64);
}

static bool repeats(const struct crashinfo_json *json, uint32_t object, uint32_t name)
{
	const struct json_node *nodes = json->nodes;

	for (uint32_t other = object + 1; other < name; other = nodes[other + 1].next)
		if (!json_string_compare(json, &nodes[other], &nodes[name]))
			return true;
	return false;
}

static bool search_small(struct duplicates *d, uint32_t object)
{
	const struct json_node *nodes = d->json->nodes;
	uint64_t seen = 0;

	for (uint32_t name = object + 1; name < nodes[object].next; name = nodes[name + 1].next) {
		uint64_t look = name_look(d->json, &nodes[name]);

		if (seen & look && repeats(d->json, object, name)) {
			crashinfo_json_node *found = vec_push(&d->found);

			if (!found)
				return false;
			*found = name;
		}
		seen |= look;
	}
	return true;
}

static uint64_t name_hash(const struct crashinfo_json *json, const struct json_node *name)
{
	struct json_bytes bytes = json_bytes_of(json, name);
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (int c = json_bytes_next(&bytes); c >= 0; c = json_bytes_next(&bytes))
		hash = (hash ^ (unsigned)c) * 0x100000001b3u;
	return hash;
}

/* By hash first, which is quick, then by content: chosen collisions cost no more than a sort. */
static int compare_names(const void *a, const void *b, void *json)
{
	const struct crashinfo_json *j = json;
	const struct hashed_name *left = a, *right = b;
	int order;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	order = json_string_compare(j, &j->nodes[left->node], &j->nodes[right->node]);
	return order ? order : (left->node > right->node) - (left->node < right->node);
}

static int compare_nodes(const void *a, const void *b)
{
	const crashinfo_json_node *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static bool collect_names(struct duplicates *d, uint32_t object)
{
	const struct json_node *nodes = d->json->nodes;

	d->names.size = 0;
	for (uint32_t name = object + 1; name < nodes[object].next; name = nodes[name + 1].next) {
		struct hashed_name *hashed = vec_push(&d->names);

		if (!hashed)
			return false;
		*hashed = (struct hashed_name){name_hash(d->json, &nodes[name]), name};
	}
	return true;
}

static bool search_large(struct duplicates *d, uint32_t object)
{
	const struct json_node *nodes = d->json->nodes;
	struct hashed_name *names;

	if (!collect_names(d, object))
		return false;
	names = d->names.data;
	qsort_r(names, d->names.size, sizeof(*names), compare_names, (void *)d->json);
	for (size_t i = 1; i < d->names.size; i++) {
		crashinfo_json_node *found;

		if (names[i].hash != names[i - 1].hash ||
		    json_string_compare(d->json, &nodes[names[i].node], &nodes[names[i - 1].node]))
			continue;
		found = vec_push(&d->found);
		if (!found)
			return false;
		*found = names[i].node;
	}
	return true;
}

/* Of the objects that begin at nodes from `begin` to before `end`. */
static bool search_range(struct duplicates *d, uint32_t begin, uint32_t end)
{
	const struct crashinfo_json *json = d->json;

	for (uint32_t i = begin; i < end; i++) {
		const struct json_node *node = &json->nodes[i];

		if (json_type(node) != CRASHINFO_JSON_OBJECT || json_count(node) < 2)
			continue;
		if (!(json_count(node) <= SMALL_OBJECT ? search_small(d, i) : search_large(d, i)))
			return false;
	}
	return true;
}

/* The second half, when it is searched in another thread. */
struct second_half {
	struct side side;
	struct duplicates duplicates;
	bool complete;
};

static void search_second(void *argument)
{
	struct second_half *half = argument;
	uint32_t count = half->duplicates.json->node_count;

	half->complete = search_range(&half->duplicates, count / 2, count);
}

static bool add_found(struct duplicates *d, const struct duplicates *more)
{
	for (size_t i = 0; i < more->found.size; i++) {
		crashinfo_json_node *found = vec_push(&d->found);

		if (!found)
			return false;
		*found = more->found.data[i];
	}
	return true;
}

static bool search_all(struct duplicates *d)
{
	struct second_half half = {.duplicates.json = d->json};
	uint32_t count = d->json->node_count;
	bool complete;

	if (count < LARGE_DOCUMENT || !side_start(&half.side, search_second, &half))
		return search_range(d, 0, count);
	complete = search_range(d, 0, count / 2);
	side_wait(&half.side);
	complete = complete && half.complete && add_found(d, &half.duplicates);
	free(half.duplicates.names.data);
	free(half.duplicates.found.data);
	return complete;
}

struct crashinfo_error *crashinfo_json_duplicates(const struct crashinfo_json *json,
						  crashinfo_json_node **ret, size_t *count_ret)
{
	struct duplicates d = {.json = json};
	bool complete = search_all(&d);

	free(d.names.data);
	if (!complete) {
		free(d.found.data);
		return crashinfo_error_no_memory();
	}
	if (d.found.size)
		qsort(d.found.data, d.found.size, sizeof(*d.found.data), compare_nodes);
	*ret = d.found.data;
	*count_ret = d.found.size;
	return NULL;
}
