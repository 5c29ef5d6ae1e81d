/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/journal_table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024

void journal_table_deinit(struct journal_table *table)
{
	free(table->items);
	*table = (struct journal_table){0};
}

/* The item of `key` or the free place where it belongs; there is one, as a quarter stays free. */
static struct journal_item *place(const struct journal_table *table, const struct journal_key *key)
{
	size_t at;

	memcpy(&at, key->bytes, sizeof(at));
	for (;; at++) {
		struct journal_item *item = &table->items[at & (table->capacity - 1)];

		if (!item->used || !memcmp(&item->key, key, sizeof(*key)))
			return item;
	}
}

struct journal_item *journal_table_find(const struct journal_table *table,
					const struct journal_key *key)
{
	struct journal_item *item = table->capacity ? place(table, key) : NULL;

	return item && item->used ? item : NULL;
}

static bool grow(struct journal_table *table)
{
	struct journal_table larger = {
		.capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY,
		.count = table->count,
	};

	if (larger.capacity < table->capacity)
		return false;
	larger.items = calloc(larger.capacity, sizeof(*larger.items));
	if (!larger.items)
		return false;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->items[i].used)
			*place(&larger, &table->items[i].key) = table->items[i];
	free(table->items);
	*table = larger;
	return true;
}

struct journal_item *journal_table_add(struct journal_table *table, const struct journal_key *key)
{
	struct journal_item *item = journal_table_find(table, key);

	if (item)
		return item;
	if (table->count + 1 > table->capacity / 4 * 3 && !grow(table))
		return NULL;
	item = place(table, key);
	*item = (struct journal_item){.key = *key, .used = true};
	table->count++;
	return item;
}
