/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core.h"

/* Maps before one without a file that are looked at for the image whose code was copied there. */
#define WALK_BACK 64
#define PAGE      4096

/* --- images ----------------------------------------------------------------------------------- */

static bool in_image(const struct core_image *image, uint64_t pc)
{
	return pc - image->bias >= image->elf.low && pc - image->bias < image->elf.high;
}

static bool in_code(const struct core_image *image, uint64_t pc)
{
	return pc - image->bias >= image->elf.code_start && pc - image->bias < image->elf.code_end;
}

/* The image as it was in memory: its header is in the core, or in the file that was mapped. */
static bool load_from_memory(struct core *core, struct core_image *image)
{
	const struct crashinfo_map *map = &core->maps->entries[image->first];
	struct unwind_memory memory = core_memory(core);

	if (map->offset || !elf_image_read(&memory, map->start, &image->elf) ||
	    !image->elf.loads_header)
		return false;
	image->bias = map->start - image->elf.header_address;
	elf_build_id_read(&memory, map->start, &image->elf, true, image->bias, &image->build_id);
	return true;
}

/* The address of the code that is mapped from `offset` on: segments may share a page of the file,
 * so the one with code goes first. */
static bool address_of_code(const struct unwind_memory *file, const struct elf_image *elf,
			    uint64_t offset, uint64_t *ret)
{
	Elf64_Phdr s;

	for (unsigned n = 0; n < elf->header.e_phnum; n++) {
		uint64_t at = elf->header.e_phoff + n * sizeof(s);

		if (!file->read(file->context, at, &s, sizeof(s)))
			break;
		if (s.p_type != PT_LOAD || !(s.p_flags & PF_X) ||
		    (s.p_offset & ~(uint64_t)(PAGE - 1)) != offset)
			continue;
		*ret = s.p_vaddr - (s.p_offset - offset);
		return true;
	}
	return elf_offset_to_address(file, 0, elf, offset, ret);
}

/* The image of the file behind `code`, whose header was not mapped. */
static bool load_from_file(struct core *core, struct core_image *image,
			   const struct crashinfo_map *code)
{
	struct unwind_memory file;
	uint64_t address;

	if (!core_image_find_file(core, image))
		return false;
	file = dump_cached_memory(&image->file);
	if (!elf_image_read(&file, 0, &image->elf) ||
	    !address_of_code(&file, &image->elf, code->offset, &address))
		return false;
	image->bias = code->start - address;
	elf_build_id_read(&file, 0, &image->elf, false, 0, &image->build_id);
	return true;
}

static bool load(struct core *core, struct core_image *image, const struct crashinfo_map *code)
{
	if (!image->is_loaded && !image->is_broken)
		image->is_loaded =
			load_from_memory(core, image) || load_from_file(core, image, code);
	image->is_broken = !image->is_loaded;
	return image->is_loaded;
}

/* The image that `pc` is in, NULL when in none. */
static struct core_image *find(struct core *core, uint64_t pc)
{
	const struct crashinfo_map *map = crashinfo_maps_find(core->maps, pc);
	size_t index = map ? (size_t)(map - core->maps->entries) : 0;
	struct core_image *last = NULL;

	if (!map)
		return NULL;
	if (core->images[index])
		return load(core, core->images[index], map) && in_image(core->images[index], pc)
			       ? core->images[index]
			       : NULL;
	/* code may have been copied to memory without a file, for larger pages */
	for (size_t i = 0; i < WALK_BACK && index; i++) {
		struct core_image *image = core->images[--index];

		if (!image || image == last)
			continue;
		last = image;
		if (load(core, image, &core->maps->entries[index]) && in_code(image, pc))
			return image;
	}
	return NULL;
}

bool core_find_place(void *source, uint64_t pc, struct dump_place *ret)
{
	struct core_image *image = find(source, pc);

	if (!image)
		return false;
	*ret = (struct dump_place){
		.path = image->path,
		.build_id = image->build_id,
		.module_base = image->bias + image->elf.low,
		.relative = pc - image->bias,
	};
	return true;
}

/* --- what unwinding asks for ------------------------------------------------------------------ */

static void read_sections(struct core *core, struct core_image *image)
{
	struct unwind_memory file = dump_cached_memory(&image->file);
	struct unwind_memory debug = dump_cached_memory(&image->debug);
	struct elf_image elf;

	if (image->are_sections_read)
		return;
	image->are_sections_read = true;
	core_image_find_file(core, image);
	if (elf_image_read(&file, 0, &elf)) {
		elf_section_find(&file, &elf, ".eh_frame", &image->eh_frame);
		elf_section_find(&file, &elf, ".debug_frame", &image->debug_frame);
	}
	if (elf_image_read(&debug, 0, &elf))
		elf_section_find(&debug, &elf, ".debug_frame", &image->separate_frame);
}

static bool section_place(struct dump_cached_file *file, const Elf64_Shdr *section,
			  struct unwind_cfi *ret)
{
	ret->kind = UNWIND_DEBUG_FRAME;
	ret->memory = dump_cached_memory(file);
	ret->address = section->sh_offset;
	ret->size = section->sh_size;
	return ret->size;
}

static bool memory_place(struct core *core, struct core_image *image, struct unwind_cfi *ret)
{
	ret->memory = core_memory(core);
	if (image->elf.eh_frame_hdr_size) {
		ret->kind = UNWIND_EH_FRAME_HDR;
		ret->address = image->bias + image->elf.eh_frame_hdr;
		ret->size = image->elf.eh_frame_hdr_size;
		return true;
	}
	/* static programs have no header for it; only the section table tells where it is */
	read_sections(core, image);
	ret->kind = UNWIND_EH_FRAME;
	ret->address = image->bias + image->eh_frame.sh_addr;
	ret->size = image->eh_frame.sh_size;
	return ret->size;
}

static bool file_place(struct core *core, struct core_image *image, unsigned nth,
		       struct unwind_cfi *ret)
{
	read_sections(core, image);
	if (image->debug_frame.sh_size && nth-- == 0)
		return section_place(&image->file, &image->debug_frame, ret);
	return nth == 0 && section_place(&image->debug, &image->separate_frame, ret);
}

static bool find_cfi(void *context, uint64_t pc, unsigned nth, struct unwind_cfi *ret)
{
	struct core *core = context;
	struct core_image *image = find(core, pc);
	bool in_memory;

	if (!image)
		return false;
	ret->bias = image->bias;
	ret->text_base = 0;
	in_memory = memory_place(core, image, ret);
	if (nth == 0 && in_memory)
		return true;
	return file_place(core, image, nth - in_memory, ret);
}

static bool is_executable(void *context, uint64_t pc)
{
	const struct core *core = context;
	const struct crashinfo_map *map = crashinfo_maps_find(core->maps, pc);

	return map && map->executable;
}

void core_init_space(struct core *core)
{
	core->space = (struct unwind_space){
		.arch = core->arch->unwind,
		.memory = core_memory(core),
		.find_cfi = find_cfi,
		.is_executable = is_executable,
		.context = core,
	};
}
