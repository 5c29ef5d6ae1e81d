/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of any text: entries are sorted and not empty, and each is found by its own addresses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/maps.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashinfo_maps *maps = NULL;
	struct crashinfo_error *error;

	error = crashinfo_maps_parse(NULL, (const char *)data, size, &maps);
	if (error) {
		crashinfo_error_destroy(error);
		return 0;
	}
	for (size_t i = 0; i < maps->count; i++) {
		const struct crashinfo_map *map = &maps->entries[i];
		const struct crashinfo_map *found = crashinfo_maps_find(maps, map->start);

		if (map->start >= map->end || !map->path || strlen(map->path) > size || !found ||
		    found->start != map->start)
			abort();
		if (i && map->start < map[-1].start)
			abort();
	}
	crashinfo_maps_destroy(maps);
	return 0;
}
