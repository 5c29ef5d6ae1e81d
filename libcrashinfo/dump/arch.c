/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/arch.h"

#include <elf.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Words as in struct user_regs_struct. */
static const struct dump_register x86_64_registers[] = {
	{"rip", 16, 16}, {"rsp", 19, 7}, {"rbp", 4, 6},  {"rax", 10, 0}, {"rbx", 5, 3},
	{"rcx", 11, 2},  {"rdx", 12, 1}, {"rsi", 13, 4}, {"rdi", 14, 5}, {"r8", 9, 8},
	{"r9", 8, 9},    {"r10", 7, 10}, {"r11", 6, 11}, {"r12", 3, 12}, {"r13", 2, 13},
	{"r14", 1, 14},  {"r15", 0, 15},
};

static const struct dump_register aarch64_registers[] = {
	{"pc", 32, 32},  {"sp", 31, 31},  {"x0", 0, 0},    {"x1", 1, 1},    {"x2", 2, 2},
	{"x3", 3, 3},    {"x4", 4, 4},    {"x5", 5, 5},    {"x6", 6, 6},    {"x7", 7, 7},
	{"x8", 8, 8},    {"x9", 9, 9},    {"x10", 10, 10}, {"x11", 11, 11}, {"x12", 12, 12},
	{"x13", 13, 13}, {"x14", 14, 14}, {"x15", 15, 15}, {"x16", 16, 16}, {"x17", 17, 17},
	{"x18", 18, 18}, {"x19", 19, 19}, {"x20", 20, 20}, {"x21", 21, 21}, {"x22", 22, 22},
	{"x23", 23, 23}, {"x24", 24, 24}, {"x25", 25, 25}, {"x26", 26, 26}, {"x27", 27, 27},
	{"x28", 28, 28}, {"x29", 29, 29}, {"x30", 30, 30},
};

static const struct dump_arch archs[] = {
	{"x86_64", EM_X86_64, 27, x86_64_registers, COUNT(x86_64_registers), 0, 1, &unwind_x86_64},
	{"aarch64", EM_AARCH64, 34, aarch64_registers, COUNT(aarch64_registers), 0, 1,
	 &unwind_aarch64},
};

const struct dump_arch *dump_arch_of(unsigned machine)
{
	for (size_t i = 0; i < COUNT(archs); i++)
		if (archs[i].machine == machine)
			return &archs[i];
	return NULL;
}

const struct dump_arch *dump_arch_host(void)
{
#if defined(__aarch64__)
	return dump_arch_of(EM_AARCH64);
#else
	return dump_arch_of(EM_X86_64);
#endif
}

struct unwind_registers dump_unwind_registers(const struct dump_arch *arch,
					      const uint64_t words[DUMP_WORDS_MAX])
{
	struct unwind_registers registers = {.known = 0};

	for (size_t i = 0; i < arch->register_count; i++) {
		unsigned n = arch->registers[i].dwarf;

		registers.value[n] = words[arch->registers[i].word];
		registers.known |= (uint64_t)1 << n;
	}
	return registers;
}
