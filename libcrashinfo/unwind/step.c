/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/arch.h"
#include "unwind/cfi.h"
#include "unwind/eh_frame.h"

/* How far into a function without CFI its caller's call may be believed to lead, bytes. */
#define FUNCTION_MAX (64 << 10)

/* Words of the stack that are searched for a return address. The innermost frame may be anywhere
 * in a function with a large frame; each further word is one more chance to be wrong. */
#define SCAN_INNERMOST 512
#define SCAN_CALLER    128

struct step {
	const struct unwind_space *space;
	const struct unwind_frame *frame;
	bool has_cfi; /* an FDE covers the frame's pc */
};

enum outcome { NOT_FOUND, FOUND, OUTERMOST };

static void set_pc_sp(const struct unwind_arch *arch, struct unwind_frame *frame)
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
}

/* --- what the code and the tables say --------------------------------------------------------- */

static bool find_fde(const struct unwind_space *space, uint64_t pc, struct unwind_fde *ret)
{
	struct unwind_cfi cfi;

	for (unsigned nth = 0; space->find_cfi(space->context, pc, nth, &cfi); nth++)
		if (unwind_find_fde(&cfi, pc, ret))
			return true;
	return false;
}

static enum outcome by_cfi(struct step *s, struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;
	const struct unwind_frame *frame = s->frame;
	/* A return address may be the first one behind its function: the call did not return. */
	uint64_t pc = frame->interrupted ? frame->pc : frame->pc - 1;
	struct unwind_fde fde;
	struct cfi_row row;

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

/* --- what looks like a call ------------------------------------------------------------------- */

static bool is_executable(const struct step *s, uint64_t pc)
{
	return s->space->is_executable(s->space->context, pc);
}

/* Whether `address` follows a call that may have led to the frame; a KNOWN one did. */
static enum unwind_call returns_from(const struct step *s, uint64_t address)
{
	uint64_t target = 0, pc = s->frame->pc;
	enum unwind_call call;

	if (!is_executable(s, address))
		return UNWIND_CALL_NONE;
	call = s->space->arch->call_before(&s->space->memory, address, &target);
	/* In memory without code the call can't be compared with where it led. */
	if (call != UNWIND_CALL_KNOWN || !is_executable(s, pc))
		return call;
	return target <= pc && pc - target < FUNCTION_MAX ? call : UNWIND_CALL_NONE;
}

static enum outcome found(const struct step *s, enum unwind_trust trust,
			  struct unwind_frame *caller)
{
	caller->trust = trust;
	caller->interrupted = false;
	set_pc_sp(s->space->arch, caller);
	return FOUND;
}

static enum outcome by_leaf(struct step *s, struct unwind_frame *caller)
{
	bool executable = is_executable(s, s->frame->pc);

	if (!s->frame->interrupted || (executable && s->has_cfi))
		return NOT_FOUND;
	caller->registers = s->frame->registers;
	if (!s->space->arch->leaf_caller(&s->space->memory, s->frame, caller) ||
	    returns_from(s, caller->pc) == UNWIND_CALL_NONE)
		return NOT_FOUND;
	return found(s, executable ? UNWIND_LEAF : UNWIND_BAD_CALL, caller);
}

static enum outcome by_frame_pointer(struct step *s, struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t fp = s->frame->registers.value[arch->fp];
	uint64_t saved[2];

	if (!(s->frame->registers.known >> arch->fp & 1) || fp < s->frame->sp || fp % arch->word ||
	    !s->space->memory.read(s->space->memory.context, fp, saved, sizeof(saved)) ||
	    returns_from(s, saved[1]) == UNWIND_CALL_NONE)
		return NOT_FOUND;
	caller->registers = s->frame->registers;
	caller->registers.value[arch->fp] = saved[0];
	caller->pc = saved[1];
	caller->sp = fp + sizeof(saved);
	return found(s, UNWIND_FP, caller);
}

/* The word at `at` was pushed by a call. */
static enum outcome found_in_stack(struct step *s, uint64_t at, uint64_t pc,
				   struct unwind_frame *caller)
{
	caller->registers = s->frame->registers;
	caller->pc = pc;
	caller->sp = at + s->space->arch->word;
	return found(s, UNWIND_SCAN, caller);
}

static enum outcome by_scan(struct step *s, struct unwind_frame *caller)
{
	unsigned words = s->frame->interrupted ? SCAN_INNERMOST : SCAN_CALLER;
	uint64_t at = (s->frame->sp + 7) & ~(uint64_t)7, guess_at = 0, guess = 0, word;

	for (unsigned i = 0; i < words; i++, at += s->space->arch->word) {
		enum unwind_call call;

		if (!read_word(&s->space->memory, at, &word))
			break;
		call = returns_from(s, word);
		if (call == UNWIND_CALL_KNOWN)
			return found_in_stack(s, at, word, caller);
		if (call == UNWIND_CALL_UNKNOWN && !guess_at) {
			guess_at = at;
			guess = word;
		}
	}
	return guess_at ? found_in_stack(s, guess_at, guess, caller) : NOT_FOUND;
}

/* --- a step ----------------------------------------------------------------------------------- */

typedef enum outcome strategy(struct step *s, struct unwind_frame *caller);

static strategy *const strategies[] = {by_cfi, by_sigreturn, by_leaf, by_frame_pointer, by_scan};

/* The stack grows downwards, except from a signal handler on a stack of its own. A function that
 * keeps its return address in a register may have no frame at all. */
static bool progresses(const struct unwind_frame *frame, const struct unwind_frame *caller)
{
	if (caller->interrupted)
		return caller->pc != frame->pc || caller->sp != frame->sp;
	return caller->sp > frame->sp ||
	       (caller->sp == frame->sp && frame->interrupted && caller->pc != frame->pc);
}

enum unwind_end unwind_step(const struct unwind_space *space, struct unwind_frame *frame)
{
	struct step s = {.space = space, .frame = frame};
	enum unwind_end end = UNWIND_LOST;
	struct unwind_frame caller;

	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
		enum outcome outcome = strategies[i](&s, &caller);

		if (outcome == OUTERMOST)
			return UNWIND_OUTERMOST;
		if (outcome == NOT_FOUND)
			continue;
		if (!progresses(frame, &caller)) {
			end = UNWIND_NO_PROGRESS;
			continue;
		}
		/* Only what a signal interrupted may have been anywhere. */
		if (!caller.interrupted && !is_executable(&s, caller.pc))
			continue;
		*frame = caller;
		return UNWIND_GOES_ON;
	}
	/* By the ABI the outermost frame has a frame pointer of 0. */
	if (!s.has_cfi && frame->registers.known >> space->arch->fp & 1 &&
	    !frame->registers.value[space->arch->fp])
		return UNWIND_OUTERMOST;
	return end;
}
