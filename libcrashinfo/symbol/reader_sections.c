/* SPDX-License-Identifier: Apache-2.0 */
/* The sections that the reader reads, each taken when it is first asked for. */
#include <stdlib.h>
#include <string.h>

#include "module/section.h"
#include "symbol/reader.h"

static const char *const names[READER_SECTION_COUNT] = {
	[READER_INFO] = "info",
	[READER_ABBREV] = "abbrev",
	[READER_LINE] = "line",
	[READER_STR] = "str",
	[READER_LINE_STR] = "line_str",
	[READER_STR_OFFSETS] = "str_offsets",
	[READER_ADDR] = "addr",
	[READER_RANGES] = "ranges",
	[READER_RNGLISTS] = "rnglists",
	[READER_ARANGES] = "aranges",
};

struct crashinfo_error *reader_file_create(const struct elf_file *file,
					   const struct crashinfo_limits *limits,
					   struct reader_file **ret)
{
	struct reader_file *reader = calloc(1, sizeof(*reader));
	const char *ident = elf_getident(file->elf, NULL);

	if (!reader)
		return crashinfo_error_no_memory();
	reader->file = file;
	reader->limits = limits;
	reader->big_endian = ident && ident[EI_DATA] == ELFDATA2MSB;
	arena_init(&reader->arena);
	*ret = reader;
	return NULL;
}

void reader_file_destroy(struct reader_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < READER_SECTION_COUNT; i++)
		module_section_deinit(&file->sections[i]);
	for (size_t i = 0; i < file->units.size; i++)
		reader_abbrevs_destroy(file->units.data[i].abbrevs);
	free(file->units.data);
	arena_deinit(&file->arena);
	free(file);
}

const struct module_section *reader_section(struct reader_file *file, enum reader_section section)
{
	struct module_section *bytes = &file->sections[section];

	if (!bytes->tried)
		module_section_read_debug(file->file, names[section], file->limits->inflated_bytes,
					  bytes);
	return bytes;
}

struct cursor reader_cursor(struct reader_file *file, enum reader_section section, uint64_t offset)
{
	const struct module_section *bytes = reader_section(file, section);
	struct cursor c = cursor_make(bytes->data, bytes->size, file->big_endian);

	cursor_skip(&c, offset);
	return c;
}
