/* SPDX-License-Identifier: Apache-2.0 */
/* What unwinding needs of an ELF image, in memory as loaded or in a file. 64 bits, little-endian.
 */
#ifndef UNWIND_ELF_H
#define UNWIND_ELF_H

#include <elf.h>

#include "unwind/unwind.h"

/* GNU build ids have 20 bytes; linkers take any number up to this. */
#define ELF_BUILD_ID_MAX 64

struct elf_build_id {
	unsigned size; /* 0: none */
	unsigned char bytes[ELF_BUILD_ID_MAX];
};

/* What the program headers say. Addresses are those of the file, sizes in bytes. */
struct elf_image {
	Elf64_Ehdr header;
	uint64_t low, high;            /* of the PT_LOADs; `low` is rounded down to a page */
	uint64_t header_address;       /* of the file's first byte, when `loads_header` */
	uint64_t code_start, code_end; /* around the executable PT_LOADs */
	uint64_t eh_frame_hdr, eh_frame_hdr_size; /* size 0: none */
	bool loads_header;
};

/* Read the image whose first byte is at `at`. */
bool elf_image_read(const struct unwind_memory *memory, uint64_t at, struct elf_image *ret);

/* The address of the file's byte at `offset`; false when no PT_LOAD holds it. */
bool elf_offset_to_address(const struct unwind_memory *memory, uint64_t at,
			   const struct elf_image *image, uint64_t offset, uint64_t *ret);

/* The build id. `loaded`: notes are at `bias` plus their address, else at their offset. */
void elf_build_id_read(const struct unwind_memory *memory, uint64_t at,
		       const struct elf_image *image, bool loaded, uint64_t bias,
		       struct elf_build_id *ret);

/* The uncompressed section of that name; the image is a file. */
bool elf_section_find(const struct unwind_memory *file, const struct elf_image *image,
		      const char *name, Elf64_Shdr *ret);

#endif
