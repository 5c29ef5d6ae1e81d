/* SPDX-License-Identifier: Apache-2.0 */
#include "host/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FILE_MODE 0600
/* The lock is held for a few system calls; who holds it longer is stopped or gone wrong. */
#define LOCK_TRIES    200
#define LOCK_PAUSE_NS 10000000
/* Names tried for a file on file systems that have none without. */
#define NAME_TRIES 1000
/* Such files that are older are of writers that died. */
#define LEFT_SECONDS 3600
/* The name of a file between having none and having its own; only who has the lock uses it. */
#define NEXT_NAME ".usercrash.next"

static void file_name(unsigned number, char ret[STORE_NAME_MAX])
{
	snprintf(ret, STORE_NAME_MAX, "usercrash_%02u", number % STORE_COUNT_MAX);
}

/* Who could rename files in the folder could put others in their place. */
static bool is_ours(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (!(st.st_mode & S_IWOTH) || st.st_mode & S_ISVTX);
}

struct crashinfo_error *store_open(const char *path, unsigned count, uint64_t bytes,
				   struct store *ret)
{
	_close_ int fd = -1;

	if (mkdir(path, 0755) && errno != EEXIST)
		return crashinfo_error_from_errno(errno, "cannot create folder %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open folder %s", path);
	if (!is_ours(fd))
		return crashinfo_error_create(CRASHINFO_ERROR_OTHER,
					      "%s: others can write to it, so it is not used",
					      path);
	*ret = (struct store){.dir_fd = steal_fd(fd), .count = count, .bytes = bytes, .path = path};
	return NULL;
}

void store_close(struct store *store)
{
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	store->dir_fd = -1;
}

/* --- what is there ---------------------------------------------------------------------------- */

struct listing {
	unsigned files;
	uint64_t bytes;
	unsigned free, oldest; /* numbers; `count` when there is none */
};

static bool is_older(const struct stat *a, const struct timespec *b)
{
	if (a->st_mtim.tv_sec != b->tv_sec)
		return a->st_mtim.tv_sec < b->tv_sec;
	return a->st_mtim.tv_nsec < b->tv_nsec;
}

static void list(const struct store *store, struct listing *ret)
{
	struct timespec oldest = {0};

	*ret = (struct listing){.free = store->count, .oldest = store->count};
	for (unsigned i = 0; i < STORE_COUNT_MAX; i++) {
		char name[STORE_NAME_MAX];
		struct stat st;

		file_name(i, name);
		if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
			if (ret->free == store->count && i < store->count)
				ret->free = i;
			continue;
		}
		ret->files++;
		ret->bytes += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
		if (ret->oldest == store->count || is_older(&st, &oldest)) {
			ret->oldest = i;
			oldest = st.st_mtim;
		}
	}
}

static bool remove_oldest(const struct store *store)
{
	struct listing listing;
	char name[STORE_NAME_MAX];

	list(store, &listing);
	if (!listing.files)
		return false;
	file_name(listing.oldest, name);
	return !unlinkat(store->dir_fd, name, 0);
}

/* --- files ------------------------------------------------------------------------------------ */

static struct crashinfo_error *lock(const struct store *store)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};

	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (!flock(store->dir_fd, LOCK_EX | LOCK_NB))
			return NULL;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		nanosleep(&pause, NULL);
	}
	return crashinfo_error_from_errno(errno, "cannot lock folder %s", store->path);
}

static void unlock(const struct store *store)
{
	flock(store->dir_fd, LOCK_UN);
}

static void remove_left(const struct store *store)
{
	int fd = openat(store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat st;

	if (!dir) {
		cleanup_close(&fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, ".usercrash.", strlen(".usercrash.")) &&
		    !fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    time(NULL) - st.st_mtime > LEFT_SECONDS)
			unlinkat(fd, entry->d_name, 0);
	closedir(dir);
}

static int open_named(const struct store *store, char name[32])
{
	remove_left(store);
	for (unsigned i = 0; i < NAME_TRIES; i++) {
		int fd;

		snprintf(name, 32, ".usercrash.%d.%u", getpid(), i);
		fd = openat(store->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static int open_new(const struct store *store, struct store_file *file)
{
	int fd = openat(store->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);

	if (fd < 0 &&
	    (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL))
		fd = open_named(store, file->temporary);
	return fd;
}

/* Take the room now, so that writing does not fail half way. */
static int reserve(int fd, uint64_t size)
{
	int result = size ? fallocate(fd, 0, 0, (off_t)size) : 0;

	if (!result || errno == EOPNOTSUPP || errno == ENOSYS)
		return 0;
	return errno;
}

static struct crashinfo_error *make_room(struct store *store, int fd, uint64_t size)
{
	struct listing listing;
	int failed;

	list(store, &listing);
	while (listing.bytes + size > store->bytes && remove_oldest(store))
		list(store, &listing);
	while ((failed = reserve(fd, size)) == ENOSPC && remove_oldest(store))
		;
	if (failed)
		return crashinfo_error_from_errno(failed, "no room in %s for %ju bytes",
						  store->path, (uintmax_t)size);
	return NULL;
}

struct crashinfo_error *store_create(struct store *store, uint64_t size, struct store_file *ret)
{
	struct store_file file = {.fd = -1};
	struct crashinfo_error *error;

	if (size > store->bytes || size > INT64_MAX)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "%ju bytes are more than %s may hold",
					      (uintmax_t)size, store->path);
	error = lock(store);
	if (error)
		return error;
	file.fd = open_new(store, &file);
	if (file.fd < 0)
		error = crashinfo_error_from_errno(errno, "cannot create a file in %s",
						   store->path);
	else
		error = make_room(store, file.fd, size);
	unlock(store);
	if (error)
		store_abort(store, &file);
	else
		*ret = file;
	return error;
}

static int give_name(const struct store *store, struct store_file *file)
{
	char self[32];

	if (*file->temporary)
		return 0;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	/* what somebody left who died just here */
	unlinkat(store->dir_fd, NEXT_NAME, 0);
	if (linkat(AT_FDCWD, self, store->dir_fd, NEXT_NAME, AT_SYMLINK_FOLLOW))
		return -1;
	strcpy(file->temporary, NEXT_NAME);
	return 0;
}

/* Under the number that is due; more files than there may be, of a time when it was more, go. */
static int place(const struct store *store, struct store_file *file, char name_ret[STORE_NAME_MAX])
{
	struct listing listing;

	list(store, &listing);
	while (listing.files > store->count && remove_oldest(store))
		list(store, &listing);
	file_name(listing.free < store->count ? listing.free : listing.oldest, name_ret);
	if (renameat(store->dir_fd, file->temporary, store->dir_fd, name_ret))
		return -1;
	*file->temporary = '\0';
	return 0;
}

struct crashinfo_error *store_commit(struct store *store, struct store_file *file,
				     char name_ret[STORE_NAME_MAX])
{
	struct crashinfo_error *error = NULL;

	if (fsync(file->fd) && errno != EINVAL)
		error = crashinfo_error_from_errno(errno, "cannot write a file in %s", store->path);
	if (!error)
		error = lock(store);
	if (error) {
		store_abort(store, file);
		return error;
	}
	if (futimens(file->fd, NULL) || give_name(store, file) || place(store, file, name_ret))
		error = crashinfo_error_from_errno(errno, "cannot name a file in %s", store->path);
	/* while its name is ours */
	store_abort(store, file);
	unlock(store);
	return error;
}

void store_abort(struct store *store, struct store_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (*file->temporary)
		unlinkat(store->dir_fd, file->temporary, 0);
	*file = (struct store_file){.fd = -1};
}
