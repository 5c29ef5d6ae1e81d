/* SPDX-License-Identifier: Apache-2.0 */
/* What the code of the processor tells about a stack. Internal to unwind/. */
#ifndef UNWIND_MACHINE_H
#define UNWIND_MACHINE_H

#include "unwind/unwind.h"

/* Whether the code at `pc` is the return from a signal handler. */
bool machine_is_sigreturn(const struct unwind_source *source, uint64_t pc);

/* The registers that the kernel saved for the handler whose return stands at the frame's pc. */
bool machine_sigreturn_registers(const struct unwind_source *source,
				 const struct unwind_registers *registers,
				 struct unwind_registers *ret);

/*
 * Whether `address` is executable and lies behind a call that may have led to `callee`: a direct
 * call must lead to code in front of `callee`, an indirect one may lead anywhere.
 */
bool machine_is_return_address(const struct unwind_source *source, uint64_t address,
			       uint64_t callee);

#endif
