/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug information in two ELF files of any content: the size of the first, four bytes, lowest
 * first, then both. The other is what a compiler split off, a package of such, or what dwz moved.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "symbol/package.h"

#define LOOKUPS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pair {
	struct elf_file first, other;
	const uint8_t *bytes; /* of the other */
	size_t size;
	struct crashinfo_limits limits;
	struct package *package; /* NULL when the other is none */
};

static bool open_bytes(const uint8_t *data, size_t size, struct elf_file *ret)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct crashinfo_error *error;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	error = elf_file_open(fd, ret);
	crashinfo_error_destroy(error);
	return !error;
}

/* As symbol/split.c has it, without folders to look in. */
static struct crashinfo_error *find(void *user, struct reader_file *file,
				    const struct reader_unit *skeleton, struct reader_split *split)
{
	struct pair *pair = user;
	struct reader_file *tree = NULL;
	struct crashinfo_error *error = NULL;

	if (pair->package)
		error = package_unit(pair->package, skeleton->split_id, &tree);
	else if (open_bytes(pair->bytes, pair->size, &split->elf))
		error = reader_file_create_split(&split->elf, &pair->limits, &tree);
	if (error)
		abort();
	split->path = "";
	if (tree && !reader_split_bind(tree, file, skeleton, &split->unit))
		split->file = tree;
	else
		reader_file_destroy(tree);
	return NULL;
}

static volatile size_t sink;

static void read_frames(const struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->frames.size; i++) {
		const struct lookup_frame *frame = &lookup->frames.data[i];

		sink = frame->name ? strlen(frame->name) : 0;
		sink = frame->linkage_name ? strlen(frame->linkage_name) : 0;
		sink = frame->file ? strlen(frame->file) : 0;
	}
}

static bool visit_address(void *user, uint64_t address)
{
	(void)user;
	sink = address;
	return true;
}

static void resolve(struct pair *pair, struct reader_file *reader)
{
	struct lookup data[LOOKUPS] = {0};
	struct lookups lookups = {data, LOOKUPS};

	/* where small programs have their code */
	for (size_t i = 0; i < LOOKUPS; i++)
		data[i] = (struct lookup){.address = 0x1000 + 0x10 * i, .query = i};
	if (reader_resolve(reader, &lookups))
		abort();
	for (size_t i = 0; i < LOOKUPS; i++) {
		read_frames(&data[i]);
		free(data[i].frames.data);
	}
	reader_boundaries(reader, visit_address, pair);
}

static void read_pair(struct pair *pair)
{
	struct reader_split_source source = {find, pair};
	struct reader_file *reader, *alternate;
	struct elf_file elf;
	const char *outcome;

	if (open_bytes(pair->bytes, pair->size, &elf) &&
	    package_open(&elf, &pair->limits, &pair->package, &outcome))
		abort();
	if (reader_file_create(&pair->first, &pair->limits, 1, &reader) ||
	    reader_file_create(&pair->other, &pair->limits, 1, &alternate))
		abort();
	reader->source = &source;
	reader->alternate = alternate;
	resolve(pair, reader);
	reader_file_destroy(reader);
	reader_file_destroy(alternate);
	package_close(pair->package);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pair pair = {.limits = *limits_of(NULL)};
	size_t first;

	if (size < 4)
		return 0;
	first = data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16 | (size_t)data[3] << 24;
	data += 4;
	size -= 4;
	if (first > size)
		first = size;
	pair.limits.inflated_bytes = 1 << 20;
	pair.bytes = data + first;
	pair.size = size - first;
	if (!open_bytes(data, first, &pair.first))
		return 0;
	if (open_bytes(pair.bytes, pair.size, &pair.other)) {
		read_pair(&pair);
		elf_file_close(&pair.other);
	}
	elf_file_close(&pair.first);
	return 0;
}
