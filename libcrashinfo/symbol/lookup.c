/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/lookup.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

size_t lookups_lower(const struct lookups *lookups, uint64_t address)
{
	size_t low = 0, high = lookups->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lookups->data[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int by_address(const void *a, const void *b)
{
	const struct lookup *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->query < y->query ? -1 : x->query > y->query;
}

void lookups_sort_by(struct lookups *lookups, int (*order)(const void *, const void *))
{
	size_t i = 1;

	/* as they mostly are, and large to move */
	while (i < lookups->count && order(&lookups->data[i - 1], &lookups->data[i]) <= 0)
		i++;
	if (i < lookups->count)
		qsort(lookups->data, lookups->count, sizeof(*lookups->data), order);
}

void lookups_sort(struct lookups *lookups)
{
	lookups_sort_by(lookups, by_address);
}

void lookups_part(struct lookups *lookups, bool (*belongs)(const struct lookup *lookup),
		  struct lookups *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < lookups->count; i++) {
		struct lookup lookup = lookups->data[i];

		if (!belongs(&lookup))
			continue;
		lookups->data[i] = lookups->data[count];
		lookups->data[count++] = lookup;
	}
	*ret = (struct lookups){lookups->data, count};
	lookups_sort(ret);
}

/*
 * libdw has put the unit's directory in front of files that stand right in it, but not of relative
 * folders. That shows only where the directory itself is relative.
 */
static bool has_directory(const char *file, const char *comp_dir)
{
	size_t size = strlen(comp_dir);

	return file[0] == '/' || !size || (!strncmp(file, comp_dir, size) && file[size] == '/');
}

void lookup_frame_path(const struct lookup_frame *frame, struct strbuf *buf)
{
	if (frame->comp_dir && !has_directory(frame->file, frame->comp_dir))
		strbuf_addf(buf, "%s/", frame->comp_dir);
	strbuf_adds(buf, frame->file);
}

static bool is_cplusplus(unsigned language)
{
	switch (language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case 0x2b: /* C++17, C++20 and C++23 are newer than this dwarf.h */
	case 0x2c:
	case 0x3a: return true;
	default: return false;
	}
}

/* "Debian clang version 14.0.6" and the like: the name is near the begin. */
#define PRODUCER_BYTES 64

bool lookup_lacks_linkage(const char *name, unsigned language, const char *producer)
{
	return name && is_cplusplus(language) && strcmp(name, "main") != 0 &&
	       !(producer &&
		 memmem(producer, strnlen(producer, PRODUCER_BYTES), "clang version", 13));
}
