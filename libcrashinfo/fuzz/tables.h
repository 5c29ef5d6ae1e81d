/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the targets for symbols that are not DWARF share. A target gives addresses that the table
 * claims to describe, as those are where its functions are read; some far from all are added.
 */
#ifndef FUZZ_TABLES_H
#define FUZZ_TABLES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/limits.h"
#include "symbol/table.h"

#define TABLE_LOOKUPS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct table_addresses {
	uint64_t data[TABLE_LOOKUPS];
	size_t count;
};

static void table_ask(struct table_addresses *addresses, uint64_t address)
{
	if (addresses->count < TABLE_LOOKUPS)
		addresses->data[addresses->count++] = address;
}

static volatile size_t table_sink;

/* Frames have strings that end. */
static void table_read(const struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->frames.size; i++) {
		const struct lookup_frame *frame = &lookup->frames.data[i];

		table_sink = frame->name ? strlen(frame->name) : 0;
		table_sink = frame->file ? strlen(frame->file) : 0;
	}
	table_sink = lookup->symbol ? strlen(lookup->symbol) : 0;
}

/* The damage of one lookup does not become an error of all. */
static void table_fuzz(symbol_source_fn *source, const uint8_t *data, size_t size,
		       struct table_addresses *addresses)
{
	struct lookup lookups[TABLE_LOOKUPS] = {0};
	struct lookups all = {lookups, 0};
	struct arena arena;
	struct symbol_bytes bytes = {data, size, 0, &arena, limits_of(NULL)};

	table_ask(addresses, 0);
	table_ask(addresses, 0x1004);
	table_ask(addresses, UINT64_MAX);
	for (; all.count < addresses->count; all.count++)
		lookups[all.count] =
			(struct lookup){.address = addresses->data[all.count], .query = all.count};
	lookups_sort(&all);
	arena_init(&arena);
	if (source(&bytes, &all))
		abort();
	for (size_t i = 0; i < all.count; i++) {
		table_read(&lookups[i]);
		free(lookups[i].frames.data);
	}
	arena_deinit(&arena);
}

#endif
