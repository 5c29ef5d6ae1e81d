/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/pages.h"

/* One read call; large enough that a 50 MB report takes few of them. */
#define IO_CHUNK_BYTES     (256 * 1024)
#define IO_TEMPORARY_TRIES 64
/* The kernel's RENAME_NOREPLACE. */
#define IO_RENAME_NOREPLACE 1U

static size_t io_size_hint(int fd, size_t max_bytes)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return IO_CHUNK_BYTES;
	/* one byte more, so that the end is seen without growing again */
	return (uint64_t)st.st_size < max_bytes ? (size_t)st.st_size + 1 : IO_CHUNK_BYTES;
}

struct crashinfo_error *io_read_fd(int fd, size_t max_bytes, struct strbuf *buf)
{
	size_t want = io_size_hint(fd, max_bytes);

	for (;;) {
		ssize_t n;

		if (!strbuf_reserve(buf, want))
			return strbuf_error(buf);
		if (want)
			pages_advise(buf->data, buf->capacity);
		n = read(fd, buf->data + buf->size, buf->capacity - buf->size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return crashinfo_error_from_errno(errno, "cannot read");
		buf->size += (size_t)n;
		if (buf->size > max_bytes)
			return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
						      "larger than the limit of %zu bytes",
						      max_bytes);
		if (n == 0)
			break;
		want = buf->capacity - buf->size > 1 ? 0 : IO_CHUNK_BYTES;
	}
	buf->data[buf->size] = '\0';
	return NULL;
}

struct crashinfo_error *io_read_file(const char *path, size_t max_bytes, struct strbuf *buf)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open");
	return io_read_fd(fd, max_bytes, buf);
}

struct crashinfo_error *io_write_all(int fd, const void *bytes, size_t size)
{
	const char *p = bytes;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return crashinfo_error_from_errno(errno, "cannot write");
		p += n;
		size -= (size_t)n;
	}
	return NULL;
}

/*
 * Call `make` with names beside `path` until one is free; -1 and errno when none can be made. In
 * the folder of the target, so that a rename later stays within one file system.
 */
static int io_make_temporary(const char *path, int (*make)(const char *name, int fd), int fd,
			     char **temporary_ret)
{
	for (int i = 0; i < IO_TEMPORARY_TRIES; i++) {
		_free_ char *name = NULL;
		int made;

		if (asprintf(&name, "%s.%d-%d.tmp", path, (int)getpid(), i) < 0) {
			name = NULL;
			errno = ENOMEM;
			return -1;
		}
		made = make(name, fd);
		if (made >= 0) {
			*temporary_ret = steal_ptr(name);
			return made;
		}
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static int io_make_file(const char *name, int fd)
{
	(void)fd;
	return open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
}

static int io_open_temporary(const char *path, char **temporary_ret)
{
	return io_make_temporary(path, io_make_file, -1, temporary_ret);
}

/* Give the unnamed file `fd` a name. */
static int io_make_link(const char *name, int fd)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/*
 * A file without name in the folder of `path`: a process that is killed leaves nothing behind. -1
 * where the system cannot do that.
 */
static int io_open_unnamed(const char *path)
{
	_free_ char *folder = strdup(path);

	if (!folder || access("/proc/self/fd", X_OK))
		return -1;
	return open(dirname(folder), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
}

int io_open_scratch(const char *path)
{
	_free_ char *folder = strdup(path), *name = NULL;
	int fd = folder ? open(dirname(folder), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600) : -1;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	if (asprintf(&name, "%s.XXXXXX", path) < 0) {
		name = NULL;
		errno = ENOMEM;
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

struct crashinfo_error *io_read_at(int fd, void *bytes, size_t size, uint64_t offset)
{
	char *p = bytes;

	while (size) {
		ssize_t n = pread(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return crashinfo_error_from_errno(n ? errno : EIO, "cannot read");
		p += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return NULL;
}

/* What a rename cannot replace is written in place. */
static int io_open_special(const char *path, const struct stat *st)
{
	if (!S_ISDIR(st->st_mode))
		return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	errno = EISDIR;
	return -1;
}

struct crashinfo_error *io_cannot_create(const char *path)
{
	if (errno == ENOMEM)
		return crashinfo_error_no_memory();
	return crashinfo_error_from_errno(errno, "cannot create %s", path);
}

struct crashinfo_error *io_atomic_open(struct io_atomic *file, const char *path)
{
	struct io_atomic opened = {.fd = -1};
	struct stat st;
	bool exists = !stat(path, &st), special = exists && !S_ISREG(st.st_mode);

	/* a link to nowhere, like /dev/stdout when that is closed, is nothing to put a file in place of */
	if (!exists && !lstat(path, &st)) {
		errno = ENOENT;
		return io_cannot_create(path);
	}
	/* the file behind a link is replaced, not the link */
	opened.path = exists && !special ? realpath(path, NULL) : strdup(path);
	if (!opened.path)
		return io_cannot_create(path);
	opened.special = special;
	opened.fd = special ? io_open_special(path, &st) : io_open_unnamed(opened.path);
	if (opened.fd < 0 && !special)
		opened.fd = io_open_temporary(opened.path, &opened.temporary);
	if (opened.fd < 0) {
		struct crashinfo_error *error = io_cannot_create(path);

		free(opened.path);
		return error;
	}
	/* best effort: the file may belong to somebody else */
	if (exists && !special && fchmod(opened.fd, st.st_mode & 0777))
		errno = 0;
	*file = opened;
	return NULL;
}

void io_atomic_abort(struct io_atomic *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	free(file->path);
	*file = (struct io_atomic){.fd = -1};
}

struct crashinfo_error *io_atomic_commit(struct io_atomic *file, bool durable)
{
	struct crashinfo_error *error = NULL;
	bool unnamed = !file->special && !file->temporary;

	/* close() reports what NFS and quotas could not write */
	if ((durable && !file->special && fsync(file->fd)) ||
	    (unnamed &&
	     io_make_temporary(file->path, io_make_link, file->fd, &file->temporary) < 0) ||
	    close(steal_fd(file->fd)) || (file->temporary && rename(file->temporary, file->path))) {
		error = errno == ENOMEM
				? crashinfo_error_no_memory()
				: crashinfo_error_from_errno(errno, "cannot write %s", file->path);
	} else {
		free(file->temporary);
		file->temporary = NULL;
	}
	io_atomic_abort(file);
	return error;
}

/* Not every file system can rename without replacing; a second link never replaces. */
static int io_rename_new(const char *from, const char *to)
{
	/* Not every libc has a function for it. */
	if (!syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, IO_RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(from, to) ? -1 : unlink(from);
}

struct crashinfo_error *io_write_new(const char *path, const void *bytes, size_t size,
				     bool *written_ret)
{
	_free_ char *temporary = NULL;
	int fd = io_open_temporary(path, &temporary);
	struct crashinfo_error *error;
	bool written;

	if (fd < 0)
		return io_cannot_create(path);
	error = crashinfo_error_wrap(io_write_all(fd, bytes, size), "%s", path);
	written = !close(fd) && !error && !io_rename_new(temporary, path);
	if (!error && !written && errno != EEXIST)
		error = crashinfo_error_from_errno(errno, "cannot write %s", path);
	if (!written)
		unlink(temporary);
	if (!error)
		*written_ret = written;
	return error;
}
