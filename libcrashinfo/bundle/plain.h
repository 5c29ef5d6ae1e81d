/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of cpio and ar archives. Both are headers of a fixed size with a name and content behind
 * them. They are read here, not by libarchive, which takes as much memory for a name as a header
 * claims that it has, and compares each linked file of a cpio archive with all others.
 *
 * Formats: cpio(5), ar(5) of FreeBSD.
 */
#ifndef BUNDLE_PLAIN_H
#define BUNDLE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>

#include "base/strbuf.h"

struct input_source;

enum plain_type {
	PLAIN_REGULAR,
	PLAIN_FOLDER,
	PLAIN_LINK,  /* to a file that has the content */
	PLAIN_TABLE, /* of ar: no file */
	PLAIN_OTHER,
};

struct plain_member {
	const char *path; /* as the archive has it; until the next header is read */
	enum plain_type type;
	int64_t modified; /* seconds since the epoch, 0: not said */
};

struct plain_reader {
	struct input_source *source;
	bool is_ar, begun;
	char magic[6];             /* of cpio: the first header's, which all have */
	uint64_t taken;            /* bytes of the source */
	uint64_t left;             /* bytes of content at hand */
	unsigned padding;          /* bytes behind it */
	struct strbuf path, names; /* of the member; the table of ar that long names are in */
};

/* `source` must outlive the reader. */
void plain_init(struct plain_reader *reader, struct input_source *source, bool is_ar);
void plain_deinit(struct plain_reader *reader);

/*
 * Pass over what is left of the content at hand and read the next header. `*done_ret` is true at
 * the end. After an error there are no more members.
 */
struct crashinfo_error *plain_next(struct plain_reader *reader, struct plain_member *ret,
				   bool *done_ret);

/* Content of the member at hand; `*size_ret` is 0 at its end. */
struct crashinfo_error *plain_read(struct plain_reader *reader, char *buffer, size_t capacity,
				   size_t *size_ret);

/* --- for plain.c, one for each format --- */

/* Read exactly `size` bytes; FORMAT when there are fewer. */
struct crashinfo_error *plain_take(struct plain_reader *reader, char *buffer, size_t size);
/* The same, for a name of a size that was read: LIMIT when it is larger than any name. */
struct crashinfo_error *plain_take_name(struct plain_reader *reader, uint64_t size,
					struct strbuf *ret);
/* All of `size` digits in `base`, 8, 10 or 16, blanks behind them. False when there is more. */
bool plain_number(const char *text, size_t size, unsigned base, uint64_t *ret);
struct crashinfo_error *plain_damaged(const char *what);

/* Whether one of these ends the archive is in `*done_ret`. */
struct crashinfo_error *plain_next_cpio(struct plain_reader *reader, struct plain_member *ret,
					bool *done_ret);
struct crashinfo_error *plain_next_ar(struct plain_reader *reader, struct plain_member *ret,
				      bool *done_ret);

#endif
