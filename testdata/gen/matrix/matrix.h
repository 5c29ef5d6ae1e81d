/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of crashes, each with the stack that a report of it has to show. */
#ifndef MATRIX_H
#define MATRIX_H

#include <stddef.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

/* Keeps calls before it from becoming jumps. */
#define NOT_A_TAIL_CALL() __asm__ volatile("" ::: "memory")

/* Where a stack has to end: the first function of the process, of a thread or a context; or it is
 * so damaged or deep that what is expected need not be the end. */
#define AT_START "start"
#define AT_LIBC  "libc"
#define ANYWHERE "any"

struct scenario {
	const char *name;
	void (*run)(void); /* called by main */
	void (*how)(void); /* when `run` is NULL: called by main, outer and inner */
	/* Functions of this program, innermost first; "?" is code without a module, "f*3" three
	 * times f. For a `how` without what follows: inner, outer and main. */
	const char *stack;
	const char *end;   /* NULL is AT_START */
	int starts_itself; /* the collector, when it is ready */
};

extern const struct scenario fault_scenarios[], code_scenarios[], library_scenarios[],
	signal_scenarios[], thread_scenarios[], process_scenarios[], surrounding_scenarios[],
	odd_scenarios[], confined_scenarios[];

extern volatile int sink;
/* The file of the stream; NULL when run without the collector. */
extern const char *output;

/* Start the collector, once. */
void start_collector(void);
/* The same, with an open file: where the program can make none when it crashes. */
void start_collector_with_descriptor(void);
/* This scenario does not exist in this build. */
__attribute__((noreturn)) void not_here(void);

void write_null(void);
void inner(void (*how)(void));
void outer(void (*how)(void));
int recurse(int depth);

#endif
