/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef PROCESS_INTERNAL_H
#define PROCESS_INTERNAL_H

#include <sys/types.h>

#include "process/process.h"

#define PROCESS_PAGE 4096

/* Memory as it was: whole pages. */
struct process_copied {
	uint64_t address;
	size_t size;
	const unsigned char *bytes;
};

/* A mapped file, opened as the process sees it. */
struct process_file {
	struct process *process;
	uint64_t inode;
	uint32_t major, minor;
	int fd; /* -1: can't be opened, or is another one by now */
	struct elf_image image;
	bool has_image;
	bool tried, tried_with_id;
};

/* Pages that were read one by one, from memory or files. */
#define PROCESS_CACHE 256

struct process_page {
	const struct process_file *file; /* NULL: memory */
	uint64_t address;                /* or offset */
	unsigned size;                   /* 0: can't be read */
	bool valid;
	unsigned char bytes[PROCESS_PAGE];
};

struct process {
	struct crashinfo_context context;
	int pid;
	int memory_fd, root_fd, exe_fd; /* -1 when denied */
	bool is_gone;                   /* its memory went with it */
	bool call_denied;               /* process_vm_readv() does not work */
	struct crashinfo_maps **parts;  /* as they were added */
	size_t part_count, part_capacity;
	struct crashinfo_maps merged;      /* of all of them */
	const struct crashinfo_maps *maps; /* that, when they are complete */
	struct unwind_space space;

	void *mapped; /* what holds the store */
	size_t mapped_size;
	unsigned char *store; /* of the copies */
	size_t stored;
	struct process_copied *copies; /* sorted by address, not overlapping */
	size_t copy_count, copy_capacity;

	struct process_module **modules;
	size_t module_count, module_capacity;
	struct process_file **files;
	size_t file_count, file_capacity;

	struct process_page pages[PROCESS_CACHE];
};

/* Read from the process itself; the bytes that could be. */
size_t process_read_live(struct process *process, uint64_t address, void *to, size_t size);

/* The file behind a map, opened on first need; NULL when there is none that is the one. `build_id`
 * is what the image in memory has, for file systems that number their files in two ways. */
struct process_file *process_file_find(struct process *process, const struct crashinfo_map *map,
				       const struct elf_build_id *build_id);
void process_files_close(struct process *process);
/* The content by offset. */
struct unwind_memory process_file_memory(const struct process_file *file);

void process_copies_free(struct process *process);
void process_modules_forget(struct process *process);

/* A place for one more element in a growing array; false when out of memory. */
bool process_grow(void *array, size_t count, size_t *capacity, size_t element);

#endif
