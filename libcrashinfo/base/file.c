/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/file.h>

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"

struct crashinfo_file {
	struct io_atomic atomic;
};

struct crashinfo_error *crashinfo_file_create(const char *path, struct crashinfo_file **ret)
{
	struct crashinfo_file *file = calloc(1, sizeof(*file));
	struct crashinfo_error *error;

	if (!file)
		return crashinfo_error_no_memory();
	error = io_atomic_open(&file->atomic, path);
	if (error) {
		free(file);
		return error;
	}
	*ret = file;
	return NULL;
}

int crashinfo_file_descriptor(const struct crashinfo_file *file)
{
	return file->atomic.fd;
}

struct crashinfo_error *crashinfo_file_commit(struct crashinfo_file *file, bool durable)
{
	struct crashinfo_error *error = io_atomic_commit(&file->atomic, durable);

	free(file);
	return error;
}

void crashinfo_file_destroy(struct crashinfo_file *file)
{
	if (!file)
		return;
	io_atomic_abort(&file->atomic);
	free(file);
}

struct crashinfo_error *crashinfo_file_write(const char *path, const void *bytes, size_t size)
{
	struct crashinfo_file *file = NULL;
	struct crashinfo_error *error = crashinfo_file_create(path, &file);

	if (error)
		return error;
	error = io_write_all(crashinfo_file_descriptor(file), bytes, size);
	if (!error)
		return crashinfo_file_commit(file, false);
	crashinfo_file_destroy(file);
	return crashinfo_error_wrap(error, "%s", path);
}

struct crashinfo_error *crashinfo_file_write_new(const char *path, const void *bytes, size_t size,
						 bool *written_ret)
{
	return io_write_new(path, bytes, size, written_ret);
}
