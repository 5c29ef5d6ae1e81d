/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/arch.h"
#include "unwind/reader.h"

/* DWARF register numbers of the psABI. */
enum {
	RAX,
	RDX,
	RCX,
	RBX,
	RSI,
	RDI,
	RBP,
	RSP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	RIP,
	REGISTERS
};

/* struct ucontext of the kernel, which is at the stack pointer when a handler has returned. */
enum { UCONTEXT_REGISTERS = 40 };
static const uint8_t ucontext_order[] = {R8,  R9,  R10, R11, R12, R13, R14, R15, RDI,
					 RSI, RBP, RBX, RDX, RAX, RCX, RSP, RIP};

static bool read_bytes(const struct unwind_memory *memory, uint64_t address, void *to, size_t size)
{
	return memory->read(memory->context, address, to, size);
}

static int32_t little32(const unsigned char *bytes)
{
	return (int32_t)(bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
			 (uint32_t)bytes[3] << 24);
}

static bool equal(const unsigned char *a, const unsigned char *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* Where a stub at `target` (PLT entry, jump) leads to; `target` itself when it is none. */
static uint64_t through_stub(const struct unwind_memory *memory, uint64_t target)
{
	static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	unsigned char code[11];
	unsigned at = 0;
	uint64_t slot;

	if (!read_bytes(memory, target, code, sizeof(code)))
		return target;
	if (equal(code, endbr64, sizeof(endbr64)))
		at = sizeof(endbr64);
	if (code[at] == 0xe9)
		return target + at + 5 + (uint64_t)(int64_t)little32(code + at + 1);
	at += code[at] == 0xf2; /* bnd */
	if (code[at] != 0xff || code[at + 1] != 0x25)
		return target;
	slot = target + at + 6 + (uint64_t)(int64_t)little32(code + at + 2);
	return read_word(memory, slot, &slot) ? slot : target;
}

/* Length of an FF /2 instruction with this ModRM and SIB, without prefixes; 0 when it is none. */
static unsigned indirect_call_length(unsigned char modrm, unsigned char sib)
{
	unsigned mode = modrm >> 6, base = modrm & 7, length = 2;

	if ((modrm >> 3 & 7) != 2)
		return 0;
	if (mode == 3)
		return length;
	if (base == 4) {
		length++;
		base = sib & 7;
	}
	if (mode == 1)
		return length + 1;
	if (mode == 2 || base == 5) /* mode 0 with base 5: displacement only, or from rip */
		return length + 4;
	return length;
}

static enum unwind_call call_before(const struct unwind_memory *memory, uint64_t address,
				    uint64_t *target_ret)
{
	enum { BEFORE = 7 };
	unsigned char code[BEFORE + 1]; /* one more so that a SIB byte can always be looked at */
	uint64_t slot;

	if (!read_bytes(memory, address - BEFORE, code, BEFORE))
		return UNWIND_CALL_NONE;
	code[BEFORE] = 0;
	if (code[BEFORE - 6] == 0xff && code[BEFORE - 5] == 0x15) {
		slot = address + (uint64_t)(int64_t)little32(code + BEFORE - 4);
		return read_word(memory, slot, target_ret) ? UNWIND_CALL_KNOWN
							   : UNWIND_CALL_UNKNOWN;
	}
	if (code[BEFORE - 5] == 0xe8) {
		*target_ret = through_stub(
			memory, address + (uint64_t)(int64_t)little32(code + BEFORE - 4));
		return UNWIND_CALL_KNOWN;
	}
	for (unsigned length = 2; length <= BEFORE; length++) {
		const unsigned char *at = code + BEFORE - length;

		if (at[0] == 0xff && indirect_call_length(at[1], at[2]) == length)
			return UNWIND_CALL_UNKNOWN;
	}
	return UNWIND_CALL_NONE;
}

static bool leaf_caller(const struct unwind_memory *memory, const struct unwind_frame *frame,
			struct unwind_frame *ret)
{
	if (!read_word(memory, frame->sp, &ret->pc))
		return false;
	ret->sp = frame->sp + 8;
	return true;
}

/* mov $15, %rax (or %eax); syscall */
static bool is_sigreturn(const struct unwind_memory *memory, uint64_t pc)
{
	static const unsigned char wide[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};
	static const unsigned char narrow[] = {0xb8, 15, 0, 0, 0, 0x0f, 0x05};
	unsigned char code[sizeof(wide)];

	return read_bytes(memory, pc, code, sizeof(code)) &&
	       (equal(code, wide, sizeof(wide)) || equal(code, narrow, sizeof(narrow)));
}

static bool signal_registers(const struct unwind_memory *memory, const struct unwind_frame *frame,
			     struct unwind_registers *ret)
{
	uint64_t words[REGISTERS];

	if (!read_bytes(memory, frame->sp + UCONTEXT_REGISTERS, words, sizeof(words)))
		return false;
	for (unsigned i = 0; i < REGISTERS; i++)
		ret->value[ucontext_order[i]] = words[i];
	ret->known = ((uint64_t)1 << REGISTERS) - 1;
	return true;
}

const struct unwind_arch unwind_x86_64 = {
	.registers = REGISTERS,
	.pc = RIP,
	.sp = RSP,
	.fp = RBP,
	.word = 8,
	.address_mask = UINT64_MAX,
	.call_before = call_before,
	.leaf_caller = leaf_caller,
	.is_sigreturn = is_sigreturn,
	.signal_registers = signal_registers,
};
