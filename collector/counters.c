/* SPDX-License-Identifier: Apache-2.0 */
/* How many of each operation are going on. */
#include "activity.h"
#include "bytes.h"
#include "ddcrash.h"
#include "state.h"

struct counter {
	char name[DDCRASH_OPERATION_NAME_MAX + 1];
	_Atomic int64_t value;
};

#define KNOWN (DDCRASH_PROFILER_SERIALIZING + 1)

static struct counter counters[DDCRASH_OPERATIONS_MAX] = {
	[DDCRASH_PROFILER_INACTIVE] = {"profiler_inactive"},
	[DDCRASH_PROFILER_COLLECTING_SAMPLE] = {"profiler_collecting_sample"},
	[DDCRASH_PROFILER_UNWINDING] = {"profiler_unwinding"},
	[DDCRASH_PROFILER_SERIALIZING] = {"profiler_serializing"},
};

/* Those below it are complete. */
static atomic_uint count = KNOWN;

static int find(const char *name)
{
	unsigned end = atomic_load(&count);

	for (unsigned i = 0; i < end; i++)
		if (text_equal(counters[i].name, name))
			return (int)i;
	return -1;
}

/* The caller has the lock. */
static int add(const char *name, size_t size)
{
	unsigned n = atomic_load(&count);

	if (n == DDCRASH_OPERATIONS_MAX)
		return -ENOSPC;
	__builtin_memcpy(counters[n].name, name, size + 1);
	atomic_store(&count, n + 1);
	return (int)n;
}

int ddcrash_operation_register(const char *name)
{
	size_t size = name ? text_length(name) : 0;
	int found;

	if (!size)
		return -EINVAL;
	if (size > DDCRASH_OPERATION_NAME_MAX)
		return -ENAMETOOLONG;
	state_lock();
	found = find(name);
	if (found < 0)
		found = add(name, size);
	state_unlock();
	return found;
}

/* Add `step` unless that leads out of the range of what a counter may be. */
static int change(int operation, int64_t step)
{
	int64_t value;

	if (operation < 0 || (unsigned)operation >= atomic_load(&count))
		return -EINVAL;
	value = atomic_load(&counters[operation].value);
	do {
		if (step < 0 ? value <= 0 : value == INT64_MAX)
			return -ERANGE;
	} while (!atomic_compare_exchange_weak(&counters[operation].value, &value, value + step));
	return 0;
}

int ddcrash_operation_begin(int operation)
{
	return change(operation, 1);
}

int ddcrash_operation_end(int operation)
{
	return change(operation, -1);
}

int ddcrash_operations_clear(void)
{
	for (unsigned i = 0; i < DDCRASH_OPERATIONS_MAX; i++)
		atomic_store(&counters[i].value, 0);
	return 0;
}

void activity_write_counters(struct writer *w, const struct crash *crash)
{
	unsigned end = atomic_load(&count);

	(void)crash;
	for (unsigned i = 0; i < end; i++) {
		writer_text(w, "{");
		writer_json(w, counters[i].name, text_length(counters[i].name));
		writer_text(w, ": ");
		writer_decimal(w, atomic_load(&counters[i].value));
		writer_text(w, "}\n");
	}
}
