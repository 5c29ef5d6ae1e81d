/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of reports with bounds. Whoever stores one holds a lock on the folder, so that many
 * receivers at once keep them too. Only files with names of ours are counted and removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crashinfo/file.h>

#include "receiver/receiver.h"

/* UUID.json or UUID.stream */
#define NAME_MAX_BYTES 48

struct entry {
	char name[NAME_MAX_BYTES];
	struct timespec modified;
	uint64_t size;
};

struct entries {
	struct entry *items;
	size_t count, capacity;
	uint64_t size;
};

static bool is_ours(const char *name)
{
	size_t id = strspn(name, "0123456789abcdef-");

	return id == UUID_SIZE - 1 &&
	       (!strcmp(name + id, ".json") || !strcmp(name + id, ".stream"));
}

static bool add(struct entries *entries, const char *name, const struct stat *status)
{
	if (entries->count == entries->capacity) {
		size_t wanted = entries->capacity ? 2 * entries->capacity : 64;
		struct entry *items = reallocarray(entries->items, wanted, sizeof(*items));

		if (!items)
			return false;
		entries->items = items;
		entries->capacity = wanted;
	}
	struct entry *entry = &entries->items[entries->count++];

	memcpy(entry->name, name, strlen(name) + 1);
	entry->modified = status->st_mtim;
	entry->size = (uint64_t)status->st_size;
	entries->size += entry->size;
	return true;
}

static int older_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->modified;
	const struct timespec *y = &((const struct entry *)b)->modified;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

static struct crashinfo_error *list(int folder, struct entries *ret)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct crashinfo_error *error = NULL;
	struct dirent *entry;

	if (!dir) {
		error = crashinfo_error_from_errno(errno, "cannot list the spool");
		if (fd >= 0)
			close(fd);
		return error;
	}
	while (!error && (entry = readdir(dir))) {
		struct stat status;

		if (is_ours(entry->d_name) &&
		    !fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(status.st_mode) && !add(ret, entry->d_name, &status))
			error = crashinfo_error_no_memory();
	}
	closedir(dir);
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), older_first);
	return error;
}

/* Until one more of `size` bytes fits. */
static void remove_oldest(const struct receiver *receiver, int folder,
			  const struct entries *entries, uint64_t size)
{
	const struct receiver_options *options = &receiver->options;
	uint64_t used = entries->size;

	for (size_t i = 0; i < entries->count; i++) {
		if (entries->count - i < options->spool_count && used + size <= options->spool_size)
			return;
		unlinkat(folder, entries->items[i].name, 0);
		used -= entries->items[i].size;
	}
}

static struct crashinfo_error *make_room(const struct receiver *receiver, int folder, size_t size)
{
	struct entries entries = {NULL};
	struct crashinfo_error *error;

	if (size > receiver->options.spool_size)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "a report of %zu bytes is larger than the spool",
					      size);
	error = list(folder, &entries);
	if (!error)
		remove_oldest(receiver, folder, &entries, size);
	free(entries.items);
	return error;
}

struct crashinfo_error *spool_write_file(const char *path, const char *text, size_t size)
{
	struct crashinfo_file *file;
	struct crashinfo_error *error = crashinfo_file_create(path, &file);

	if (error)
		return error;
	while (size) {
		ssize_t written = write(crashinfo_file_descriptor(file), text, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			error = crashinfo_error_from_errno(errno, "cannot write %s", path);
			crashinfo_file_destroy(file);
			return error;
		}
		text += written;
		size -= (size_t)written;
	}
	return crashinfo_file_commit(file, true);
}

static struct crashinfo_error *open_folder(const char *path, int *ret)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open the spool %s", path);
	/* Without a lock, on a file system that has none, the bounds are kept roughly. */
	while (flock(fd, LOCK_EX) && errno == EINTR)
		continue;
	*ret = fd;
	return NULL;
}

struct crashinfo_error *spool_store(const struct receiver *receiver, const char *name,
				    const char *suffix, const char *text, size_t size)
{
	char *path;
	int folder = -1;
	struct crashinfo_error *error = open_folder(receiver->options.spool, &folder);

	if (error)
		return error;
	error = make_room(receiver, folder, size);
	if (!error && asprintf(&path, "%s/%s.%s", receiver->options.spool, name, suffix) < 0)
		error = crashinfo_error_no_memory();
	if (!error) {
		error = spool_write_file(path, text, size);
		free(path);
	}
	close(folder);
	return error;
}

void spool_remove(const struct receiver *receiver, const char *name, const char *suffix)
{
	char *path;

	if (asprintf(&path, "%s/%s.%s", receiver->options.spool, name, suffix) < 0)
		return;
	unlink(path);
	free(path);
}
