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

/* Where the stack overflowed it begins with memory that can't be read. */
#define PAGE               4096
#define SCAN_PAGES_SKIPPED 4

struct step {
	const struct unwind_space *space;
	const struct unwind_frame *frame;
	bool has_cfi;       /* an FDE covers the frame's pc */
	bool is_damaged;    /* it led to a return address that is none */
	uint64_t frame_end; /* where the stack of the caller begins, as far as is known */
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

/* Whether a handler that returns to `address` with the stack pointer `sp` was run for a signal:
 * what it interrupted has to make sense. */
static bool is_trampoline(const struct step *s, uint64_t address, uint64_t sp)
{
	const struct unwind_arch *arch = s->space->arch;
	const struct unwind_memory *memory = &s->space->memory;
	struct unwind_frame trampoline = {.pc = address, .sp = sp};
	struct unwind_registers interrupted;
	uint64_t word;

	return arch->is_sigreturn(memory, address) &&
	       arch->signal_registers(memory, &trampoline, &interrupted) &&
	       is_executable(s, interrupted.value[arch->pc]) &&
	       read_word(memory, interrupted.value[arch->sp], &word);
}

/* Whether `address`, which leaves the stack pointer at `sp`, follows a call that may have led to
 * the frame, or is where a signal handler returns to. */
static bool is_return_address(const struct step *s, uint64_t address, uint64_t sp)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t target, pc = s->frame->pc;

	if (!is_executable(s, address))
		return false;
	switch (arch->call_before(&s->space->memory, address, &target)) {
	case UNWIND_CALL_NONE: return is_trampoline(s, address, sp);
	case UNWIND_CALL_UNKNOWN: return true;
	case UNWIND_CALL_KNOWN: break;
	}
	/* Nothing to compare with where there is no code, or what called the frame is lost. */
	if (s->is_damaged || !is_executable(s, pc))
		return is_executable(s, target);
	return target <= pc && pc - target < FUNCTION_MAX;
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
	    !is_return_address(s, caller->pc, caller->sp))
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
	    !is_return_address(s, saved[1], fp + sizeof(saved)))
		return NOT_FOUND;
	caller->registers = s->frame->registers;
	caller->registers.value[arch->fp] = saved[0];
	caller->pc = saved[1];
	caller->sp = fp + sizeof(saved);
	return found(s, UNWIND_FP, caller);
}

static enum outcome by_scan(struct step *s, struct unwind_frame *caller)
{
	unsigned words = s->frame->interrupted ? SCAN_INNERMOST : SCAN_CALLER, skipped = 0;
	const unsigned size = s->space->arch->word;
	uint64_t at = (s->frame_end + size - 1) & -(uint64_t)size, word;

	for (unsigned i = 0; i < words; i++, at += size) {
		if (!read_word(&s->space->memory, at, &word)) {
			if (skipped++ == SCAN_PAGES_SKIPPED)
				break;
			at = (at & -(uint64_t)PAGE) + PAGE - size;
			continue;
		}
		if (!is_return_address(s, word, at + size))
			continue;
		caller->registers = s->frame->registers;
		caller->pc = word;
		caller->sp = at + size;
		return found(s, UNWIND_SCAN, caller);
	}
	return NOT_FOUND;
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
	struct step s = {.space = space, .frame = frame, .frame_end = frame->sp};
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
		if (!caller.interrupted && !is_executable(&s, caller.pc)) {
			s.is_damaged = true;
			s.frame_end = caller.sp;
			continue;
		}
		*frame = caller;
		return UNWIND_GOES_ON;
	}
	/* By the ABI the outermost frame has a frame pointer of 0. */
	if (!s.has_cfi && frame->registers.known >> space->arch->fp & 1 &&
	    !frame->registers.value[space->arch->fp])
		return UNWIND_OUTERMOST;
	return end;
}
