/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbolizing reports: which frames need a name, which address to look up for each, and how the
 * answer is written back. Inlined functions become frames of their own; all frames of one address
 * keep its ip, sp, relative_address and build_id. Unresolved frames get the reason as a comment.
 */
#ifndef CRASHINFO_SYMBOLIZE_H
#define CRASHINFO_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/report.h>
#include <crashinfo/symbol.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_symbolize_options {
	bool force; /* also frames that have a function already */
};

struct crashinfo_symbolize_stats {
	size_t frames;   /* native frames looked at; the functions inlined into one do not count */
	size_t kept;     /* had a name already */
	size_t resolved; /* got one now */
	size_t cached;   /* were looked up in the cache folder */
	size_t by_status[CRASHINFO_SYMBOL_LIMIT_REACHED + 1];
};

/* What was asked for one frame and what became of it. */
struct crashinfo_symbolized_frame {
	size_t report,
		frame; /* index of the report in the call, of the frame in its array before */
	const struct crashinfo_stack *stack;
	const struct crashinfo_symbol_query *query; /* NULL: the frame had a name and was kept */
	const struct crashinfo_symbol_answer *answer;
};
typedef void crashinfo_symbolized_fn(void *user, const struct crashinfo_symbolized_frame *frame);

/* Takes the new text (malloc'd) of a report, which is given by its index in the call. */
typedef void crashinfo_symbolized_report_fn(void *user, size_t report, char *text, size_t size);

/*
 * Symbolize `count` reports together; `done` is called for each in order with what it becomes. After
 * an error it was called for the first ones, or for none. `stats` may be NULL and is added to.
 * `each` may be NULL; it is called for every native frame in order, before any `done`, its argument
 * living until it returns.
 */
struct crashinfo_error *crashinfo_symbolize(const struct crashinfo_context *context,
					    struct crashinfo_symbolizer *symbolizer,
					    const struct crashinfo_symbolize_options *options,
					    struct crashinfo_report *const *reports, size_t count,
					    struct crashinfo_symbolize_stats *stats,
					    crashinfo_symbolized_fn *each,
					    crashinfo_symbolized_report_fn *done, void *user);

#ifdef __cplusplus
}
#endif
#endif
