/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame to the next. Call frame information is believed first; each fallback must show a return
 * address that lies behind a call, for a wrong frame misleads more than a missing one.
 */
#include "unwind/cfi.h"
#include "unwind/machine.h"

/* Words of the stack that a scan looks at: frames of a few KiB are common, larger ones rare. */
#define MAX_SCANNED_WORDS 1024

struct step {
	const struct unwind_source *source;
	const struct unwind_frame *frame;
	struct unwind_module module;
	bool executable;
	struct unwind_frame next;
};

static uint64_t pc_of(const struct unwind_frame *frame)
{
	return frame->registers.value[UNWIND_RIP];
}

static uint64_t sp_of(const struct unwind_frame *frame)
{
	return frame->registers.value[UNWIND_RSP];
}

void unwind_begin(struct unwind_frame *ret, const struct unwind_registers *registers)
{
	ret->registers = *registers;
	ret->trust = UNWIND_TRUST_CONTEXT;
	ret->exact_pc = true;
}

static bool is_executable(const struct step *s, uint64_t pc)
{
	struct unwind_module module;

	return !s->source->module(s->source->user, pc, &module);
}

/* Registers saved for a signal handler may be anywhere: the handler may have a stack of its own. */
static enum unwind_result step_sigreturn(struct step *s)
{
	if (!s->executable || !machine_is_sigreturn(s->source, pc_of(s->frame)) ||
	    !machine_sigreturn_registers(s->source, &s->frame->registers, &s->next.registers))
		return UNWIND_LOST;
	s->next.trust = UNWIND_TRUST_SIGRETURN;
	s->next.exact_pc = true;
	return UNWIND_STEPPED;
}

static bool cfi_result_is_sound(const struct step *s, const struct cfi_entry *entry)
{
	uint64_t pc = pc_of(&s->next), sp = sp_of(&s->next);

	if (entry->cie.signal_frame)
		return pc != pc_of(s->frame) || sp != sp_of(s->frame);
	return sp > sp_of(s->frame) && is_executable(s, pc);
}

static enum unwind_result apply_entry(struct step *s, const struct cfi_entry *entry, uint64_t pc)
{
	switch (cfi_apply(s->source, entry, pc, &s->frame->registers, &s->next.registers)) {
	case CFI_OUTERMOST: return UNWIND_END;
	case CFI_FAILED: return UNWIND_LOST;
	case CFI_APPLIED: break;
	}
	if (!pc_of(&s->next) && !entry->cie.signal_frame && sp_of(&s->next) > sp_of(s->frame))
		return UNWIND_END;
	if (!cfi_result_is_sound(s, entry))
		return UNWIND_LOST;
	s->next.trust = UNWIND_TRUST_CFI;
	s->next.exact_pc = entry->cie.signal_frame;
	return UNWIND_STEPPED;
}

/*
 * A return address may lie behind its function, when the call was its last instruction: look up the
 * byte in front. The return from a signal handler was never called; where it has no entry of its
 * own, that byte belongs to a stranger.
 */
static enum unwind_result step_cfi(struct step *s)
{
	uint64_t pc = pc_of(s->frame), lookup = s->frame->exact_pc ? pc : pc - 1;
	struct cfi_entry entry;

	if (!s->executable || !cfi_find(s->source, &s->module, lookup, &entry))
		return UNWIND_LOST;
	if (pc - entry.pc_start >= entry.pc_size && machine_is_sigreturn(s->source, pc))
		return UNWIND_LOST;
	return apply_entry(s, &entry, lookup);
}

static enum unwind_result step_called(struct step *s)
{
	uint64_t sp = sp_of(s->frame), address;

	/* only where nothing has been pushed since the call: a jump elsewhere, or a leaf */
	if (!s->frame->exact_pc || !unwind_read_word(s->source, sp, &address) ||
	    !machine_is_return_address(s->source, address, pc_of(s->frame)))
		return UNWIND_LOST;
	s->next.registers = s->frame->registers;
	s->next.registers.value[UNWIND_RIP] = address;
	s->next.registers.value[UNWIND_RSP] = sp + 8;
	s->next.trust = UNWIND_TRUST_CALLED;
	s->next.exact_pc = false;
	return UNWIND_STEPPED;
}

static enum unwind_result step_frame_pointer(struct step *s)
{
	uint64_t fp = s->frame->registers.value[UNWIND_RBP], saved, address;

	if (fp < sp_of(s->frame) || fp % 8 || fp > UINT64_MAX - 16 ||
	    !unwind_read_word(s->source, fp, &saved) ||
	    !unwind_read_word(s->source, fp + 8, &address) ||
	    !machine_is_return_address(s->source, address, pc_of(s->frame)))
		return UNWIND_LOST;
	s->next.registers = s->frame->registers;
	s->next.registers.value[UNWIND_RIP] = address;
	s->next.registers.value[UNWIND_RSP] = fp + 16;
	s->next.registers.value[UNWIND_RBP] = saved;
	s->next.trust = UNWIND_TRUST_FRAME_POINTER;
	s->next.exact_pc = false;
	return UNWIND_STEPPED;
}

static enum unwind_result step_scan(struct step *s)
{
	uint64_t at = (sp_of(s->frame) + 7) & ~UINT64_C(7), address;

	for (unsigned i = 0; i < MAX_SCANNED_WORDS; i++, at += 8) {
		if (at > UINT64_MAX - 8 || !unwind_read_word(s->source, at, &address))
			return UNWIND_LOST;
		if (!machine_is_return_address(s->source, address, pc_of(s->frame)))
			continue;
		s->next.registers = s->frame->registers;
		s->next.registers.value[UNWIND_RIP] = address;
		s->next.registers.value[UNWIND_RSP] = at + 8;
		s->next.trust = UNWIND_TRUST_SCAN;
		s->next.exact_pc = false;
		return UNWIND_STEPPED;
	}
	return UNWIND_LOST;
}

enum unwind_result unwind_step(const struct unwind_source *source, struct unwind_frame *frame)
{
	static enum unwind_result (*const methods[])(struct step *) = {
		step_cfi, step_sigreturn, step_called, step_frame_pointer, step_scan,
	};
	struct step s = {.source = source, .frame = frame};

	s.executable = !source->module(source->user, pc_of(frame), &s.module);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		enum unwind_result result = methods[i](&s);

		if (result == UNWIND_STEPPED)
			*frame = s.next;
		if (result != UNWIND_LOST)
			return result;
	}
	return UNWIND_LOST;
}
