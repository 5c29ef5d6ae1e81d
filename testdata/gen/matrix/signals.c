/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes in signal handlers, and signals that are sent. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "matrix.h"

static NOINLINE void crashing_handler(int signo)
{
	sink = signo;
	write_null();
	NOT_A_TAIL_CALL();
}

static NOINLINE void crashing_handler_with_info(int signo, siginfo_t *info, void *context)
{
	sink = signo + info->si_code + (context != NULL);
	write_null();
	NOT_A_TAIL_CALL();
}

static NOINLINE void raise_usr1(void)
{
	raise(SIGUSR1);
	NOT_A_TAIL_CALL();
}

static NOINLINE void in_handler(void)
{
	signal(SIGUSR1, crashing_handler);
	raise_usr1();
	NOT_A_TAIL_CALL();
}

static NOINLINE void in_handler_with_info(void)
{
	struct sigaction action = {.sa_sigaction = crashing_handler_with_info,
				   .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR1, &action, NULL);
	raise_usr1();
	NOT_A_TAIL_CALL();
}

/* On a stack of its own that lies above the one it interrupts, or below. */
static void on_stack(void *stack, size_t size)
{
	struct sigaction action = {.sa_handler = crashing_handler, .sa_flags = SA_ONSTACK};
	stack_t alternate = {.ss_sp = stack, .ss_size = size};

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise_usr1();
	NOT_A_TAIL_CALL();
}

static NOINLINE void on_low_stack(void)
{
	static char stack[1 << 17];

	on_stack(stack, sizeof(stack));
	NOT_A_TAIL_CALL();
}

static NOINLINE void nested_handler(int signo)
{
	sink = signo;
	raise(SIGUSR1);
	NOT_A_TAIL_CALL();
}

static NOINLINE void in_nested_handler(void)
{
	signal(SIGUSR1, crashing_handler);
	signal(SIGUSR2, nested_handler);
	raise(SIGUSR2);
	NOT_A_TAIL_CALL();
}

/* The handler of a fault: what it interrupts is at no call. */
static NOINLINE void faults(void)
{
	static volatile int *null;

	*null = 1;
}

static NOINLINE void in_handler_of_fault(void)
{
	static char stack[1 << 17];
	struct sigaction action = {.sa_handler = crashing_handler, .sa_flags = SA_ONSTACK};
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};

	sigaltstack(&alternate, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	/* Of one that the collector does not watch. */
	action.sa_flags |= SA_NODEFER;
	sigaction(SIGVTALRM, &action, NULL);
	raise(SIGVTALRM);
	faults();
	NOT_A_TAIL_CALL();
}

static volatile int spins = 1;

static NOINLINE void spin(void)
{
	sink++;
	while (spins)
		;
}

/* Interrupted wherever it is. */
static NOINLINE void spins_until_alarm(void)
{
	struct itimerval soon = {.it_value = {.tv_usec = 1000}};

	signal(SIGVTALRM, crashing_handler);
	setitimer(ITIMER_VIRTUAL, &soon, NULL);
	spin();
	NOT_A_TAIL_CALL();
}

/* In the middle of a system call. */
static NOINLINE void sleeps_until_alarm(void)
{
	struct itimerval soon = {.it_value = {.tv_usec = 1000}};

	signal(SIGALRM, crashing_handler);
	setitimer(ITIMER_REAL, &soon, NULL);
	sleep(10);
	NOT_A_TAIL_CALL();
}

static NOINLINE void raise_segv(void)
{
	raise(SIGSEGV);
	NOT_A_TAIL_CALL();
}

static NOINLINE void kill_self(void)
{
	kill(getpid(), SIGILL);
	NOT_A_TAIL_CALL();
	pause();
}

static NOINLINE void queue_bus(void)
{
	sigqueue(getpid(), SIGBUS, (union sigval){.sival_int = 7});
	NOT_A_TAIL_CALL();
	pause();
}

/* Sent from elsewhere while it sleeps. */
static NOINLINE void sleeps_until_killed(void)
{
	pid_t parent = getpid();

	if (!fork()) {
		usleep(5000);
		kill(parent, SIGABRT);
		_exit(0);
	}
	sleep(10);
	NOT_A_TAIL_CALL();
}

static NOINLINE void blocked_then_raised(void)
{
	sigset_t set, empty;

	sigemptyset(&set);
	sigaddset(&set, SIGABRT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGABRT);
	sigemptyset(&empty);
	sigsuspend(&empty);
	NOT_A_TAIL_CALL();
}

const struct scenario signal_scenarios[] = {
	{"handler", NULL, in_handler, "write_null crashing_handler raise_usr1 in_handler", NULL},
	{"handler-info", NULL, in_handler_with_info,
	 "write_null crashing_handler_with_info raise_usr1 in_handler_with_info", NULL},
	{"handler-stack", NULL, on_low_stack, "write_null crashing_handler raise_usr1 on_low_stack",
	 NULL},
	{"handler-nested", NULL, in_nested_handler,
	 "write_null crashing_handler nested_handler in_nested_handler", NULL},
	{"handler-fault", NULL, in_handler_of_fault,
	 "write_null crashing_handler in_handler_of_fault", NULL},
	{"alarm-spin", NULL, spins_until_alarm,
	 "write_null crashing_handler spin spins_until_alarm", NULL},
	{"alarm-sleep", NULL, sleeps_until_alarm, "write_null crashing_handler sleeps_until_alarm",
	 NULL},
	{"raise", NULL, raise_segv, "raise_segv", NULL},
	{"kill", NULL, kill_self, "kill_self", NULL},
	{"queue", NULL, queue_bus, "queue_bus", NULL},
	{"killed", NULL, sleeps_until_killed, "sleeps_until_killed", NULL},
	{"suspend", NULL, blocked_then_raised, "blocked_then_raised", NULL},
	{0},
};
