/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk a stack by its call frame information, with validated fallbacks where there is none.
 *
 * Freestanding: no library call, no allocation, no state. The collector runs this source inside a
 * crashing process, so memory and modules are reached through callbacks only, and whatever is read
 * is taken to be damaged: every loop is bounded. x86-64.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DWARF numbers of the x86-64 registers. */
enum unwind_register {
	UNWIND_RAX,
	UNWIND_RDX,
	UNWIND_RCX,
	UNWIND_RBX,
	UNWIND_RSI,
	UNWIND_RDI,
	UNWIND_RBP,
	UNWIND_RSP,
	UNWIND_R8,
	UNWIND_R9,
	UNWIND_R10,
	UNWIND_R11,
	UNWIND_R12,
	UNWIND_R13,
	UNWIND_R14,
	UNWIND_R15,
	UNWIND_RIP,
	UNWIND_REGISTERS
};

struct unwind_registers {
	uint64_t value[UNWIND_REGISTERS];
};

/* Where the unwind tables for a pc are. Addresses are absolute; a size of 0 means there is none. */
struct unwind_module {
	uint64_t text_start, text_end; /* the executable mapping that holds the pc */
	uint64_t eh_frame_hdr, eh_frame_hdr_size;
	uint64_t eh_frame, eh_frame_size; /* only looked at when there is no header */
};

/* The process whose stack is walked. */
struct unwind_source {
	void *user;
	/* Copy `size` bytes at `address`; 0, or anything else unless all of them were read. */
	int (*read)(void *user, uint64_t address, void *buffer, size_t size);
	/* 0 when `pc` lies in executable memory; `ret` is filled, with sizes 0 for no tables. */
	int (*module)(void *user, uint64_t pc, struct unwind_module *ret);
};

/* How a frame was found, most trustworthy first. */
enum unwind_trust {
	UNWIND_TRUST_CONTEXT,       /* the registers the walk began with */
	UNWIND_TRUST_CFI,           /* call frame information */
	UNWIND_TRUST_SIGRETURN,     /* saved by the kernel for a signal handler */
	UNWIND_TRUST_CALLED,        /* return address on top of the stack */
	UNWIND_TRUST_FRAME_POINTER, /* saved frame pointer, return address behind a call */
	UNWIND_TRUST_SCAN,          /* first word of the stack that lies behind a fitting call */
};

struct unwind_frame {
	struct unwind_registers registers;
	enum unwind_trust trust;
	/* The pc is the instruction that runs next, not the one behind a call. */
	bool exact_pc;
};

enum unwind_result {
	UNWIND_END,  /* the outermost frame was reached */
	UNWIND_LOST, /* there is a caller, but it could not be found */
	UNWIND_STEPPED,
};

/* A walk longer than this is cut by the callers: deep recursion adds nothing, a loop must end. */
#define UNWIND_MAX_FRAMES 512

/* The first frame, from the registers at the crash; its pc is exact. */
void unwind_begin(struct unwind_frame *ret, const struct unwind_registers *registers);

/* Replace `frame` by its caller. On anything but UNWIND_STEPPED it is unchanged. */
enum unwind_result unwind_step(const struct unwind_source *source, struct unwind_frame *frame);

#endif
