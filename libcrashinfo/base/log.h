/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <crashinfo/context.h>

/* Give one line to the log of `context`; lines are cut at 1,023 bytes. */
void context_log(const struct crashinfo_context *context, enum crashinfo_log_level level,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
