/* SPDX-License-Identifier: Apache-2.0 */
/* Names of Unicode properties in regular expressions. */
#ifndef SCHEMA_REGEX_PROPERTY_H
#define SCHEMA_REGEX_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/*
 * Add what PCRE2 calls the property that ECMA-262 calls `name`, as in \p{name}. Names that neither
 * knows are left for PCRE2 to refuse; false for what is no name at all.
 */
bool regex_add_property(struct strbuf *out, const char *name, size_t size);

#endif
