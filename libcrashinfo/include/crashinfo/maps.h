/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory maps in the text form of /proc/PID/maps:
 * "start-end perms offset major:minor inode path", addresses and offset in hex.
 */
#ifndef CRASHINFO_MAPS_H
#define CRASHINFO_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_map {
	uint64_t start, end; /* absolute addresses, end exclusive */
	uint64_t offset;     /* into the file, bytes */
	uint64_t inode;
	uint32_t device_major, device_minor;
	bool readable, writable, executable, shared;
	bool deleted; /* the path carried " (deleted)", which is cut off */
	const char
		*path; /* "" when anonymous, "[stack]" and the like; \012 is unescaped to newline */
};

/* Sorted by address; lives until destroyed. */
struct crashinfo_maps {
	struct crashinfo_map *entries;
	size_t count;
	size_t bad_lines; /* lines that are no map entry and were passed over */
};

/* Parse `size` bytes of lines; a line that is no entry is counted, blank ones are not. LIMIT,
 * NO_MEMORY. */
struct crashinfo_error *crashinfo_maps_parse(const struct crashinfo_context *context,
					     const char *text, size_t size,
					     struct crashinfo_maps **ret);
void crashinfo_maps_destroy(struct crashinfo_maps *maps);

/* The entry that holds `address`, NULL when none does. */
const struct crashinfo_map *crashinfo_maps_find(const struct crashinfo_maps *maps,
						uint64_t address);

#ifdef __cplusplus
}
#endif
#endif
