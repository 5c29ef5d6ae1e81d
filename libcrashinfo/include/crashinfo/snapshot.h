/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks that a crashing process copied instead of following them: the file "ddcrash/stack" of a
 * report holds memory, one piece a line, as its address in hexadecimal and its bytes in base64, or
 * the address alone for 4096 zeros.
 */
#ifndef CRASHINFO_SNAPSHOT_H
#define CRASHINFO_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/module.h>
#include <crashinfo/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the report has such a copy. */
bool crashinfo_snapshot_is_there(const struct crashinfo_report *report);

/*
 * The report with the stack of the crash followed through the copy, with registers and maps of the
 * report and call frame information of the files that `finder` finds. malloc'd, NUL-terminated. A
 * stack that has as many frames already stays; the copy goes once the stack is complete. NOT_FOUND
 * without a copy, registers or maps, FORMAT, UNSUPPORTED for other machines, LIMIT.
 */
struct crashinfo_error *crashinfo_snapshot_unwind(const struct crashinfo_context *context,
						  struct crashinfo_finder *finder,
						  struct crashinfo_report *report, char **ret,
						  size_t *size_ret);

#ifdef __cplusplus
}
#endif
#endif
