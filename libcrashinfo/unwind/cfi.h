/* SPDX-License-Identifier: Apache-2.0 */
/* Running the call frame instructions of an FDE, and the rules that come of it. */
#ifndef UNWIND_CFI_H
#define UNWIND_CFI_H

#include "unwind/arch.h"
#include "unwind/eh_frame.h"

enum cfi_rule {
	CFI_UNSPECIFIED,
	CFI_UNDEFINED,
	CFI_SAME,
	CFI_OFFSET,         /* saved at CFA + value */
	CFI_VAL_OFFSET,     /* is CFA + value */
	CFI_REGISTER,       /* is in register number value */
	CFI_EXPRESSION,     /* saved where the expression at address value says */
	CFI_VAL_EXPRESSION, /* is what the expression at address value says */
};

/* How to find the caller's registers at one address. */
struct cfi_row {
	bool cfa_is_expression;
	uint64_t cfa_register, cfa_offset, cfa_expression;
	uint8_t rule[UNWIND_REGISTERS];
	uint64_t value[UNWIND_REGISTERS];
};

/* The row for `pc`, which `fde` covers; false when the instructions are damaged. */
bool cfi_row_at(const struct unwind_fde *fde, const struct unwind_arch *arch, uint64_t pc,
		struct cfi_row *ret);

enum cfi_result {
	CFI_FAILED,
	CFI_CALLER,
	CFI_NO_CALLER, /* the return address is undefined: outermost frame */
};

/* Apply `row` to the registers of `frame`. Registers that can't be restored become unknown. */
enum cfi_result cfi_apply(const struct unwind_space *space, const struct unwind_fde *fde,
			  const struct cfi_row *row, const struct unwind_frame *frame,
			  struct unwind_registers *ret);

/*
 * Evaluate a DWARF expression: `at` is that of its size, a ULEB128, in `code`. `initial` is pushed
 * first when not NULL. False when it is damaged or needs what is not known.
 */
bool expression_evaluate(const struct unwind_memory *code, uint64_t at,
			 const struct unwind_memory *memory,
			 const struct unwind_registers *registers, const uint64_t *initial,
			 uint64_t *ret);

#endif
