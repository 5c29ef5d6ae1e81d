/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles: archives of reports with a manifest. <crashinfo/input.h> reads them.
 *
 * The first member is manifest.json, the others are reports sorted by name. Times, owners and modes
 * are fixed, so the same reports give the same bytes, in whatever order they were added:
 *
 *	{"format": "ddcrash bundle", "version": 1, "members": [
 *	{"name": "UUID.json", "uuid": "UUID", "sha256": "...", "size": 123,
 *	 "data_schema_version": "1.8"}, ...]}
 */
#ifndef CRASHINFO_BUNDLE_H
#define CRASHINFO_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Suffixes of file names that stand for a format: ".tar, .tar.gz, ..."; static storage. */
const char *crashinfo_bundle_suffixes(void);
/* Whether `path` ends with one of them. */
bool crashinfo_bundle_can_write(const char *path);

struct crashinfo_bundle_writer;

/*
 * Begin a bundle in the format that the end of `path` says; INVALID_ARGUMENT when that is none. The
 * file appears when the bundle is complete. Until then reports are kept in a file without name
 * beside it: disk space for all of them uncompressed is needed, memory for their names only.
 */
struct crashinfo_error *crashinfo_bundle_writer_create(const struct crashinfo_context *context,
						       const char *path,
						       struct crashinfo_bundle_writer **ret);
/* Give up; NULL is a no-op. */
void crashinfo_bundle_writer_destroy(struct crashinfo_bundle_writer *writer);

struct crashinfo_bundle_member {
	const char *name;    /* of the file without ".json": letters, digits, "-" and "_" */
	const char *uuid;    /* of the report; NULL when it has none */
	const char *version; /* data_schema_version of the report; NULL when it has none */
};

/*
 * Add `text`. One that is there already, content included, is left out; another of the same name
 * becomes NAME.2.json and so on, ordered by content. LIMIT when there are archive_members already.
 */
struct crashinfo_error *crashinfo_bundle_writer_add(struct crashinfo_bundle_writer *writer,
						    const struct crashinfo_bundle_member *member,
						    const char *text, size_t size);
/* Reports added so far, those left out too. */
size_t crashinfo_bundle_writer_count(const struct crashinfo_bundle_writer *writer);

/* Write the bundle and give it its name; frees `writer`, also on failure. */
struct crashinfo_error *crashinfo_bundle_writer_finish(struct crashinfo_bundle_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
