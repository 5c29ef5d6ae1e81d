/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of symbolizing reports. */
#ifndef SYMBOL_SYMBOLIZE_H
#define SYMBOL_SYMBOLIZE_H

#include <crashinfo/symbolize.h>

/* Frames of one address that follow each other: a function and what was inlined into it before. */
struct frame_group {
	size_t report;
	const struct crashinfo_stack *stack;
	const struct crashinfo_frame *frames; /* the first one */
	size_t index;                         /* of that in the stack */
	size_t count;
	bool exact; /* the address is that of an instruction, not where a call returns */
	bool keep;  /* has a name already */
	bool after_trampoline;
	bool first;   /* of its stack */
	size_t query; /* index of its query when not kept */
};

/* Texts of answers that were written of late: reports of one cause have most of them in common. */
struct symbolize_texts;
struct symbolize_texts *symbolize_texts_create(void);
void symbolize_texts_destroy(struct symbolize_texts *texts);

/*
 * Write the answer into the report by edits: names into the first frame, further frames behind it
 * for the functions it was inlined into, or the reason why there are none.
 */
struct crashinfo_error *symbolize_write(const struct crashinfo_json *json,
					struct crashinfo_json_edits *edits,
					struct symbolize_texts *texts,
					const struct frame_group *group,
					const struct crashinfo_symbol_answer *answer);

#endif
