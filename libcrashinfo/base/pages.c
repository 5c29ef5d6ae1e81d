/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* From here on malloc maps a block of its own, and two huge pages fit. */
#define PAGES_HUGE_BYTES (4u << 20)

void pages_advise(const void *start, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	/* whole pages: advice for a part of a mapping splits it, and then it cannot be grown */
	uintptr_t begin = (uintptr_t)start / page * page;
	uintptr_t end = ((uintptr_t)start + size + page - 1) / page * page;

	if (size >= PAGES_HUGE_BYTES)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}
