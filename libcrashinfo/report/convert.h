/* SPDX-License-Identifier: Apache-2.0 */
/* From the newest schema to an older one or RFC 0002. */
#ifndef REPORT_CONVERT_H
#define REPORT_CONVERT_H

#include <stddef.h>

#include <cJSON.h>
#include <crashinfo/context.h>
#include <crashinfo/error.h>

/* The static name equal to `version`, NULL when it is not one that can be written. */
const char *convert_version_name(const char *version);

/*
 * Rewrite the report `text` (of the newest schema) in the shape of `version`. Each kind of member
 * that is lost is appended to `losses` once, as a path such as "error.stack.frames[].type_name".
 * malloc'd.
 */
struct crashinfo_error *convert_text(const struct crashinfo_context *context, const char *text,
				     size_t size, const char *version, cJSON *losses, char **ret,
				     size_t *size_ret);

#endif
