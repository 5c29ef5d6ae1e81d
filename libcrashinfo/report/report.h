/* SPDX-License-Identifier: Apache-2.0 */
/* What a report is made of inside the library. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <crashinfo/report.h>

#include "base/arena.h"
#include "base/vec.h"

struct report_frames {
	struct crashinfo_frame *data; /* NULL until asked for */
	size_t count;
};

struct crashinfo_report {
	struct crashinfo_json *json;
	struct arena arena; /* strings, stacks and frames */
	enum crashinfo_dialect dialect;
	struct crashinfo_report_summary summary;
	struct crashinfo_stack *stacks;
	struct report_frames *frames; /* one per stack */
	size_t stack_count;
};

/* The value at a dotted path of member names below `node`; NONE when it is not there. */
crashinfo_json_node report_at(const struct crashinfo_json *json, crashinfo_json_node node,
			      const char *path);

/*
 * The content of a string as a NUL-terminated copy in the report's arena, an embedded NUL shown as
 * U+FFFD. `*ret` becomes NULL when the node is NONE or no string.
 */
struct crashinfo_error *report_text(struct crashinfo_report *report, crashinfo_json_node node,
				    const char **ret);

/* An address: a hex string with or without 0x, or (2024) a JSON number. */
bool report_address(const struct crashinfo_json *json, crashinfo_json_node node, uint64_t *ret);

enum crashinfo_dialect report_dialect_detect(const struct crashinfo_json *json);
struct crashinfo_error *report_summarize(struct crashinfo_report *report);
struct crashinfo_error *report_find_stacks(struct crashinfo_report *report);

#endif
