/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include "raw.h"

struct attempt {
	void *back[5]; /* for __builtin_longjmp() */
	struct attempt *outer;
	enum attempt_end end;
};

/* Of the thread that reports. */
static struct attempt *volatile innermost;
static volatile bool is_timed;

#define TIMER_SIGNAL SIGSTKFLT

/* GCC wants the caller of __builtin_setjmp() to be a function of its own. */
__attribute__((noinline)) enum attempt_end attempt(void (*function)(void *argument), void *argument)
{
	struct attempt here = {.outer = innermost, .end = ATTEMPT_FINISHED};

	innermost = &here;
	if (!__builtin_setjmp(here.back))
		function(argument);
	is_timed = false;
	innermost = here.outer;
	return *(volatile enum attempt_end *)&here.end;
}

void attempt_give_up(enum attempt_end how)
{
	struct attempt *to = innermost;

	to->end = how;
	__builtin_longjmp(to->back, 1);
}

bool attempt_is_foreign(void)
{
	return is_timed;
}

void attempt_hold(void)
{
	raw_sigmask(SIG_BLOCK, RAW_SIGNAL(TIMER_SIGNAL));
}

void attempt_release(void)
{
	if (is_timed)
		raw_sigmask(SIG_UNBLOCK, RAW_SIGNAL(TIMER_SIGNAL));
}

/* --- the timer -------------------------------------------------------------------------------- */

static void expired(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if (is_timed && info->si_code == SI_TIMER && info->si_value.sival_ptr == (void *)&innermost)
		attempt_give_up(ATTEMPT_LATE);
}

/* How a handler returns is known to those that libc installed. */
static void take_restorer(struct raw_sigaction *action)
{
	struct raw_sigaction other;

	for (int signo = 1; signo <= SIGSYS; signo++) {
		if (raw_get_action(signo, &other) || !(other.flags & RAW_SA_RESTORER))
			continue;
		action->flags |= RAW_SA_RESTORER;
		action->restorer = other.restorer;
		return;
	}
}

static bool begin_timer(int *timer_ret, struct raw_sigaction *old_ret)
{
	struct raw_sigevent event = {.value = (uintptr_t)&innermost,
				     .signo = TIMER_SIGNAL,
				     .notify = RAW_SIGEV_THREAD_ID,
				     .tid = raw_gettid()};
	struct raw_sigaction action = {.flags = SA_SIGINFO | SA_ONSTACK, .mask = 0};

	action.handler = (void (*)(int))(void (*)(void))expired;
	if (raw_timer_create(CLOCK_MONOTONIC, &event, timer_ret) < 0)
		return false;
	take_restorer(&action);
	raw_get_action(TIMER_SIGNAL, old_ret);
	raw_set_action(TIMER_SIGNAL, &action);
	return true;
}

/* A signal that comes too late would end the process. */
static void end_timer(int timer, const struct raw_sigaction *old, raw_sigset pending)
{
	raw_sigmask(SIG_BLOCK, RAW_SIGNAL(TIMER_SIGNAL));
	raw_timer_delete(timer);
	if (raw_pending() & ~pending & RAW_SIGNAL(TIMER_SIGNAL))
		raw_consume(RAW_SIGNAL(TIMER_SIGNAL));
	raw_set_action(TIMER_SIGNAL, old);
}

struct task {
	void (*function)(void *argument);
	void *argument;
	int timer;
	unsigned milliseconds;
};

static void run(void *argument)
{
	struct task *task = argument;

	is_timed = true;
	raw_sigmask(SIG_UNBLOCK, RAW_SIGNAL(TIMER_SIGNAL));
	raw_timer_start(task->timer, task->milliseconds);
	task->function(task->argument);
}

enum attempt_end attempt_within(unsigned milliseconds, void (*function)(void *argument),
				void *argument)
{
	struct task task = {function, argument, -1, milliseconds ? milliseconds : 1};
	raw_sigset pending = raw_pending();
	struct raw_sigaction old = {.handler = SIG_DFL};
	enum attempt_end end;

	if (!begin_timer(&task.timer, &old))
		return ATTEMPT_REFUSED;
	end = attempt(run, &task);
	end_timer(task.timer, &old, pending);
	return end;
}
