/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of an ELF file before anything is looked up in it. */
#ifndef MODULE_ELF_FILE_H
#define MODULE_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

/* Longer ids are not written by any linker. */
#define ELF_BUILD_ID_BYTES 64
#define ELF_BUILD_ID_HEX   (2 * ELF_BUILD_ID_BYTES + 1)

struct elf_file {
	int fd;
	Elf *elf;
};

/* Take over `fd` (closed on failure too) as an ELF object; FORMAT when it is none. */
struct crashinfo_error *elf_file_open(int fd, struct elf_file *ret);
void elf_file_close(struct elf_file *file);

/* The GNU build id as lowercase hex; false when there is none. */
bool elf_file_build_id(const struct elf_file *file, const struct crashinfo_limits *limits,
		       char ret[ELF_BUILD_ID_HEX]);

/* The first section of this name with data in the file, NULL when there is none. */
Elf_Scn *elf_file_section(const struct elf_file *file, const char *name);
/* .debug_info, also in its old compressed form. */
bool elf_file_has_dwarf(const struct elf_file *file);
bool elf_file_has_symtab(const struct elf_file *file);
/* Made by --only-keep-debug: the code sections have no bytes in the file. */
bool elf_file_is_debug_only(const struct elf_file *file);

/*
 * The name and CRC in .gnu_debuglink; `*name_ret` points into the file. False when there is none or
 * the name holds a slash.
 */
bool elf_file_debuglink(const struct elf_file *file, const char **name_ret, uint32_t *crc_ret);
/*
 * What .debug_sup of DWARF 5 says: the name of the supplementary file, whose checksum is the id as
 * lowercase hex; of that file itself, in `*is_it_ret`, the id is its own. False when there is none.
 */
bool elf_file_supplement(const struct elf_file *file, bool *is_it_ret, const char **name_ret,
			 char id[ELF_BUILD_ID_HEX]);
/* CRC-32 of the whole file, as a debug link records it. */
struct crashinfo_error *elf_file_crc(const struct elf_file *file, uint32_t *ret);

/* The loaded segment whose file range holds `offset`; false when none does. */
bool elf_file_segment_at(const struct elf_file *file, uint64_t offset, GElf_Phdr *ret);
/* Lowest virtual address of a loaded segment, rounded down to its alignment. */
bool elf_file_base(const struct elf_file *file, uint64_t *ret);

#endif
