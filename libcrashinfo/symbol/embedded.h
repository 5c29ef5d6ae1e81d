/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols that stripped programs still carry: those of Go, and MiniDebugInfo. */
#ifndef SYMBOL_EMBEDDED_H
#define SYMBOL_EMBEDDED_H

#include "symbol/table.h"

/* Fill the lookups from the .gopclntab of `file`, if it has one. */
struct crashinfo_error *embedded_go_resolve(const struct elf_file *file,
					    const struct crashinfo_limits *limits,
					    struct lookups *lookups, bool *found_ret);

/* An ELF file in the memory of another. */
struct embedded_mini {
	bool tried;
	unsigned char *bytes;
	struct elf_file file; /* elf NULL when there is none */
};

/* Unpack .gnu_debugdata of `file`, whose symbols are those that its .dynsym lacks. */
void embedded_mini_open(const struct elf_file *file, const struct crashinfo_limits *limits,
			struct embedded_mini *ret);
void embedded_mini_close(struct embedded_mini *mini);

#endif
