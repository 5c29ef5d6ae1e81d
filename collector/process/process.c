/* SPDX-License-Identifier: Apache-2.0 */
#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/internal.h"

/* Room for the path of a file in /proc/PID. */
#define PROC_PATH 64
/* First guess of the size of a maps file. */
#define MAPS_BYTES (256 * 1024)

bool process_grow(void *array, size_t count, size_t *capacity, size_t element)
{
	size_t wanted = *capacity ? *capacity * 2 : 16;
	void **place = array, *grown;

	if (count < *capacity)
		return true;
	grown = reallocarray(*place, wanted, element);
	if (!grown)
		return false;
	*place = grown;
	*capacity = wanted;
	return true;
}

static int open_proc(int pid, const char *name, int flags)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, flags | O_CLOEXEC);
}

struct crashinfo_error *process_open(const struct crashinfo_context *context, int pid,
				     struct process **ret)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return crashinfo_error_no_memory();
	process->context = context ? *context : crashinfo_context_default();
	process->pid = pid;
	process->memory_fd = open_proc(pid, "mem", O_RDONLY);
	/* They stay valid when the process is gone. */
	process->root_fd = open_proc(pid, "root", O_PATH | O_DIRECTORY);
	process->exe_fd = open_proc(pid, "exe", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	*ret = process;
	return NULL;
}

/* --- maps ------------------------------------------------------------------------------------- */

static void forget_maps(struct process *process)
{
	process_modules_forget(process);
	/* That of a single part is its own. */
	if (process->part_count != 1)
		free(process->merged.entries);
	for (size_t i = 0; i < process->part_count; i++)
		crashinfo_maps_destroy(process->parts[i]);
	free(process->parts);
	process->parts = NULL;
	process->part_count = process->part_capacity = 0;
	process->merged = (struct crashinfo_maps){NULL};
	process->maps = NULL;
}

struct crashinfo_error *process_add_maps(struct process *process, const char *text, size_t size)
{
	struct crashinfo_error *error;

	if (process->maps)
		forget_maps(process);
	if (!process_grow(&process->parts, process->part_count, &process->part_capacity,
			  sizeof(*process->parts)))
		return crashinfo_error_no_memory();
	error = crashinfo_maps_parse(&process->context, text, size,
				     &process->parts[process->part_count]);
	process->part_count += !error;
	return error;
}

static int by_start(const void *a, const void *b)
{
	const struct crashinfo_map *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The entries of all parts in one array; each part keeps its paths. */
static bool merge(struct process *process, size_t total)
{
	struct crashinfo_map *entries = malloc((total ? total : 1) * sizeof(*entries));
	size_t count = 0;

	if (!entries)
		return false;
	for (size_t i = 0; i < process->part_count; i++) {
		const struct crashinfo_maps *part = process->parts[i];

		if (part->count)
			memcpy(entries + count, part->entries, part->count * sizeof(*entries));
		count += part->count;
		process->merged.bad_lines += part->bad_lines;
	}
	/* The kernel's are in order, a stream may say anything. */
	for (size_t i = 1; i < count; i++)
		if (entries[i - 1].start > entries[i].start)
			qsort(entries, count, sizeof(*entries), by_start);
	process->merged.entries = entries;
	process->merged.count = count;
	return true;
}

struct crashinfo_error *process_end_maps(struct process *process)
{
	size_t total = 0;

	for (size_t i = 0; i < process->part_count; i++)
		total += process->parts[i]->count;
	if (process->part_count == 1)
		process->merged = *process->parts[0];
	else if (!merge(process, total))
		return crashinfo_error_no_memory();
	process->maps = &process->merged;
	return NULL;
}

struct crashinfo_error *process_set_maps(struct process *process, const char *text, size_t size)
{
	struct crashinfo_error *error;

	forget_maps(process);
	error = process_add_maps(process, text, size);
	return error ? error : process_end_maps(process);
}

/* All of a file that does not know its size; malloc'd. */
static struct crashinfo_error *read_all(int fd, size_t guess, char **ret, size_t *size_ret)
{
	size_t capacity = guess, size = 0;
	char *text = malloc(capacity), *grown;
	ssize_t got = 1;

	while (text && (got = read(fd, text + size, capacity - size)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		size += (size_t)got;
		if (size < capacity)
			continue;
		capacity *= 2;
		grown = realloc(text, capacity);
		if (!grown)
			free(text);
		text = grown;
	}
	if (!text)
		return crashinfo_error_no_memory();
	if (got < 0) {
		struct crashinfo_error *error =
			crashinfo_error_from_errno(errno, "cannot read the memory maps");

		free(text);
		return error;
	}
	*ret = text;
	*size_ret = size;
	return NULL;
}

struct crashinfo_error *process_read_maps(struct process *process)
{
	int fd = open_proc(process->pid, "maps", O_RDONLY);
	struct crashinfo_error *error;
	char *text = NULL;
	size_t size = 0;

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open the memory maps of %d",
						  process->pid);
	error = read_all(fd, MAPS_BYTES, &text, &size);
	close(fd);
	if (error)
		return error;
	error = process_set_maps(process, text, size);
	free(text);
	return error;
}

const struct crashinfo_maps *process_maps(const struct process *process)
{
	return process->maps;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void close_descriptor(int fd)
{
	if (fd >= 0)
		close(fd);
}

void process_close(struct process *process)
{
	if (!process)
		return;
	forget_maps(process);
	process_files_close(process);
	process_copies_free(process);
	close_descriptor(process->memory_fd);
	close_descriptor(process->root_fd);
	close_descriptor(process->exe_fd);
	free(process);
}
