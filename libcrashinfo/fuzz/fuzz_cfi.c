/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unwinding a process whose memory is the input: tables, code and stack of any content. It must
 * end, read nothing but through the callback, and move up the stack with each step.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/elf.h"
#include "unwind/unwind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* Small, so that numbers of few bytes reach it. */
#define BASE  0x100
#define STEPS 64

struct input {
	const struct unwind_arch *arch;
	const uint8_t *data;
	size_t size;
	enum unwind_cfi_kind kind;
};

static bool read_input(void *context, uint64_t address, void *to, size_t size)
{
	const struct input *input = context;

	if (address < BASE || address - BASE > input->size || size > input->size - (address - BASE))
		return false;
	memcpy(to, input->data + (address - BASE), size);
	return true;
}

static bool find_cfi(void *context, uint64_t pc, unsigned nth, struct unwind_cfi *ret)
{
	struct input *input = context;

	(void)pc;
	*ret = (struct unwind_cfi){.kind = input->kind,
				   .memory = {.read = read_input, .context = input},
				   .address = BASE,
				   .size = input->size,
				   .bias = BASE};
	return nth == 0;
}

static bool is_executable(void *context, uint64_t pc)
{
	uint8_t byte;

	return read_input(context, pc, &byte, 1);
}

static void unwind(struct input *input, uint64_t pc, uint64_t sp)
{
	const struct unwind_space space = {
		.arch = input->arch,
		.memory = {.read = read_input, .context = input},
		.find_cfi = find_cfi,
		.is_executable = is_executable,
		.context = input,
	};
	bool is_x86 = input->arch == &unwind_x86_64;
	struct unwind_registers registers = {.known = is_x86 ? 0x1ffff : 0x1ffffffff};
	struct unwind_frame frame, before;

	for (unsigned n = 0; n < UNWIND_REGISTERS; n++)
		registers.value[n] = sp + n * 8;
	registers.value[is_x86 ? 7 : 31] = sp;
	registers.value[is_x86 ? 16 : 32] = pc;
	unwind_begin(input->arch, &registers, &frame);
	for (unsigned n = 0; n < STEPS; n++) {
		before = frame;
		if (unwind_step(&space, &frame) != UNWIND_GOES_ON) {
			check(frame.pc == before.pc && frame.sp == before.sp);
			return;
		}
		check(frame.interrupted || frame.sp >= before.sp);
		check(frame.pc != before.pc || frame.sp != before.sp);
	}
}

static void read_image(struct input *input)
{
	const struct unwind_memory memory = {.read = read_input, .context = input};
	struct elf_image image;
	struct elf_build_id id;
	uint64_t address;
	Elf64_Shdr section;

	if (!elf_image_read(&memory, BASE, &image))
		return;
	elf_build_id_read(&memory, BASE, &image, false, 0, &id);
	check(id.size <= sizeof(id.bytes));
	elf_build_id_read(&memory, BASE, &image, true, BASE, &id);
	check(id.size <= sizeof(id.bytes));
	elf_section_find(&memory, &image, ".eh_frame", &section);
	elf_offset_to_address(&memory, BASE, &image, 0x1000, &address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.data = data, .size = size};
	uint64_t places[2] = {0};

	if (size < 5)
		return 0;
	input.kind = (enum unwind_cfi_kind)(data[size - 1] % 3);
	input.arch = data[size - 1] & 0x80 ? &unwind_aarch64 : &unwind_x86_64;
	memcpy(&places[0], data + size - 3, 2);
	memcpy(&places[1], data + size - 5, 2);
	unwind(&input, places[0], places[1]);
	unwind(&input, BASE, BASE);
	read_image(&input);
	return 0;
}
