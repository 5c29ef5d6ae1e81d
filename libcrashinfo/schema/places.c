/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/places.h"

#include <stdlib.h>

#include "base/strbuf.h"
#include "json/string.h"

void places_deinit(struct places *places)
{
	free(places->levels.data);
}

static bool is_object(const struct places *places, crashinfo_json_node node)
{
	return json_type(&places->json->nodes[node]) == CRASHINFO_JSON_OBJECT;
}

/* The node behind a child and what belongs to it. */
static crashinfo_json_node behind(const struct places *places, const struct places_level *level)
{
	return places->json->nodes[level->child + is_object(places, level->container)].next;
}

/* Move along the children of the innermost container to the one that holds `node`. */
static void move_along(struct places *places, crashinfo_json_node node)
{
	struct places_level *level = &places->levels.data[places->levels.size - 1];

	while (behind(places, level) <= node) {
		level->child = behind(places, level);
		level->index++;
	}
}

static bool enter(struct places *places, crashinfo_json_node container)
{
	struct places_level *level = vec_push(&places->levels);

	if (level)
		*level = (struct places_level){container, container + 1, 0};
	else
		places->failed = true;
	return level;
}

void places_move(struct places *places, crashinfo_json_node node)
{
	const struct json_node *nodes = places->json->nodes;
	crashinfo_json_node at = 0;

	places->node = node;
	while (places->levels.size &&
	       nodes[places->levels.data[places->levels.size - 1].container].next <= node)
		places->levels.size--;
	if (!places->levels.size && (node == 0 || !enter(places, 0)))
		return;
	for (;;) {
		const struct places_level *level = &places->levels.data[places->levels.size - 1];

		move_along(places, node);
		at = level->child;
		if (at == node)
			return;
		at += is_object(places, level->container);
		if (at == node || !enter(places, at))
			return;
	}
}

bool places_is_member(const struct places *places)
{
	return places->levels.size &&
	       is_object(places, places->levels.data[places->levels.size - 1].container);
}

static void add_name(struct strbuf *buf, const struct crashinfo_json *json,
		     const struct json_node *name)
{
	struct json_bytes bytes = json_bytes_of(json, name);

	for (int c = json_bytes_next(&bytes); c >= 0; c = json_bytes_next(&bytes)) {
		if (c == '~' || c == '/')
			strbuf_adds(buf, c == '~' ? "~0" : "~1");
		else if (!c)
			/* a C string cannot hold it */
			strbuf_adds(buf, "\xef\xbf\xbd");
		else
			strbuf_addc(buf, (char)c);
	}
}

const char *places_pointer(struct places *places, struct arena *arena, bool parent)
{
	size_t depth = places->levels.size - (parent && places->levels.size);
	_strbuf_ struct strbuf buf = {0};

	for (size_t i = 0; i < depth; i++) {
		const struct places_level *level = &places->levels.data[i];

		strbuf_addc(&buf, '/');
		if (is_object(places, level->container))
			add_name(&buf, places->json, &places->json->nodes[level->child]);
		else
			strbuf_addf(&buf, "%u", level->index);
	}
	return buf.failed ? NULL : arena_memdup(arena, buf.size ? buf.data : "", buf.size);
}
