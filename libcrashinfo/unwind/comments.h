/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report says of a frame that was not found in the best way: one text for the collector, the
 * receiver and the tools. NULL where there is nothing to say.
 */
#ifndef UNWIND_COMMENTS_H
#define UNWIND_COMMENTS_H

#include <stddef.h>

#include "unwind/unwind.h"

static inline const char *unwind_trust_comment(enum unwind_trust trust)
{
	switch (trust) {
	case UNWIND_CONTEXT:
	case UNWIND_CFI:
	case UNWIND_SIGRETURN:
	case UNWIND_BAD_CALL: break;
	case UNWIND_LEAF: return "found at the stack pointer, no call frame information";
	case UNWIND_FP: return "found by the frame pointer, no call frame information";
	case UNWIND_SCAN: return "found by searching the stack, may be stale";
	}
	return NULL;
}

static inline const char *unwind_end_comment(enum unwind_end end)
{
	switch (end) {
	case UNWIND_GOES_ON:
	case UNWIND_OUTERMOST: break;
	case UNWIND_LOST: return "the stack could not be followed beyond this frame";
	case UNWIND_NO_PROGRESS: return "the caller of this frame would lie below it on the stack";
	}
	return NULL;
}

#endif
