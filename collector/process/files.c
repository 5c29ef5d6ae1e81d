/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a process has mapped, opened as it sees them: by the kernel's own link while it
 * lives and we may, then by name below its root, then its program's link. What is found under a
 * name need not be what was mapped, so it is compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "process/internal.h"

/* Room for /proc/PID/map_files/START-END. */
#define LINK_PATH 96

/* Opened without waiting for a pipe and without making a terminal ours. */
#define FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static bool has_build_id(const struct process_file *file, const struct elf_build_id *wanted)
{
	struct unwind_memory memory = process_file_memory(file);
	struct elf_build_id id;
	struct elf_image image;

	if (!wanted || !wanted->size || !elf_image_read(&memory, 0, &image))
		return false;
	elf_build_id_read(&memory, 0, &image, false, 0, &id);
	return id.size == wanted->size && !memcmp(id.bytes, wanted->bytes, id.size);
}

static void forget_pages(const struct process_file *file)
{
	for (size_t i = 0; i < PROCESS_CACHE; i++)
		if (file->process->pages[i].file == file)
			file->process->pages[i].valid = false;
}

/* Whether what `fd` is open on is the mapped file; takes it over if so. */
static bool accept_file(struct process_file *file, int fd, const struct elf_build_id *build_id)
{
	struct stat status;

	if (fd < 0)
		return false;
	file->fd = fd;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_ino == file->inode &&
	    /* Layered file systems tell stat() another device than maps. */
	    ((major(status.st_dev) == file->major && minor(status.st_dev) == file->minor) ||
	     has_build_id(file, build_id)))
		return true;
	forget_pages(file);
	file->fd = -1;
	close(fd);
	return false;
}

static int open_by_link(const struct process *process, const struct crashinfo_map *map)
{
	char path[LINK_PATH];

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, process->pid,
		 map->start, map->end);
	return open(path, FILE_FLAGS);
}

/* Opening what is no regular file may do something, so it is looked at before. */
static int open_regular(int dir_fd, const char *path)
{
	int place = openat(dir_fd, path, O_PATH | O_CLOEXEC), fd = -1;
	struct stat status;
	char self[LINK_PATH];

	if (place < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	if (!fstat(place, &status) && S_ISREG(status.st_mode))
		fd = open(self, FILE_FLAGS);
	close(place);
	return fd;
}

static int open_by_name(const struct process *process, const struct crashinfo_map *map)
{
	const char *path = map->path;

	while (*path == '/')
		path++;
	if (process->root_fd < 0 || path == map->path)
		return -1;
	return open_regular(process->root_fd, path);
}

static int open_program(const struct process *process)
{
	return process->exe_fd < 0 ? -1 : fcntl(process->exe_fd, F_DUPFD_CLOEXEC, 0);
}

static void open_file(struct process *process, struct process_file *file,
		      const struct crashinfo_map *map, const struct elf_build_id *build_id)
{
	struct unwind_memory memory = process_file_memory(file);
	int fd = process->is_gone ? -1 : open_by_link(process, map);

	/* The link leads nowhere else. */
	if (fd >= 0)
		file->fd = fd;
	else if (!accept_file(file, open_by_name(process, map), build_id) &&
		 !accept_file(file, open_program(process), build_id))
		return;
	file->has_image = elf_image_read(&memory, 0, &file->image);
}

static struct process_file *add_file(struct process *process, const struct crashinfo_map *map)
{
	struct process_file *file;

	if (!process_grow(&process->files, process->file_count, &process->file_capacity,
			  sizeof(*process->files)))
		return NULL;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	*file = (struct process_file){.process = process,
				      .inode = map->inode,
				      .major = map->device_major,
				      .minor = map->device_minor,
				      .fd = -1};
	process->files[process->file_count++] = file;
	return file;
}

struct process_file *process_file_find(struct process *process, const struct crashinfo_map *map,
				       const struct elf_build_id *build_id)
{
	struct process_file *file = NULL;

	if (!map->inode)
		return NULL;
	for (size_t i = 0; i < process->file_count && !file; i++)
		if (process->files[i]->inode == map->inode &&
		    process->files[i]->major == map->device_major &&
		    process->files[i]->minor == map->device_minor)
			file = process->files[i];
	if (!file)
		file = add_file(process, map);
	/* Once more when there is a build id to tell it by. */
	if (file && file->fd < 0 && (!file->tried || (build_id && !file->tried_with_id))) {
		file->tried = true;
		file->tried_with_id = build_id;
		open_file(process, file, map, build_id);
	}
	return file && file->fd >= 0 ? file : NULL;
}

void process_files_close(struct process *process)
{
	for (size_t i = 0; i < process->file_count; i++) {
		if (process->files[i]->fd >= 0)
			close(process->files[i]->fd);
		free(process->files[i]);
	}
	free(process->files);
}
