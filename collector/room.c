/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report takes 6 KiB of the stack, callbacks of a runtime take what they like. A stack of the
 * smallest size that the C library documents has less than that left after what the kernel saves,
 * and below it may be anything of the program's.
 */
#include "room.h"

#include "raw.h"

/* Below that we go to our own, which is as large as those that we make for threads. */
#define ROOM_MIN    (32 << 10)
#define SPARE_BYTES (64 << 10)

static char spare[SPARE_BYTES] __attribute__((aligned(16)));

struct task {
	void (*function)(void *argument);
	void *argument;
	stack_t stack; /* that the program has set */
};

static bool is_narrow(const stack_t *stack)
{
	uintptr_t begin = (uintptr_t)stack->ss_sp, here = (uintptr_t)__builtin_frame_address(0);

	return here >= begin && here - begin < ROOM_MIN && here - begin < stack->ss_size;
}

/* A signal that comes meanwhile would begin at the top of the program's stack, which is in use. */
static void run(void *argument)
{
	struct task *task = argument;
	const stack_t none = {.ss_flags = SS_DISABLE};

	raw_altstack(&none, NULL);
	task->function(task->argument);
	raw_altstack(&task->stack, NULL);
}

void room_call(const ucontext_t *context, void (*function)(void *argument), void *argument)
{
	struct task task = {function, argument, {0}};

	if (!is_narrow(&context->uc_stack) || raw_altstack(NULL, &task.stack))
		function(argument);
	else
		arch_call_on_stack(spare + sizeof(spare), run, &task);
}
