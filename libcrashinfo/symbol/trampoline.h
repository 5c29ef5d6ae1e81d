/* SPDX-License-Identifier: Apache-2.0 */
/* Signal trampolines: what the kernel has a handler return to. */
#ifndef SYMBOL_TRAMPOLINE_H
#define SYMBOL_TRAMPOLINE_H

#include "module/elf_file.h"

struct trampoline_finder;

/* Look in the .eh_frame, code and symbols of a module's files, any of which may be absent. */
struct trampoline_finder *trampoline_finder_create(const struct elf_file *debug,
						   const struct elf_file *image);
void trampoline_finder_destroy(struct trampoline_finder *finder);

/* Names that C libraries and kernels give their trampolines. */
bool trampoline_has_name(const char *function);

bool trampoline_at(const struct trampoline_finder *finder, uint64_t address);

#endif
