/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's cache is made by asking the module itself: each address that another answer may begin
 * at is looked up as any address is, so the cache says what the module would have said.
 */
#include <stdlib.h>

#include "symbol/cache.h"
#include "symbol/module.h"

/* Looked up together: few enough to hold, many enough that units are seldom read twice. */
#define BATCH 262144

struct addresses {
	uint64_t *data;
	size_t size, capacity;
};

static bool add_address(void *user, uint64_t address)
{
	struct addresses *addresses = user;
	uint64_t *slot;

	if (addresses->size && addresses->data[addresses->size - 1] == address)
		return true;
	slot = vec_push(addresses);
	if (slot)
		*slot = address;
	return slot != NULL;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void sort_unique(struct addresses *addresses)
{
	size_t kept = 0;

	if (addresses->size)
		qsort(addresses->data, addresses->size, sizeof(*addresses->data), by_value);
	for (size_t i = 0; i < addresses->size; i++)
		if (!kept || addresses->data[i] != addresses->data[kept - 1])
			addresses->data[kept++] = addresses->data[i];
	addresses->size = kept;
}

/* Where the function at a lookup begins, 0 when that is not known. */
static uint64_t start_of(const struct lookup *lookup)
{
	const struct lookup_frame *last =
		lookup->frames.size ? &lookup->frames.data[lookup->frames.size - 1] : NULL;

	return last && last->symbol_address ? last->symbol_address : lookup->symbol_address;
}

struct making {
	struct symbol_module *module;
	struct cache_writer *writer;
	uint64_t start;  /* of the function at hand */
	bool trampoline; /* it is one */
	bool limited;    /* a limit was reached: not to be kept */
};

static bool add_answer(struct making *making, struct lookup *lookup)
{
	uint64_t start = start_of(lookup);

	/* all of a function is a trampoline, or nothing of it */
	if (!start || start != making->start)
		making->trampoline = symbol_module_is_trampoline(making->module, lookup->address);
	making->start = start;
	making->limited |= lookup->limited;
	lookup->trampoline = making->trampoline;
	return cache_writer_add(making->writer, lookup);
}

static struct crashinfo_error *add_batch(struct making *making,
					 const struct crashinfo_limits *limits,
					 const uint64_t *addresses, size_t count)
{
	struct lookups lookups = {calloc(count, sizeof(*lookups.data)), count};
	struct crashinfo_error *error;

	if (!lookups.data)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < count; i++)
		lookups.data[i] = (struct lookup){.address = addresses[i], .query = i};
	error = symbol_module_resolve(making->module, limits, &lookups);
	lookups_sort(&lookups);
	for (size_t i = 0; i < count; i++) {
		if (!error && !add_answer(making, &lookups.data[i]))
			error = crashinfo_error_no_memory();
		free(lookups.data[i].frames.data);
	}
	free(lookups.data);
	return error;
}

static struct crashinfo_error *make(struct making *making, const struct crashinfo_limits *limits,
				    struct addresses *addresses, const char *dir,
				    const char *build_id)
{
	struct crashinfo_error *error = NULL;

	sort_unique(addresses);
	for (size_t i = 0; i < addresses->size && !error; i += BATCH) {
		size_t left = addresses->size - i;

		error = add_batch(making, limits, addresses->data + i, left < BATCH ? left : BATCH);
	}
	if (error || making->limited || making->module->too_large || !addresses->size)
		return error;
	return cache_writer_finish(making->writer, dir, build_id, making->module->reader != NULL);
}

struct crashinfo_error *symbol_module_cache(struct symbol_module *module,
					    const struct crashinfo_limits *limits, const char *dir,
					    const char *build_id)
{
	struct making making = {.module = module};
	struct addresses addresses = {0};
	struct crashinfo_error *error = NULL;

	if (module->cache || module->altlink_missing || module->damaged || !module->reader ||
	    module->refused != CRASHINFO_SYMBOL_RESOLVED)
		return NULL;
	making.writer = cache_writer_create();
	if (!making.writer)
		return crashinfo_error_no_memory();
	if (elf_symbols_boundaries(symbol_module_symbols(module), add_address, &addresses) &&
	    reader_boundaries(module->reader, add_address, &addresses))
		error = make(&making, limits, &addresses, dir, build_id);
	free(addresses.data);
	cache_writer_destroy(making.writer);
	return error;
}
