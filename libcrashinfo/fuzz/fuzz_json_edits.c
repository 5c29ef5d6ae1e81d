/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits chosen by the first bytes of the input, made on the JSON text behind them: they must be
 * refused as overlapping or give valid JSON. Input: a count, so many pairs of operation and node,
 * the text.
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

/* The content of container `node` that `choice` selects: an element or a member's name. */
static crashinfo_json_node child_of(const struct crashinfo_json *json, crashinfo_json_node node,
				    unsigned choice)
{
	crashinfo_json_node child = crashinfo_json_first(json, node);

	for (; choice && child != CRASHINFO_JSON_NONE; choice--) {
		crashinfo_json_node next = crashinfo_json_next(json, node, child);

		if (next == CRASHINFO_JSON_NONE)
			break;
		child = next;
	}
	return child;
}

/* The name of a member as a C string, cut at a NUL byte; free it. */
static char *name_of(const struct crashinfo_json *json, crashinfo_json_node name)
{
	struct crashinfo_slice content;
	char *storage, *copy;

	check(!crashinfo_json_string(json, name, &content, &storage));
	copy = strndup(content.data, content.size);
	free(storage);
	return copy;
}

static struct crashinfo_error *edit_object(struct crashinfo_json_edits *edits,
					   const struct crashinfo_json *json,
					   crashinfo_json_node object, unsigned operation)
{
	static const char *const fresh[] = {"", "new", "q\"\n", "\xff"};
	crashinfo_json_node child = child_of(json, object, operation / 4);
	struct crashinfo_error *error;
	char *name;

	if (operation % 4 < 2 || child == CRASHINFO_JSON_NONE)
		return crashinfo_json_edits_set(edits, object, fresh[operation / 4 % 4], "{}", 2);
	name = name_of(json, child);
	error = operation % 4 == 2 ? crashinfo_json_edits_remove(edits, object, name)
				   : crashinfo_json_edits_set(edits, object, name, "1e400", 5);
	free(name);
	return error;
}

static struct crashinfo_error *edit_array(struct crashinfo_json_edits *edits,
					  const struct crashinfo_json *json,
					  crashinfo_json_node array, unsigned operation)
{
	crashinfo_json_node child = child_of(json, array, operation / 4);

	if (operation % 4 < 2 || child == CRASHINFO_JSON_NONE)
		return crashinfo_json_edits_append(edits, array, "null", 4);
	return operation % 4 == 2 ? crashinfo_json_edits_insert_before(edits, child, "1,2", 3)
				  : crashinfo_json_edits_insert_after(edits, child, "\"x\"", 3);
}

static bool is_name(const struct crashinfo_json *json, crashinfo_json_node wanted)
{
	for (crashinfo_json_node node = 0; node < wanted; node++) {
		crashinfo_json_node child = crashinfo_json_first(json, node);

		if (crashinfo_json_type(json, node) != CRASHINFO_JSON_OBJECT)
			continue;
		for (; child != CRASHINFO_JSON_NONE; child = crashinfo_json_next(json, node, child))
			if (child == wanted)
				return true;
	}
	return false;
}

static struct crashinfo_error *edit(struct crashinfo_json_edits *edits,
				    const struct crashinfo_json *json, unsigned operation,
				    unsigned choice)
{
	crashinfo_json_node node = choice % json->node_count;

	if (operation & 0x80)
		return is_name(json, node) ? NULL
					   : crashinfo_json_edits_replace(edits, node, "[]", 2);
	switch (crashinfo_json_type(json, node)) {
	case CRASHINFO_JSON_OBJECT: return edit_object(edits, json, node, operation);
	case CRASHINFO_JSON_ARRAY: return edit_array(edits, json, node, operation);
	case CRASHINFO_JSON_NULL:
	case CRASHINFO_JSON_FALSE:
	case CRASHINFO_JSON_TRUE:
	case CRASHINFO_JSON_NUMBER:
	case CRASHINFO_JSON_STRING: break;
	}
	return NULL;
}

static void check_edits(const struct crashinfo_json *json, const uint8_t *plan, size_t count)
{
	struct crashinfo_json_edits *edits;
	struct crashinfo_json *again;
	struct crashinfo_error *error;
	size_t size;
	char *text;

	check(!crashinfo_json_edits_create(json, &edits));
	for (size_t i = 0; i < count; i++)
		check(!edit(edits, json, plan[2 * i], plan[2 * i + 1]));
	error = crashinfo_json_edits_apply(edits, &text, &size);
	if (error) {
		check(error->code == CRASHINFO_ERROR_INVALID_ARGUMENT);
		crashinfo_error_destroy(error);
	} else {
		check(!crashinfo_json_parse(NULL, text, size, NULL, &again));
		crashinfo_json_destroy(again);
		free(text);
	}
	crashinfo_json_edits_destroy(edits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = size ? data[0] % 16 : 0, skip = 1 + 2 * count;
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	if (size < skip)
		return 0;
	context.limits.json_nodes = 256; /* what a byte can choose from */
	error = crashinfo_json_parse(&context, (const char *)data + skip, size - skip, NULL, &json);
	crashinfo_error_destroy(error);
	if (error)
		return 0;
	check_edits(json, data + 1, count);
	crashinfo_json_destroy(json);
	return 0;
}
