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

static void close_descriptor(int fd)
{
	if (fd >= 0)
		close(fd);
}

void process_close(struct process *process)
{
	if (!process)
		return;
	process_modules_forget(process);
	process_files_close(process);
	process_copies_free(process);
	crashinfo_maps_destroy(process->maps);
	close_descriptor(process->memory_fd);
	close_descriptor(process->root_fd);
	close_descriptor(process->exe_fd);
	free(process);
}

/* --- maps ------------------------------------------------------------------------------------- */

struct crashinfo_error *process_set_maps(struct process *process, const char *text, size_t size)
{
	struct crashinfo_maps *maps;
	struct crashinfo_error *error = crashinfo_maps_parse(&process->context, text, size, &maps);

	if (error)
		return error;
	process_modules_forget(process);
	crashinfo_maps_destroy(process->maps);
	process->maps = maps;
	return NULL;
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
