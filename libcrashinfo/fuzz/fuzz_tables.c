/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same bytes as GSYM, as Breakpad's text and as Go's table. Frames have strings that end, and
 * the damage of one lookup does not become an error of all.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "symbol/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Near the start, where small inputs have their functions, and far from everything. */
static const uint64_t addresses[] = {0,      1,      0x10,   0x1000,  0x1004,
				     0x1008, 0x100f, 0x2000, 0x3000f, UINT64_MAX};

#define COUNT (sizeof(addresses) / sizeof(addresses[0]))

static volatile size_t sink;

static void read_all(const struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->frames.size; i++) {
		const struct lookup_frame *frame = &lookup->frames.data[i];

		sink = frame->name ? strlen(frame->name) : 0;
		sink = frame->file ? strlen(frame->file) : 0;
	}
}

static void resolve(symbol_source_fn *source, const uint8_t *data, size_t size)
{
	struct lookup lookups[COUNT] = {0};
	struct lookups all = {lookups, COUNT};
	struct arena arena;
	struct symbol_bytes bytes = {data, size, 0, &arena, limits_of(NULL)};

	arena_init(&arena);
	for (size_t i = 0; i < COUNT; i++)
		lookups[i] = (struct lookup){.address = addresses[i], .query = i};
	if (source(&bytes, &all))
		abort();
	for (size_t i = 0; i < COUNT; i++) {
		read_all(&lookups[i]);
		free(lookups[i].frames.data);
	}
	arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct module_table_id id;

	if (module_table_identify_bytes(data, size, &id))
		sink = strlen(id.id) + strlen(id.code_id);
	resolve(gsym_resolve, data, size);
	resolve(breakpad_resolve, data, size);
	resolve(pclntab_resolve, data, size);
	return 0;
}
