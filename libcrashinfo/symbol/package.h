/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages of split units (.dwp): the sections of many .dwo files, one behind the other, and a hash
 * table of which part of each belongs to which unit. Version 2 of GNU, version 5 of DWARF 5.
 */
#ifndef SYMBOL_PACKAGE_H
#define SYMBOL_PACKAGE_H

#include "symbol/reader.h"

struct package {
	struct elf_file elf;
	const char *path;
	struct reader_file *whole;   /* all of the sections */
	struct module_section index; /* .debug_cu_index */
	uint32_t version, column_count, unit_count, slot_count;
	uint64_t slots, rows, offsets, sizes; /* where these tables begin in it */
	int columns[READER_SECTION_COUNT];    /* of each section, -1 when it has none */
};

/*
 * Take over `elf`. `*outcome_ret` says why it is no package that can be read, and is NULL when it
 * is one, which is then in `*ret`: static storage. NO_MEMORY is the only error.
 */
struct crashinfo_error *package_open(struct elf_file *elf, const struct crashinfo_limits *limits,
				     struct package **ret, const char **outcome_ret);
void package_close(struct package *package);

/*
 * The parts that belong to the unit with this id, as a file of its own that the package must
 * outlive; NULL when it has no such unit. NO_MEMORY is the only error.
 */
struct crashinfo_error *package_unit(const struct package *package, uint64_t id,
				     struct reader_file **ret);

#endif
