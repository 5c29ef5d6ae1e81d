/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that hold something else: contentEncoding and contentMediaType. */
#ifndef SCHEMA_CONTENT_H
#define SCHEMA_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Add what base64 `text` (RFC 4648, with padding) stands for; false when it is none. */
bool content_decode_base64(struct strbuf *buf, const char *text, size_t size);

bool content_is_json(const char *text, size_t size);

#endif
