/* SPDX-License-Identifier: Apache-2.0 */
/* Code that is generated, moved, taken away, or that nothing describes. */
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "matrix.h"

#define PAGE 4096

static char data_not_code[64] = {1};

/* Where `code` was called from, as an expression that no compiler can follow. */
static void (*volatile target)(void);

static NOINLINE void call_data(void)
{
	target = (void (*)(void))(uintptr_t)data_not_code;
	target();
	NOT_A_TAIL_CALL();
}

static NOINLINE void call_unmapped(void)
{
	target = (void (*)(void))0x7000;
	target();
	NOT_A_TAIL_CALL();
}

static NOINLINE void call_stack(void)
{
	char bytes[64];

	memset(bytes, 0x90, sizeof(bytes));
	target = (void (*)(void))(((uintptr_t)bytes + 15) & ~(uintptr_t)15);
	target();
	NOT_A_TAIL_CALL();
	sink = bytes[0];
}

static NOINLINE void call_non_canonical(void)
{
	target = (void (*)(void))0x4141414141414140;
	target();
	NOT_A_TAIL_CALL();
}

/* --- generated -------------------------------------------------------------------------------- */

static void run_code(const void *code, size_t size)
{
	char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(memory, code, size);
	__builtin___clear_cache(memory, memory + size);
	((void (*)(void (*)(void)))memory)(write_null);
	NOT_A_TAIL_CALL();
}

#ifdef __x86_64__
/* push %rbp; mov %rsp, %rbp; sub $32, %rsp; call *%rdi; leave; ret */
static const char with_frame[] = "\x55\x48\x89\xe5\x48\x83\xec\x20\xff\xd7\xc9\xc3";
/* sub $24, %rsp; call *%rdi; add $24, %rsp; ret */
static const char without_frame[] = "\x48\x83\xec\x18\xff\xd7\x48\x83\xc4\x18\xc3";
/* xor %eax, %eax; mov %eax, (%rax) */
static const char leaf[] = "\x31\xc0\x89\x00";
/* push %rax; xor %eax, %eax; mov %eax, (%rax) */
static const char pushed[] = "\x50\x31\xc0\x89\x00";
/* push %rbp; mov %rsp, %rbp; xor %eax, %eax; mov %eax, (%rax) */
static const char prologue[] = "\x55\x48\x89\xe5\x31\xc0\x89\x00";
#else
/* stp x29, x30, [sp, -32]!; mov x29, sp; blr x0; ldp x29, x30, [sp], 32; ret */
static const uint32_t with_frame[] = {0xa9be7bfd, 0x910003fd, 0xd63f0000, 0xa8c27bfd, 0xd65f03c0};
/* str x30, [sp, -32]!; blr x0; ldr x30, [sp], 32; ret */
static const uint32_t without_frame[] = {0xf81e0ffe, 0xd63f0000, 0xf84207fe, 0xd65f03c0};
/* str wzr, [xzr] as mov x0, 0; str wzr, [x0] */
static const uint32_t leaf[] = {0xd2800000, 0xb900001f};
/* sub sp, sp, 16; mov x0, 0; str wzr, [x0] */
static const uint32_t pushed[] = {0xd10043ff, 0xd2800000, 0xb900001f};
/* stp x29, x30, [sp, -16]!; mov x29, sp; mov x0, 0; str wzr, [x0] */
static const uint32_t prologue[] = {0xa9bf7bfd, 0x910003fd, 0xd2800000, 0xb900001f};
#endif

static NOINLINE void generated_with_frame(void)
{
	run_code(with_frame, sizeof(with_frame));
	NOT_A_TAIL_CALL();
}

static NOINLINE void generated_without_frame(void)
{
	run_code(without_frame, sizeof(without_frame));
	NOT_A_TAIL_CALL();
}

static NOINLINE void generated_leaf(void)
{
	run_code(leaf, sizeof(leaf));
	NOT_A_TAIL_CALL();
}

static NOINLINE void generated_pushed(void)
{
	run_code(pushed, sizeof(pushed));
	NOT_A_TAIL_CALL();
}

static NOINLINE void generated_prologue(void)
{
	run_code(prologue, sizeof(prologue));
	NOT_A_TAIL_CALL();
}

/* --- assembly that says nothing of its frames ------------------------------------------------- */

void undescribed_small(void (*how)(void));
void undescribed_large(void (*how)(void));
void undescribed_pops(void (*how)(void));

static NOINLINE void through_small(void)
{
	undescribed_small(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void through_large(void)
{
	undescribed_large(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void through_pops(void)
{
	undescribed_pops(write_null);
	NOT_A_TAIL_CALL();
}

/* --- this program's code ---------------------------------------------------------------------- */

/* The pages of this program's text. */
static int find_text(struct dl_phdr_info *info, size_t size, void *ret)
{
	uintptr_t *range = ret;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		range[0] = (info->dlpi_addr + segment->p_vaddr) & -(uintptr_t)PAGE;
		range[1] = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz + PAGE - 1) &
			   -(uintptr_t)PAGE;
		return 1;
	}
	return 0;
}

/* Programs move all of their code to memory without a file, for larger pages. */
static NOINLINE void move_text(void)
{
	uintptr_t range[2] = {0};
	size_t size;
	char *copy;

	dl_iterate_phdr(find_text, range);
	size = range[1] - range[0];
	copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(copy, (void *)range[0], size);
	mprotect(copy, size, PROT_READ | PROT_EXEC);
	if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)range[0]) == MAP_FAILED)
		not_here();
	write_null();
	NOT_A_TAIL_CALL();
}

/* A function on a page of its own, to be taken away. */
void on_a_page(void (*how)(void));

static NOINLINE void unmaps_text(void)
{
	munmap((void *)(uintptr_t)on_a_page, PAGE);
	on_a_page(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void hides_text(void)
{
	mprotect((void *)(uintptr_t)on_a_page, PAGE, PROT_NONE);
	on_a_page(write_null);
	NOT_A_TAIL_CALL();
}

/* Where the processor has protection keys it can't be read then. */
static NOINLINE void execute_only(void)
{
	if (mprotect((void *)(uintptr_t)on_a_page, PAGE, PROT_EXEC))
		not_here();
	on_a_page(write_null);
	NOT_A_TAIL_CALL();
}

const struct scenario code_scenarios[] = {
	{"call-data", NULL, call_data, "call_data", NULL},
	{"call-unmapped", NULL, call_unmapped, "? call_unmapped", NULL},
	{"call-stack", NULL, call_stack, "? call_stack", NULL},
#ifdef __x86_64__
	{"call-non-canonical", NULL, call_non_canonical, "call_non_canonical", NULL},
#else
	{"call-non-canonical", NULL, call_non_canonical, "? call_non_canonical", NULL},
#endif
	{"generated-frame", NULL, generated_with_frame, "write_null ? generated_with_frame", NULL},
	{"generated", NULL, generated_without_frame, "write_null ? generated_without_frame", NULL},
	{"generated-leaf", NULL, generated_leaf, "? generated_leaf", NULL},
	{"generated-pushed", NULL, generated_pushed, "? generated_pushed", NULL},
	{"generated-prologue", NULL, generated_prologue, "? generated_prologue", NULL},
	{"undescribed", NULL, through_small, "write_null undescribed_small through_small", NULL},
	{"undescribed-large", NULL, through_large, "write_null undescribed_large through_large",
	 NULL},
	{"undescribed-pops", NULL, through_pops, "write_null undescribed_pops through_pops", NULL},
	{"move-text", NULL, move_text, "write_null move_text", NULL},
	{"unmap-text", NULL, unmaps_text, "? unmaps_text", NULL},
	{"hide-text", NULL, hides_text, "on_a_page hides_text", NULL},
	{"execute-only", NULL, execute_only, "write_null on_a_page execute_only", NULL},
	{0},
};
