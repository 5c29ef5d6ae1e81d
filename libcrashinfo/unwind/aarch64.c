/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/arch.h"
#include "unwind/reader.h"

/* DWARF register numbers; x0 to x30 are 0 to 30. */
enum { FP = 29, LR = 30, SP = 31, PC = 32, REGISTERS = 33 };

/* Addresses of programs have 48 bits; above are tags and signatures of pointers. */
#define ADDRESS_MASK (UINT64_MAX >> 16)

/* struct rt_sigframe of the kernel, which is at the stack pointer when a handler has returned:
 * siginfo, then ucontext, in which x0 to x30, sp and pc follow each other. */
enum { SIGNAL_REGISTERS = 128 + 184 };

#define NOP 0xd503201f
#define RET 0xd65f03c0

static bool read_bytes(const struct unwind_memory *memory, uint64_t address, void *to, size_t size)
{
	return memory->read(memory->context, address, to, size);
}

static bool read_code(const struct unwind_memory *memory, uint64_t address, uint32_t *ret)
{
	return address % 4 == 0 && read_bytes(memory, address, ret, sizeof(*ret));
}

/* Bits `low` and `count` - 1 above it, as a signed number. */
static uint64_t field(uint32_t code, unsigned low, unsigned count)
{
	uint64_t value = code >> low & ((UINT32_C(1) << count) - 1);
	uint64_t sign = UINT64_C(1) << (count - 1);

	return (value ^ sign) - sign;
}

static unsigned bits(uint32_t code, unsigned low, unsigned count)
{
	return code >> low & ((1u << count) - 1);
}

/* --- calls and jumps -------------------------------------------------------------------------- */

/* bti, paciasp, pacibsp: hints that are no operation elsewhere. */
static bool is_hint(uint32_t code)
{
	return (code & 0xfffff01f) == 0xd503201f;
}

static bool is_page_of_x16(uint32_t code)
{
	return (code & 0x9f00001f) == 0x90000010; /* adrp x16, page */
}

static uint64_t page_of(uint32_t code, uint64_t address)
{
	uint64_t pages = field(code, 5, 19) * 4 + bits(code, 29, 2);

	return (address & ~(uint64_t)4095) + pages * 4096;
}

/* Where a stub at `target` (PLT entry, veneer, jump) leads to; `target` itself when it is none. */
static uint64_t through_stub(const struct unwind_memory *memory, uint64_t target)
{
	uint64_t at = target, page, slot;
	uint32_t first, second;

	if (!read_code(memory, at, &first))
		return target;
	if (is_hint(first) && !read_code(memory, at += 4, &first))
		return target;
	if ((first & 0xfc000000) == 0x14000000) /* b */
		return at + field(first, 0, 26) * 4;
	if (!is_page_of_x16(first) || !read_code(memory, at + 4, &second))
		return target;
	page = page_of(first, at);
	if ((second & 0xffc003ff) == 0xf9400211) { /* ldr x17, [x16, offset] */
		slot = page + (uint64_t)bits(second, 10, 12) * 8;
		return read_word(memory, slot, &slot) ? slot & ADDRESS_MASK : target;
	}
	if ((second & 0xffc003ff) == 0x91000210) /* add x16, x16, offset */
		return page + bits(second, 10, 12);
	return target;
}

static enum unwind_call call_before(const struct unwind_memory *memory, uint64_t address,
				    uint64_t *target_ret)
{
	uint32_t code;

	if (!read_code(memory, address - 4, &code))
		return UNWIND_CALL_NONE;
	if ((code & 0xfc000000) == 0x94000000) { /* bl */
		*target_ret = through_stub(memory, address - 4 + field(code, 0, 26) * 4);
		return UNWIND_CALL_KNOWN;
	}
	/* blr, and those that authenticate */
	if ((code & 0xfffffc1f) == 0xd63f0000 || (code & 0xfefff800) == 0xd63f0800)
		return UNWIND_CALL_UNKNOWN;
	return UNWIND_CALL_NONE;
}

/* Bytes to where a branch goes, 0 when the instruction is none. */
static uint64_t branch(uint32_t code)
{
	if ((code & 0xfc000000) == 0x14000000) /* b */
		return field(code, 0, 26) * 4;
	if ((code & 0xff000010) == 0x54000000 || (code & 0x7e000000) == 0x34000000) /* b.eq, cbz */
		return field(code, 5, 19) * 4;
	if ((code & 0x7e000000) == 0x36000000) /* tbz */
		return field(code, 5, 14) * 4;
	return 0;
}

static unsigned jumps(const struct unwind_memory *memory, uint64_t address, uint64_t *ret,
		      unsigned max, bool *is_any_ret)
{
	enum { LENGTH = 256 };
	unsigned count = 0;
	uint32_t code;

	for (uint64_t at = address; at < address + LENGTH && count < max; at += 4) {
		uint64_t to;

		if (!read_code(memory, at, &code))
			break;
		if ((code & 0xfffffc1f) == 0xd61f0000) /* br */
			*is_any_ret = true;
		to = at + branch(code);
		if (to != at && to - address >= LENGTH)
			ret[count++] = through_stub(memory, to);
	}
	return count;
}

/* --- what functions begin and end with -------------------------------------------------------- */

/* mov x29, 0 or xzr, then a call, then the end of the thread */
static enum unwind_start is_start(const struct unwind_memory *memory, uint64_t address)
{
	enum { BEFORE = 64, BEHIND = 16 };
	bool clears = false;
	uint32_t code;

	for (unsigned i = 4; i <= BEFORE && !clears; i += 4)
		clears = read_code(memory, address - i, &code) &&
			 (code == 0xd280001d || code == 0xaa1f03fd);
	if (!clears)
		return UNWIND_START_NO;
	for (unsigned i = 0; i < BEHIND && read_code(memory, address + i, &code); i += 4)
		if (code == 0xd2800ba8) /* mov x8, __NR_exit */
			return UNWIND_START_SURE;
	return UNWIND_START_MAYBE;
}

/* mov x0, x19; cbnz x0 */
static bool is_context_start(const struct unwind_memory *memory, uint64_t address)
{
	uint32_t code, next;

	if (!read_code(memory, address, &code))
		return false;
	if (is_hint(code) && !read_code(memory, address += 4, &code))
		return false;
	return code == 0xaa1303e0 && read_code(memory, address + 4, &next) &&
	       (next & 0xff00001f) == 0xb5000000;
}

/* mov x29, sp or add x29, sp, offset */
static bool has_frame_pointer(const struct unwind_memory *memory, uint64_t address)
{
	enum { LENGTH = 32 };
	uint32_t code;

	for (unsigned i = 0; i < LENGTH && read_code(memory, address + i, &code); i += 4)
		if ((code & 0xffc003ff) == 0x910003fd)
			return true;
	return false;
}

/* sub sp, sp, size; 0 when it is another instruction */
static uint64_t subtracted(uint32_t code)
{
	if ((code & 0xff8003ff) != 0xd10003ff)
		return 0;
	return (uint64_t)bits(code, 10, 12) << (bits(code, 22, 1) * 12);
}

/* stp x, x, [sp, -size]! or str x, [sp, -size]!; 0 when it is another instruction */
static uint64_t pushed(uint32_t code)
{
	if ((code & 0xffc003e0) == 0xa98003e0)
		return -(field(code, 15, 7) * 8);
	if ((code & 0xffe00fe0) == 0xf8000fe0)
		return -field(code, 12, 9);
	return 0;
}

/* Where above the stack pointer's new value the instruction stores the return address. */
static bool stores_return_address(uint32_t code, uint64_t *ret)
{
	bool is_pair = (code & 0xff4003e0) == 0xa90003e0; /* stp x, x, [sp, offset] */

	if (is_pair && (bits(code, 0, 5) == LR || bits(code, 10, 5) == LR)) {
		*ret = bits(code, 10, 5) == LR ? 8 : 0;
		if (!bits(code, 23, 1)) /* ! sets the stack pointer to there */
			*ret += field(code, 15, 7) * 8;
		return true;
	}
	*ret = 0;
	if ((code & 0xffe00fff) == 0xf8000ffe) /* str x30, [sp, -size]! */
		return true;
	*ret = (uint64_t)bits(code, 10, 12) * 8;
	return (code & 0xffc003ff) == 0xf90003fe; /* str x30, [sp, offset] */
}

/* The return address is below what else is taken. */
static uint64_t taken_at_begin(const struct unwind_memory *memory, uint64_t address)
{
	(void)memory;
	(void)address;
	return 0;
}

/* A function returned to an address that is no code: nothing else leaves it in x30. */
static bool is_return(const struct unwind_memory *memory, const struct unwind_frame *frame)
{
	uint32_t code;

	return (frame->registers.known >> LR & 1) &&
	       (frame->registers.value[LR] & ADDRESS_MASK) == (frame->pc & ADDRESS_MASK) &&
	       !read_code(memory, frame->pc & ADDRESS_MASK, &code);
}

/* ret, retaa, or what is between functions */
static bool is_end(uint32_t code)
{
	return code == RET || (code & 0xfffffbff) == 0xd65f0bff || code == NOP || !code;
}

/*
 * Backwards to the first instruction of the function: what was taken of the stack, and where the
 * return address is in it. Returns whether it is there at all; else `ret->end` is what was taken.
 */
static bool frame_by_code(const struct unwind_memory *memory, uint64_t pc, bool is_sure,
			  struct unwind_code_frame *ret)
{
	enum { BEFORE = 1024 };
	bool is_stored = false;
	uint64_t offset;
	uint32_t code;

	*ret = (struct unwind_code_frame){0};
	for (unsigned i = 4; i <= BEFORE && read_code(memory, pc - i, &code); i += 4) {
		uint64_t more = pushed(code) + subtracted(code);

		if (!is_sure && is_end(code))
			return false;
		if (!is_stored && stores_return_address(code, &offset)) {
			is_stored = true;
			ret->return_address = ret->end + offset;
		}
		/* What is too large for one instruction is taken by two. */
		if (is_stored && ret->end >= ret->return_address + 8 && !more)
			return true;
		ret->end += more;
	}
	return is_stored && ret->end >= ret->return_address + 8;
}

/* --- frames ----------------------------------------------------------------------------------- */

/* What the code from the begin of a function up to `pc` took of the stack. */
static uint64_t taken_between(const struct unwind_memory *memory, uint64_t begin, uint64_t pc)
{
	uint64_t taken = 0;
	uint32_t code;

	for (uint64_t at = begin; at < pc && read_code(memory, at, &code); at += 4)
		taken += pushed(code) + subtracted(code);
	return taken;
}

/* Whether the code before `pc` has set the frame pointer, and not yet given it back. */
static bool has_set_frame_pointer(const struct unwind_memory *memory, uint64_t pc)
{
	enum { BEFORE = 1024 };
	uint32_t code;

	for (unsigned i = 4; i <= BEFORE && read_code(memory, pc - i, &code); i += 4) {
		if ((code & 0xffc003ff) == 0x910003fd) /* add x29, sp, offset */
			return true;
		if (is_end(code) || (code & 0xfe407fff) == 0xa8407bfd) /* ldp x29, x30, [sp] */
			return false;
	}
	return false;
}

/* A function that has called nothing yet may have a frame already: the caller's frame pointer is in
 * it, and where it is tells the caller's stack pointer when the one of the function is lost. */
static void take_record(const struct unwind_memory *memory, const struct unwind_frame *frame,
			struct unwind_frame *ret)
{
	uint64_t fp = frame->registers.value[FP], saved[2], word;
	struct unwind_code_frame made;

	if (!(frame->registers.known >> FP & 1) || !has_set_frame_pointer(memory, frame->pc) ||
	    !read_bytes(memory, fp, saved, sizeof(saved)) || (saved[1] & ADDRESS_MASK) != ret->pc)
		return;
	ret->registers.value[FP] = saved[0];
	if (!read_word(memory, frame->sp, &word) && frame_by_code(memory, frame->pc, true, &made))
		ret->sp = fp + 8 + (made.end - made.return_address);
}

static bool leaf_caller(const struct unwind_memory *memory, const struct unwind_frame *frame,
			struct unwind_frame *ret)
{
	enum { FUNCTION_MAX = 4096 };
	struct unwind_code_frame made;
	uint64_t begin;

	/* A function with a frame may have called others since. */
	if (!(frame->registers.known >> LR & 1) || frame_by_code(memory, frame->pc, false, &made))
		return false;
	ret->pc = frame->registers.value[LR] & ADDRESS_MASK;
	if (call_before(memory, ret->pc, &begin) == UNWIND_CALL_KNOWN && begin <= frame->pc &&
	    frame->pc - begin < FUNCTION_MAX)
		made.end = taken_between(memory, begin, frame->pc);
	ret->sp = frame->sp + made.end;
	take_record(memory, frame, ret);
	return true;
}

/* mov x8, __NR_rt_sigreturn; svc 0 */
static bool is_sigreturn(const struct unwind_memory *memory, uint64_t pc)
{
	uint32_t code[2];

	return pc % 4 == 0 && read_bytes(memory, pc, code, sizeof(code)) && code[0] == 0xd2801168 &&
	       code[1] == 0xd4000001;
}

static bool signal_registers(const struct unwind_memory *memory, const struct unwind_frame *frame,
			     struct unwind_registers *ret)
{
	if (!read_bytes(memory, frame->sp + SIGNAL_REGISTERS, ret->value, REGISTERS * 8))
		return false;
	ret->known = (UINT64_C(1) << REGISTERS) - 1;
	return true;
}

const struct unwind_arch unwind_aarch64 = {
	.registers = REGISTERS,
	.pc = PC,
	.sp = SP,
	.fp = FP,
	.word = 8,
	.address_mask = ADDRESS_MASK,
	.call_before = call_before,
	.through_stub = through_stub,
	.jumps = jumps,
	.is_start = is_start,
	.is_context_start = is_context_start,
	.has_frame_pointer = has_frame_pointer,
	.taken_at_begin = taken_at_begin,
	.is_return = is_return,
	.frame_by_code = frame_by_code,
	.leaf_caller = leaf_caller,
	.is_sigreturn = is_sigreturn,
	.signal_registers = signal_registers,
};
