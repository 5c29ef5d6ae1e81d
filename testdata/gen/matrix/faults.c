/* SPDX-License-Identifier: Apache-2.0 */
/* What an instruction or a call of the C library dies of. */
#define _GNU_SOURCE
#include <alloca.h>
#include <assert.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "matrix.h"

static void (*volatile null_function)(void);
static char *volatile bad_pointer = (char *)16;

static NOINLINE void divide_by_zero(void)
{
#ifdef __x86_64__
	volatile int zero = 0;

	sink = sink / zero;
#else
	raise(SIGFPE); /* division by zero is no fault */
#endif
	NOT_A_TAIL_CALL();
}

static NOINLINE void illegal_instruction(void)
{
#ifdef __x86_64__
	__asm__ volatile("ud2");
#else
	__asm__ volatile("udf #0");
#endif
	NOT_A_TAIL_CALL();
}

static NOINLINE void breakpoint(void)
{
#ifdef __x86_64__
	__asm__ volatile("int3");
#else
	__asm__ volatile("brk #1");
#endif
	NOT_A_TAIL_CALL();
}

/* A file that is cut while it is mapped. */
static NOINLINE void cut_file(void)
{
	char name[] = "cut-XXXXXX";
	int fd = mkstemp(name);
	volatile char *at;

	unlink(name);
	if (ftruncate(fd, 65536))
		not_here();
	at = mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0);
	sink = at[0];
	if (ftruncate(fd, 0))
		not_here();
	sink = at[0];
}

static NOINLINE void write_text(void)
{
	*(volatile char *)(unsigned long)write_text = 1;
}

/* The call is the last instruction: its return address is in the function behind. */
static NOINLINE __attribute__((noreturn)) void never_returns(void)
{
	write_null();
	_exit(1);
}

static NOINLINE void ends_with_call(void)
{
	sink++;
	never_returns();
}

/* The last instruction is the fault itself. */
static NOINLINE void traps(void)
{
	if (sink)
		write_null();
	__builtin_trap();
}

static NOINLINE void call_abort(void)
{
	abort();
}

static NOINLINE void fail_assertion(void)
{
	assert(!"it holds");
}

/* --- in the C library ------------------------------------------------------------------------- */

static NOINLINE void free_stack(void)
{
	long words[8] = {0};
	void *volatile pointer = &words[2];

	free(pointer);
	NOT_A_TAIL_CALL();
}

static char *volatile block;

/* The allocator finds the damage while it holds its lock. */
static NOINLINE void damage_heap(void)
{
	block = malloc(24);
	memset(block, 0x41, 4096);
	for (int i = 0; i < 1000; i++)
		block = malloc(200 + (size_t)i);
	free(block - 16);
	abort();
}

static NOINLINE void length_of_bad(void)
{
	sink = (int)strlen(bad_pointer);
	NOT_A_TAIL_CALL();
}

static NOINLINE void copy_to_bad(void)
{
	static char from[300];

	memcpy(bad_pointer, from, (size_t)300 + (size_t)sink);
	NOT_A_TAIL_CALL();
}

static NOINLINE void print_bad(void)
{
	char to[64];

	snprintf(to, sizeof(to), "%s", bad_pointer);
	sink = to[0];
}

static int compare(const void *a, const void *b)
{
	if (sink++ >= 0)
		write_null();
	return *(const int *)a - *(const int *)b;
}

static NOINLINE void sort(void)
{
	int numbers[100] = {3, 2, 1};

	qsort(numbers, 100, sizeof(numbers[0]), compare);
	sink = numbers[0];
}

/* The kernel's own library writes the time to memory that is not there. */
static NOINLINE void ask_time(void)
{
	clock_gettime(CLOCK_MONOTONIC, (struct timespec *)bad_pointer);
	NOT_A_TAIL_CALL();
	not_here(); /* it was a system call */
}

/* --- shapes of frames ------------------------------------------------------------------------- */

static NOINLINE void takes_pages(void)
{
	volatile char pages[100000];

	pages[sink & 63] = 1;
	write_null();
	sink = pages[sink & 63];
}

static NOINLINE void asks_for_stack(void)
{
	volatile char *bytes = alloca((size_t)(sink + 3000));

	bytes[0] = 1;
	write_null();
	sink = bytes[0];
}

static NOINLINE void aligns_stack(void)
{
	_Alignas(128) volatile char bytes[128];

	bytes[sink & 1] = 1;
	write_null();
	sink = bytes[0];
}

static NOINLINE int takes_many(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j)
{
	write_null();
	return a + b + c + d + e + f + g + h + i + j;
}

static NOINLINE void passes_many(void)
{
	sink = takes_many(sink, 2, 3, 4, 5, 6, 7, 8, 9, 10);
}

static void (*volatile next)(void);

static NOINLINE void jumped_to(void)
{
	write_null();
	NOT_A_TAIL_CALL();
}

/* A tail call: no frame of this one is left. */
static NOINLINE void call_by_jump(void)
{
	next = jumped_to;
	next();
	NOT_A_TAIL_CALL();
}

static NOINLINE void recurse_100(void)
{
	sink = recurse(100);
}

static NOINLINE void overflow_stack(void)
{
	sink = recurse(-1);
}

/* One frame that reaches beyond the guard page. */
static NOINLINE void overflow_at_once(void)
{
	volatile char pages[64 << 20];

	write_null();
	sink = pages[sink & 63];
}

static jmp_buf back;

static NOINLINE void jump_back(void)
{
	longjmp(back, 1);
}

static NOINLINE void after_jump(void)
{
	if (!setjmp(back))
		outer(jump_back);
	write_null();
	NOT_A_TAIL_CALL();
}

/* --- damage ----------------------------------------------------------------------------------- */

static NOINLINE void call_null(void)
{
	null_function();
	NOT_A_TAIL_CALL();
}

static NOINLINE void smash(void)
{
	void **frame = __builtin_frame_address(0);

	/* What its own return address and saved registers are depends on the machine. */
	for (int i = 0; i < 2; i++)
		frame[i] = (void *)(0x4141414141414141 + (long)sink);
	NOT_A_TAIL_CALL();
}

/* What called it is lost: inner(). */
static void smashed(void)
{
	outer(smash);
	NOT_A_TAIL_CALL();
}

/* As a compiler's guard finds it. */
__attribute__((noreturn)) void __stack_chk_fail(void);

static NOINLINE void guarded(void)
{
	volatile char bytes[64];

	bytes[sink & 63] = 1;
	__stack_chk_fail();
}

const struct scenario fault_scenarios[] = {
	{"write-null", NULL, write_null, "write_null", NULL},
	{"divide", NULL, divide_by_zero, "divide_by_zero", NULL},
	{"illegal", NULL, illegal_instruction, "illegal_instruction", NULL},
	{"breakpoint", NULL, breakpoint, "breakpoint", NULL},
	{"cut-file", NULL, cut_file, "cut_file", NULL},
	{"write-text", NULL, write_text, "write_text", NULL},
	{"noreturn", NULL, ends_with_call, "write_null never_returns ends_with_call", NULL},
	{"trap", NULL, traps, "traps", NULL},
	{"abort", NULL, call_abort, "call_abort", NULL},
	{"assert", NULL, fail_assertion, "fail_assertion", NULL},
	{"free", NULL, free_stack, "free_stack", NULL},
	{"malloc", NULL, damage_heap, "damage_heap", NULL},
	{"strlen", NULL, length_of_bad, "length_of_bad", NULL},
	{"memcpy", NULL, copy_to_bad, "copy_to_bad", NULL},
	{"printf", NULL, print_bad, "print_bad", NULL},
	{"sort", NULL, sort, "write_null compare sort", NULL},
	{"vdso", NULL, ask_time, "ask_time", NULL},
	{"large-frame", NULL, takes_pages, "write_null takes_pages", NULL},
	{"alloca", NULL, asks_for_stack, "write_null asks_for_stack", NULL},
	{"aligned-frame", NULL, aligns_stack, "write_null aligns_stack", NULL},
	{"arguments", NULL, passes_many, "write_null takes_many passes_many", NULL},
	{"jumped-to", NULL, call_by_jump, "write_null jumped_to call_by_jump", NULL},
	{"deep", NULL, recurse_100, "write_null recurse*100 recurse_100", NULL},
	{"overflow", overflow_stack, NULL, "recurse*512", ANYWHERE},
	{"overflow-at-once", NULL, overflow_at_once, "overflow_at_once", NULL},
	{"longjmp", NULL, after_jump, "write_null after_jump", NULL},
	{"call-null", NULL, call_null, "? call_null", NULL},
	{"guard", NULL, guarded, "guarded", NULL},
#ifdef __x86_64__
	{"smash", smashed, NULL, "smash outer smashed main", NULL},
#else
	{"smash", smashed, NULL, "? outer smashed main", NULL},
#endif
	{0},
};
