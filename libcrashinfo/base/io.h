/* SPDX-License-Identifier: Apache-2.0 */
/* Files read with a cap and written whole or not at all. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>

#include "base/strbuf.h"

/* Read `fd` to its end behind what `buf` holds; more than `max_bytes` in all is a LIMIT error. */
struct crashinfo_error *io_read_fd(int fd, size_t max_bytes, struct strbuf *buf);

/* Read the file `path`, which may be a pipe or a device too; a directory is an OS error EISDIR. */
struct crashinfo_error *io_read_file(const char *path, size_t max_bytes, struct strbuf *buf);

/* Write all of `bytes`, going on after short writes and EINTR. */
struct crashinfo_error *io_write_all(int fd, const void *bytes, size_t size);

/* A file that appears under its name only when it is complete; see <crashinfo/file.h>. */
struct io_atomic {
	int fd; /* write here; -1 when closed */
	char *path;
	char *temporary; /* NULL while the file has no name at all */
	bool special;    /* a device or pipe, which is written in place */
};

/*
 * Create a temporary file beside `path`, without a name where the system can: with the mode of what
 * is there or 0666 less the umask.
 */
struct crashinfo_error *io_atomic_open(struct io_atomic *file, const char *path);
/* fsync if `durable`, rename to the name asked for; the file is closed also on failure. */
struct crashinfo_error *io_atomic_commit(struct io_atomic *file, bool durable);
/* Remove the temporary file; does nothing after a commit. */
void io_atomic_abort(struct io_atomic *file);

/* A file without name in the folder of `path`, to write and read; -1 and errno on failure. */
int io_open_scratch(const char *path);
/* The error for errno of an attempt to create `path`. */
struct crashinfo_error *io_cannot_create(const char *path);

/* Read exactly `size` bytes at `offset`; fewer are an error. */
struct crashinfo_error *io_read_at(int fd, void *bytes, size_t size, uint64_t offset);

/*
 * Make a file of `bytes` that appears when it is complete, unless something has its name already,
 * be it a dangling link: `*written_ret` is false then.
 */
struct crashinfo_error *io_write_new(const char *path, const void *bytes, size_t size,
				     bool *written_ret);

#endif
