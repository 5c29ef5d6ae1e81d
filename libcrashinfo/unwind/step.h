/* SPDX-License-Identifier: Apache-2.0 */
/* One step from a frame to its caller: what its strategies share. */
#ifndef UNWIND_STEP_H
#define UNWIND_STEP_H

#include "unwind/arch.h"
#include "unwind/reader.h"

struct step {
	const struct unwind_space *space;
	const struct unwind_frame *frame;
	bool has_cfi;  /* an FDE covers the frame's pc */
	bool is_moved; /* a table says where the stack of the caller is, the stack pointer does not
			*/
	bool is_damaged;    /* it led to a return address that is none */
	uint64_t frame_end; /* where the stack of the caller begins, as far as is known */
};

enum outcome { NOT_FOUND, FOUND, OUTERMOST };

typedef enum outcome step_strategy(struct step *s, struct unwind_frame *caller);

step_strategy guess_leaf, guess_by_code, guess_frame_pointer, guess_scan;

/* Give the registers the frame's pc and sp. */
void step_set_pc_sp(const struct unwind_arch *arch, struct unwind_frame *frame);

/* The caller's stack pointer by the tables, which say where in the frame is what the frame pointer
 * `fp` points to: the caller's and the return address. */
bool step_sp_by_frame_pointer(const struct step *s, uint64_t fp, uint64_t *ret);

/* Whether the frame is the first one of a process or thread. */
static inline enum unwind_start step_is_start(const struct step *s)
{
	return s->frame->interrupted ? UNWIND_START_NO
				     : s->space->arch->is_start(&s->space->memory, s->frame->pc);
}

/* Whether a function begins at `address` that has no caller: what runs first on a stack that a
 * program made returns to it, without a call. */
bool step_is_bottom(const struct unwind_space *space, uint64_t address);

static inline bool is_executable(const struct step *s, uint64_t pc)
{
	return s->space->is_executable(s->space->context, pc);
}

#endif
