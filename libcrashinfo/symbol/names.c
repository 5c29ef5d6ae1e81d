/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/strbuf.h"
#include "symbol/demangle.h"

static struct name **find(struct name **slots, size_t capacity, const char *text, uint64_t hash)
{
	size_t at = hash & (capacity - 1);

	while (slots[at] && (slots[at]->hash != hash || strcmp(slots[at]->text, text) != 0))
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

static bool grow(struct names *names)
{
	size_t capacity = names->capacity ? names->capacity * 2 : 256;
	struct name **slots = calloc(capacity, sizeof(struct name *));

	if (!slots)
		return false;
	for (size_t i = 0; i < names->capacity; i++)
		if (names->slots[i])
			*find(slots, capacity, names->slots[i]->text, names->slots[i]->hash) =
				names->slots[i];
	free(names->slots);
	names->slots = slots;
	names->capacity = capacity;
	return true;
}

void names_deinit(struct names *names)
{
	free(names->slots);
}

struct name *names_add_copy(struct names *names, const char *text)
{
	uint64_t hash = hash_text(0, text);
	struct name **slot, *name;

	if (names->count * 2 >= names->capacity && !grow(names))
		return NULL;
	slot = find(names->slots, names->capacity, text, hash);
	if (*slot)
		return *slot;
	name = arena_calloc(names->arena, 1, sizeof(*name));
	if (!name)
		return NULL;
	name->text = arena_strdup(names->arena, text);
	if (!name->text)
		return NULL;
	name->hash = hash;
	name->number = (uint32_t)++names->count;
	*slot = name;
	return name;
}

struct name *names_add(struct names *names, const char *text)
{
	size_t at = ((uintptr_t)text ^ (uintptr_t)text >> 10) % NAMES_RECENT;

	if (names->recent[at].text != text) {
		struct name *name = names_add_copy(names, text);

		if (!name)
			return NULL;
		names->recent[at].text = text;
		names->recent[at].name = name;
	}
	return names->recent[at].name;
}

void names_forget(struct names *names)
{
	memset(names->recent, 0, sizeof(names->recent));
}

bool names_demangle(struct names *names, struct name *name, size_t max)
{
	struct strbuf readable _strbuf_ = {0};

	if (name->tried)
		return true;
	if (demangle(name->text, max, &readable)) {
		name->readable = arena_memdup(names->arena, readable.data, readable.size);
		if (!name->readable)
			return false;
	}
	name->tried = true;
	return true;
}
