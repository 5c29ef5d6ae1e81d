/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector needs to know of x86-64: system calls, and the registers of a context. */
#ifndef COLLECTOR_X86_64_H
#define COLLECTOR_X86_64_H

#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "unwind/unwind.h"

#define ARCH_NAME   "x86_64"
#define ARCH_UNWIND unwind_x86_64

static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/*
 * clone() whose child runs function(argument) on the stack that ends at `stack` and exits with what
 * it returns. The id of the child, or -errno.
 */
static inline long raw_clone(unsigned long flags, void *stack, int *pidfd,
			     int (*function)(void *argument), void *argument)
{
	void **top = (void **)((uintptr_t)stack & ~(uintptr_t)15);
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long result;

	*--top = argument;
	*--top = (void *)function;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "pop %%rax\n\t"
			 "pop %%rdi\n\t"
			 "call *%%rax\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"(__NR_clone), "D"(flags), "S"(top), "d"(pidfd), "r"(r10),
			   "r"(r8), [exit] "i"(__NR_exit)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

/* function(argument) on the stack that ends at `stack`, a multiple of 16. */
static inline void arch_call_on_stack(void *stack, void (*function)(void *argument), void *argument)
{
	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "mov %[stack], %%rsp\n\t"
			 "call *%[function]\n\t"
			 "mov %%rbx, %%rsp"
			 : "+D"(argument), [stack] "+r"(stack), [function] "+r"(function)
			 :
			 : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0",
			   "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}

/* A program may have every access fault that is not aligned, which the kernel does not change for
 * signal handlers. */
#define EFLAGS_AC (1UL << 18)

static inline void arch_allow_unaligned(void)
{
	__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~EFLAGS_AC);
}

/* As it was before the signal. */
static inline void arch_restore_alignment(const ucontext_t *context)
{
	unsigned long was = (unsigned long)context->uc_mcontext.gregs[REG_EFL] & EFLAGS_AC;

	if (was)
		__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | was);
}

/* What the system call that was interrupted seems to return. */
static inline void arch_set_result(ucontext_t *context, long result)
{
	context->uc_mcontext.gregs[REG_RAX] = result;
}

/* Registers in the order of reports. */
struct arch_register {
	char name[4];
	unsigned char context; /* index into gregs */
	unsigned char dwarf;
};

static const struct arch_register arch_registers[] = {
	{"rip", REG_RIP, 16}, {"rsp", REG_RSP, 7},  {"rbp", REG_RBP, 6},  {"rax", REG_RAX, 0},
	{"rbx", REG_RBX, 3},  {"rcx", REG_RCX, 2},  {"rdx", REG_RDX, 1},  {"rsi", REG_RSI, 4},
	{"rdi", REG_RDI, 5},  {"r8", REG_R8, 8},    {"r9", REG_R9, 9},    {"r10", REG_R10, 10},
	{"r11", REG_R11, 11}, {"r12", REG_R12, 12}, {"r13", REG_R13, 13}, {"r14", REG_R14, 14},
	{"r15", REG_R15, 15},
};

static inline uint64_t arch_context_register(const ucontext_t *context, unsigned index)
{
	return (uint64_t)context->uc_mcontext.gregs[index];
}

#endif
