/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector needs to know of aarch64: system calls, and the registers of a context. */
#ifndef COLLECTOR_AARCH64_H
#define COLLECTOR_AARCH64_H

#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "unwind/unwind.h"

#define ARCH_NAME   "aarch64"
#define ARCH_UNWIND unwind_aarch64

static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/*
 * clone() whose child runs function(argument) on the stack that ends at `stack` and exits with what
 * it returns. The id of the child, or -errno.
 */
static inline long raw_clone(unsigned long flags, void *stack, int *pidfd,
			     int (*function)(void *argument), void *argument)
{
	void **top = (void **)((uintptr_t)stack & ~(uintptr_t)15);
	register long x8 __asm__("x8") = __NR_clone;
	register long x0 __asm__("x0") = (long)flags;
	register void **x1 __asm__("x1");
	register int *x2 __asm__("x2") = pidfd;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = 0;

	*--top = argument;
	*--top = (void *)function;
	x1 = top;
	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "ldp x1, x0, [sp], #16\n\t"
			 "blr x1\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc 0\n\t"
			 "brk 1\n"
			 "1:"
			 : "+r"(x0), "+r"(x1), "+r"(x8)
			 : "r"(x2), "r"(x3), "r"(x4), [exit] "i"(__NR_exit)
			 : "x30", "memory", "cc");
	return x0;
}

/* function(argument) on the stack that ends at `stack`, a multiple of 16. */
static inline void arch_call_on_stack(void *stack, void (*function)(void *argument), void *argument)
{
	register void *x0 __asm__("x0") = argument;

	__asm__ volatile("mov x19, sp\n\t"
			 "mov sp, %[stack]\n\t"
			 "blr %[function]\n\t"
			 "mov sp, x19"
			 : "+r"(x0)
			 : [stack] "r"(stack), [function] "r"(function)
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x30", "v0",
			   "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11",
			   "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",
			   "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31",
			   "memory", "cc");
}

/* No program can have accesses fault that are not aligned. */
static inline void arch_allow_unaligned(void)
{
}

static inline void arch_restore_alignment(const ucontext_t *context)
{
	(void)context;
}

/* What the system call that was interrupted seems to return. */
static inline void arch_set_result(ucontext_t *context, long result)
{
	context->uc_mcontext.regs[0] = (unsigned long)result;
}

/* Registers in the order of reports. */
struct arch_register {
	char name[4];
	unsigned char context; /* index into regs, or one of those below */
	unsigned char dwarf;
};

enum { CONTEXT_SP = 31, CONTEXT_PC = 32 };

#define X(n)                 \
	{                    \
		"x" #n, n, n \
	}

static const struct arch_register arch_registers[] = {
	{"pc", CONTEXT_PC, 32},
	{"sp", CONTEXT_SP, 31},
	X(0),
	X(1),
	X(2),
	X(3),
	X(4),
	X(5),
	X(6),
	X(7),
	X(8),
	X(9),
	X(10),
	X(11),
	X(12),
	X(13),
	X(14),
	X(15),
	X(16),
	X(17),
	X(18),
	X(19),
	X(20),
	X(21),
	X(22),
	X(23),
	X(24),
	X(25),
	X(26),
	X(27),
	X(28),
	X(29),
	X(30),
};

#undef X

static inline uint64_t arch_context_register(const ucontext_t *context, unsigned index)
{
	switch (index) {
	case CONTEXT_SP: return context->uc_mcontext.sp;
	case CONTEXT_PC: return context->uc_mcontext.pc;
	default: return context->uc_mcontext.regs[index];
	}
}

#endif
