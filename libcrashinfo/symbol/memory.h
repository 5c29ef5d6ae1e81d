/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What debug information will take in memory, told before any of it is inflated, by what the
 * headers of compressed sections claim. What is not compressed is read in place and counts nothing.
 */
#ifndef SYMBOL_MEMORY_H
#define SYMBOL_MEMORY_H

#include <crashinfo/context.h>

#include "module/elf_file.h"

struct memory_need {
	uint64_t total;   /* bytes, none of them counted as kept in part; saturated */
	uint64_t largest; /* of one section */
};

/*
 * Add what the sections of `file`, which may have no ELF, need: those that our reader reads, and
 * with `all` the others too, as libdw inflates everything.
 */
void memory_need_add(const struct elf_file *file, bool all, struct memory_need *need);
bool memory_need_is_allowed(const struct memory_need *need, const struct crashinfo_limits *limits);

#endif
