/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file that was compressed with xz, lzma or zstd holds. It is unpacked here, not by
 * libarchive, which takes as much memory as the file asks for, and loses what is in front of
 * damage.
 *
 * Formats: the .xz file format 1.2.1, RFC 8878; several streams or frames behind each other, and
 * zeros behind and between them, are one content.
 */
#ifndef BUNDLE_UNPACK_H
#define BUNDLE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>
#include <crashinfo/json.h>

struct input_source;
struct unpack_state;

struct unpack {
	struct input_source *source;
	size_t max_memory;
	struct unpack_state *state; /* of the library; NULL: not begun */
	int filter;
	struct crashinfo_slice in; /* taken from the source and not yet unpacked */
	uint64_t taken;            /* bytes of the source */
	bool between;              /* behind a stream or frame, in front of the next */
	bool several;              /* one has ended */
	bool ended;
	bool trailing;                  /* bytes of something else follow it */
	struct crashinfo_error *failed; /* behind what was read */
};

/* Whether what libarchive calls ARCHIVE_FILTER_... is unpacked here. */
bool unpack_knows(int filter);

/* `source` must outlive `unpack`. Decoders take up to about `max_memory` bytes. */
struct crashinfo_error *unpack_init(struct unpack *unpack, int filter, struct input_source *source,
				    size_t max_memory);
void unpack_deinit(struct unpack *unpack);

/*
 * Some bytes; `*size_ret` is 0 at the end, or where `trailing` bytes follow it. LIMIT when it takes
 * too much memory, FORMAT when it is damaged: what was read before is good.
 */
struct crashinfo_error *unpack_read(struct unpack *unpack, char *buffer, size_t capacity,
				    size_t *size_ret);

#endif
