/* SPDX-License-Identifier: Apache-2.0 */
/* The mappings of this process that may hold code, in fixed storage. */
#ifndef COLLECTOR_MAPS_H
#define COLLECTOR_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "writer.h"

#define MAPS_PATH_MAX 4096

struct map {
	uint64_t start, end, offset; /* addresses, end exclusive; offset into the file */
	uint64_t inode;
	uint32_t major, minor;
	const char *path; /* "" when anonymous, as the kernel writes it otherwise */
	uint32_t path_size;
	bool executable;
};

/* Open the file with the mappings; false when it can't be. */
bool maps_open(void);
/* Read it into the table, and each line to `copy` when that is not NULL. Without maps_open() the
 * table stays as it was. */
void maps_read(struct writer *copy);

/* The entry that holds `address`, NULL when none does. Entries before it are at lower addresses. */
const struct map *maps_find(uint64_t address);
const struct map *maps_first(void);
unsigned maps_count(void);

/* Have the next maps_read() look for the readable mapping that holds `address` or begins next to
 * it, of any kind. */
void maps_watch(uint64_t address);
/* Where that one ends, 0 when there is none. */
uint64_t maps_watched(void);

/* The path as the file system knows it: a newline is one again, " (deleted)" is cut off, as the
 * name under which a removed or replaced file was loaded is still the one to know. */
void maps_path(const struct map *map, char ret[MAPS_PATH_MAX]);

#endif
