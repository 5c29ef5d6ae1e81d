/* SPDX-License-Identifier: Apache-2.0 */
/* Call frame information: finding the entry for a pc and running it. Internal to unwind/. */
#ifndef UNWIND_CFI_H
#define UNWIND_CFI_H

#include "unwind/memory.h"

/* Addresses of bytes in the walked process. */
struct cfi_block {
	uint64_t start, end;
};

/* A common information entry. */
struct cfi_cie {
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_register;
	uint8_t pointer_encoding;
	bool augmented;    /* each entry has a sized augmentation block of its own */
	bool signal_frame; /* the frame was made by the kernel, not by a call */
	struct cfi_block program;
};

/* A frame description entry with its CIE. */
struct cfi_entry {
	struct cfi_cie cie;
	uint64_t pc_start, pc_size;
	struct cfi_block program;
};

/* Bases of the relative pointer encodings; 0 where there is none. */
struct cfi_bases {
	uint64_t data;     /* DW_EH_PE_datarel: the start of .eh_frame_hdr */
	uint64_t function; /* DW_EH_PE_funcrel */
};

#define CFI_OMITTED      0xff
#define CFI_DATA_REL_S32 0x3b

/* A pointer in one of the encodings of .eh_frame; false when it is malformed or unreadable. */
bool cfi_read_pointer(struct unwind_cursor *cursor, uint8_t encoding, const struct cfi_bases *bases,
		      uint64_t *ret);

/* The entry at `address` of a table that ends at `limit`; false when it is no sound FDE. */
bool cfi_read_fde(struct unwind_cursor *cursor, uint64_t address, uint64_t limit,
		  struct cfi_entry *ret);

/* The entry for `pc` in the module's tables; false when there is none. */
bool cfi_find(const struct unwind_source *source, const struct unwind_module *module, uint64_t pc,
	      struct cfi_entry *ret);

enum cfi_result {
	CFI_FAILED,
	CFI_OUTERMOST, /* the return address is undefined: nothing called this function */
	CFI_APPLIED,
};

/* The caller's registers, by the row of the entry for `pc`. */
enum cfi_result cfi_apply(const struct unwind_source *source, const struct cfi_entry *entry,
			  uint64_t pc, const struct unwind_registers *registers,
			  struct unwind_registers *ret);

/* Value of a DWARF expression, run with `initial` on its stack when that is not NULL. */
bool cfi_evaluate(const struct unwind_source *source, const struct cfi_block *expression,
		  const struct unwind_registers *registers, const uint64_t *initial, uint64_t *ret);

#endif
