/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls whose return addresses lie on another line, or in another function, than the call. Which one
 * crashes is the argument; the lines are marked for the test that looks for them.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

volatile int *nowhere;

__attribute__((noinline)) static int leaf(volatile int *where)
{
	return *where + 1; /* line: leaf */
}

__attribute__((noinline)) static int next_line(int *counter)
{
	int value;

	value = leaf(nowhere); /* line: call */
	*counter += 1;
	return value + *counter;
}

__attribute__((noinline, noreturn)) static void die(void)
{
	abort();
}

__attribute__((noinline)) static int ends_in_call(int x)
{
	if (x)
		die(); /* line: noreturn */
	return x;
}

__attribute__((noinline)) static int after(int x)
{
	return x * 3;
}

static void handler(int signal)
{
	(void)signal;
	leaf(nowhere); /* line: handler */
}

__attribute__((noinline)) static int interrupted(int x)
{
	*nowhere = x; /* line: interrupted */
	return x;
}

/* Its first instruction is the one that crashes. */
__attribute__((noinline)) static void first(void)
{
	__builtin_trap(); /* line: first */
}

int main(int argc, char **argv)
{
	int counter = argc;
	struct sigaction action = {.sa_handler = handler};

	if (!strcmp(argv[1], "call"))
		return next_line(&counter);
	if (!strcmp(argv[1], "noreturn"))
		return ends_in_call(argc) + after(argc);
	/* SIGUSR1 is not the collector's: its handler crashes where the program was interrupted */
	sigaction(SIGUSR1, &action, NULL);
	if (!strcmp(argv[1], "raise"))
		raise(SIGUSR1);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	if (!strcmp(argv[1], "first"))
		first();
	return interrupted(argc);
}
