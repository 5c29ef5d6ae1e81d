/* SPDX-License-Identifier: Apache-2.0 */
/* The memory maps of this process, in a table of fixed size. */
#ifndef COLLECTOR_MAPS_H
#define COLLECTOR_MAPS_H

#include <stdbool.h>
#include <stdint.h>

struct map {
	uint64_t start, end, offset, inode;
	uint32_t major, minor;
	bool executable;
	const char *path; /* as the kernel prints it; "" for anonymous memory */
};

/* Read the maps anew; 0, or a negative errno value. What was read before an error stays usable. */
int maps_load(void);

/* The map that holds `address`; NULL when there is none. */
const struct map *maps_find(uint64_t address);

/* The map in front of `map`; NULL at the first one. */
const struct map *maps_previous(const struct map *map);

#endif
