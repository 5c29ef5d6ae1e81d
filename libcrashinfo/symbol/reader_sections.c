/* SPDX-License-Identifier: Apache-2.0 */
/* The sections that the reader reads, each taken when it is first asked for. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/section.h"
#include "symbol/reader.h"

static const char *const names[READER_SECTION_COUNT] = {
	[READER_INFO] = "info",         [READER_ABBREV] = "abbrev",
	[READER_LINE] = "line",         [READER_STR] = "str",
	[READER_LINE_STR] = "line_str", [READER_STR_OFFSETS] = "str_offsets",
	[READER_ADDR] = "addr",         [READER_RANGES] = "ranges",
	[READER_RNGLISTS] = "rnglists", [READER_ARANGES] = "aranges",
};

bool reader_reads(const char *name)
{
	for (size_t i = 0; i < READER_SECTION_COUNT; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Inflating is most of the work in a compressed file: sections one beside the other. */
/* Below, a thread costs more than it gains. */
#define INFLATED_ALONE 65536

/* Largest first, as they are known to be; .debug_info alone takes as long as the others. */
static const enum reader_section all_sections[] = {
	READER_INFO,     READER_LINE,     READER_STR,     READER_RANGES, READER_ABBREV,
	READER_RNGLISTS, READER_LINE_STR, READER_ARANGES, READER_ADDR,   READER_STR_OFFSETS,
};

/* Beside a window: what tells the ranges of units, then the others. */
#define WINDOW_RANGES 4
static const enum reader_section other_sections[] = {
	READER_ABBREV, READER_RNGLISTS,    READER_RANGES,   READER_ADDR,
	READER_STR,    READER_STR_OFFSETS, READER_LINE_STR, READER_LINE,
};

struct inflation {
	struct reader_file *file;
	struct reader_window *window; /* NULL: all of .debug_info is kept */
	bool beside;                  /* by a thread of its own */
	atomic_size_t next;
};

static void *inflate_next(void *user)
{
	struct inflation *inflation = user;
	size_t i;

	while ((i = atomic_fetch_add(&inflation->next, 1)) < READER_SECTION_COUNT)
		module_section_inflate(&inflation->file->sections[all_sections[i]]);
	return NULL;
}

/* All but .debug_info; of .debug_line only what is needed, while that is being found out. */
static void *inflate_others(void *user)
{
	struct inflation *inflation = user;
	size_t count = sizeof(other_sections) / sizeof(other_sections[0]);

	for (size_t i = 0; i < count; i++) {
		if (i == WINDOW_RANGES)
			reader_window_ranges_are_there(inflation->window);
		if (other_sections[i] == READER_LINE && inflation->beside)
			reader_window_stream_lines(inflation->window);
		else
			module_section_inflate(&inflation->file->sections[other_sections[i]]);
	}
	return NULL;
}

/* `.debug_info` by this thread, the other sections beside it. */
static void inflate_all(struct reader_file *file, struct reader_window *window)
{
	struct inflation inflation = {.file = file, .window = window, .beside = true};
	pthread_t thread;
	bool started =
		file->jobs > 1 &&
		!pthread_create(&thread, NULL, window ? inflate_others : inflate_next, &inflation);

	if (!started)
		inflation.beside = false;
	if (!window)
		inflate_next(&inflation);
	if (window && !started)
		inflate_others(&inflation);
	if (window)
		reader_window_stream_info(window, !started);
	if (started)
		pthread_join(thread, NULL);
}

static void inflate_one_by_one(struct reader_file *file)
{
	for (size_t i = 0; i < READER_SECTION_COUNT; i++)
		module_section_inflate(&file->sections[i]);
}

void reader_sections_read(struct reader_file *file, struct lookups *lookups)
{
	struct module_section *info = &file->sections[READER_INFO];
	struct reader_window *window = NULL;

	if (file->inflated)
		return;
	file->inflated = true;
	if (file->alternate)
		reader_sections_read(file->alternate, NULL);
	if (lookups && info->compressed.inflated_size >= file->limits->windowed_bytes) {
		module_section_inflate(&file->sections[READER_ARANGES]);
		window = reader_window_create(file, lookups);
	}
	if (window || (info->compressed.data && info->compressed.size >= INFLATED_ALONE))
		inflate_all(file, window);
	else
		inflate_one_by_one(file);
	if (window)
		reader_window_settle(window);
	reader_window_finish(window);
}

static void inflate_again(struct module_section *section)
{
	struct module_compressed compressed = section->compressed;

	if (!compressed.data)
		return;
	module_section_deinit(section);
	*section = (struct module_section){.compressed = compressed};
	module_section_inflate(section);
}

void reader_sections_widen(struct reader_file *file)
{
	if (!file->windowed)
		return;
	inflate_again(&file->sections[READER_INFO]);
	inflate_again(&file->sections[READER_LINE]);
	for (size_t i = 0; i < file->units.size; i++)
		reader_abbrevs_destroy(file->units.data[i].abbrevs);
	file->units.size = file->line_tables.size = 0;
	memset(file->recent, 0, sizeof(file->recent));
	file->was_widened = true;
	file->has_units = file->has_unhandled = file->windowed = file->wants_more = false;
	file->only_named = false;
}

struct crashinfo_error *reader_file_create(const struct elf_file *file,
					   const struct crashinfo_limits *limits, unsigned jobs,
					   struct reader_file **ret)
{
	struct reader_file *reader = calloc(1, sizeof(*reader));
	const char *ident = elf_getident(file->elf, NULL);

	if (!reader)
		return crashinfo_error_no_memory();
	reader->file = file;
	reader->limits = limits;
	reader->jobs = jobs;
	reader->big_endian = ident && ident[EI_DATA] == ELFDATA2MSB;
	arena_init(&reader->arena);
	for (size_t i = 0; i < READER_SECTION_COUNT; i++)
		module_section_find_debug(file, names[i], limits->inflated_bytes,
					  &reader->sections[i]);
	*ret = reader;
	return NULL;
}

/* Of these a split file has its own; the others are its skeleton's. */
static const enum reader_section split_sections[] = {
	READER_INFO, READER_ABBREV, READER_STR, READER_STR_OFFSETS, READER_RNGLISTS,
};

struct crashinfo_error *reader_file_create_split(const struct elf_file *file,
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
	reader->is_split = reader->inflated = true;
	arena_init(&reader->arena);
	for (size_t i = 0; i < sizeof(split_sections) / sizeof(split_sections[0]); i++) {
		struct module_section *section = &reader->sections[split_sections[i]];
		char name[64];

		snprintf(name, sizeof(name), "%s.dwo", names[split_sections[i]]);
		module_section_find_debug(file, name, limits->inflated_bytes, section);
		module_section_inflate(section);
	}
	*ret = reader;
	return NULL;
}

struct reader_file *reader_file_fork(const struct reader_file *file)
{
	struct reader_file *fork = calloc(1, sizeof(*fork));

	if (!fork)
		return NULL;
	*fork = *file;
	fork->forked = true;
	fork->units.data = malloc(file->units.size * sizeof(*file->units.data) + 1);
	if (!fork->units.data) {
		free(fork);
		return NULL;
	}
	for (size_t i = 0; i < file->units.size; i++) {
		fork->units.data[i] = file->units.data[i];
		fork->units.data[i].abbrevs = NULL;
	}
	fork->spare = NULL;
	fork->forks.data = NULL;
	fork->forks.size = fork->forks.capacity = 0;
	/* units have the trees that were found for them; the list is their owner's */
	fork->splits.data = NULL;
	fork->splits.size = fork->splits.capacity = 0;
	arena_init(&fork->arena);
	if (file->alternate)
		fork->alternate = reader_file_fork(file->alternate);
	return fork;
}

void reader_file_destroy(struct reader_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < READER_SECTION_COUNT && !file->forked; i++)
		module_section_deinit(&file->sections[i]);
	for (size_t i = 0; i < file->units.size; i++)
		reader_abbrevs_destroy(file->units.data[i].abbrevs);
	reader_abbrevs_destroy(file->spare);
	free(file->units.data);
	for (size_t i = 0; i < file->forks.size; i++)
		reader_file_destroy(file->forks.data[i]);
	free(file->forks.data);
	for (size_t i = 0; i < file->splits.size; i++)
		reader_split_destroy(file->splits.data[i]);
	free(file->splits.data);
	if (file->forked)
		reader_file_destroy(file->alternate);
	else
		free(file->line_tables.data);
	arena_deinit(&file->arena);
	free(file);
}
