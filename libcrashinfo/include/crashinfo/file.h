/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that appear under their name only when they are complete.
 *
 * The bytes go to a temporary file in the same folder, which a commit renames. A symbolic link is
 * followed and what it points to replaced, permissions of a file that was there are kept. A device,
 * pipe or socket cannot be replaced: it is written as it is.
 */
#ifndef CRASHINFO_FILE_H
#define CRASHINFO_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_file;

struct crashinfo_error *crashinfo_file_create(const char *path, struct crashinfo_file **ret);
/* Write here, with write(2) or a dup in stdio; belongs to the file. */
int crashinfo_file_descriptor(const struct crashinfo_file *file);
/*
 * Give the file its name; `durable` waits until it is on the disk. Frees `file`, also when an error
 * is returned, which then has left what was there before.
 */
struct crashinfo_error *crashinfo_file_commit(struct crashinfo_file *file, bool durable);
/* Give up: nothing of it remains. NULL is a no-op. */
void crashinfo_file_destroy(struct crashinfo_file *file);

/* All of the above for bytes at hand. */
struct crashinfo_error *crashinfo_file_write(const char *path, const void *bytes, size_t size);

/* The same for a file that is not there yet: what is stays, and `*written_ret` is false then. */
struct crashinfo_error *crashinfo_file_write_new(const char *path, const void *bytes, size_t size,
						 bool *written_ret);

#ifdef __cplusplus
}
#endif
#endif
