/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules for finding a caller are those that libdw gives, for code all over this program and the
 * libraries that it has loaded.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"
#include "unwind/cfi.h"

/* Bytes between two addresses that are compared: prime, so that all places in functions occur. */
#define STRIDE 101

/* All addresses that are asked for come from tables of this process. */
static bool read_self(void *context, uint64_t address, void *to, size_t size)
{
	(void)context;
	memcpy(to, (const void *)(uintptr_t)address, size);
	return true;
}

struct object {
	uint64_t bias;
	struct unwind_cfi cfi;
	Elf *elf;
	Dwarf_CFI *libdw;
};

static bool is_rsp_or_rbp_plus(const Dwarf_Op *ops, size_t count)
{
	return count == 1 && (ops->atom == DW_OP_bregx ||
			      (ops->atom >= DW_OP_breg0 && ops->atom <= DW_OP_breg31));
}

/* libdw gives a register and offset as one operation. */
static void compare_cfa(const struct cfi_row *row, const Dwarf_Op *ops, size_t count, uint64_t pc)
{
	uint64_t number = 0, offset = 0;

	if (!is_rsp_or_rbp_plus(ops, count)) {
		ck_assert_msg(row->cfa_is_expression, "%#llx", (unsigned long long)pc);
		return;
	}
	if (row->cfa_is_expression) /* a one-operation expression looks the same */
		return;
	number = ops->atom == DW_OP_bregx ? ops->number : (uint64_t)(ops->atom - DW_OP_breg0);
	offset = ops->atom == DW_OP_bregx ? ops->number2 : ops->number;
	ck_assert_msg(row->cfa_register == number && row->cfa_offset == offset,
		      "%#llx: CFA is %llu + %llu, not %llu + %llu", (unsigned long long)pc,
		      (unsigned long long)row->cfa_register, (unsigned long long)row->cfa_offset,
		      (unsigned long long)number, (unsigned long long)offset);
}

/* Registers that are saved at an offset from the CFA: call_frame_cfa; plus_uconst or const, plus.
 */
static void compare_register(const struct cfi_row *row, Dwarf_Frame *frame, int number, uint64_t pc)
{
	Dwarf_Op memory[3], *ops;
	size_t count;
	int64_t offset;

	ck_assert_int_eq(dwarf_frame_register(frame, number, memory, &ops, &count), 0);
	if (row->rule[number] == CFI_UNDEFINED)
		ck_assert_msg(!count && ops == memory, "%#llx", (unsigned long long)pc);
	if (row->rule[number] != CFI_OFFSET)
		return;
	ck_assert_msg(count && ops[0].atom == DW_OP_call_frame_cfa, "%#llx: register %d",
		      (unsigned long long)pc, number);
	offset = count > 1 ? (int64_t)ops[1].number : 0;
	ck_assert_msg((int64_t)row->value[number] == offset, "%#llx: register %d at %lld, not %lld",
		      (unsigned long long)pc, number, (long long)row->value[number],
		      (long long)offset);
}

/* Whether both know the address. */
static bool compare(const struct object *object, uint64_t pc)
{
	struct unwind_fde fde;
	struct cfi_row row;
	Dwarf_Op *ops;
	Dwarf_Frame *frame;
	bool is_signal_frame, known;
	size_t count;

	known = unwind_find_fde(&object->cfi, object->bias + pc, &fde) &&
		cfi_row_at(&fde, &unwind_x86_64, object->bias + pc, &row);
	ck_assert_msg(known == !dwarf_cfi_addrframe(object->libdw, pc, &frame), "%#llx",
		      (unsigned long long)pc);
	if (!known)
		return false;
	dwarf_frame_info(frame, NULL, NULL, &is_signal_frame);
	ck_assert_int_eq(fde.cie.signal_frame, is_signal_frame);
	ck_assert_int_eq(dwarf_frame_cfa(frame, &ops, &count), 0);
	compare_cfa(&row, ops, count, pc);
	for (int number = 0; number <= 16; number++)
		compare_register(&row, frame, number, pc);
	free(frame);
	return true;
}

static void compare_object(const struct dl_phdr_info *info, struct object *object)
{
	unsigned compared = 0;

	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		for (uint64_t at = 0; at < segment->p_memsz; at += STRIDE)
			compared += compare(object, segment->p_vaddr + at);
	}
	ck_assert_msg(compared > 0, "%s", info->dlpi_name);
}

static bool find_header(const struct dl_phdr_info *info, struct object *object)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_GNU_EH_FRAME)
			continue;
		object->bias = info->dlpi_addr;
		object->cfi = (struct unwind_cfi){
			.kind = UNWIND_EH_FRAME_HDR,
			.memory = {.read = read_self},
			.address = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
			.size = info->dlpi_phdr[i].p_memsz,
		};
		return true;
	}
	return false;
}

static int check_object(struct dl_phdr_info *info, size_t size, void *checked)
{
	const char *path = info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct object object;

	(void)size;
	if (fd < 0 || !find_header(info, &object)) /* the kernel's vdso has no file */
		return 0;
	object.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	object.libdw = dwarf_getcfi_elf(object.elf);
	ck_assert_msg(object.libdw != NULL, "%s", path);
	compare_object(info, &object);
	dwarf_cfi_end(object.libdw);
	elf_end(object.elf);
	close(fd);
	++*(unsigned *)checked;
	return 0;
}

START_TEST(test_rows)
{
	unsigned checked = 0;

	elf_version(EV_CURRENT);
	dl_iterate_phdr(check_object, &checked);
	ck_assert_uint_gt(checked, 5);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, test_rows);
}

int main(void)
{
	return suite_run("unwind beside libdw", add);
}
