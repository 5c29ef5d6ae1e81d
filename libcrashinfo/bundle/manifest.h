/* SPDX-License-Identifier: Apache-2.0 */
/* What a bundle says about its members; see <crashinfo/bundle.h>. */
#ifndef BUNDLE_MANIFEST_H
#define BUNDLE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#include "base/strbuf.h"
#include "report/digest.h"

#define MANIFEST_NAME    "manifest.json"
#define MANIFEST_FORMAT  "ddcrash bundle"
#define MANIFEST_VERSION 1

/* --- writing --- */

struct manifest_member {
	const char *name, *uuid, *version; /* the last two may be NULL */
	unsigned char digest[DIGEST_SHA256_BYTES];
	uint64_t size;
};

void manifest_begin(struct strbuf *buf);
/* `index` counts from 0. */
void manifest_add(struct strbuf *buf, size_t index, const struct manifest_member *member);
void manifest_end(struct strbuf *buf);

/* --- reading --- */

struct manifest;

/*
 * Read `text`, the member `path` of an archive; `*ret` is NULL when it is JSON but no manifest.
 * FORMAT or SYNTAX when it is a broken one, UNSUPPORTED when its version is too new.
 */
struct crashinfo_error *manifest_parse(const struct crashinfo_context *context, const char *path,
				       const char *text, size_t size, struct manifest **ret);
void manifest_destroy(struct manifest *manifest);

/* MISMATCH when the member `path` has another content than the manifest says. */
struct crashinfo_error *manifest_check(struct manifest *manifest, const char *path,
				       const char *text, size_t size);
/* A member that was not checked and so seems to be missing, NULL for none; `*count_ret` of them. */
const char *manifest_missing(const struct manifest *manifest, size_t *count_ret);

#endif
