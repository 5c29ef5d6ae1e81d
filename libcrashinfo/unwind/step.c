/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/step.h"

#include "unwind/cfi.h"
#include "unwind/eh_frame.h"

void step_set_pc_sp(const struct unwind_arch *arch, struct unwind_frame *frame)
{
	frame->registers.value[arch->pc] = frame->pc;
	frame->registers.value[arch->sp] = frame->sp;
	frame->registers.known |= (uint64_t)1 << arch->pc | (uint64_t)1 << arch->sp;
}

static void take_pc_sp(const struct unwind_arch *arch, struct unwind_frame *frame)
{
	frame->pc = frame->registers.value[arch->pc];
	frame->sp = frame->registers.value[arch->sp];
}

void unwind_begin(const struct unwind_arch *arch, const struct unwind_registers *registers,
		  struct unwind_frame *ret)
{
	ret->registers = *registers;
	ret->trust = UNWIND_CONTEXT;
	ret->interrupted = true;
	take_pc_sp(arch, ret);
	ret->first_pc = ret->pc;
	ret->first_sp = ret->sp;
}

/* --- what the code and the tables say --------------------------------------------------------- */

static bool find_fde(const struct unwind_space *space, uint64_t pc, struct unwind_fde *ret)
{
	struct unwind_cfi cfi = {.cache = NULL};

	for (unsigned nth = 0; space->find_cfi(space->context, pc, nth, &cfi); nth++)
		if (unwind_find_fde(&cfi, pc, ret))
			return true;
	return false;
}

bool step_is_bottom(const struct unwind_space *space, uint64_t address)
{
	struct unwind_fde fde;
	struct cfi_row row;

	if (space->arch->is_context_start(&space->memory, address))
		return true;
	return find_fde(space, address, &fde) && fde.start == address &&
	       cfi_row_at(&fde, space->arch, address, &row) &&
	       fde.cie.return_column < space->arch->registers &&
	       row.rule[fde.cie.return_column] == CFI_UNDEFINED;
}

/* What runs first on a stack that a program made was not called: its return address was put there
 * by hand. */
static bool is_bottom(const struct step *s)
{
	const struct unwind_frame *frame = s->frame;
	uint64_t target;

	return !frame->interrupted &&
	       s->space->arch->call_before(&s->space->memory, frame->pc, &target) ==
		       UNWIND_CALL_NONE &&
	       step_is_bottom(s->space, frame->pc);
}

/* A return address may be the first one behind its function: the call did not return. */
static uint64_t pc_inside(const struct unwind_frame *frame)
{
	return frame->interrupted ? frame->pc : frame->pc - 1;
}

bool step_sp_by_frame_pointer(const struct step *s, uint64_t fp, uint64_t *ret)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t pc = pc_inside(s->frame), column;
	struct unwind_fde fde;
	struct cfi_row row;

	if (!find_fde(s->space, pc, &fde) || !cfi_row_at(&fde, arch, pc, &row))
		return false;
	column = fde.cie.return_column;
	if (column >= arch->registers || row.rule[arch->fp] != CFI_OFFSET ||
	    row.rule[column] != CFI_OFFSET || row.value[column] != row.value[arch->fp] + arch->word)
		return false;
	*ret = fp - row.value[arch->fp];
	return true;
}

static enum outcome by_cfi(struct step *s, struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;
	const struct unwind_frame *frame = s->frame;
	uint64_t pc = pc_inside(frame);
	struct unwind_fde fde;
	struct cfi_row row;

	if (is_bottom(s))
		return OUTERMOST;
	if (!find_fde(s->space, pc, &fde))
		return NOT_FOUND;
	/* It may also be the first one of a trampoline, which a handler returns to. */
	if (!frame->interrupted && frame->pc == fde.end &&
	    arch->is_sigreturn(&s->space->memory, frame->pc))
		return NOT_FOUND;
	s->has_cfi = true;
	if (!cfi_row_at(&fde, arch, pc, &row))
		return NOT_FOUND;
	switch (cfi_apply(s->space, &fde, &row, frame, &caller->registers)) {
	case CFI_FAILED: return NOT_FOUND;
	case CFI_NO_CALLER: return OUTERMOST;
	case CFI_CALLER: break;
	}
	s->is_moved = row.cfa_is_expression || row.cfa_register != arch->sp;
	caller->trust = UNWIND_CFI;
	caller->interrupted = fde.cie.signal_frame;
	if (!caller->interrupted)
		caller->registers.value[arch->pc] &= arch->address_mask;
	take_pc_sp(arch, caller);
	return caller->pc || caller->interrupted ? FOUND : OUTERMOST;
}

static enum outcome by_sigreturn(struct step *s, struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;

	if (s->frame->interrupted || !arch->is_sigreturn(&s->space->memory, s->frame->pc) ||
	    !arch->signal_registers(&s->space->memory, s->frame, &caller->registers))
		return NOT_FOUND;
	caller->trust = UNWIND_SIGRETURN;
	caller->interrupted = true;
	take_pc_sp(arch, caller);
	return FOUND;
}

static enum outcome by_start(struct step *s, struct unwind_frame *caller)
{
	(void)caller;
	return !s->has_cfi && step_is_start(s) == UNWIND_START_SURE ? OUTERMOST : NOT_FOUND;
}

/* --- a step ----------------------------------------------------------------------------------- */

static step_strategy *const strategies[] = {
	by_cfi, by_sigreturn, by_start, guess_leaf, guess_by_code, guess_frame_pointer, guess_scan};

/* A function that goes on on another stack has this between it and its caller at least, bytes. */
#define OTHER_STACK (16 << 10)

/* Whether the frame's function went over to another stack, which may lie above its caller's. */
static bool is_other_stack(const struct step *s, const struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t target;

	if (!s->is_moved || caller->trust != UNWIND_CFI || s->frame->sp - caller->sp < OTHER_STACK)
		return false;
	return arch->call_before(&s->space->memory, caller->pc, &target) != UNWIND_CALL_NONE ||
	       arch->is_sigreturn(&s->space->memory, caller->pc) ||
	       step_is_bottom(s->space, caller->pc);
}

/* The stack grows downwards, except from a signal handler on a stack of its own. A function that
 * keeps its return address in a register may have no frame at all. */
static bool progresses(const struct step *s, const struct unwind_frame *caller)
{
	const struct unwind_frame *frame = s->frame;

	/* Where a signal stack was used twice, what the first signal saved there is overwritten. */
	if (caller->interrupted)
		return (caller->pc != frame->pc || caller->sp != frame->sp) &&
		       (caller->pc != frame->first_pc || caller->sp != frame->first_sp);
	return caller->sp > frame->sp || is_other_stack(s, caller) ||
	       (caller->sp == frame->sp && frame->interrupted && caller->pc != frame->pc);
}

/* By the ABI the outermost frame has a frame pointer of 0. What was last in the register may be
 * unknown; that the function clears it is to be seen in its code. */
static bool is_first(const struct step *s)
{
	const struct unwind_frame *frame = s->frame;
	const struct unwind_arch *arch = s->space->arch;

	return (frame->registers.known >> arch->fp & 1 && !frame->registers.value[arch->fp]) ||
	       step_is_start(s);
}

enum unwind_end unwind_step(const struct unwind_space *space, struct unwind_frame *frame)
{
	struct step s = {.space = space, .frame = frame, .frame_end = frame->sp};
	enum unwind_end end = UNWIND_LOST;
	struct unwind_frame caller = {.first_pc = frame->first_pc, .first_sp = frame->first_sp};

	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
		enum outcome outcome = strategies[i](&s, &caller);

		if (outcome == OUTERMOST)
			return UNWIND_OUTERMOST;
		if (outcome == NOT_FOUND)
			continue;
		if (!progresses(&s, &caller)) {
			end = UNWIND_NO_PROGRESS;
			continue;
		}
		/* Only what a signal interrupted may have been anywhere. */
		if (!caller.interrupted && !is_executable(&s, caller.pc)) {
			s.is_damaged = true;
			s.frame_end = caller.sp;
			continue;
		}
		*frame = caller;
		return UNWIND_GOES_ON;
	}
	return !s.has_cfi && is_first(&s) ? UNWIND_OUTERMOST : end;
}
