/* SPDX-License-Identifier: Apache-2.0 */
/* Spans and traces that are active: tables of 128-bit ids that are filled and read without waiting.
 */
#include "activity.h"
#include "cell.h"
#include "ddcrash.h"

/* Decimal digits of 2^128 - 1. */
#define ID_DIGITS 39

struct id {
	cell cell;
	_Atomic uint64_t high, low;
};

struct ids {
	atomic_uint next;     /* where to look for a free entry first */
	atomic_bool is_round; /* all entries have been used */
	struct id entries[DDCRASH_IDS_MAX];
};

static struct ids spans, traces;

/* Entries from here on have never been set: a crash need not touch their memory. */
static unsigned used(struct ids *ids)
{
	unsigned next = atomic_load(&ids->next);

	return atomic_load(&ids->is_round) || next > DDCRASH_IDS_MAX ? DDCRASH_IDS_MAX : next;
}

static int insert(struct ids *ids, uint64_t high, uint64_t low)
{
	unsigned begin;

	if (!high && !low)
		return -EINVAL;
	begin = atomic_fetch_add(&ids->next, 1);
	if (begin >= DDCRASH_IDS_MAX - 1)
		atomic_store(&ids->is_round, true);
	for (unsigned i = 0; i < DDCRASH_IDS_MAX; i++) {
		unsigned n = (begin + i) % DDCRASH_IDS_MAX;
		struct id *id = &ids->entries[n];

		if (!cell_claim(&id->cell))
			continue;
		atomic_store(&id->high, high);
		atomic_store(&id->low, low);
		cell_publish(&id->cell);
		return (int)n;
	}
	return -ENOSPC;
}

/* False when there is none, or it changed meanwhile. */
static bool read_id(struct id *id, uint64_t *seen_ret, uint64_t *high_ret, uint64_t *low_ret)
{
	*seen_ret = atomic_load(&id->cell);
	if (!cell_is_set(*seen_ret))
		return false;
	*high_ret = atomic_load(&id->high);
	*low_ret = atomic_load(&id->low);
	return cell_is_still(&id->cell, *seen_ret);
}

static int remove_id(struct ids *ids, int entry, uint64_t high, uint64_t low)
{
	uint64_t seen, found_high, found_low;
	struct id *id;

	if (entry < 0 || entry >= DDCRASH_IDS_MAX)
		return -EINVAL;
	id = &ids->entries[entry];
	if (!read_id(id, &seen, &found_high, &found_low) || found_high != high || found_low != low)
		return -ENOENT;
	return cell_release(&id->cell, seen) ? 0 : -ENOENT;
}

static void clear(struct ids *ids)
{
	unsigned end = used(ids);

	for (unsigned i = 0; i < end; i++) {
		uint64_t seen = atomic_load(&ids->entries[i].cell);

		if (cell_is_set(seen))
			cell_release(&ids->entries[i].cell, seen);
	}
}

int ddcrash_span_insert(uint64_t high, uint64_t low)
{
	return insert(&spans, high, low);
}

int ddcrash_span_remove(int span, uint64_t high, uint64_t low)
{
	return remove_id(&spans, span, high, low);
}

int ddcrash_spans_clear(void)
{
	clear(&spans);
	return 0;
}

int ddcrash_trace_insert(uint64_t high, uint64_t low)
{
	return insert(&traces, high, low);
}

int ddcrash_trace_remove(int trace, uint64_t high, uint64_t low)
{
	return remove_id(&traces, trace, high, low);
}

int ddcrash_traces_clear(void)
{
	clear(&traces);
	return 0;
}

static void forget(struct ids *ids)
{
	unsigned end = used(ids);

	for (unsigned i = 0; i < end; i++)
		atomic_store(&ids->entries[i].cell, CELL_FREE);
}

void ids_forget(void)
{
	forget(&spans);
	forget(&traces);
}

/* --- in the handler --------------------------------------------------------------------------- */

/* Divide the number of four 32-bit words, the highest first, by ten; the remainder. */
static unsigned divide_by_ten(uint32_t words[4])
{
	uint64_t left = 0;

	for (unsigned i = 0; i < 4; i++) {
		left = left << 32 | words[i];
		words[i] = (uint32_t)(left / 10);
		left %= 10;
	}
	return (unsigned)left;
}

/* Without the compiler's division of 128 bits, which is a function of its library. */
static void write_id(struct writer *w, uint64_t high, uint64_t low)
{
	uint32_t words[4] = {(uint32_t)(high >> 32), (uint32_t)high, (uint32_t)(low >> 32),
			     (uint32_t)low};
	char digits[ID_DIGITS];
	unsigned at = ID_DIGITS;

	do
		digits[--at] = (char)('0' + divide_by_ten(words));
	while (words[0] | words[1] | words[2] | words[3]);
	writer_text(w, "{\"id\": \"");
	writer_bytes(w, digits + at, ID_DIGITS - at);
	writer_text(w, "\"}");
}

static void write_ids(struct writer *w, struct ids *ids)
{
	unsigned end = used(ids);
	const char *separator = "";
	uint64_t seen, high, low;

	writer_text(w, "[");
	for (unsigned i = 0; i < end; i++) {
		if (!read_id(&ids->entries[i], &seen, &high, &low))
			continue;
		writer_text(w, separator);
		write_id(w, high, low);
		separator = ", ";
	}
	writer_text(w, "]\n");
}

void activity_write_spans(struct writer *w, const struct crash *crash)
{
	(void)crash;
	write_ids(w, &spans);
}

void activity_write_traces(struct writer *w, const struct crash *crash)
{
	(void)crash;
	write_ids(w, &traces);
}
