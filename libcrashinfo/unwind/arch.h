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

/* Offsets from the stack pointer, bytes. */
struct unwind_code_frame {
	uint64_t return_address; /* where it is saved at least */
	uint64_t end;            /* the caller's stack pointer, if it is saved there */
	unsigned pushed_max;     /* words that may have been saved behind it */
};

/* Whether a frame is the first one of a process or thread. */
enum unwind_start {
	UNWIND_START_NO,
	UNWIND_START_MAYBE, /* it clears the frame pointer, as some other code does */
	UNWIND_START_SURE,  /* and ends the thread when it is returned to */
};

struct unwind_arch {
	unsigned registers;    /* DWARF numbers below this one exist */
	unsigned pc, sp, fp;   /* DWARF numbers; pc is also the return address column */
	unsigned word;         /* bytes */
	uint64_t address_mask; /* bits of a code address (without pointer authentication) */
	bool has_record_last;  /* behind what a frame pointer points to is the caller's stack */
	/* Classify what precedes `address`; *target_ret is what a KNOWN call goes to, through
	 * stubs. */
	enum unwind_call (*call_before)(const struct unwind_memory *memory, uint64_t address,
					uint64_t *target_ret);
	/* Where a stub at `address` (PLT entry, jump) leads to; `address` itself when it is none.
	 */
	uint64_t (*through_stub)(const struct unwind_memory *memory, uint64_t address);
	/* Places that the function at `address` may go on at by a jump, `max` at most, through
	 * stubs; not all of them are instructions. *is_any_ret is set when it jumps to where a
	 * register says. */
	unsigned (*jumps)(const struct unwind_memory *memory, uint64_t address, uint64_t *ret,
			  unsigned max, bool *is_any_ret);
	/* What the code around the return address `address` says. */
	enum unwind_start (*is_start)(const struct unwind_memory *memory, uint64_t address);
	/* Whether `address` is where the first function of a context that makecontext() made
	 * returns to. */
	bool (*is_context_start)(const struct unwind_memory *memory, uint64_t address);
	/* Whether the function at `address` begins by making a frame with a frame pointer. */
	bool (*has_frame_pointer)(const struct unwind_memory *memory, uint64_t address);
	/* How much of the stack the function at `address` takes first thing at least, bytes. */
	uint64_t (*taken_at_begin)(const struct unwind_memory *memory, uint64_t address);
	/* Whether the frame is interrupted as it returns to an address that is none. */
	bool (*is_return)(const struct unwind_memory *memory, const struct unwind_frame *frame);
	/* The frame that the function around `pc` made, as far as its code before `pc` tells.
	 * `is_sure`: that it made one, so that the code may be searched beyond what looks like the
	 * end of another function. */
	bool (*frame_by_code)(const struct unwind_memory *memory, uint64_t pc, bool is_sure,
			      struct unwind_code_frame *ret);
	/* Caller of a function that has called nothing since it was called: sets pc and sp, and
	 * the frame pointer when the function has changed it. `ret` has the function's registers.
	 */
	bool (*leaf_caller)(const struct unwind_memory *memory, const struct unwind_frame *frame,
			    struct unwind_frame *ret);
	bool (*is_sigreturn)(const struct unwind_memory *memory, uint64_t pc);
	/* Registers of the frame that the signal interrupted; `frame` is in the trampoline. */
	bool (*signal_registers)(const struct unwind_memory *memory,
				 const struct unwind_frame *frame, struct unwind_registers *ret);
};

#endif
