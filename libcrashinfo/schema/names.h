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

struct names_slot {
	uint32_t hash;
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

/* Looks at both ends only: names that differ in the middle alone share a slot, no more. */
static inline uint32_t names_hash(const char *text, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	uint64_t head = 0, tail = 0;

	if (size >= 8) {
		memcpy(&head, text, 8);
		memcpy(&tail, text + size - 8, 8);
	} else if (size >= 4) {
		memcpy(&head, text, 4);
		memcpy(&tail, text + size - 4, 4);
	} else if (size) {
		head = (uint64_t)s[0] | (uint64_t)s[size / 2] << 8 | (uint64_t)s[size - 1] << 16;
	}
	head ^= (tail << 29 | tail >> 35) + size;
	return (uint32_t)(head * 0x9e3779b97f4a7c15u >> 32);
}

/* The index of a string, NAMES_NONE when it is not in the set. */
static inline uint32_t names_find(const struct names *names, const char *text, size_t size)
{
	uint32_t hash = names_hash(text, size);

	for (uint32_t i = hash & names->mask;; i = (i + 1) & names->mask) {
		const struct names_slot *slot = &names->slots[i];

		if (slot->index == NAMES_NONE)
			return NAMES_NONE;
		if (slot->hash == hash && names->strings[slot->index].size == size &&
		    !memcmp(names->strings[slot->index].data, text, size))
			return slot->index;
	}
}

#endif
