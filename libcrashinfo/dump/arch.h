/* SPDX-License-Identifier: Apache-2.0 */
/* What dumps of a process need to know of an architecture. */
#ifndef DUMP_ARCH_H
#define DUMP_ARCH_H

#include <stddef.h>
#include <stdint.h>

#include "unwind/unwind.h"

/* Words of the largest general register set (struct user_regs_struct). */
#define DUMP_WORDS_MAX 34

/* A register in the order of reports. */
struct dump_register {
	char name[4];
	uint8_t word;  /* index into the kernel's register set */
	uint8_t dwarf; /* its number there */
};

struct dump_arch {
	const char *name; /* as reports call it */
	uint16_t machine; /* EM_... */
	unsigned words;   /* in the kernel's register set */
	const struct dump_register *registers;
	size_t register_count;
	unsigned pc, sp;                  /* indexes into `registers` */
	const struct unwind_arch *unwind; /* NULL: stacks of it can't be followed */
};

/* NULL for an architecture that is not known. */
const struct dump_arch *dump_arch_of(unsigned machine);
/* The one that this program runs on. */
const struct dump_arch *dump_arch_host(void);

/* The kernel's register set by DWARF numbers. */
struct unwind_registers dump_unwind_registers(const struct dump_arch *arch,
					      const uint64_t words[DUMP_WORDS_MAX]);

#endif
