/* SPDX-License-Identifier: Apache-2.0 */
/* Archives and compressed files, told by their first bytes. */
#ifndef BUNDLE_ARCHIVE_SNIFF_H
#define BUNDLE_ARCHIVE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

enum archive_kind {
	ARCHIVE_KIND_NONE,
	ARCHIVE_KIND_COMPRESSED, /* one file: gzip, xz, lzma, zstd, bzip2, lz4 */
	ARCHIVE_KIND_TAR,        /* members can be read one after the other */
	ARCHIVE_KIND_CPIO,       /* the same */
	ARCHIVE_KIND_AR,         /* the same */
	ARCHIVE_KIND_ZIP,        /* the same, but better with its directory, which is at the end */
	ARCHIVE_KIND_SEEKING,    /* cannot be read without its directory: 7z */
};

/* So many bytes decide; with fewer at hand the answer may be NONE. */
#define ARCHIVE_SNIFF_BYTES 512

enum archive_kind archive_sniff(const char *bytes, size_t size);

/* How a compressed file is compressed: libarchive's number. */
int archive_sniff_filter(const char *bytes, size_t size);

#endif
