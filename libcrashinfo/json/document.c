/* SPDX-License-Identifier: Apache-2.0 */
#include "json/document.h"

#include <string.h>

#include "json/string.h"

enum crashinfo_json_type crashinfo_json_type(const struct crashinfo_json *json,
					     crashinfo_json_node node)
{
	return json_type(&json->nodes[node]);
}

size_t crashinfo_json_count(const struct crashinfo_json *json, crashinfo_json_node node)
{
	return json_count(&json->nodes[node]);
}

crashinfo_json_node crashinfo_json_first(const struct crashinfo_json *json,
					 crashinfo_json_node node)
{
	return json_count(&json->nodes[node]) ? node + 1 : CRASHINFO_JSON_NONE;
}

crashinfo_json_node crashinfo_json_next(const struct crashinfo_json *json,
					crashinfo_json_node container, crashinfo_json_node child)
{
	bool object = json_type(&json->nodes[container]) == CRASHINFO_JSON_OBJECT;
	crashinfo_json_node next = json->nodes[object ? child + 1 : child].next;

	return next < json->nodes[container].next ? next : CRASHINFO_JSON_NONE;
}

crashinfo_json_node crashinfo_json_value(crashinfo_json_node name)
{
	return name + 1;
}

crashinfo_json_node crashinfo_json_member(const struct crashinfo_json *json,
					  crashinfo_json_node object, const char *name)
{
	const struct json_node *node = &json->nodes[object];
	crashinfo_json_node found = CRASHINFO_JSON_NONE;
	size_t length = strlen(name);

	if (json_type(node) != CRASHINFO_JSON_OBJECT)
		return CRASHINFO_JSON_NONE;
	for (uint32_t child = object + 1; child < node->next; child = json->nodes[child + 1].next)
		if (json_may_be_long(&json->nodes[child], length) &&
		    json_string_is(json, &json->nodes[child], name, length))
			found = child + 1;
	return found;
}

struct crashinfo_slice crashinfo_json_raw(const struct crashinfo_json *json,
					  crashinfo_json_node node)
{
	return json_node_text(json, &json->nodes[node]);
}

size_t crashinfo_json_offset(const struct crashinfo_json *json, crashinfo_json_node node)
{
	return (size_t)(json->begin - json->text) + json->nodes[node].start;
}
