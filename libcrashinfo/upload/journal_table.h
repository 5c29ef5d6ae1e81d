/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of what the journal knows. Keys are digests, so their first bytes are the hash. */
#ifndef UPLOAD_JOURNAL_TABLE_H
#define UPLOAD_JOURNAL_TABLE_H

#include "upload/journal.h"

/* Where the last attempt stands. */
enum journal_state {
	JOURNAL_STATE_IDLE,
	JOURNAL_STATE_INTENT,
	JOURNAL_STATE_BODY,
};

struct journal_item {
	struct journal_key key;
	struct journal_entry entry;
	enum journal_state state;
	uint32_t boots; /* the machine's start, by number, in which the intent was written */
	bool used;
};

struct journal_table {
	struct journal_item *items;
	size_t count, capacity; /* a power of two, or 0 */
};

void journal_table_deinit(struct journal_table *table);
/* NULL when it is not there. */
struct journal_item *journal_table_find(const struct journal_table *table,
					const struct journal_key *key);
/* What is there, or a new one; NULL when memory is out. Moves all others. */
struct journal_item *journal_table_add(struct journal_table *table, const struct journal_key *key);

#endif
