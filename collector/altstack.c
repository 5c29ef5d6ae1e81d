/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternate signal stacks: one for each thread, as the kernel switches to the one of the thread
 * that is interrupted. From low to high: a page that can't be accessed, the stack, a mark that it
 * is ours.
 */
#include <sys/auxv.h>

#include "ddcrash.h"
#include "raw.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define STACK_MIN (64 << 10)
/* What the handler may use beyond the registers that the kernel saves. */
#define HANDLER_MIN (32 << 10)
#define GUARD       4096

struct mark {
	uint64_t magic;
	uint64_t stack; /* its own address, so that a copy of it is none */
};

#define MAGIC 0x6b6374735f636464

static size_t wanted_size(void)
{
	size_t size = getauxval(AT_MINSIGSTKSZ) + HANDLER_MIN;

	if (size < STACK_MIN)
		size = STACK_MIN;
	return (size + GUARD - 1) & ~(size_t)(GUARD - 1);
}

static bool is_ours(const stack_t *stack)
{
	uintptr_t begin = (uintptr_t)stack->ss_sp, mark_at = begin + stack->ss_size;
	struct mark mark;

	return !(stack->ss_flags & SS_DISABLE) &&
	       raw_read_memory(raw_gettid(), mark_at, &mark, sizeof(mark)) == sizeof(mark) &&
	       mark.magic == MAGIC && mark.stack == begin;
}

int ddcrash_thread_start(void)
{
	size_t size = wanted_size(), total = GUARD + size + GUARD;
	stack_t old, stack = {0};
	struct mark *mark;
	long base;
	int error;

	error = (int)raw_altstack(NULL, &old);
	if (error || (!(old.ss_flags & SS_DISABLE) && old.ss_size >= size))
		return error;
	base = raw_map(total);
	if (base < 0 && base > -4096)
		return (int)base;
	raw_protect_none(base, GUARD);
	stack.ss_sp = (void *)(base + GUARD);
	stack.ss_size = size;
	mark = (struct mark *)(base + GUARD + (long)size);
	mark->magic = MAGIC;
	mark->stack = (uintptr_t)stack.ss_sp;
	error = (int)raw_altstack(&stack, NULL);
	if (error)
		raw_unmap(base, total);
	return error;
}

int ddcrash_thread_stop(void)
{
	stack_t old, none = {.ss_flags = SS_DISABLE};
	int error;

	error = (int)raw_altstack(NULL, &old);
	if (error || !is_ours(&old))
		return error;
	error = (int)raw_altstack(&none, NULL);
	if (!error)
		raw_unmap((long)old.ss_sp - GUARD, GUARD + old.ss_size + GUARD);
	return error;
}
