/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of one input, the first of which can be looked at before they are read. */
#ifndef BUNDLE_INPUT_SOURCE_H
#define BUNDLE_INPUT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/json.h>

#include "base/strbuf.h"
#include "bundle/archive.h"

struct input_source {
	int fd;                         /* -1: none */
	struct bundle_archive *archive; /* its member at hand, in place of `fd`; not owned */
	char *name;
	char modified[28];  /* as in struct crashinfo_input */
	bool is_operand;    /* the user named it, or it is all that a compressed operand holds */
	bool is_packed;     /* within an archive or compressed */
	bool is_whole;      /* all of it is in `head` */
	int64_t base;       /* where in a file that can be sought it begins, -1: in none */
	uint64_t size;      /* of a regular file, 0: unknown */
	struct strbuf head; /* read ahead */
	size_t head_offset; /* of it read by now */
};

/* Takes over `fd` (unless it is standard input) and `name`, also on failure. */
struct crashinfo_error *input_source_open(struct input_source *source, int fd, char *name);
/* The same for the member at hand of `archive`. */
struct crashinfo_error *input_source_open_member(struct input_source *source,
						 struct bundle_archive *archive, char *name);
void input_source_close(struct input_source *source);

/*
 * Some bytes, without a copy: valid until the next call. None at the end.
 */
struct crashinfo_error *input_source_take(struct input_source *source, struct crashinfo_slice *ret);
/* Let the last `size` bytes of them be taken again. */
void input_source_give_back(struct input_source *source, size_t size);
/* Whether it is a pipe or terminal that stays open and has had nothing for a while. */
bool input_source_is_idle(const struct input_source *source);
/* Read all of it; LIMIT when it has more than `max_bytes`. */
struct crashinfo_error *input_source_read_all(struct input_source *source, size_t max_bytes,
					      struct strbuf *buf);

/* Read it into memory, so that it can be sought; LIMIT as above. */
struct crashinfo_error *input_source_hold(struct input_source *source, size_t max_bytes);
bool input_source_can_seek(const struct input_source *source);
/* Go to `offset` from its beginning, or from its end when `from_end`; `*ret` is where it is then.
 */
struct crashinfo_error *input_source_seek(struct input_source *source, int64_t offset,
					  bool from_end, int64_t *ret);
/* Bytes read by now, or where it was sought. */
int64_t input_source_tell(const struct input_source *source);

/* The journal of uploads lies beside or among reports and is none; its version follows. */
#define INPUT_JOURNAL_MARK "ddcrash-journal "

/* What the beginning of an input says about it. */
enum input_format {
	INPUT_FORMAT_EMPTY, /* nothing but blanks */
	INPUT_FORMAT_JSON,
	INPUT_FORMAT_STREAM,
	INPUT_FORMAT_ARCHIVE, /* or compressed: see archive_sniff() */
	INPUT_FORMAT_UNKNOWN,
};
enum input_format input_sniff(const char *text, size_t size);
/*
 * Whether what seems to be JSON is not just a text that begins like it: "notes", "2 files". For
 * files that nobody named.
 */
bool input_is_json(const char *text, size_t size);

#endif
