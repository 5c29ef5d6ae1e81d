/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may write and who may read an entry of a table that threads fill while a crash may read it.
 * Nobody waits: an entry that is being written is not there. Each use of an entry has its own
 * number, so that one who looks twice notices when it was given to someone else in between.
 */
#ifndef COLLECTOR_CELL_H
#define COLLECTOR_CELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef _Atomic uint64_t cell;

/* In the low bits; the number of the use is above them. */
enum { CELL_FREE, CELL_WRITING, CELL_SET, CELL_BITS };

static inline bool cell_is_set(uint64_t seen)
{
	return (seen & CELL_BITS) == CELL_SET;
}

/* Whether the caller may write the entry; it has to publish it then. */
static inline bool cell_claim(cell *at)
{
	uint64_t seen = atomic_load(at);

	return (seen & CELL_BITS) == CELL_FREE &&
	       atomic_compare_exchange_strong(at, &seen, seen | CELL_WRITING);
}

static inline void cell_publish(cell *at)
{
	uint64_t seen = atomic_load(at);

	atomic_store(at, (seen & ~(uint64_t)CELL_BITS) | CELL_SET);
}

/* Free the entry that was `seen` as set. False when it is no more what it was. */
static inline bool cell_release(cell *at, uint64_t seen)
{
	return atomic_compare_exchange_strong(at, &seen,
					      (seen & ~(uint64_t)CELL_BITS) + CELL_BITS + 1);
}

/* Whether what was read since `seen` is what belongs to it. */
static inline bool cell_is_still(cell *at, uint64_t seen)
{
	atomic_thread_fence(memory_order_acquire);
	return atomic_load(at) == seen;
}

#endif
