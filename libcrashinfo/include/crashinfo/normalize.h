/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Normalizing reports: frames that have an absolute address only get the module it belongs to and
 * the address within, from the memory maps that came with the report and the files of its modules.
 */
#ifndef CRASHINFO_NORMALIZE_H
#define CRASHINFO_NORMALIZE_H

#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/module.h>
#include <crashinfo/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_normalize_stats {
	size_t frames;     /* with an ip and without a relative_address */
	size_t normalized; /* of those */
};

/*
 * The report with relative_address, path, file_type, module_base_address and, if the file has one,
 * build_id and build_id_type in the frames of native stacks that have an ip but no
 * relative_address; members that a frame has stay. A frame that cannot be normalized gets the
 * comment "normalize_ip failed with REASON" once. malloc'd, NUL-terminated. UNSUPPORTED for the
 * dialects draft-0002 and legacy-2024, whose frames cannot hold that. `stats` may be NULL and is
 * added to.
 */
struct crashinfo_error *crashinfo_normalize_report(const struct crashinfo_context *context,
						   struct crashinfo_finder *finder,
						   struct crashinfo_report *report, char **ret,
						   size_t *size_ret,
						   struct crashinfo_normalize_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
