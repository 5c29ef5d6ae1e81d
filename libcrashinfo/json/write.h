/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include "base/strbuf.h"

/*
 * Add `text` as a JSON string in quotes. NUL bytes and other controls are escaped, ill-formed UTF-8
 * becomes U+FFFD, all else stands as it is. `text` may be NULL when `size` is 0.
 */
void json_add_string(struct strbuf *buf, const char *text, size_t size);

#endif
