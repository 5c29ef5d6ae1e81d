/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF images of a process, found as they are asked for, and what unwinding wants of them. */
#include <stdlib.h>
#include <string.h>

#include "process/internal.h"

/* Entries of an image before the one that holds its code. */
#define WALK_BACK 64

#if defined(__x86_64__)
#define NATIVE_UNWIND unwind_x86_64
#elif defined(__aarch64__)
#define NATIVE_UNWIND unwind_aarch64
#else
#error "processes of this architecture can't be unwound"
#endif

/* --- images ----------------------------------------------------------------------------------- */

static bool in_image(const struct process_module *module, uint64_t pc)
{
	return pc - module->bias >= module->image.low && pc - module->bias < module->image.high;
}

static bool in_code(const struct process_module *module, uint64_t pc)
{
	return pc - module->bias >= module->image.code_start &&
	       pc - module->bias < module->image.code_end;
}

static bool same_file(const struct crashinfo_map *a, const struct crashinfo_map *b)
{
	return a == b || (a->inode && a->inode == b->inode && a->device_major == b->device_major &&
			  a->device_minor == b->device_minor);
}

/* The image whose header is mapped by `map`, if `pc` in `code` belongs to it. */
static bool load_from_memory(struct process *process, struct process_module *module,
			     const struct crashinfo_map *map, const struct crashinfo_map *code,
			     uint64_t pc)
{
	struct unwind_memory memory = process_memory(process);

	if (map->offset || !elf_image_read(&memory, map->start, &module->image) ||
	    !module->image.loads_header)
		return false;
	module->map = map;
	module->bias = map->start - module->image.header_address;
	/* Code may have been copied to memory without a file, for larger pages. */
	if (same_file(map, code) ? !in_image(module, pc) : code->inode || !in_code(module, pc))
		return false;
	elf_build_id_read(&memory, map->start, &module->image, true, module->bias,
			  &module->build_id);
	return true;
}

/* The image of the file behind `code`, whose header is not mapped. */
static bool load_from_file(struct process *process, struct process_module *module,
			   const struct crashinfo_map *code)
{
	struct process_file *file = process_file_find(process, code, NULL);
	struct unwind_memory memory;
	uint64_t address;

	if (!file || !file->has_image)
		return false;
	memory = process_file_memory(file);
	if (!elf_offset_to_address(&memory, 0, &file->image, code->offset, &address))
		return false;
	module->map = code;
	module->file = file;
	module->file_tried = true;
	module->image = file->image;
	module->bias = code->start - address;
	elf_build_id_read(&memory, 0, &module->image, false, 0, &module->build_id);
	return true;
}

static bool load(struct process *process, struct process_module *module, uint64_t pc)
{
	const struct crashinfo_map *code =
		process->maps ? crashinfo_maps_find(process->maps, pc) : NULL;

	if (!code)
		return false;
	for (const struct crashinfo_map *map = code; code - map < WALK_BACK; map--) {
		*module = (struct process_module){NULL};
		if (load_from_memory(process, module, map, code, pc))
			return true;
		if (map == process->maps->entries)
			break;
	}
	*module = (struct process_module){NULL};
	return load_from_file(process, module, code);
}

static struct process_module *find(struct process *process, uint64_t pc)
{
	struct process_module *module;

	for (size_t i = 0; i < process->module_count; i++)
		if (in_code(process->modules[i], pc))
			return process->modules[i];
	if (!process_grow(&process->modules, process->module_count, &process->module_capacity,
			  sizeof(*process->modules)))
		return NULL;
	module = malloc(sizeof(*module));
	if (!module || !load(process, module, pc)) {
		free(module);
		return NULL;
	}
	process->modules[process->module_count++] = module;
	return module;
}

const struct process_module *process_module_find(struct process *process, uint64_t pc)
{
	return find(process, pc);
}

void process_modules_forget(struct process *process)
{
	for (size_t i = 0; i < process->module_count; i++)
		free(process->modules[i]);
	free(process->modules);
	process->modules = NULL;
	process->module_count = process->module_capacity = 0;
}

/* --- what unwinding asks for ------------------------------------------------------------------ */

static void use_file(struct process *process, struct process_module *module)
{
	struct unwind_memory memory;

	if (!module->file_tried)
		module->file = process_file_find(process, module->map, &module->build_id);
	module->file_tried = true;
	if (module->sections_tried || !module->file || !module->file->has_image)
		return;
	module->sections_tried = true;
	memory = process_file_memory(module->file);
	elf_section_find(&memory, &module->file->image, ".eh_frame", &module->eh_frame);
	elf_section_find(&memory, &module->file->image, ".debug_frame", &module->debug_frame);
}

static bool place_in_memory(struct process *process, struct process_module *module,
			    struct unwind_cfi *ret)
{
	ret->memory = process_memory(process);
	if (module->image.eh_frame_hdr_size) {
		ret->kind = UNWIND_EH_FRAME_HDR;
		ret->address = module->bias + module->image.eh_frame_hdr;
		ret->size = module->image.eh_frame_hdr_size;
		return true;
	}
	/* Static programs have no header for it; only the section table tells where it is. */
	use_file(process, module);
	ret->kind = UNWIND_EH_FRAME;
	ret->address = module->bias + module->eh_frame.sh_addr;
	ret->size = module->eh_frame.sh_size;
	return ret->size;
}

static bool place_in_file(struct process *process, struct process_module *module,
			  struct unwind_cfi *ret)
{
	use_file(process, module);
	if (!module->file)
		return false;
	ret->kind = UNWIND_DEBUG_FRAME;
	ret->memory = process_file_memory(module->file);
	ret->address = module->debug_frame.sh_offset;
	ret->size = module->debug_frame.sh_size;
	return ret->size;
}

static bool find_cfi(void *context, uint64_t pc, unsigned nth, struct unwind_cfi *ret)
{
	struct process *process = context;
	struct process_module *module = find(process, pc);
	bool in_memory;

	if (!module)
		return false;
	ret->bias = module->bias;
	ret->text_base = 0;
	in_memory = place_in_memory(process, module, ret);
	if (nth == 0 && in_memory)
		return true;
	return nth == in_memory && place_in_file(process, module, ret);
}

static bool is_executable(void *context, uint64_t pc)
{
	struct process *process = context;
	const struct crashinfo_map *map =
		process->maps ? crashinfo_maps_find(process->maps, pc) : NULL;

	return map && map->executable;
}

const struct unwind_space *process_space(struct process *process)
{
	process->space = (struct unwind_space){
		.arch = &NATIVE_UNWIND,
		.memory = process_memory(process),
		.find_cfi = find_cfi,
		.is_executable = is_executable,
		.context = process,
	};
	return &process->space;
}
