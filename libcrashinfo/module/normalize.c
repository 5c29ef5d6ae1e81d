/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "module/finder.h"

static struct crashinfo_error *not_found(const char *what, uint64_t ip)
{
	return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND, "%s 0x%llx", what,
				      (unsigned long long)ip);
}

/* The address of file offset `offset` in the module that `elf` is. */
static struct crashinfo_error *address_of_offset(struct crashinfo_finder *finder,
						 const struct elf_file *elf, uint64_t offset,
						 uint64_t ip, struct crashinfo_normalized *ret)
{
	char id[ELF_BUILD_ID_HEX];
	uint64_t base;
	GElf_Phdr segment;

	if (!elf_file_segment_at(elf, offset, &segment) || !elf_file_base(elf, &base))
		return crashinfo_error_create(CRASHINFO_ERROR_MISMATCH,
					      "no segment of the file holds offset 0x%llx",
					      (unsigned long long)offset);
	ret->relative_address = offset - segment.p_offset + segment.p_vaddr;
	ret->module_base = ip - ret->relative_address + base;
	if (elf_file_build_id(elf, &finder->context.limits, id)) {
		ret->build_id = arena_strdup(&finder->arena, id);
		if (!ret->build_id)
			return crashinfo_error_no_memory();
	}
	return NULL;
}

struct crashinfo_error *crashinfo_normalize(struct crashinfo_finder *finder,
					    const struct crashinfo_maps *maps, uint64_t ip,
					    const char *build_id, struct crashinfo_normalized *ret)
{
	const struct crashinfo_map *map = crashinfo_maps_find(maps, ip);
	const struct crashinfo_module_files *found;
	struct crashinfo_normalized normalized = {0};
	struct crashinfo_error *error;
	struct elf_file elf;

	if (!map)
		return not_found("no mapping holds", ip);
	if (map->path[0] != '/')
		return not_found("no file is mapped at", ip);
	error = crashinfo_finder_find(finder, build_id, map->path, &found);
	if (error)
		return error;
	if (!found->image_path)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND, "no file for %s",
					      map->path);
	error = module_file_open(&((const struct module_files *)found)->image, &elf);
	if (error)
		return error;
	normalized.path = map->path;
	error = address_of_offset(finder, &elf, ip - map->start + map->offset, ip, &normalized);
	elf_file_close(&elf);
	if (!error)
		*ret = normalized;
	return error;
}
