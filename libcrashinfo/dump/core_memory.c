/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "module/finder.h"

/* --- the core's own segments ------------------------------------------------------------------ */

static const struct core_segment *segment_find(const struct core *core, uint64_t address)
{
	size_t low = 0, high = core->segments.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (core->segments.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= core->segments.data[low - 1].end)
		return NULL;
	return &core->segments.data[low - 1];
}

/* Read up to `size` bytes that the core holds in one piece; how many. */
static size_t read_own(struct core *core, uint64_t address, void *to, size_t size)
{
	const struct core_segment *segment = segment_find(core, address);
	uint64_t at = segment ? address - segment->start : 0;

	if (!segment || at >= segment->size)
		return 0;
	if (size > segment->size - at)
		size = (size_t)(segment->size - at);
	return core_pread(core, segment->offset + at, to, size) ? size : 0;
}

/* --- files of images -------------------------------------------------------------------------- */

static bool ids_differ(const struct elf_build_id *a, const struct elf_build_id *b)
{
	return a->size != b->size || memcmp(a->bytes, b->bytes, a->size) != 0;
}

static const struct elf_build_id *core_id(struct core *core, struct core_image *image)
{
	const struct crashinfo_map *map = &core->maps->entries[image->first];
	struct unwind_memory own = core_own_memory(core);
	struct elf_image elf;

	if (image->is_id_read)
		return &image->core_id;
	image->is_id_read = true;
	if (!map->offset && elf_image_read(&own, map->start, &elf) && elf.loads_header)
		elf_build_id_read(&own, map->start, &elf, true, map->start - elf.header_address,
				  &image->core_id);
	return &image->core_id;
}

/* Whether the program that the user named is this image; says so when it should be, but is not. */
static bool is_exe(struct core *core, struct core_image *image)
{
	const struct elf_build_id *id = core_id(core, image);
	const struct crashinfo_map *map = &core->maps->entries[image->first];
	const struct crashinfo_map *main_map = crashinfo_maps_find(core->maps, core->entry);
	bool is_main =
		core->entry && main_map && core->images[main_map - core->maps->entries] == image;
	bool fits = map->start - core->exe_elf.header_address + core->exe_elf.header.e_entry ==
		    core->entry;

	if (core->exe.fd < 0)
		return false;
	if (id->size && core->exe_id.size)
		fits = !ids_differ(id, &core->exe_id);
	else if (!is_main)
		fits = false;
	core->is_exe_used |= fits;
	core->is_exe_wrong |= is_main && !fits;
	return fits;
}

static int open_found(const struct module_file *file)
{
	return file->path ? beneath_open(file->dir_fd, file->relative, file->mode) : -1;
}

static void find_in_folders(struct core *core, struct core_image *image)
{
	const struct elf_build_id *id = core_id(core, image);
	const struct crashinfo_module_files *found;
	const struct module_files *files;
	char hex[2 * ELF_BUILD_ID_MAX + 1];
	_error_ struct crashinfo_error *error = NULL;

	image->missing = "no folder was given to look for it in";
	if (!core->options->finder)
		return;
	dump_id_hex(id, hex);
	error = crashinfo_finder_find(core->options->finder, id->size ? hex : NULL, image->path,
				      &found);
	image->missing = "it could not be looked for";
	if (error)
		return;
	files = (const struct module_files *)found;
	image->file.fd = open_found(&files->image);
	image->debug.fd = open_found(&files->debug);
	image->missing = NULL;
	if (image->file.fd < 0)
		image->missing = found->build_id_mismatch
					 ? "the file that was found is another build"
					 : "no file for it was found";
}

bool core_image_find_file(struct core *core, struct core_image *image)
{
	if (image->is_file_tried)
		return image->file.fd >= 0;
	image->is_file_tried = true;
	if (image->path[0] == '/')
		find_in_folders(core, image);
	if (image->file.fd < 0 && is_exe(core, image)) {
		image->file.fd = fcntl(core->exe.fd, F_DUPFD_CLOEXEC, 0);
		image->missing = image->file.fd < 0 ? "it could not be opened" : NULL;
	}
	return image->file.fd >= 0;
}

void core_images_free(struct core *core)
{
	for (size_t i = 0; i < core->all_images.size; i++) {
		cleanup_close(&core->all_images.data[i]->file.fd);
		cleanup_close(&core->all_images.data[i]->debug.fd);
	}
	free(core->all_images.data);
	cleanup_close(&core->exe.fd);
}

struct crashinfo_error *core_open_exe(struct core *core, const char *path)
{
	_free_ char *whole = realpath(path, NULL);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct unwind_memory memory;
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return crashinfo_error_from_errno(errno, "cannot open %s", path);
	if (!S_ISREG(status.st_mode))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "%s: not a regular file",
					      path);
	core->exe.fd = steal_fd(fd);
	core->exe_path = arena_strdup(&core->arena, whole ? whole : path);
	if (!core->exe_path)
		return crashinfo_error_no_memory();
	memory = dump_cached_memory(&core->exe);
	if (!elf_image_read(&memory, 0, &core->exe_elf))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "%s: not a program of 64 bits, little-endian", path);
	elf_build_id_read(&memory, 0, &core->exe_elf, false, 0, &core->exe_id);
	return NULL;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* What was mapped from a file and could not be written is in that file still. */
static size_t read_file(struct core *core, uint64_t address, void *to, size_t size)
{
	const struct crashinfo_map *map = crashinfo_maps_find(core->maps, address);
	struct core_image *image = map ? core->images[map - core->maps->entries] : NULL;

	if (!image || map->writable || !core_image_find_file(core, image))
		return 0;
	if (size > map->end - address)
		size = (size_t)(map->end - address);
	return dump_cache_read(core->cache, image->file.fd, address - map->start + map->offset, to,
			       size)
		       ? size
		       : 0;
}

static bool read_pieces(struct core *core, bool with_files, uint64_t address, void *to, size_t size)
{
	unsigned char *at = to;

	while (size) {
		size_t got = read_own(core, address, at, size);

		if (!got && with_files)
			got = read_file(core, address, at, size);
		if (!got || (got < size && address + got < address))
			return false;
		address += got;
		at += got;
		size -= got;
	}
	return true;
}

static bool read_own_memory(void *context, uint64_t address, void *to, size_t size)
{
	return read_pieces(context, false, address, to, size);
}

static bool read_memory(void *context, uint64_t address, void *to, size_t size)
{
	return read_pieces(context, true, address, to, size);
}

struct unwind_memory core_own_memory(struct core *core)
{
	return (struct unwind_memory){.read = read_own_memory, .context = core};
}

struct unwind_memory core_memory(struct core *core)
{
	return (struct unwind_memory){.read = read_memory, .context = core};
}
