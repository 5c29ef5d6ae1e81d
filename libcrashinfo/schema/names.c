/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/names.h"

bool names_init(struct names *names, struct arena *arena, const struct crashinfo_slice *strings,
		size_t count)
{
	struct names_slot *slots;
	size_t capacity = 4;

	/* at most half full, so that looking for what is not there ends soon */
	while (capacity < 2 * count)
		capacity *= 2;
	if (capacity > UINT32_MAX / 2)
		return false;
	slots = arena_calloc(arena, capacity, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < capacity; i++)
		slots[i].index = NAMES_NONE;
	for (size_t i = 0; i < count; i++) {
		struct names_key key = names_key_of(strings[i].data, strings[i].size);
		size_t at = names_hash(&key) & (capacity - 1);

		while (slots[at].index != NAMES_NONE)
			at = (at + 1) & (capacity - 1);
		slots[at] = (struct names_slot){key, (uint32_t)i};
	}
	*names = (struct names){strings, (uint32_t)count, (uint32_t)capacity - 1, slots};
	return true;
}
