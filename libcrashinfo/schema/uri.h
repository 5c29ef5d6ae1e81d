/* SPDX-License-Identifier: Apache-2.0 */
/* URI references of RFC 3986: their parts, and resolving one against a base. */
#ifndef SCHEMA_URI_H
#define SCHEMA_URI_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/json.h>

#include "base/strbuf.h"

/* Parts as they stand in the reference; data is NULL for one that is absent. */
struct uri {
	struct crashinfo_slice scheme, authority, path, query, fragment;
};

/* Any text has these parts; whether they are well formed is not looked at. */
struct uri uri_split(const char *text, size_t size);

/*
 * Add to `buf` what `reference` means where `base` is the base URI, without its fragment. A base
 * without a scheme, such as the empty one, is good enough.
 */
void uri_resolve(struct strbuf *buf, struct crashinfo_slice base, struct crashinfo_slice reference);

/* Add `text` with %XX undone. */
void uri_unescape(struct strbuf *buf, struct crashinfo_slice text);

#endif
