/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call stacks from call frame information, with validated fallbacks where there is none.
 *
 * Freestanding: no libc, no allocation, no globals, bounded stack (about 12 KiB). The in-process
 * collector compiles these sources too, so they may run in a signal handler of a broken process.
 * All memory of the process that is unwound comes through a callback that says when it can't be
 * read; nothing of what is read is trusted.
 *
 * A step tries, in this order: CFI of the module; the code bytes of a signal trampoline; the word
 * at the stack pointer where execution is not in executable memory (a call through a bad pointer);
 * the same word in a function that has not touched the stack; the frame pointer; a bounded search
 * of the stack. All but the first two demand that a call instruction precedes the return address,
 * and that its target, where it can be told, fits the frame that is left.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for the DWARF register numbers of every architecture that is known here. */
#define UNWIND_REGISTERS 33

struct unwind_registers {
	uint64_t value[UNWIND_REGISTERS]; /* by DWARF number */
	uint64_t known;                   /* bit n: value[n] is known */
};

/* Reads `size` bytes at `address`; false when any of them can't be read, `to` is then undefined. */
struct unwind_memory {
	bool (*read)(void *context, uint64_t address, void *to, size_t size);
	void *context;
};

enum unwind_cfi_kind {
	UNWIND_EH_FRAME_HDR, /* binary search table; `size` is the table's */
	UNWIND_EH_FRAME,     /* searched from its begin */
	UNWIND_DEBUG_FRAME,  /* the same, addresses are of the file: `bias` is added */
};

/* Entries that were found by searching places from their begin, which takes long in large programs.
 * Zeroed by who has it; one serves all places of a process. */
#define UNWIND_CACHE_ENTRIES 64
struct unwind_cache {
	struct {
		uint64_t place, at;  /* address of the place, and of the entry in it */
		uint64_t start, end; /* of the code */
	} entries[UNWIND_CACHE_ENTRIES];
	unsigned next; /* to be overwritten */
};

/* A place with call frame information. */
struct unwind_cfi {
	enum unwind_cfi_kind kind;
	struct unwind_memory memory;
	uint64_t address, size;     /* in `memory` */
	uint64_t bias;              /* runtime minus file address of the module */
	uint64_t text_base;         /* what DW_EH_PE_textrel is relative to, 0 when unknown */
	struct unwind_cache *cache; /* NULL: none */
};

struct unwind_arch;

/* The process that is unwound. */
struct unwind_space {
	const struct unwind_arch *arch;
	struct unwind_memory memory;
	/* Place number `nth` with CFI for the code at `pc`; false when there are no more. Cheap
	 * places come first: the next one is asked for only when this one does not know `pc`. */
	bool (*find_cfi)(void *context, uint64_t pc, unsigned nth, struct unwind_cfi *ret);
	bool (*is_executable)(void *context, uint64_t pc);
	void *context;
};

/* How a frame was found, from sure to guessed. */
enum unwind_trust {
	UNWIND_CONTEXT,   /* the registers that unwinding began with */
	UNWIND_CFI,       /* call frame information */
	UNWIND_SIGRETURN, /* signal trampoline, told by its code */
	UNWIND_BAD_CALL,  /* return address of a call to memory that is not executable */
	UNWIND_LEAF,      /* return address of a call to a function without CFI */
	UNWIND_FP,        /* frame pointer */
	UNWIND_SCAN,      /* found in the stack */
};

enum unwind_end {
	UNWIND_GOES_ON,
	UNWIND_OUTERMOST,   /* the information says that there is no caller */
	UNWIND_LOST,        /* no way on was found */
	UNWIND_NO_PROGRESS, /* the caller would not lie above on the stack */
};

struct unwind_frame {
	struct unwind_registers registers;
	uint64_t pc, sp;
	enum unwind_trust trust;
	/* `pc` is the next instruction of an interrupted frame, not a return address. */
	bool interrupted;
	/* Of the frame that unwinding began with; a signal interrupted something else. */
	uint64_t first_pc, first_sp;
};

/* The frame that `registers` describe, interrupted as by a signal. */
void unwind_begin(const struct unwind_arch *arch, const struct unwind_registers *registers,
		  struct unwind_frame *ret);

/* Replace `frame` by its caller. Unless UNWIND_GOES_ON is returned `frame` is unchanged. */
enum unwind_end unwind_step(const struct unwind_space *space, struct unwind_frame *frame);

extern const struct unwind_arch unwind_x86_64, unwind_aarch64;

#endif
