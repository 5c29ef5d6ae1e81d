/* SPDX-License-Identifier: Apache-2.0 */
/* What seldom happens to a processor, a stack or a loader. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <fenv.h>
#include <ucontext.h>
#endif

#include "matrix.h"

#define PAGE 4096

/* --- instructions ----------------------------------------------------------------------------- */

#ifdef __x86_64__
static NOINLINE void privileged(void)
{
	__asm__ volatile("hlt");
	NOT_A_TAIL_CALL();
}

/* From here on whatever is not aligned is a fault, in a signal handler too. */
static NOINLINE void checks_alignment(void)
{
	static _Alignas(16) volatile char bytes[16];

	__asm__ volatile("pushf\n\torl $0x40000, (%%rsp)\n\tpopf" ::: "memory", "cc");
	sink = *(volatile int *)(uintptr_t)(bytes + 1);
	NOT_A_TAIL_CALL();
}

static NOINLINE void misaligned_vector(void)
{
	_Alignas(16) static char bytes[32];

	__asm__ volatile("movaps (%0), %%xmm0" ::"r"(bytes + 1) : "xmm0");
	NOT_A_TAIL_CALL();
}

static NOINLINE void single_step(void)
{
	__asm__ volatile("pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tnop\n\tnop" ::: "memory", "cc");
	NOT_A_TAIL_CALL();
}

/* Comes with the next instruction of its kind. */
static NOINLINE void divides_float(void)
{
	static const unsigned short all = 0x340;

	__asm__ volatile("fninit\n\tfldcw %0\n\tfldz\n\tfld1\n\tfdivp\n\tfwait" ::"m"(all));
	NOT_A_TAIL_CALL();
}

/* Above and below the stack pointer. */
static NOINLINE int in_red_zone(int n)
{
	volatile int numbers[8];

	for (int i = 0; i < 8; i++)
		numbers[i] = n + i;
	*(volatile int *)(long)(sink ? 1 : 0) = numbers[n & 7];
	return numbers[(n + 1) & 7];
}

static NOINLINE void uses_red_zone(void)
{
	sink = in_red_zone(sink);
	NOT_A_TAIL_CALL();
}

/* The kernel pretends to run what is at the address. */
static NOINLINE void old_call(void)
{
	long (*volatile function)(long *) = (long (*)(long *))0xffffffffff600400;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	int is_there = 0;

	while (maps && fgets(line, sizeof(line), maps))
		is_there |= strstr(line, "[vsyscall]") != NULL;
	if (!is_there)
		not_here();
	fclose(maps);
	function((long *)16);
	NOT_A_TAIL_CALL();
}
#endif

/* A jump in place of a call: what jumped is not on the stack. */
static void (*volatile nowhere)(void);

static NOINLINE void jumps_to_null(void)
{
	nowhere();
}

static NOINLINE void before_jump(void)
{
	jumps_to_null();
	NOT_A_TAIL_CALL();
}

/* --- assembler -------------------------------------------------------------------------------- */

#ifdef __x86_64__
void odd_unaligned(void (*how)(void));
void odd_ends_on_page(void (*how)(void), void *stack);
void odd_other_stack(void (*how)(void), void *stack);
void odd_fp_stack(void (*how)(void), void *stack);

static NOINLINE void unaligned_stack(void)
{
	odd_unaligned(write_null);
	NOT_A_TAIL_CALL();
}

static char *pages(size_t size, int flags)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* Nothing can be read behind the last return address. */
static NOINLINE void called_on_page(void)
{
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static void stack_on_page(void)
{
	char *stack = pages(17 * PAGE, 0);

	mprotect(stack + 16 * PAGE, PAGE, PROT_NONE);
	odd_ends_on_page(called_on_page, stack + 16 * PAGE);
}

static void stack_grows(void)
{
	char *stack = pages(PAGE, MAP_GROWSDOWN);

	odd_ends_on_page(called_on_page, stack + PAGE);
}

#ifdef __GCC_HAVE_DWARF2_CFI_ASM
void odd_expression(void (*how)(void));
void odd_val_expression(void (*how)(void));
void odd_register(void);
void odd_val_offset(void (*how)(void));
void odd_states(void (*how)(void));
void odd_signal_frame(void (*how)(void));

static NOINLINE void by_expression(void)
{
	odd_expression(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void by_val_expression(void)
{
	odd_val_expression(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void by_register(void)
{
	odd_register();
	NOT_A_TAIL_CALL();
}

static NOINLINE void by_val_offset(void)
{
	odd_val_offset(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void by_states(void)
{
	odd_states(write_null);
	NOT_A_TAIL_CALL();
}

/* From stack to stack as runtimes do that make room for deep recursions: the next one may be above
 * or below. */
static char *stacks[3];

static NOINLINE void on_third_stack(void)
{
	outer(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void on_second_stack(void)
{
	odd_other_stack(on_third_stack, stacks[2] + 16 * PAGE);
	NOT_A_TAIL_CALL();
}

static NOINLINE void on_first_stack(void)
{
	odd_other_stack(on_second_stack, stacks[1] + 16 * PAGE);
	NOT_A_TAIL_CALL();
}

static NOINLINE void from_stack_to_stack(void)
{
	char *all = pages(60 * PAGE, 0);

	stacks[0] = all + 20 * PAGE;
	stacks[1] = all + 40 * PAGE;
	stacks[2] = all;
	odd_other_stack(on_first_stack, stacks[0] + 16 * PAGE);
	NOT_A_TAIL_CALL();
}
#else
#define by_expression       not_here
#define by_val_expression   not_here
#define by_register         not_here
#define by_val_offset       not_here
#define by_states           not_here
#define from_stack_to_stack not_here
#endif
#endif

/* --- the loader ------------------------------------------------------------------------------- */

#if defined(__GLIBC__) && defined(__x86_64__)
extern void *_GLOBAL_OFFSET_TABLE_[] __attribute__((visibility("hidden"), weak));

/* The loader finds its own tables damaged when a function is called for the first time. */
static NOINLINE void damaged_loader(void)
{
	void *loader = _GLOBAL_OFFSET_TABLE_ ? _GLOBAL_OFFSET_TABLE_[1] : NULL;
	long map = 0;
	int fds[2];

	/* Where all is bound at the start the pages are not writable, and the entry is empty. */
	if (!loader || !_GLOBAL_OFFSET_TABLE_[2] || pipe(fds) ||
	    write(fds[1], loader, sizeof(map)) != sizeof(map))
		not_here();
	_GLOBAL_OFFSET_TABLE_[1] = (void *)16;
	sink = (int)getpgid(0);
	not_here();
}

static NOINLINE void checks_size(void)
{
	void __chk_fail(void) __attribute__((noreturn));

	__chk_fail();
}
#else
#define damaged_loader not_here
#define checks_size    not_here
#endif

/* --- files that are cut ----------------------------------------------------------------------- */

static NOINLINE void cuts_library(void)
{
	void *library = dlopen("./plugin.so", RTLD_NOW);
	void (*call)(void (*how)(void));
	int fd;

	if (!library)
		not_here();
	call = (void (*)(void (*how)(void)))dlsym(library, "plugin_call");
	fd = open("plugin.so", O_RDWR);
	if (!call || fd < 0 || ftruncate(fd, 0))
		not_here();
	/* The next run needs a whole one. */
	if (!output)
		unlink("plugin.so");
	call(write_null);
	NOT_A_TAIL_CALL();
}

const struct scenario odd_scenarios[] = {
#ifdef __x86_64__
	{"privileged", NULL, privileged, "privileged", NULL},
	{"alignment", NULL, checks_alignment, "checks_alignment", NULL},
	{"vector", NULL, misaligned_vector, "misaligned_vector", NULL},
	{"single-step", NULL, single_step, "single_step", NULL},
	{"float", NULL, divides_float, "divides_float", NULL},
	{"red-zone", NULL, uses_red_zone, "in_red_zone uses_red_zone", NULL},
	{"old-call", NULL, old_call, "? old_call", NULL},
	{"unaligned", NULL, unaligned_stack, "write_null odd_unaligned unaligned_stack", NULL},
	{"stack-on-page", stack_on_page, NULL, "write_null inner outer called_on_page", "nowhere"},
	{"stack-grows", stack_grows, NULL, "write_null inner outer called_on_page", "nowhere"},
	{"expression", NULL, by_expression, "write_null odd_expression by_expression", NULL},
	{"val-expression", NULL, by_val_expression,
	 "write_null odd_val_expression by_val_expression", NULL},
	{"register", NULL, by_register, "odd_register by_register", NULL},
	{"val-offset", NULL, by_val_offset, "write_null odd_val_offset by_val_offset", NULL},
	{"states", NULL, by_states, "write_null odd_states by_states", NULL},
	{"many-stacks", NULL, from_stack_to_stack,
	 "write_null inner outer on_third_stack odd_other_stack on_second_stack odd_other_stack "
	 "on_first_stack odd_other_stack from_stack_to_stack",
	 NULL},
#endif
	{"jump-null", NULL, before_jump, "? before_jump", NULL},
	{"damaged-loader", NULL, damaged_loader, "damaged_loader", NULL},
	{"fortify", NULL, checks_size, "checks_size", NULL},
	{"library-cut", NULL, cuts_library, "? cuts_library", NULL},
	{0},
};
