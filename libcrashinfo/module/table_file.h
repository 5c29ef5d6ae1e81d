/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold symbols and are no ELF files, told apart by how they begin. */
#ifndef MODULE_TABLE_FILE_H
#define MODULE_TABLE_FILE_H

#include <stdbool.h>

#include "module/elf_file.h"

enum module_kind {
	MODULE_ELF,
	MODULE_GSYM,     /* what llvm-gsymutil writes */
	MODULE_BREAKPAD, /* what dump_syms writes */
};

/* 16 bytes in hex and an age of up to 8 digits. */
#define BREAKPAD_ID_HEX 41

struct module_table_id {
	enum module_kind kind;
	char id[ELF_BUILD_ID_HEX]; /* lowercase: a build id, or an id as Breakpad writes it */
	/* Breakpad's id holds 16 bytes of a build id; this is all of it, "" when it is not there */
	char code_id[ELF_BUILD_ID_HEX];
};

/* Read the beginning of `fd` and say what it is; false when it is none of these files. */
bool module_table_identify(int fd, struct module_table_id *ret);

/* The same for bytes at hand. */
bool module_table_identify_bytes(const void *bytes, size_t size, struct module_table_id *ret);

/* Ids under which Breakpad may know a module; "" in those that are not needed. */
struct breakpad_ids {
	char ids[3][BREAKPAD_ID_HEX];
};

/*
 * From the id of a frame, in lowercase hex: a build id, whose first 16 bytes become a GUID and get
 * the age 0; a UUID of Mach-O; or the signature and age of a PDB file.
 */
void breakpad_ids_make(const char *id, struct breakpad_ids *ret);

/* Whether the file belongs to the module with this id. */
bool module_table_fits(const struct module_table_id *table, const char *id);

#endif
