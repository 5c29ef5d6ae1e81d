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

static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

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

/* Compilers that mend processors replace calls of what a register says by calls of a thunk: it
 * calls what follows, replaces the return address by the register, and returns. */
static bool is_thunk(const struct unwind_memory *memory, uint64_t address)
{
	enum { LENGTH = 5, FURTHER = 64 };
	unsigned char code[LENGTH];
	uint64_t inner;

	if (!read_bytes(memory, address, code, LENGTH) || code[0] != 0xe8)
		return false;
	inner = address + LENGTH + (uint64_t)(int64_t)little32(code + 1);
	/* mov %reg, (%rsp) */
	return inner - address < FURTHER && read_bytes(memory, inner, code, 4) &&
	       (code[0] & 0xfb) == 0x48 && code[1] == 0x89 && (code[2] & 0xc7) == 0x04 &&
	       code[3] == 0x24;
}

/* Instructions of the longest form have so many bytes. */
#define CALL_MAX 7

/* Whether the code that ends at `end` ends with a call of what a register or memory says. */
static bool is_indirect_call(const unsigned char *end)
{
	for (unsigned length = 2; length <= CALL_MAX; length++) {
		const unsigned char *at = end - length;

		if (at[0] == 0xff && indirect_call_length(at[1], at[2]) == length)
			return true;
	}
	return false;
}

static enum unwind_call call_before(const struct unwind_memory *memory, uint64_t address,
				    uint64_t *target_ret)
{
	enum { BEFORE = CALL_MAX };
	/* One more, so that a SIB byte can always be looked at. */
	unsigned char code[BEFORE + 1] = {0};
	unsigned skip = 0;
	uint64_t slot;

	/* Generated code may begin with a call. */
	while (!read_bytes(memory, address - BEFORE + skip, code + skip, BEFORE - skip))
		if (++skip > BEFORE - 2)
			return UNWIND_CALL_NONE;
	if (code[BEFORE - 6] == 0xff && code[BEFORE - 5] == 0x15) {
		slot = address + (uint64_t)(int64_t)little32(code + BEFORE - 4);
		return read_word(memory, slot, target_ret) ? UNWIND_CALL_KNOWN
							   : UNWIND_CALL_UNKNOWN;
	}
	/* What follows 0xe8 may be the call, and 0xe8 a part of what is before. */
	if (is_indirect_call(code + BEFORE))
		return UNWIND_CALL_UNKNOWN;
	if (code[BEFORE - 5] != 0xe8)
		return UNWIND_CALL_NONE;
	*target_ret =
		through_stub(memory, address + (uint64_t)(int64_t)little32(code + BEFORE - 4));
	return is_thunk(memory, *target_ret) ? UNWIND_CALL_UNKNOWN : UNWIND_CALL_KNOWN;
}

/* As much as can be read, `max` at most. */
static unsigned read_code(const struct unwind_memory *memory, uint64_t address, unsigned char *to,
			  unsigned max)
{
	unsigned size = 0;

	while (size < max && read_bytes(memory, address + size, to + size, 16))
		size += 16;
	return size;
}

static unsigned jumps(const struct unwind_memory *memory, uint64_t address, uint64_t *ret,
		      unsigned max, bool *is_any_ret)
{
	enum { LENGTH = 256 };
	unsigned char code[LENGTH];
	unsigned size = read_code(memory, address, code, LENGTH), count = 0;

	for (unsigned i = 0; i + 6 <= size && count < max; i++) {
		const unsigned char *at = code + i;
		uint64_t next = address + i;

		if (at[0] == 0xff && (at[1] & 0xf8) == 0xe0) /* jmp *%reg */
			*is_any_ret = true;
		if (at[0] == 0xe9)
			next += 5 + (uint64_t)(int64_t)little32(at + 1);
		else if (at[0] == 0xeb)
			next += 2 + (uint64_t)(int64_t)(int8_t)at[1];
		else if (at[0] == 0x0f && (at[1] & 0xf0) == 0x80)
			next += 6 + (uint64_t)(int64_t)little32(at + 2);
		else if (at[0] == 0xff && at[1] == 0x25)
			read_word(memory, next + 6 + (uint64_t)(int64_t)little32(at + 2), &next);
		if (next != address + i && next - address >= LENGTH)
			ret[count++] = through_stub(memory, next);
	}
	return count;
}

/* xor %ebp, %ebp or xor %rbp, %rbp, then a call, then hlt, which no other code has. */
static enum unwind_start is_start(const struct unwind_memory *memory, uint64_t address)
{
	enum { BEFORE = 64, BEHIND = 16 };
	unsigned char code[2];
	bool clears = false;

	for (unsigned i = 2; i <= BEFORE && !clears; i++)
		clears = read_bytes(memory, address - i, code, sizeof(code)) && code[0] == 0x31 &&
			 code[1] == 0xed;
	if (!clears)
		return UNWIND_START_NO;
	for (unsigned i = 0; i < BEHIND && read_bytes(memory, address + i, code, 1); i++)
		if (code[0] == 0xf4)
			return UNWIND_START_SURE;
	return UNWIND_START_MAYBE;
}

/* mov %rbx, %rsp */
static bool is_context_start(const struct unwind_memory *memory, uint64_t address)
{
	static const unsigned char begin[] = {0x48, 0x89, 0xdc};
	unsigned char code[4 + sizeof(begin)];

	if (!read_bytes(memory, address, code, sizeof(code)))
		return false;
	return equal(code + (equal(code, endbr64, 4) ? 4 : 0), begin, sizeof(begin));
}

/* push %rbp; mov %rsp, %rbp */
static bool has_frame_pointer(const struct unwind_memory *memory, uint64_t address)
{
	static const unsigned char begin[][4] = {{0x55, 0x48, 0x89, 0xe5},
						 {0x55, 0x48, 0x8b, 0xec}};
	unsigned char code[4 + sizeof(begin[0])];
	const unsigned char *at = code;

	if (!read_bytes(memory, address, code, sizeof(code)))
		return false;
	if (equal(code, endbr64, 4))
		at += 4;
	return equal(at, begin[0], 4) || equal(at, begin[1], 4);
}

/* push, and sub $size, %rsp behind it */
static uint64_t taken_at_begin(const struct unwind_memory *memory, uint64_t address)
{
	enum { SIZE = 32 };
	unsigned char code[SIZE];
	uint64_t taken = 0;
	unsigned i = 0;

	if (!read_bytes(memory, address, code, sizeof(code)))
		return 0;
	if (equal(code, endbr64, sizeof(endbr64)))
		i += sizeof(endbr64);
	while (i + 7 <= SIZE) {
		i += code[i] == 0x41; /* r8 to r15 */
		if ((code[i] & 0xf8) != 0x50)
			break;
		taken += 8;
		i++;
	}
	if (i + 7 <= SIZE && code[i] == 0x48 && code[i + 1] == 0x83 && code[i + 2] == 0xec)
		taken += code[i + 3];
	return taken;
}

static bool is_return(const struct unwind_memory *memory, const struct unwind_frame *frame)
{
	unsigned char code[2];

	return read_bytes(memory, frame->pc, code, sizeof(code)) &&
	       (code[0] == 0xc3 || (code[0] == 0xf3 && code[1] == 0xc3));
}

/* Whether the byte C3 behind `before` is an instruction, and not the operands of one. */
static bool is_return_behind(unsigned char before)
{
	/* Calls and jumps, and common instructions with two registers: mov, test, cmp and so on. */
	static const unsigned char operations[] = {
		0x01, 0x03, 0x09, 0x0b, 0x21, 0x23, 0x29, 0x2b, 0x31, 0x33, 0x39,
		0x3b, 0x63, 0x81, 0x83, 0x84, 0x85, 0x88, 0x89, 0x8b, 0xaf, 0xb6,
		0xb7, 0xbe, 0xbf, 0xc1, 0xd1, 0xd3, 0xe8, 0xe9, 0xeb, 0xf7, 0xff};

	/* A distance from rip follows; what is added to rsp before a return is a multiple of 8. */
	if ((before & 0xc7) == 0x05)
		return false;
	if ((before & 0xf0) == 0x70) /* a short jump */
		return false;
	for (size_t i = 0; i < sizeof(operations); i++)
		if (operations[i] == before)
			return false;
	return true;
}

/* What is taken of the stack before `at` page by page, each of which is touched. */
static uint64_t probed_before(const struct unwind_memory *memory, uint64_t at)
{
	enum { PAGE = 4096, LOOP = 32 };
	/* sub $4096, %rsp; orq $0, (%rsp) */
	static const unsigned char probe[] = {0x48, 0x81, 0xec, 0,    0x10, 0,
					      0,    0x48, 0x83, 0x0c, 0x24, 0};
	/* lea -size(%rsp), %r11: how far a loop goes */
	static const unsigned char loop[] = {0x4c, 0x8d, 0x9c, 0x24};
	unsigned char code[sizeof(probe)];
	uint64_t size = 0;

	for (; read_bytes(memory, at - sizeof(probe), code, sizeof(probe)) &&
	       equal(code, probe, sizeof(probe));
	     at -= sizeof(probe))
		size += PAGE;
	for (unsigned i = 8; !size && i <= LOOP && read_bytes(memory, at - i, code, 8); i++)
		if (equal(code, loop, sizeof(loop)))
			return -(uint64_t)(int64_t)little32(code + sizeof(loop));
	return size;
}

/* sub $size, %rsp: the last one before `pc`, unless the function seems to end between them. */
static uint64_t frame_size(const struct unwind_memory *memory, uint64_t pc)
{
	enum { BEFORE = 2048 };
	unsigned char code[9]; /* what is before the instruction, too */

	for (unsigned i = 1; i <= BEFORE; i++) {
		const unsigned char *at = code + 1;
		uint64_t size = 0;

		if (!read_bytes(memory, pc - i - 1, code, sizeof(code)) ||
		    (at[0] == 0xc3 && is_return_behind(code[0])))
			return 0;
		if (at[0] != 0x48 || at[2] != 0xec || i < 4)
			continue;
		if (at[1] == 0x83 && at[3] < 0x80)
			size = at[3];
		if (at[1] == 0x81 && i >= 7)
			size = (uint32_t)little32(at + 3);
		if (size)
			return size + probed_before(memory, pc - i);
	}
	return 0;
}

static bool frame_by_code(const struct unwind_memory *memory, uint64_t pc, bool is_sure,
			  struct unwind_code_frame *ret)
{
	enum { PUSHES_MAX = 6 };
	uint64_t size = frame_size(memory, pc);

	(void)is_sure;
	*ret = (struct unwind_code_frame){size, size + 8, PUSHES_MAX};
	return size;
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
	.through_stub = through_stub,
	.jumps = jumps,
	.is_start = is_start,
	.is_context_start = is_context_start,
	.has_frame_pointer = has_frame_pointer,
	.taken_at_begin = taken_at_begin,
	.is_return = is_return,
	.has_record_last = true,
	.frame_by_code = frame_by_code,
	.leaf_caller = leaf_caller,
	.is_sigreturn = is_sigreturn,
	.signal_registers = signal_registers,
};
