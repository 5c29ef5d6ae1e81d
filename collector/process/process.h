/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another process, looked at from outside: its memory, the files it has mapped, and what unwinding
 * asks for. Code and tables that nobody copied are read where they are: in the process while it
 * lives, later in its files. So a caller that copies stacks (process_copy_stack()) and then what is
 * in no file (process_hold()) may let the process go and unwind afterwards.
 *
 *	process_open(&context, pid, &process);
 *	process_read_maps(process);
 *	process_threads_stop(&options, &threads);         (threads.h)
 *	for each thread: process_copy_stack(process, sp);
 *	process_hold(process);
 *	process_threads_release(&threads);
 *	... unwind_step(process_space(process), &frame), process_module_find(process, frame.pc)
 *	process_close(process);
 *
 * Not for several threads at once.
 */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/maps.h>

#include "unwind/elf.h"
#include "unwind/unwind.h"

struct process;

/* An ELF image of the process. */
struct process_module {
	const struct crashinfo_map *map; /* of its header, or of its code when that is not mapped */
	uint64_t bias;                   /* runtime minus file address */
	struct elf_image image;
	struct elf_build_id build_id;

	/* private */
	struct process_file *file; /* NULL: not found or not looked for */
	bool file_tried;
	bool sections_tried;
	Elf64_Shdr eh_frame, debug_frame; /* sh_size 0: none */
};

/* The process may be gone and much of it denied: reading tells. NO_MEMORY only. */
struct crashinfo_error *process_open(const struct crashinfo_context *context, int pid,
				     struct process **ret);
void process_close(struct process *process);

/* The text of a maps file for this process; what was there before is replaced. */
struct crashinfo_error *process_set_maps(struct process *process, const char *text, size_t size);
/* The same as it comes: whole lines, then the end. */
struct crashinfo_error *process_add_maps(struct process *process, const char *text, size_t size);
struct crashinfo_error *process_end_maps(struct process *process);
/* As the kernel has it. OS, NO_MEMORY. */
struct crashinfo_error *process_read_maps(struct process *process);
/* NULL before they were set. */
const struct crashinfo_maps *process_maps(const struct process *process);

/* --- memory (memory.c) --- */

/*
 * What has been copied, else what is there now, else the file that is mapped read-only. A page that
 * was read once stays the same.
 */
struct unwind_memory process_memory(struct process *process);

/*
 * Copy memory now. Fewer bytes than asked for, or none, when the rest can't be read or copies have
 * become too many; the number comes back.
 */
size_t process_copy(struct process *process, uint64_t address, size_t size);
/* What unwinding from `sp` on needs, as far as one stack may take; whether there was any. Without
 * maps it may take more than is the stack. */
bool process_copy_stack(struct process *process, uint64_t sp);
/* The same of many, which is faster with maps; of how many there was nothing. */
size_t process_copy_stacks(struct process *process, const uint64_t *sps, size_t count);
/* Copy what no file will tell: headers of images, the vdso, code of removed files. Afterwards the
 * process may go. */
void process_hold(struct process *process);

/* --- modules (modules.c) --- */

/* The image that `pc` is in, NULL when in none. Lives until the process is closed. */
const struct process_module *process_module_find(struct process *process, uint64_t pc);
/* For unwind_step(). */
const struct unwind_space *process_space(struct process *process);

#endif
