/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a signal runs. One crash is reported per process; then the signal goes where it would have
 * gone without us.
 */
#include "handler.h"

#include "attempt.h"
#include "deputy.h"
#include "raw.h"
#include "report.h"
#include "room.h"
#include "signals.h"
#include "state.h"

enum phase {
	PHASE_WRITING, /* the stream is being written */
	PHASE_HANDED,  /* the signal went to the program's own handler, which may recover */
	PHASE_DYING,   /* the default action is due */
};

/*
 * Who reports: process and thread id. A child that shares this memory (vfork) or a copy of it
 * (fork) finds its parent's here, which does not keep it from reporting its own crash.
 */
static _Atomic uint64_t owner;
static atomic_int phase;
static uint64_t self(void)
{
	return (uint64_t)deputy_pid() << 32 | (uint32_t)deputy_tid();
}

bool guard_is_taken(void)
{
	return atomic_load(&owner) >> 32 == (uint64_t)deputy_pid();
}

/* Let the thread that reports finish, and die when it is about to. */
static void wait_for_owner(void)
{
	uint64_t end = raw_milliseconds() + state.timeout_ms;
	unsigned left = state.timeout_ms;

	while (atomic_load(&phase) != PHASE_HANDED && left-- && raw_milliseconds() < end)
		raw_sleep(1);
}

/* Whether the caller has to report. */
static bool enter(void)
{
	uint64_t me = self(), found = 0;

	while (!atomic_compare_exchange_strong(&owner, &found, me)) {
		if (found == me)
			return false;
		if (found >> 32 == me >> 32) {
			wait_for_owner();
			return false;
		}
	}
	atomic_store(&phase, PHASE_WRITING);
	return true;
}

/* --- handing on ------------------------------------------------------------------------------- */

static bool is_function(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

static raw_sigset kernel_set(const sigset_t *set)
{
	raw_sigset result;

	__builtin_memcpy(&result, set, sizeof(result));
	return result;
}

/* As the kernel would have called it, apart from the stack. */
static void call_previous(struct sigaction *previous, int signo, siginfo_t *info,
			  ucontext_t *context)
{
	raw_sigset mask = kernel_set(&context->uc_sigmask) | kernel_set(&previous->sa_mask);
	void (*function)(int, siginfo_t *, void *) = previous->sa_sigaction;

	if (!(previous->sa_flags & SA_NODEFER))
		mask |= RAW_SIGNAL(signo);
	if (previous->sa_flags & (int)SA_RESETHAND)
		previous->sa_handler = SIG_DFL;
	raw_sigmask(SIG_SETMASK, mask);
	arch_restore_alignment(context);
	function(signo, info, context);
}

/*
 * Have the default action done when this handler returns, with the registers as they were. An
 * instruction that faults does so again; any other signal has to be sent again, with all that is
 * known of it. It must stay blocked until then.
 */
static void take_default(int signo, siginfo_t *info, ucontext_t *context)
{
	raw_sigset mask = kernel_set(&context->uc_sigmask) & ~RAW_SIGNAL(signo);

	raw_set_default(signo);
	if (signal_recurs(signo, info->si_code))
		return;
	raw_sigmask(SIG_BLOCK, RAW_SIGNAL(signo));
	/* In sigsuspend() and its like this is the mask from before, which may block the signal. */
	__builtin_memcpy(&context->uc_sigmask, &mask, sizeof(mask));
	if (raw_queue(raw_getpid(), raw_gettid(), signo, info))
		raw_tgkill(raw_getpid(), raw_gettid(), signo);
}

static void hand_on(int signo, siginfo_t *info, ucontext_t *context)
{
	struct sigaction *previous = &state.previous[signo];
	bool is_owner = atomic_load(&owner) == self();

	if (is_function(previous)) {
		if (is_owner)
			atomic_store(&phase, PHASE_HANDED);
		call_previous(previous, signo, info, context);
		return;
	}
	/* The kernel does not ignore a fault, whatever was asked for. */
	if (is_owner)
		atomic_store(&phase, PHASE_DYING);
	take_default(signo, info, context);
}

/* --- the handler ------------------------------------------------------------------------------ */

struct step {
	void (*function)(const struct crash *crash);
	const struct crash *crash;
};

static void run_step(void *argument)
{
	const struct step *step = argument;

	step->function(step->crash);
}

/* A step is given up where it crashes itself. */
static void try_step(void (*function)(const struct crash *crash), const struct crash *crash)
{
	struct step step = {function, crash};

	attempt(run_step, &step);
}

static void finish(const struct crash *crash)
{
	try_step(report_write, crash);
	try_step(report_close, crash);
}

static void open_and_finish(void *argument)
{
	const struct crash *crash = argument;

	try_step(report_open, crash);
	finish(crash);
}

/* Whether the report is whole. */
static bool report(const struct crash *crash)
{
	try_step(report_connect, crash);
	try_step(report_open, crash);
	if (!report_lacks_descriptor() || !deputy_call(open_and_finish, (void *)(uintptr_t)crash))
		finish(crash);
	return report_is_whole();
}

static void report_signal(void *argument)
{
	report(argument);
}

/* Whether this thread reports, or is about to die of what it reported. */
static bool is_busy(void)
{
	return atomic_load(&owner) == self() && atomic_load(&phase) != PHASE_HANDED;
}

/* What is sent to the thread that reports has to wait: the first crash is the one that counts. */
static void defer(int signo, siginfo_t *info, ucontext_t *context)
{
	raw_sigset mask = kernel_set(&context->uc_sigmask) | RAW_SIGNAL(signo);

	raw_sigmask(SIG_BLOCK, RAW_SIGNAL(signo));
	__builtin_memcpy(&context->uc_sigmask, &mask, sizeof(mask));
	raw_queue(raw_getpid(), raw_gettid(), signo, info);
}

/* A filter of the program's that turns a call of the report into a signal: the report does without
 * that call. */
static bool refuse_call(int signo, const siginfo_t *info, ucontext_t *context)
{
	if (signo != SIGSYS || info->si_code != SYS_SECCOMP || !is_busy() ||
	    atomic_load(&phase) != PHASE_WRITING)
		return false;
	arch_set_result(context, -ENOSYS);
	return true;
}

static bool is_reporting(void)
{
	return atomic_load(&state.started) && !atomic_load(&state.disabled);
}

static bool is_wanted(int signo)
{
	return is_reporting() && state.signals & RAW_SIGNAL(signo);
}

void handler(int signo, siginfo_t *info, void *context)
{
	struct crash crash = {signo, info, context, NULL};
	bool is_forced = signal_is_forced(signo, info->si_code);

	arch_allow_unaligned();
	if (state.previous[signo].sa_handler == SIG_IGN && !is_forced)
		return;
	if (refuse_call(signo, info, context))
		return;
	if (is_busy() && !is_forced) {
		defer(signo, info, context);
		return;
	}
	if (is_busy() && atomic_load(&phase) == PHASE_WRITING)
		attempt_give_up(ATTEMPT_CRASHED);
	if (is_wanted(signo) && enter())
		room_call(context, report_signal, &crash);
	hand_on(signo, info, context);
}

/* --- without a signal ------------------------------------------------------------------------- */

int handler_report_exception(const struct ddcrash_exception *exception)
{
	struct crash crash = {.exception = exception};
	raw_sigset old;
	bool is_whole;

	if (!is_reporting())
		return -ESRCH;
	/* As in the handler: a fault has to reach it, nothing else may run meanwhile. */
	old = raw_change_sigmask(SIG_BLOCK, ~HANDLER_FAULTS);
	if (!enter()) {
		raw_sigmask(SIG_SETMASK, old);
		return -EALREADY;
	}
	is_whole = report(&crash);
	atomic_store(&phase, PHASE_HANDED);
	raw_sigmask(SIG_SETMASK, old);
	return is_whole ? 0 : -EIO;
}
