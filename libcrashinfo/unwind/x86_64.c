/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/machine.h"
#include "unwind/memory.h"

/* A callee begins at most this far in front of a pc within it. */
#define MAX_FUNCTION (UINT64_C(1) << 20)
/* The longest call: two-byte opcode with SIB byte and 32-bit displacement. */
#define MAX_CALL 7

static bool equal(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

bool machine_is_sigreturn(const struct unwind_source *source, uint64_t pc)
{
	/* mov $15,%rax; syscall -- and the shorter form with %eax */
	static const uint8_t wide[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const uint8_t narrow[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
	uint8_t code[sizeof(wide)];

	if (!source->read(source->user, pc, code, sizeof(wide)))
		return equal(code, wide, sizeof(wide)) || equal(code, narrow, sizeof(narrow));
	return !source->read(source->user, pc, code, sizeof(narrow)) &&
	       equal(code, narrow, sizeof(narrow));
}

bool machine_sigreturn_registers(const struct unwind_source *source,
				 const struct unwind_registers *registers,
				 struct unwind_registers *ret)
{
	/* the stack pointer is at a ucontext; its general registers begin behind 40 bytes */
	static const uint8_t order[] = {
		UNWIND_R8,  UNWIND_R9,  UNWIND_R10, UNWIND_R11, UNWIND_R12, UNWIND_R13,
		UNWIND_R14, UNWIND_R15, UNWIND_RDI, UNWIND_RSI, UNWIND_RBP, UNWIND_RBX,
		UNWIND_RDX, UNWIND_RAX, UNWIND_RCX, UNWIND_RSP, UNWIND_RIP,
	};
	uint64_t saved[sizeof(order)];

	if (source->read(source->user, registers->value[UNWIND_RSP] + 40, saved, sizeof(saved)))
		return false;
	for (size_t i = 0; i < sizeof(order); i++)
		ret->value[order[i]] = saved[i];
	return true;
}

/* Length of `call *operand` by its ModRM byte and what follows; 0 when it is no such call. */
static unsigned indirect_call_length(const uint8_t *code)
{
	uint8_t mod = code[1] >> 6, operation = code[1] >> 3 & 7, base = code[1] & 7;

	if (code[0] != 0xff || operation != 2)
		return 0;
	switch (mod) {
	case 0:
		if (base == 5)
			return 6;
		if (base == 4)
			return (code[2] & 7) == 5 ? 7 : 3;
		return 2;
	case 1: return base == 4 ? 4 : 3;
	case 2: return base == 4 ? 7 : 6;
	default: return 2;
	}
}

static bool leads_to(uint64_t target, uint64_t callee)
{
	return target <= callee && callee - target < MAX_FUNCTION;
}

/* Where the stub of the procedure linkage table at `target` jumps; false when it is none. */
static bool plt_target(const struct unwind_source *source, uint64_t target, uint64_t *ret)
{
	uint8_t code[11] = {0};
	unsigned at = 0;
	int32_t distance = 0;

	if (source->read(source->user, target, code, sizeof(code)))
		return false;
	/* endbr64 and the bnd prefix may stand in front of jmp *distance(%rip) */
	if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e && code[3] == 0xfa)
		at = 4;
	if (code[at] == 0xf2)
		at++;
	if (code[at] != 0xff || code[at + 1] != 0x25)
		return false;
	for (unsigned i = 0; i < 4; i++)
		distance |= (int32_t)((uint32_t)code[at + 2 + i] << (8 * i));
	return unwind_read_word(source, target + at + 6 + (uint64_t)(int64_t)distance, ret);
}

static bool direct_call_fits(const struct unwind_source *source, const uint8_t *code,
			     uint64_t address, uint64_t callee)
{
	int32_t distance = 0;
	uint64_t target;

	for (unsigned i = 0; i < 4; i++)
		distance |= (int32_t)((uint32_t)code[1 + i] << (8 * i));
	target = address + (uint64_t)(int64_t)distance;
	if (leads_to(target, callee))
		return true;
	return plt_target(source, target, &target) && leads_to(target, callee);
}

bool machine_is_return_address(const struct unwind_source *source, uint64_t address,
			       uint64_t callee)
{
	/* the lengths that indirect calls have */
	static const uint8_t lengths[] = {2, 3, 4, 6, 7};
	/* two bytes more, so that every length may be decoded without looking */
	uint8_t code[MAX_CALL + 2] = {0};
	struct unwind_module module;

	if (address < MAX_CALL || source->module(source->user, address, &module) ||
	    address - module.text_start < MAX_CALL ||
	    source->read(source->user, address - MAX_CALL, code, MAX_CALL))
		return false;
	if (code[MAX_CALL - 5] == 0xe8 &&
	    direct_call_fits(source, code + MAX_CALL - 5, address, callee))
		return true;
	for (size_t i = 0; i < sizeof(lengths); i++)
		if (indirect_call_length(code + MAX_CALL - lengths[i]) == lengths[i])
			return true;
	return false;
}
