/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses in ELF files of any content: whatever they say, the reader ends and stays within them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "symbol/reader.h"

#define LOOKUPS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void resolve(const struct elf_file *file, bool in_part, unsigned jobs)
{
	struct crashinfo_limits limits = *limits_of(NULL);
	struct lookup data[LOOKUPS] = {0};
	struct lookups lookups = {data, LOOKUPS};
	struct reader_file *reader = NULL;

	limits.inflated_bytes = 1 << 20;
	limits.windowed_bytes = in_part ? 1 : SIZE_MAX;
	if (reader_file_create(file, &limits, jobs, &reader))
		abort();
	/* where small programs have their code */
	for (size_t i = 0; i < LOOKUPS; i++)
		data[i] = (struct lookup){.address = 0x1000 + 0x10 * i, .query = i};
	crashinfo_error_destroy(reader_resolve(reader, &lookups));
	for (size_t i = 0; i < LOOKUPS; i++)
		free(data[i].frames.data);
	reader_file_destroy(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct crashinfo_error *error;
	struct elf_file file;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	error = elf_file_open(fd, &file);
	if (error) {
		crashinfo_error_destroy(error);
		return 0;
	}
	/* whole, and as large files that are compressed are read, by one thread and by two */
	resolve(&file, size % 3, 1 + size % 3 / 2);
	elf_file_close(&file);
	return 0;
}
