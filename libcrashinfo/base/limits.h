/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <crashinfo/context.h>

/* The limits of `context`, the defaults for NULL. Lives as long as the context. */
const struct crashinfo_limits *limits_of(const struct crashinfo_context *context);

#endif
