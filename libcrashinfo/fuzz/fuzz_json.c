/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever the reader accepts must survive both layouts with the same nodes and tokens; what it
 * refuses it must refuse at a place within the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static struct crashinfo_json *parse(const char *text, size_t size)
{
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error = crashinfo_json_parse(NULL, text, size, "in", &json);

	if (error)
		check(error->offset <= size && error->line && error->column && !json);
	crashinfo_error_destroy(error);
	return json;
}

static void check_same(const struct crashinfo_json *a, const struct crashinfo_json *b)
{
	check(a->node_count == b->node_count);
	for (uint32_t i = 0; i < a->node_count; i++) {
		struct crashinfo_slice left = crashinfo_json_raw(a, i),
				       right = crashinfo_json_raw(b, i);

		check(a->nodes[i].info == b->nodes[i].info && a->nodes[i].next == b->nodes[i].next);
		if (!json_is_container(&a->nodes[i]))
			check(left.size == right.size && !memcmp(left.data, right.data, left.size));
	}
}

static void check_layout(const struct crashinfo_json *json, const char *text, size_t size,
			 enum crashinfo_json_layout layout)
{
	struct crashinfo_json *again;
	size_t laid_size;
	char *laid;

	check(!crashinfo_json_layout(text, size, layout, &laid, &laid_size));
	again = parse(laid, laid_size);
	check(again != NULL);
	check_same(json, again);
	crashinfo_json_destroy(again);
	free(laid);
}

static void check_value(const struct crashinfo_json *json, uint32_t node)
{
	struct crashinfo_slice content;
	char *storage = NULL;
	uint64_t u;
	int64_t i;

	if (crashinfo_json_int64(json, node, &i))
		check(crashinfo_json_uint64(json, node, &u) == (i >= 0));
	if (crashinfo_json_type(json, node) != CRASHINFO_JSON_STRING)
		return;
	check(!crashinfo_json_string(json, node, &content, &storage));
	check(content.size <= crashinfo_json_raw(json, node).size);
	free(storage);
}

static void check_duplicates(const struct crashinfo_json *json)
{
	crashinfo_json_node *nodes;
	size_t count;

	check(!crashinfo_json_duplicates(json, &nodes, &count));
	for (size_t i = 0; i < count; i++)
		check(crashinfo_json_type(json, nodes[i]) == CRASHINFO_JSON_STRING);
	free(nodes);
}

static void check_sequence(const char *text, size_t size)
{
	struct crashinfo_json *json;
	size_t offset = 0, before;

	do {
		before = offset;
		json = NULL;
		crashinfo_error_destroy(
			crashinfo_json_parse_next(NULL, text, size, NULL, &offset, &json));
		check(offset <= size && (!json || offset > before));
		crashinfo_json_destroy(json);
	} while (json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct crashinfo_json *json = parse(text, size);

	check_sequence(text, size);
	if (!json)
		return 0;
	check_layout(json, text, size, CRASHINFO_JSON_COMPACT);
	check_layout(json, text, size, CRASHINFO_JSON_PRETTY);
	for (uint32_t i = 0; i < json->node_count; i++)
		check_value(json, i);
	check_duplicates(json);
	crashinfo_json_destroy(json);
	return 0;
}
