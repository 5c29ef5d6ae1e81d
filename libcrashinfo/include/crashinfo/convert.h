/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports from one version of the format to another: 1.0 to 1.8 and the form of RFC 0002.
 *
 * Like every change of a report this edits its text: members that neither version knows, numbers of
 * any length and repeated members come out byte for byte. What the other version cannot hold is
 * left out or changed to the nearest that it can, and each such place is listed. A report that is
 * valid in its own version is valid in the other, with one exception: 1.0 requires a signal and has
 * four names of signals only, see crashinfo_conversion_lacks().
 */
#ifndef CRASHINFO_CONVERT_H
#define CRASHINFO_CONVERT_H

#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/json.h>
#include <crashinfo/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_conversion;

/*
 * Convert `report` to `version`, "1.0" to "1.8" or "rfc0002". A report of that version
 * comes out unchanged; one of a newer 1.x is read as the newest. UNSUPPORTED for other versions and
 * for reports of another major version, of the draft of RFC 0002 and of the wire form of 2024.
 */
struct crashinfo_error *crashinfo_conversion_create(const struct crashinfo_context *context,
						    const struct crashinfo_report *report,
						    const char *version,
						    struct crashinfo_conversion **ret);
void crashinfo_conversion_destroy(struct crashinfo_conversion *conversion);

/* The new text, which is the conversion's; `data` is NUL-terminated. */
struct crashinfo_slice crashinfo_conversion_text(const struct crashinfo_conversion *conversion);

/* Loss `index`, in the order of the schema, NULL behind the last. */
const struct crashinfo_loss *crashinfo_conversion_loss(
	const struct crashinfo_conversion *conversion, size_t index);

/*
 * The member of the root that the version requires and the report cannot give ("sig_info"), so that
 * the result is marked incomplete and not valid; NULL when there is none.
 */
const char *crashinfo_conversion_lacks(const struct crashinfo_conversion *conversion);

#ifdef __cplusplus
}
#endif
#endif
