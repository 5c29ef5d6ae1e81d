/* SPDX-License-Identifier: Apache-2.0 */
/* Where a node is in its document, found for many nodes in one pass. */
#ifndef SCHEMA_PLACES_H
#define SCHEMA_PLACES_H

#include "base/arena.h"
#include "base/vec.h"
#include "json/document.h"

/* A container and which of its children the way leads through. */
struct places_level {
	crashinfo_json_node container;
	crashinfo_json_node child; /* an element or the name of a member */
	uint32_t index;
};

struct places {
	const struct crashinfo_json *json;
	VEC(struct places_level) levels; /* from the root */
	crashinfo_json_node node;        /* where it stands */
	bool failed;                     /* out of memory */
};

void places_deinit(struct places *places);

/* To a value or member name that is not before the one moved to last. */
void places_move(struct places *places, crashinfo_json_node node);

/* Whether the present node is the value of a member, or its name. */
bool places_is_member(const struct places *places);

/* The JSON Pointer to the present node, or what contains it; NULL when memory is out. */
const char *places_pointer(struct places *places, struct arena *arena, bool parent);

#endif
