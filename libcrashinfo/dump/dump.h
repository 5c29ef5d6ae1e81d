/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stopped process, wherever its parts are from (core file, live process): its threads, and what
 * unwinding them takes. dump_report() makes a report of it.
 */
#ifndef DUMP_DUMP_H
#define DUMP_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/report.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "dump/arch.h"
#include "unwind/elf.h"
#include "unwind/unwind.h"

/* Where in which ELF image an address is. */
struct dump_place {
	const char *path; /* of the module as in the maps; lives as long as the dump's source */
	struct elf_build_id build_id;
	uint64_t module_base; /* of its first page in memory */
	uint64_t relative;    /* address in the terms of the file */
};

struct dump_thread {
	uint32_t tid;
	const char *name; /* NULL: unknown */
	char state[2];    /* one letter, "": unknown */
	bool has_registers;
	struct unwind_registers registers;
};

struct dump_signal {
	bool known; /* signo and code */
	int32_t signo, code;
	uint64_t address; /* of the fault, where the signal has one */
};

struct dump {
	const struct crashinfo_limits *limits;
	const struct dump_arch *arch;
	const struct unwind_space *space;
	/* The image that `pc` is in; false when in none. */
	bool (*find_place)(void *source, uint64_t pc, struct dump_place *ret);
	/* Why unwinding may have ended at `pc`, as a comment of the frame; "" when that is not
	 * known. NULL: never known. */
	void (*explain_end)(void *source, uint64_t pc, uint64_t sp, struct strbuf *ret);
	void *source;

	VEC(struct dump_thread) threads;
	size_t crashed;            /* index of the thread that crashed or comes first */
	struct dump_signal signal; /* signo 0: none, the process just was looked at */
	uint32_t pid;              /* 0: unknown */
};

/* Lowercase, "" for none. */
void dump_id_hex(const struct elf_build_id *id, char ret[2 * ELF_BUILD_ID_MAX + 1]);

void dump_deinit(struct dump *dump);

/*
 * The stack that begins with these registers, as the object that reports have; NULL registers give
 * an empty incomplete one.
 */
struct crashinfo_error *dump_stack_json(const struct dump *dump, const struct dump_thread *thread,
					struct strbuf *ret);

/* {"arch": ..., "registers": {...}} */
void dump_registers_json(const struct dump_arch *arch, const struct dump_thread *thread,
			 struct strbuf *ret);

/*
 * Put into `builder` what the dump tells: the error with its stack and threads, signal, process,
 * registers.
 */
struct crashinfo_error *dump_report(const struct dump *dump,
				    struct crashinfo_report_builder *builder);

/* Add `text` to the report as file `name`, line by line. */
struct crashinfo_error *dump_report_file(struct crashinfo_report_builder *builder, const char *name,
					 const char *text, size_t size);

#endif
