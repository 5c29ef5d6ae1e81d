/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF images of this process, found as they are asked for. */
#ifndef COLLECTOR_MODULES_H
#define COLLECTOR_MODULES_H

#include "maps.h"
#include "unwind/elf.h"
#include "unwind/unwind.h"

struct module {
	const struct map *map; /* of its header, or of its code when that is not mapped */
	uint64_t bias;         /* runtime minus file address */
	struct elf_image image;
	struct elf_build_id build_id;
	int fd;          /* of its file, -1 when not open */
	bool file_tried; /* the file was looked for, and what follows was read if it was found */
	Elf64_Shdr eh_frame, debug_frame; /* sh_size 0: none */
};

/* Forget the modules; the table of maps was read. */
void modules_begin(void);
/* Close the files. */
void modules_end(void);

/* The module that `pc` is in, NULL when in none. The next call may overwrite it. */
const struct module *modules_find(uint64_t pc);

/* This process; frames come from its current memory. */
extern const struct unwind_space own_space;

#endif
