/* SPDX-License-Identifier: Apache-2.0 */
/* Callers of frames that no table describes: what looks like a return address, and is one. */
#include "unwind/eh_frame.h"
#include "unwind/step.h"

/* How far into a function without CFI its caller's call may be believed to lead, bytes. */
#define FUNCTION_MAX (64 << 10)

/* Words of the stack that are searched for a return address. The innermost frame may be anywhere
 * in a function with a large frame; each further word is one more chance to be wrong. */
#define SCAN_INNERMOST 512
#define SCAN_CALLER    128
/* Further away only a call that is known to lead to the frame is believed. */
#define SCAN_KNOWN (16 << 10)

/* Where the stack overflowed it begins with memory that can't be read. */
#define PAGE               4096
#define SCAN_PAGES_SKIPPED 4

/* Words above a frame's locals in which registers are saved; how far away a frame pointer may
 * point. */
#define SAVED_MAX         32
#define FRAME_POINTER_MAX (1 << 20)

/* A function that was called may go on as another one. How many do so in a row, and how many
 * jumps of each are followed. */
#define JUMPS_DEEP 3
#define JUMPS_MAX  8

static bool leads_into(const struct step *s, uint64_t target)
{
	return target <= s->frame->pc && s->frame->pc - target < FUNCTION_MAX;
}

/* What is known of a word that may be a return address. */
enum evidence {
	NO_RETURN_ADDRESS,
	LAST_RESORT,          /* its call leads elsewhere, but may go on by a jump */
	MAYBE_RETURN_ADDRESS, /* a call that may lead anywhere */
	RETURN_ADDRESS,       /* its call leads to the frame */
};

/* Whether the function at `target` may have become the frame's by jumps. */
static enum evidence jumps_into(const struct step *s, uint64_t target)
{
	enum evidence evidence = NO_RETURN_ADDRESS;
	uint64_t open[JUMPS_DEEP * JUMPS_MAX + 1];
	unsigned count = 1, next = 0;

	open[0] = target;
	for (unsigned depth = 0; depth < JUMPS_DEEP; depth++) {
		for (unsigned end = count; next < end; next++) {
			uint64_t jumps[JUMPS_MAX];
			bool is_any = false;
			unsigned n = s->space->arch->jumps(&s->space->memory, open[next], jumps,
							   JUMPS_MAX, &is_any);

			if (is_any)
				evidence = LAST_RESORT;
			for (unsigned i = 0; i < n; i++) {
				if (leads_into(s, jumps[i]))
					return MAYBE_RETURN_ADDRESS;
				if (count < sizeof(open) / sizeof(open[0]) &&
				    is_executable(s, jumps[i]))
					open[count++] = jumps[i];
			}
		}
	}
	return evidence;
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

/* Whether what the function at `target` takes of the stack is below `sp`. */
static bool is_within(const struct step *s, uint64_t target, uint64_t sp)
{
	return s->frame->interrupted ||
	       sp - s->space->arch->word - s->frame->sp >=
		       s->space->arch->taken_at_begin(&s->space->memory, target);
}

/* Whether `address`, which leaves the stack pointer at `sp`, follows a call that may have led to
 * the frame, or is where a signal handler or the first function of a stack returns to. */
static enum evidence weigh(const struct step *s, uint64_t address, uint64_t sp,
			   uint64_t *target_ret)
{
	const struct unwind_memory *memory = &s->space->memory;
	const struct unwind_arch *arch = s->space->arch;

	*target_ret = 0;
	if (!is_executable(s, address))
		return NO_RETURN_ADDRESS;
	switch (arch->call_before(memory, address, target_ret)) {
	case UNWIND_CALL_NONE:
		return is_trampoline(s, address, sp) || step_is_bottom(s->space, address)
			       ? RETURN_ADDRESS
			       : NO_RETURN_ADDRESS;
	case UNWIND_CALL_UNKNOWN: return MAYBE_RETURN_ADDRESS;
	case UNWIND_CALL_KNOWN: break;
	}
	/* By way of a stub that the frame is in. */
	if (s->frame->interrupted && arch->through_stub(memory, s->frame->pc) == *target_ret)
		return RETURN_ADDRESS;
	if (leads_into(s, *target_ret))
		return is_within(s, *target_ret, sp) ? RETURN_ADDRESS : NO_RETURN_ADDRESS;
	/* Nothing to compare with where there is no code, or what called the frame is lost. */
	if (s->is_damaged || !is_executable(s, s->frame->pc))
		return is_executable(s, *target_ret) ? MAYBE_RETURN_ADDRESS : NO_RETURN_ADDRESS;
	return jumps_into(s, *target_ret);
}

static enum outcome found(const struct step *s, enum unwind_trust trust,
			  struct unwind_frame *caller)
{
	caller->trust = trust;
	caller->interrupted = false;
	step_set_pc_sp(s->space->arch, caller);
	return FOUND;
}

enum outcome guess_leaf(struct step *s, struct unwind_frame *caller)
{
	bool executable = is_executable(s, s->frame->pc);
	uint64_t target;

	if (!s->frame->interrupted || (executable && s->has_cfi))
		return NOT_FOUND;
	caller->registers = s->frame->registers;
	if (!s->space->arch->leaf_caller(&s->space->memory, s->frame, caller))
		return NOT_FOUND;
	if (weigh(s, caller->pc, caller->sp, &target) == NO_RETURN_ADDRESS) {
		if (s->space->arch->is_return(&s->space->memory, s->frame)) {
			s->is_damaged = true;
			s->frame_end = caller->sp;
		}
		return NOT_FOUND;
	}
	return found(s, executable ? UNWIND_LEAF : UNWIND_BAD_CALL, caller);
}

/* --- the frame pointer ------------------------------------------------------------------------ */

/* Whether `fp` points to a frame above `sp`. */
static bool is_frame_pointer(const struct step *s, uint64_t fp, uint64_t sp)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t address, target;

	if (fp < sp || fp - sp >= FRAME_POINTER_MAX || fp % arch->word ||
	    !read_word(&s->space->memory, fp + arch->word, &address))
		return false;
	address &= arch->address_mask;
	return is_executable(s, address) &&
	       (arch->call_before(&s->space->memory, address, &target) != UNWIND_CALL_NONE ||
		arch->is_sigreturn(&s->space->memory, address));
}

/*
 * A function without a description may have used the frame pointer for something else. Its caller's
 * is then among what it saved, if that one has a frame pointer at all.
 */
static void recover_frame_pointer(const struct step *s, struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t *fp = &caller->registers.value[arch->fp], word;

	if (caller->registers.known >> arch->fp & 1 && is_frame_pointer(s, *fp, caller->sp))
		return;
	for (uint64_t n = 2; n <= SAVED_MAX; n++) {
		uint64_t at = caller->sp - n * arch->word;

		if (at < s->frame->sp || at > caller->sp)
			return;
		if (!read_word(&s->space->memory, at, &word) ||
		    !is_frame_pointer(s, word, caller->sp))
			continue;
		*fp = word;
		caller->registers.known |= (uint64_t)1 << arch->fp;
		return;
	}
}

/* Whether the stack below the frame pointer holds the return address of a call that leads closer to
 * the frame than `target`, to a function without a frame pointer: it is then the caller's. */
static bool is_callers(const struct step *s, uint64_t fp, uint64_t target)
{
	const unsigned size = s->space->arch->word;
	uint64_t at = s->frame->sp, word, nearer;

	for (unsigned i = 0; i < SCAN_CALLER && at < fp; i++, at += size)
		if (read_word(&s->space->memory, at, &word) &&
		    weigh(s, word & s->space->arch->address_mask, at + size, &nearer) ==
			    RETURN_ADDRESS &&
		    nearer > target &&
		    !s->space->arch->has_frame_pointer(&s->space->memory, nearer))
			return true;
	return false;
}

/* The caller's stack pointer; false when it is known only not to be below that. */
static bool sp_by_frame_pointer(const struct step *s, uint64_t fp, uint64_t *ret)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t least = fp + 2 * (uint64_t)arch->word;
	struct unwind_code_frame frame;

	*ret = least;
	if (arch->has_record_last)
		return true;
	if (!step_sp_by_frame_pointer(s, fp, ret)) {
		if (s->has_cfi ||
		    !arch->frame_by_code(&s->space->memory, s->frame->pc, true, &frame))
			return false;
		*ret = fp + arch->word + (frame.end - frame.return_address);
	}
	if (*ret - least < FRAME_POINTER_MAX)
		return true;
	*ret = least;
	return false;
}

enum outcome guess_frame_pointer(struct step *s, struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;
	uint64_t fp = s->frame->registers.value[arch->fp], saved[2], target, word, sp;
	bool is_stack = read_word(&s->space->memory, s->frame->sp, &word), is_sure;
	enum evidence evidence;

	/* A stack pointer that points nowhere says nothing of where the frame is. */
	if (!(s->frame->registers.known >> arch->fp & 1) || (is_stack && fp < s->frame->sp) ||
	    fp % arch->word ||
	    !s->space->memory.read(s->space->memory.context, fp, saved, sizeof(saved)))
		return NOT_FOUND;
	saved[1] &= arch->address_mask;
	is_sure = sp_by_frame_pointer(s, fp, &sp);
	evidence = weigh(s, saved[1], sp, &target);
	if (evidence == NO_RETURN_ADDRESS ||
	    is_callers(s, fp, evidence == RETURN_ADDRESS ? target : 0))
		return NOT_FOUND;
	caller->registers = s->frame->registers;
	caller->registers.value[arch->fp] = saved[0];
	caller->pc = saved[1];
	caller->sp = sp;
	found(s, UNWIND_FP, caller);
	/* Tables would find a false caller with it. */
	if (!is_sure)
		caller->registers.known &= ~((uint64_t)1 << arch->sp);
	return FOUND;
}

/* --- the stack -------------------------------------------------------------------------------- */

static void take(const struct step *s, uint64_t address, uint64_t sp, struct unwind_frame *caller)
{
	caller->registers = s->frame->registers;
	caller->pc = address;
	caller->sp = sp;
	recover_frame_pointer(s, caller);
}

enum outcome guess_by_code(struct step *s, struct unwind_frame *caller)
{
	const struct unwind_arch *arch = s->space->arch;
	struct unwind_code_frame frame;
	uint64_t at, end, word, target;

	if (s->is_damaged || s->has_cfi || !is_executable(s, s->frame->pc) ||
	    !arch->frame_by_code(&s->space->memory, s->frame->pc, true, &frame))
		return NOT_FOUND;
	at = s->frame->sp + frame.return_address;
	end = s->frame->sp + frame.end;
	for (unsigned n = 0; n <= frame.pushed_max; n++, at += arch->word, end += arch->word) {
		if (!read_word(&s->space->memory, at, &word))
			return NOT_FOUND;
		word &= arch->address_mask;
		if (weigh(s, word, end, &target) < MAYBE_RETURN_ADDRESS)
			continue;
		take(s, word, end, caller);
		return found(s, UNWIND_SCAN, caller);
	}
	return NOT_FOUND;
}

enum outcome guess_scan(struct step *s, struct unwind_frame *caller)
{
	unsigned near = s->frame->interrupted ? SCAN_INNERMOST : SCAN_CALLER, skipped = 0;
	const struct unwind_arch *arch = s->space->arch;
	uint64_t at = (s->frame_end + arch->word - 1) & -(uint64_t)arch->word, word, target;
	/* Behind the first frame is another stack. */
	unsigned words = step_is_start(s) ? near : SCAN_KNOWN;
	bool is_found = false;

	for (unsigned i = 0; i < words && !(is_found && i >= near); i++, at += arch->word) {
		enum evidence evidence;

		if (!read_word(&s->space->memory, at, &word)) {
			if (skipped++ == SCAN_PAGES_SKIPPED)
				break;
			at = (at & -(uint64_t)PAGE) + PAGE - arch->word;
			continue;
		}
		word &= arch->address_mask;
		evidence = weigh(s, word, at + arch->word, &target);
		if (evidence == RETURN_ADDRESS || (evidence == MAYBE_RETURN_ADDRESS && i < near)) {
			take(s, word, at + arch->word, caller);
			return found(s, UNWIND_SCAN, caller);
		}
		if (evidence == LAST_RESORT && i < near && !is_found) {
			take(s, word, at + arch->word, caller);
			is_found = true;
		}
	}
	return is_found ? found(s, UNWIND_SCAN, caller) : NOT_FOUND;
}
