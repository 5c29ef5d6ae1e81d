/* SPDX-License-Identifier: Apache-2.0 */
/* What the unwinder knows of an architecture; one file per architecture fills it in. */
#ifndef UNWIND_ARCH_H
#define UNWIND_ARCH_H

#include "unwind/unwind.h"

/* What the code before a would-be return address says. */
enum unwind_call {
	UNWIND_CALL_NONE,    /* no call instruction precedes it */
	UNWIND_CALL_UNKNOWN, /* a call whose target can't be told */
	UNWIND_CALL_KNOWN,
};

struct unwind_arch {
	unsigned registers;    /* DWARF numbers below this one exist */
	unsigned pc, sp, fp;   /* DWARF numbers; pc is also the return address column */
	unsigned word;         /* bytes */
	uint64_t address_mask; /* bits of a code address (without pointer authentication) */
	/* Classify what precedes `address`; *target_ret is what a KNOWN call goes to, through
	 * stubs. */
	enum unwind_call (*call_before)(const struct unwind_memory *memory, uint64_t address,
					uint64_t *target_ret);
	/* Caller of a function that has not touched the stack since it was called: sets pc and sp.
	 */
	bool (*leaf_caller)(const struct unwind_memory *memory, const struct unwind_frame *frame,
			    struct unwind_frame *ret);
	bool (*is_sigreturn)(const struct unwind_memory *memory, uint64_t pc);
	/* Registers of the frame that the signal interrupted; `frame` is in the trampoline. */
	bool (*signal_registers)(const struct unwind_memory *memory,
				 const struct unwind_frame *frame, struct unwind_registers *ret);
};

#endif
