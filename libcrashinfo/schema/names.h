/* SPDX-License-Identifier: Apache-2.0 */
/* A fixed set of strings, made once and looked up often. */
#ifndef SCHEMA_NAMES_H
#define SCHEMA_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <crashinfo/json.h>

#include "base/arena.h"

#define NAMES_NONE UINT32_MAX

/* Both ends of a string: all of it when it has up to 16 bytes. */
struct names_key {
	uint64_t head, tail;
	uint32_t size;
};

struct names_slot {
	struct names_key key;
	uint32_t index; /* NAMES_NONE: empty */
};

struct names {
	const struct crashinfo_slice *strings;
	uint32_t count;
	uint32_t mask; /* one less than the number of slots, a power of two */
	const struct names_slot *slots;
};

/* Over `count` different strings, which must outlive it; false when memory is out. */
bool names_init(struct names *names, struct arena *arena, const struct crashinfo_slice *strings,
		size_t count);

static inline struct names_key names_key_of(const char *text, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	struct names_key key = {.size = (uint32_t)size};

	if (size >= 8) {
		memcpy(&key.head, text, 8);
		memcpy(&key.tail, text + size - 8, 8);
	} else if (size >= 4) {
		memcpy(&key.head, text, 4);
		memcpy(&key.tail, text + size - 4, 4);
	} else if (size) {
		key.head =
			(uint64_t)s[0] | (uint64_t)s[size / 2] << 8 | (uint64_t)s[size - 1] << 16;
	}
	return key;
}

static inline uint32_t names_hash(const struct names_key *key)
{
	uint64_t mixed = key->head ^ ((key->tail << 29 | key->tail >> 35) + key->size);

	return (uint32_t)(mixed * 0x9e3779b97f4a7c15u >> 32);
}

/* The index of a string, NAMES_NONE when it is not in the set. */
static inline uint32_t names_find(const struct names *names, const char *text, size_t size)
{
	struct names_key key = names_key_of(text, size);

	for (uint32_t i = names_hash(&key) & names->mask;; i = (i + 1) & names->mask) {
		const struct names_slot *slot = &names->slots[i];

		if (slot->index == NAMES_NONE)
			return NAMES_NONE;
		if (slot->key.head == key.head && slot->key.tail == key.tail &&
		    slot->key.size == key.size &&
		    (size <= 16 || !memcmp(names->strings[slot->index].data, text, size)))
			return slot->index;
	}
}

#endif
