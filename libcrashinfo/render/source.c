/* SPDX-License-Identifier: Apache-2.0 */
#include "render/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

/* The largest source files are generated ones of a few MiB. */
#define SOURCE_FILE_BYTES ((size_t)16 * 1024 * 1024)
/* All files of one report; a stack has some dozen. */
#define SOURCE_TOTAL_BYTES ((size_t)64 * 1024 * 1024)
#define SOURCE_FILES       256
/* Folders in one name; only so many at its end are looked at. */
#define SOURCE_DEPTH 48

void source_init(struct source_files *files, const struct crashinfo_render_options *options)
{
	*files = (struct source_files){.options = options};
}

void source_deinit(struct source_files *files)
{
	for (size_t i = 0; i < files->files.size; i++) {
		struct source_file *file = &files->files.data[i];

		free(file->name);
		strbuf_deinit(&file->text);
		free(file->lines.data);
	}
	free(files->files.data);
}

/* --- names --- */

/* Whether `path` lies in the folder `prefix` or is it; `*rest_ret` is what follows. */
static bool path_begins(const char *path, const char *prefix, const char **rest_ret)
{
	size_t size = strlen(prefix);

	if (!size || strncmp(path, prefix, size))
		return false;
	if (prefix[size - 1] != '/' && path[size] && path[size] != '/')
		return false;
	*rest_ret = path + size;
	return true;
}

/* `name` after the first --path-map that fits. malloc'd, NULL when memory is out. */
static char *map_path(const struct crashinfo_render_options *options, const char *name)
{
	const char *rest;
	char *mapped;

	for (size_t i = 0; i + 1 < options->path_map_count * 2; i += 2) {
		if (!path_begins(name, options->path_maps[i], &rest))
			continue;
		if (asprintf(&mapped, "%s%s", options->path_maps[i + 1], rest) < 0)
			return NULL;
		return mapped;
	}
	return strdup(name);
}

/*
 * Take `path` apart in place: no empty parts, no ".", and ".." taken back by name. The last
 * SOURCE_DEPTH parts are kept.
 */
static size_t split_path(char *path, const char *parts[SOURCE_DEPTH])
{
	char *save = NULL;
	size_t count = 0;

	for (char *part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (!strcmp(part, "."))
			continue;
		if (!strcmp(part, "..")) {
			count -= count > 0;
			continue;
		}
		if (count == SOURCE_DEPTH) {
			memmove(parts, parts + 1, (SOURCE_DEPTH - 1) * sizeof(*parts));
			count--;
		}
		parts[count++] = part;
	}
	return count;
}

static char *join_path(const char *const *parts, size_t count)
{
	_strbuf_ struct strbuf buf = {0};

	for (size_t i = 0; i < count; i++) {
		if (i)
			strbuf_addc(&buf, '/');
		strbuf_adds(&buf, parts[i]);
	}
	return strbuf_steal(&buf);
}

/* --- opening below a folder --- */

/* Without openat2: one part after the other, no links at all. */
static int open_walking(int dir, const char *const *parts, size_t count)
{
	_close_ int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);

	for (size_t i = 0; i < count && at >= 0; i++) {
		int flags = i + 1 < count ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
		int next = openat(at, parts[i], flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);

		close(at);
		at = next;
	}
	return steal_fd(at);
}

static int open_below(int dir, const char *const *parts, size_t count)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	_free_ char *path = join_path(parts, count);
	long fd;

	if (!path)
		return -1;
	fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	/* an old kernel, or a sandbox that does not know the call */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_walking(dir, parts, count);
	return (int)fd;
}

static int open_regular(int dir, const char *const *parts, size_t count)
{
	_close_ int fd = open_below(dir, parts, count);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -1;
	return steal_fd(fd);
}

/* --- looking up --- */

/* The name in one folder: as it stands when it begins with the folder, then its ever shorter ends.
 */
static int open_in_folder(const char *folder, const char *name)
{
	_close_ int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_free_ char *copy = NULL;
	const char *parts[SOURCE_DEPTH], *rest;
	size_t count;
	int fd = -1;

	if (dir < 0)
		return -1;
	copy = strdup(path_begins(name, folder, &rest) ? rest : name);
	if (!copy)
		return -1;
	count = split_path(copy, parts);
	for (size_t i = 0; i < count && fd < 0; i++)
		fd = open_regular(dir, parts + i, count - i);
	return fd;
}

static int open_source(const struct crashinfo_render_options *options, const char *name)
{
	_free_ char *mapped = map_path(options, name);
	int fd = -1;

	for (size_t i = 0; mapped && i < options->source_dir_count && fd < 0; i++)
		fd = open_in_folder(options->source_dirs[i], mapped);
	return fd;
}

static bool index_lines(struct source_file *file)
{
	const char *text = file->text.data;
	size_t size = file->text.size, at = 0;

	while (at < size) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t *line = vec_push(&file->lines);

		if (!line)
			return false;
		*line = at;
		at = end ? (size_t)(end - text) + 1 : size;
	}
	return true;
}

/* A file that cannot be read is one that is not there: the report is shown without it. */
static struct crashinfo_error *read_source(struct source_files *files, struct source_file *file)
{
	_close_ int fd = open_source(files->options, file->name);
	_error_ struct crashinfo_error *error = NULL;

	if (fd < 0)
		return NULL;
	error = io_read_fd(fd, SOURCE_FILE_BYTES, &file->text);
	if (error && error->code == CRASHINFO_ERROR_NO_MEMORY)
		return steal_ptr(error);
	if (error)
		strbuf_clear(&file->text);
	files->bytes += file->text.size;
	return index_lines(file) ? NULL : crashinfo_error_no_memory();
}

struct crashinfo_error *source_find(struct source_files *files, const char *name,
				    const struct source_file **ret)
{
	struct source_file *file;
	struct crashinfo_error *error;

	*ret = NULL;
	for (size_t i = 0; i < files->files.size; i++) {
		if (strcmp(files->files.data[i].name, name))
			continue;
		*ret = &files->files.data[i];
		return NULL;
	}
	if (files->files.size >= SOURCE_FILES || files->bytes >= SOURCE_TOTAL_BYTES)
		return NULL;
	file = vec_push(&files->files);
	if (!file)
		return crashinfo_error_no_memory();
	*file = (struct source_file){.name = strdup(name)};
	if (!file->name) {
		files->files.size--;
		return crashinfo_error_no_memory();
	}
	error = read_source(files, file);
	if (!error)
		*ret = file;
	return error;
}

bool source_line(const struct source_file *file, uint64_t number, const char **ret,
		 size_t *size_ret)
{
	size_t start, end;

	if (!number || number > file->lines.size)
		return false;
	start = file->lines.data[number - 1];
	end = number < file->lines.size ? file->lines.data[number] : file->text.size;
	while (end > start && strchr("\r\n", file->text.data[end - 1]))
		end--;
	*ret = file->text.data + start;
	*size_ret = end - start;
	return true;
}
