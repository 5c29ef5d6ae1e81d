/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps of the process, of what the core says about them: segments have addresses and
 * permissions, the note of files has paths and offsets. gdb leaves out the segments of what is in
 * files; their permissions are then those of the file's own header, if the core has that.
 */
#include "dump/core.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define PAGE     4096
#define VSYSCALL 0xffffffffff600000

static int range_by_start(const void *a, const void *b)
{
	const struct core_range *l = a, *r = b;

	return (l->start > r->start) - (l->start < r->start);
}

/* The range that holds `address`, NULL when none does. */
static const struct core_range *range_find(const struct core *core, uint64_t address)
{
	size_t low = 0, high = core->ranges.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (core->ranges.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= core->ranges.data[low - 1].end)
		return NULL;
	return &core->ranges.data[low - 1];
}

/* --- permissions of what has no segment ------------------------------------------------------- */

/* An image whose header the core has, while its other maps are gone through. */
struct header {
	const char *path;
	struct elf_image elf;
	uint64_t at, bias;
};

static void remember_header(struct core *core, struct header *header,
			    const struct core_range *range)
{
	struct unwind_memory memory = core_own_memory(core);

	if (range->offset)
		return;
	header->path = NULL;
	if (!elf_image_read(&memory, range->start, &header->elf) || !header->elf.loads_header)
		return;
	header->path = range->path;
	header->at = range->start;
	header->bias = range->start - header->elf.header_address;
}

/* What the program header for this range says; code may be anywhere when there is none. */
static uint32_t flags_of(struct core *core, const struct header *header,
			 const struct core_range *range)
{
	struct unwind_memory memory = core_own_memory(core);
	uint64_t address = range->start - header->bias;
	Elf64_Phdr s;

	if (!header->path || strcmp(header->path, range->path))
		return PF_R | PF_X;
	for (unsigned n = 0; n < header->elf.header.e_phnum; n++) {
		uint64_t at = header->at + header->elf.header.e_phoff + n * sizeof(s);

		if (!memory.read(memory.context, at, &s, sizeof(s)))
			break;
		if (s.p_type == PT_LOAD && address >= (s.p_vaddr & ~(uint64_t)(PAGE - 1)) &&
		    address < s.p_vaddr + s.p_memsz)
			return s.p_flags;
	}
	return PF_R;
}

/* --- text ------------------------------------------------------------------------------------- */

static const char *special_name(const struct core *core, uint64_t start, uint64_t end)
{
	if (core->vdso && core->vdso >= start && core->vdso < end)
		return "[vdso]";
	if (core->exec_name && core->exec_name >= start && core->exec_name < end)
		return "[stack]";
	if (start == VSYSCALL)
		return "[vsyscall]";
	return NULL;
}

static void add_path(struct strbuf *text, const char *path)
{
	for (; *path; path++) {
		if (*path == '\n')
			strbuf_adds(text, "\\012");
		else
			strbuf_addc(text, *path);
	}
}

/* A line as in /proc/PID/maps; device and inode are not known. */
static void add_line(struct core *core, uint64_t start, uint64_t end, uint32_t flags,
		     const struct core_range *range)
{
	struct strbuf *text = &core->maps_text;
	const char *special = range ? NULL : special_name(core, start, end);

	strbuf_addf(text, "%jx-%jx %c%c%cp %08jx 00:00 0", (uintmax_t)start, (uintmax_t)end,
		    flags & PF_R ? 'r' : '-', flags & PF_W ? 'w' : '-', flags & PF_X ? 'x' : '-',
		    (uintmax_t)(range ? range->offset + (start - range->start) : 0));
	if (range || special)
		strbuf_pad(text, ' ', 20);
	if (range)
		add_path(text, range->path);
	else if (special)
		strbuf_adds(text, special);
	strbuf_addc(text, '\n');
}

static void add_segment(struct core *core, const struct core_segment *segment)
{
	add_line(core, segment->start, segment->end, segment->flags,
		 range_find(core, segment->start));
}

static void write_text(struct core *core)
{
	const size_t count = core->segments.size;
	const struct core_segment *segments = core->segments.data;
	struct header header = {0};
	size_t lines = count, next = 0;

	for (size_t i = 0; i < core->ranges.size; i++) {
		const struct core_range *range = &core->ranges.data[i];

		remember_header(core, &header, range);
		for (; next < count && segments[next].start < range->end; next++)
			add_segment(core, &segments[next]);
		if (next && segments[next - 1].end > range->start)
			continue;
		if (lines++ < core->context.limits.maps_entries)
			add_line(core, range->start, range->end, flags_of(core, &header, range),
				 range);
		else
			core->are_maps_left_out = true;
	}
	for (; next < count; next++)
		add_segment(core, &segments[next]);
}

/* --- images ----------------------------------------------------------------------------------- */

static struct core_image *image_create(struct core *core, size_t first)
{
	struct core_image *image = arena_calloc(&core->arena, 1, sizeof(*image));
	struct core_image **slot = image ? vec_push(&core->all_images) : NULL;

	if (!slot)
		return NULL;
	image->first = first;
	image->path = core->maps->entries[first].path;
	image->file = image->debug = (struct dump_cached_file){core->cache, -1};
	return *slot = image;
}

/* Maps of one file that follow each other with growing offsets are one image; maps without a file
 * may lie between. */
static struct crashinfo_error *group_maps(struct core *core)
{
	struct core_image *last = NULL;
	uint64_t offset = 0;

	core->images = arena_calloc(&core->arena, core->maps->count + 1, sizeof(*core->images));
	if (!core->images)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < core->maps->count; i++) {
		const struct crashinfo_map *map = &core->maps->entries[i];

		if (!*map->path)
			continue;
		if (!last || strcmp(last->path, map->path) || map->offset < offset || !map->offset)
			last = image_create(core, i);
		if (!last)
			return crashinfo_error_no_memory();
		core->images[i] = last;
		offset = map->offset;
	}
	return NULL;
}

/* Without a note of files at least the program is known, if the user named it: it lies where its
 * entry point is. */
static struct crashinfo_error *add_exe_ranges(struct core *core)
{
	const struct elf_image *elf = &core->exe_elf;
	uint64_t bias = core->entry - elf->header.e_entry;
	Elf64_Phdr s;

	if (core->ranges.size || core->exe.fd < 0 || !core->entry || bias % PAGE)
		return NULL;
	for (unsigned n = 0; n < elf->header.e_phnum; n++) {
		struct core_range *range;
		uint64_t within;

		if (!dump_cache_read(core->cache, core->exe.fd, elf->header.e_phoff + n * sizeof(s),
				     &s, sizeof(s)))
			break;
		within = s.p_vaddr % PAGE;
		if (s.p_type != PT_LOAD || !s.p_filesz || s.p_offset < within)
			continue;
		range = vec_push(&core->ranges);
		if (!range)
			return crashinfo_error_no_memory();
		*range = (struct core_range){
			.start = bias + s.p_vaddr - within,
			.end = (bias + s.p_vaddr + s.p_filesz + PAGE - 1) & ~(uint64_t)(PAGE - 1),
			.offset = s.p_offset - within,
			.path = core->exe_path,
		};
		if (range->end <= range->start)
			core->ranges.size--;
	}
	return NULL;
}

struct crashinfo_error *core_make_maps(struct core *core)
{
	struct crashinfo_error *error = add_exe_ranges(core);

	if (error)
		return error;
	if (core->ranges.size)
		qsort(core->ranges.data, core->ranges.size, sizeof(*core->ranges.data),
		      range_by_start);
	write_text(core);
	error = strbuf_error(&core->maps_text);
	if (!error)
		error = crashinfo_maps_parse(&core->context,
					     core->maps_text.size ? core->maps_text.data : "",
					     core->maps_text.size, &core->maps);
	return error ? error : group_maps(core);
}
