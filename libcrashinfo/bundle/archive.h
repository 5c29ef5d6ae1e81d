/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of one archive, or the one content of a compressed file, as they come. Nothing is ever
 * extracted: a member's path is a name for messages.
 */
#ifndef BUNDLE_ARCHIVE_H
#define BUNDLE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#include "bundle/archive_sniff.h"

struct input_source;
struct manifest;

/*
 * What one file has cost, all archives within it together. Reaching a limit of it is the end of the
 * file.
 */
struct archive_budget {
	uint64_t in;      /* bytes of the file: its size, or what was read of a pipe */
	uint64_t out;     /* bytes of members and contents */
	uint64_t members; /* seen */
	bool spent;       /* a limit was reached */
};

struct bundle_archive;

/* Takes over `*below`, which is moved, also on failure. `budget` must outlive the archive. */
struct crashinfo_error *bundle_archive_open(const struct crashinfo_context *context,
					    enum archive_kind kind, struct archive_budget *budget,
					    struct input_source *below,
					    struct bundle_archive **ret);
void bundle_archive_close(struct bundle_archive *archive);

/* What it is read from: its name, for instance. */
const struct input_source *bundle_archive_below(const struct bundle_archive *archive);

/* Path of the member at hand within it; NULL for what a compressed file holds. */
const char *bundle_archive_path(const struct bundle_archive *archive);
/* Whether that is the first one. */
bool bundle_archive_is_first(const struct bundle_archive *archive);
/* Whether it was read to its end. */
bool bundle_archive_is_complete(const struct bundle_archive *archive);

/* What it says about its members; NULL until that was seen. Belongs to the archive. */
struct manifest *bundle_archive_manifest(const struct bundle_archive *archive);
void bundle_archive_set_manifest(struct bundle_archive *archive, struct manifest *manifest);

/*
 * The next regular file. `*name_ret` is malloc'd, NULL at the end; `modified` is "" when the
 * archive does not say. An error names the archive or the member; after it the next call goes on
 * behind it.
 */
struct crashinfo_error *bundle_archive_next(struct bundle_archive *archive, char **name_ret,
					    char modified[28]);

/* Bytes of the member at hand; `*size_ret` is 0 at its end. */
struct crashinfo_error *bundle_archive_read(struct bundle_archive *archive, char *buffer,
					    size_t capacity, size_t *size_ret);

#endif
