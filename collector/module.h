/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF modules of this process, found through its maps and read through the kernel. */
#ifndef COLLECTOR_MODULE_H
#define COLLECTOR_MODULE_H

#include "unwind/unwind.h"

#define MODULE_MAX_BUILD_ID 64

struct module {
	uint64_t bias;       /* address in memory less ELF virtual address */
	uint64_t base;       /* where its first segment begins in memory */
	uint64_t start, end; /* the map it was looked up by */
	const char *path;    /* "" for anonymous memory */
	uint64_t eh_frame_hdr, eh_frame_hdr_size;
	uint64_t eh_frame, eh_frame_size;
	uint8_t build_id[MODULE_MAX_BUILD_ID];
	uint32_t build_id_size;
};

/* The module whose code or data `address` is in; NULL when no ELF image is mapped there. */
const struct module *module_find(uint64_t address);

/* For struct unwind_source. */
int module_for_unwind(void *user, uint64_t pc, struct unwind_module *ret);

/* Forget all: the maps were read anew. */
void module_reset(void);

#endif
