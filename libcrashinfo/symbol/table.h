/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbols that are not DWARF: files of their own (GSYM, Breakpad) and what Go keeps in a program.
 * Each source reads bytes from strangers and fills the frames of lookups.
 */
#ifndef SYMBOL_TABLE_H
#define SYMBOL_TABLE_H

#include "module/table_file.h"
#include "symbol/lookup.h"

/* The bytes of a source; strings of frames point into them or are made in the arena. */
struct symbol_bytes {
	const unsigned char *data;
	size_t size;
	uint64_t base; /* what the source's addresses count from */
	struct arena *arena;
	const struct crashinfo_limits *limits;
};

/*
 * Fill the frames of the lookups, which are sorted by address. `unit` is set where the source
 * describes the address, `damaged` where it could not be read. NO_MEMORY is the only error.
 */
typedef struct crashinfo_error *symbol_source_fn(const struct symbol_bytes *bytes,
						 struct lookups *lookups);
symbol_source_fn gsym_resolve, breakpad_resolve, pclntab_resolve;

/* A file that is mapped while its module is open. */
struct symbol_table {
	enum module_kind kind;
	unsigned char *data; /* NULL when there is none */
	size_t size;
	struct arena arena;
};

/* Take over `fd` (closed in any case); FORMAT when it is none of these files. */
struct crashinfo_error *symbol_table_open(int fd, struct symbol_table *ret);
void symbol_table_close(struct symbol_table *table);

/* `base` is the lowest address of the module's segments, which Breakpad's addresses count from. */
struct crashinfo_error *symbol_table_resolve(struct symbol_table *table, uint64_t base,
					     const struct crashinfo_limits *limits,
					     struct lookups *lookups);

#endif
