/* SPDX-License-Identifier: Apache-2.0 */
#include "host/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/vec.h"

#define READ_BYTES 65536

static int open_file(int pid, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC | flags);
}

struct crashinfo_error *proc_read(int pid, const char *name, size_t max, struct strbuf *ret)
{
	_close_ int fd = open_file(pid, name, 0);
	size_t start = ret->size;
	ssize_t got = 1;

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open /proc/%d/%s", pid, name);
	while (got > 0 && ret->size - start < max) {
		size_t room = max - (ret->size - start);

		if (!strbuf_reserve(ret, READ_BYTES))
			return crashinfo_error_no_memory();
		got = read(fd, ret->data + ret->size, room < READ_BYTES ? room : READ_BYTES);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0)
			return crashinfo_error_from_errno(errno, "cannot read /proc/%d/%s", pid,
							  name);
		else
			ret->size += (size_t)got;
	}
	return NULL;
}

typedef VEC(int) number_vec;

static int by_number(const void *a, const void *b)
{
	const int *l = a, *r = b;

	return (*l > *r) - (*l < *r);
}

static bool list_numbers(DIR *dir, number_vec *ret)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		char *end;
		long number = strtol(entry->d_name, &end, 10);
		int *slot;

		if (*end || end == entry->d_name || number < 0 || number > INT_MAX)
			continue;
		slot = vec_push(ret);
		if (!slot)
			return false;
		*slot = (int)number;
	}
	if (ret->size)
		qsort(ret->data, ret->size, sizeof(*ret->data), by_number);
	return true;
}

static void add_file(int dir_fd, int number, struct strbuf *ret)
{
	char name[16], target[PATH_MAX];
	ssize_t size;

	snprintf(name, sizeof(name), "%d", number);
	size = readlinkat(dir_fd, name, target, sizeof(target));
	strbuf_addf(ret, "%d -> ", number);
	if (size < 0)
		strbuf_adds(ret, "?");
	/* a name with a newline stays on its line */
	for (ssize_t i = 0; i < size; i++)
		strbuf_addc(ret, target[i] == '\n' ? ' ' : target[i]);
	strbuf_addc(ret, '\n');
}

struct crashinfo_error *proc_open_files(int pid, uint64_t max, struct strbuf *ret,
					size_t *left_out_ret)
{
	int fd = open_file(pid, "fd", O_DIRECTORY);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	number_vec numbers = {0};
	bool listed;

	if (!dir) {
		cleanup_close(&fd);
		return NULL;
	}
	listed = list_numbers(dir, &numbers);
	for (size_t i = 0; i < numbers.size && i < max; i++)
		add_file(dirfd(dir), numbers.data[i], ret);
	*left_out_ret = numbers.size > max ? numbers.size - (size_t)max : 0;
	if (*left_out_ret)
		strbuf_addf(ret, "... %zu more\n", *left_out_ret);
	closedir(dir);
	free(numbers.data);
	return listed ? strbuf_error(ret) : crashinfo_error_no_memory();
}
