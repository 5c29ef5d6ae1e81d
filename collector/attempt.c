/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include <stdatomic.h>

#include "raw.h"
#include "signals.h"

struct attempt {
	void *back[5]; /* for __builtin_longjmp() */
	struct attempt *outer;
	enum attempt_end end;
};

/* Of the thread that reports. */
static struct attempt *volatile innermost;

/* GCC wants the caller of __builtin_setjmp() to be a function of its own. */
__attribute__((noinline)) enum attempt_end attempt(void (*function)(void *argument), void *argument)
{
	struct attempt here = {.outer = innermost, .end = ATTEMPT_FINISHED};

	innermost = &here;
	if (!__builtin_setjmp(here.back))
		function(argument);
	innermost = here.outer;
	return *(volatile enum attempt_end *)&here.end;
}

void attempt_give_up(enum attempt_end how)
{
	struct attempt *to = innermost;

	to->end = how;
	__builtin_longjmp(to->back, 1);
}

/* --- code of others --------------------------------------------------------------------------- */

#define TIMER_SIGNAL SIGSTKFLT

/* By what it may end. Meanwhile these are ours, whoever had them. */
static const int taken[] = {TIMER_SIGNAL, SIGABRT, SIGSEGV, SIGBUS,
			    SIGILL,       SIGFPE,  SIGTRAP, SIGSYS};

#define TAKEN (sizeof(taken) / sizeof(taken[0]))

static struct raw_sigaction others[TAKEN];
static atomic_int foreign_pid, foreign_tid; /* the thread that runs it */
static atomic_bool is_taken;
static volatile bool is_running; /* from its first instruction to its last */

static const raw_sigset unblocked = RAW_SIGNAL(TIMER_SIGNAL) | RAW_SIGNAL(SIGABRT);

void attempt_hold(void)
{
	raw_sigmask(SIG_BLOCK, RAW_SIGNAL(TIMER_SIGNAL));
}

void attempt_release(void)
{
	if (is_running)
		raw_sigmask(SIG_UNBLOCK, RAW_SIGNAL(TIMER_SIGNAL));
}

/* Have it come again when it is unblocked, or right now where that is what the handler returns to.
 */
static void send_again(int signo, const siginfo_t *info)
{
	raw_sigmask(SIG_BLOCK, RAW_SIGNAL(signo));
	raw_queue(raw_getpid(), raw_gettid(), signo, info);
}

static void restore_actions(void)
{
	for (size_t i = 0; i < TAKEN; i++)
		raw_set_action(taken[i], &others[i]);
}

/*
 * Another thread's signal is for whoever had it before. In a child, which another thread has forked
 * meanwhile, nobody else gives the signals back.
 */
static void leave_to_others(int signo, const siginfo_t *info)
{
	if (raw_getpid() != atomic_load(&foreign_pid))
		restore_actions();
	else
		while (atomic_load(&is_taken))
			raw_sleep(1);
	if (!signal_recurs(signo, info->si_code))
		send_again(signo, info);
}

static bool is_own_abort(int signo, const siginfo_t *info)
{
	return signo == SIGABRT && info->si_code <= 0 && info->si_pid == raw_getpid();
}

static bool is_expiry(int signo, const siginfo_t *info)
{
	return signo == TIMER_SIGNAL && info->si_code == SI_TIMER &&
	       info->si_value.sival_ptr == (const void *)taken;
}

/* Signals that are sent by others wait until the report is done. */
static void defer(int signo, const siginfo_t *info, ucontext_t *context)
{
	raw_sigset mask;

	__builtin_memcpy(&mask, &context->uc_sigmask, sizeof(mask));
	mask |= RAW_SIGNAL(signo);
	__builtin_memcpy(&context->uc_sigmask, &mask, sizeof(mask));
	send_again(signo, info);
}

static void interrupt(int signo, siginfo_t *info, void *context)
{
	if (raw_gettid() != atomic_load(&foreign_tid)) {
		leave_to_others(signo, info);
		return;
	}
	if (is_expiry(signo, info)) {
		if (is_running)
			attempt_give_up(ATTEMPT_LATE);
		return;
	}
	if (signal_is_forced(signo, info->si_code) || (is_running && is_own_abort(signo, info)))
		attempt_give_up(ATTEMPT_CRASHED);
	defer(signo, info, context);
}

/* How a handler returns is known to those that libc installed. */
static void take_restorer(struct raw_sigaction *action)
{
	for (size_t i = 0; i < TAKEN; i++) {
		if (!(others[i].flags & RAW_SA_RESTORER))
			continue;
		action->flags |= RAW_SA_RESTORER;
		action->restorer = others[i].restorer;
	}
}

static void take_signals(void)
{
	struct raw_sigaction action = {.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	action.handler = (void (*)(int))(void (*)(void))interrupt;
	for (size_t i = 0; i < TAKEN; i++)
		raw_get_action(taken[i], &others[i]);
	take_restorer(&action);
	atomic_store(&foreign_pid, raw_getpid());
	atomic_store(&foreign_tid, raw_gettid());
	atomic_store(&is_taken, true);
	for (size_t i = 0; i < TAKEN; i++)
		raw_set_action(taken[i], &action);
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

	is_running = true;
	raw_sigmask(SIG_UNBLOCK, unblocked);
	raw_timer_start(task->timer, task->milliseconds);
	task->function(task->argument);
	/* The attempt is still there for a timer that ends now. */
	is_running = false;
}

static enum attempt_end run_and_clean_up(struct task *task)
{
	raw_sigset pending = raw_pending(), mask = raw_change_sigmask(SIG_BLOCK, 0);
	enum attempt_end end;

	take_signals();
	end = attempt(run, task);
	is_running = false;
	raw_sigmask(SIG_SETMASK, mask);
	raw_timer_delete(task->timer);
	/* A signal that comes too late would end the process. */
	if (raw_pending() & ~pending & RAW_SIGNAL(TIMER_SIGNAL))
		raw_consume(RAW_SIGNAL(TIMER_SIGNAL));
	restore_actions();
	atomic_store(&foreign_tid, 0);
	atomic_store(&is_taken, false);
	return end;
}

enum attempt_end attempt_within(unsigned milliseconds, void (*function)(void *argument),
				void *argument)
{
	struct task task = {function, argument, -1, milliseconds ? milliseconds : 1};
	struct raw_sigevent event = {.value = (uintptr_t)taken,
				     .signo = TIMER_SIGNAL,
				     .notify = RAW_SIGEV_THREAD_ID,
				     .tid = raw_gettid()};

	if (raw_timer_create(CLOCK_MONOTONIC, &event, &task.timer) < 0)
		return ATTEMPT_REFUSED;
	return run_and_clean_up(&task);
}
