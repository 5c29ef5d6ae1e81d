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
	size_t frames;   /* native frames looked at */
	size_t resolved; /* with a function name now, skipped ones included */
	size_t by_status[CRASHINFO_SYMBOL_LIMIT_REACHED + 1];
};

/*
 * Symbolize `count` reports together: `texts_ret[i]` (malloc'd, sizes_ret[i] bytes) becomes the new
 * text of reports[i]. `stats` may be NULL and is added to.
 */
struct crashinfo_error *crashinfo_symbolize(const struct crashinfo_context *context,
					    struct crashinfo_symbolizer *symbolizer,
					    const struct crashinfo_symbolize_options *options,
					    struct crashinfo_report *const *reports, size_t count,
					    char **texts_ret, size_t *sizes_ret,
					    struct crashinfo_symbolize_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
