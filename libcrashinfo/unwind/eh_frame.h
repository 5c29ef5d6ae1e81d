/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the frame description entry (FDE) of an address in .eh_frame or .debug_frame. */
#ifndef UNWIND_EH_FRAME_H
#define UNWIND_EH_FRAME_H

#include "unwind/reader.h"
#include "unwind/unwind.h"

/* Common information entry (CIE): what several FDEs share. */
struct unwind_cie {
	uint64_t at;
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_column;
	uint64_t instructions, instructions_end;
	uint8_t encoding; /* of addresses in FDEs */
	bool has_augmentation_size;
	bool signal_frame;
};

struct unwind_fde {
	struct unwind_cie cie;
	struct unwind_memory memory; /* that the instructions are read from */
	uint64_t start, end;         /* runtime addresses of the code, end exclusive */
	uint64_t instructions, instructions_end;
	uint64_t bias; /* as in struct unwind_cfi */
};

/* The FDE that covers `pc`; false when the place has none or is damaged. */
bool unwind_find_fde(const struct unwind_cfi *cfi, uint64_t pc, struct unwind_fde *ret);

#endif
