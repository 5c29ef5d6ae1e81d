/* SPDX-License-Identifier: Apache-2.0 */
#include "modules.h"

#include "bytes.h"
#include "memory.h"
#include "raw.h"

/* A stack rarely goes through more; the last one is overwritten then. */
#define MODULES_MAX 64
/* Entries of an image before the one that holds its code. */
#define WALK_BACK  64
#define PATH_BYTES 4096

static struct module modules[MODULES_MAX];
static unsigned count;
static struct unwind_cache cache;

void modules_begin(void)
{
	count = 0;
	__builtin_memset(&cache, 0, sizeof(cache));
}

static void close_file(struct module *module)
{
	if (module->fd >= 0)
		memory_close_file(module->fd);
	module->fd = -1;
}

void modules_end(void)
{
	for (unsigned i = 0; i < count; i++)
		close_file(&modules[i]);
	count = 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static uint64_t device_major(uint64_t device)
{
	return (device >> 8 & 0xfff) | (device >> 32 & 0xfffff000);
}

static uint64_t device_minor(uint64_t device)
{
	return (device & 0xff) | (device >> 12 & 0xffffff00);
}

static bool is_file_of(int fd, const struct module *module)
{
	struct unwind_memory file = memory_of_file(fd);
	struct elf_build_id id;
	struct elf_image image;
	struct stat status;

	if (raw_fstat(fd, &status) || status.st_ino != module->map->inode)
		return false;
	if (device_major(status.st_dev) == module->map->major &&
	    device_minor(status.st_dev) == module->map->minor)
		return true;
	/* Layered file systems tell stat() another device than maps. */
	if (!module->build_id.size || !elf_image_read(&file, 0, &image))
		return false;
	elf_build_id_read(&file, 0, &image, false, 0, &id);
	return id.size == module->build_id.size &&
	       !__builtin_memcmp(id.bytes, module->build_id.bytes, id.size);
}

static int open_file_of(const char *path, const struct module *module)
{
	int fd = raw_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd >= 0 && !is_file_of(fd, module)) {
		memory_close_file(fd);
		fd = -1;
	}
	return fd;
}

static bool open_module(struct module *module)
{
	static char path[MAPS_PATH_MAX];

	maps_path(module->map, path);
	module->fd = path[0] == '/' ? open_file_of(path, module) : -1;
	if (module->fd < 0 && module->map->inode)
		module->fd = open_file_of("/proc/self/exe", module);
	return module->fd >= 0;
}

/* Read what memory does not tell. */
static void use_file(struct module *module)
{
	struct unwind_memory file;
	struct elf_image image;

	if (module->file_tried)
		return;
	module->file_tried = true;
	if (module->fd < 0 && !open_module(module))
		return;
	file = memory_of_file(module->fd);
	if (!elf_image_read(&file, 0, &image))
		return;
	elf_section_find(&file, &image, ".eh_frame", &module->eh_frame);
	elf_section_find(&file, &image, ".debug_frame", &module->debug_frame);
}

/* --- images ----------------------------------------------------------------------------------- */

static bool in_image(const struct module *module, uint64_t pc)
{
	return pc - module->bias >= module->image.low && pc - module->bias < module->image.high;
}

static bool in_code(const struct module *module, uint64_t pc)
{
	return pc - module->bias >= module->image.code_start &&
	       pc - module->bias < module->image.code_end;
}

static bool same_file(const struct map *a, const struct map *b)
{
	return a == b ||
	       (a->inode && a->inode == b->inode && a->major == b->major && a->minor == b->minor);
}

/* The image whose header is mapped by `map`, if `pc` in `code` belongs to it. */
static bool load_from_memory(struct module *module, const struct map *map, const struct map *code,
			     uint64_t pc)
{
	if (map->offset || !elf_image_read(&own_memory, map->start, &module->image) ||
	    !module->image.loads_header)
		return false;
	module->map = map;
	module->bias = map->start - module->image.header_address;
	/* Code may have been copied to memory without a file, for larger pages. */
	if (same_file(map, code) ? !in_image(module, pc) : code->inode || !in_code(module, pc))
		return false;
	elf_build_id_read(&own_memory, map->start, &module->image, true, module->bias,
			  &module->build_id);
	return true;
}

/* The image of the file behind `code`, whose header is not mapped. */
static bool load_from_file(struct module *module, const struct map *code)
{
	struct unwind_memory file;
	uint64_t address;

	module->map = code;
	if (!code->inode || !open_module(module))
		return false;
	file = memory_of_file(module->fd);
	if (!elf_image_read(&file, 0, &module->image) ||
	    !elf_offset_to_address(&file, 0, &module->image, code->offset, &address)) {
		close_file(module);
		return false;
	}
	module->bias = code->start - address;
	elf_build_id_read(&file, 0, &module->image, false, 0, &module->build_id);
	return true;
}

static bool load(struct module *module, uint64_t pc)
{
	const struct map *code = maps_find(pc);

	*module = (struct module){.fd = -1};
	if (!code)
		return false;
	for (const struct map *map = code; code - map < WALK_BACK; map--) {
		if (load_from_memory(module, map, code, pc))
			return true;
		if (map == maps_first())
			break;
	}
	*module = (struct module){.fd = -1};
	return load_from_file(module, code);
}

static struct module *find(uint64_t pc)
{
	struct module *module;

	for (unsigned i = 0; i < count; i++)
		if (in_code(&modules[i], pc))
			return &modules[i];
	if (count == MODULES_MAX)
		close_file(&modules[--count]);
	module = &modules[count];
	if (!load(module, pc))
		return NULL;
	count++;
	return module;
}

const struct module *modules_find(uint64_t pc)
{
	return find(pc);
}

/* --- what unwinding asks for ------------------------------------------------------------------ */

static bool place_in_memory(struct module *module, struct unwind_cfi *ret)
{
	ret->memory = own_memory;
	if (module->image.eh_frame_hdr_size) {
		ret->kind = UNWIND_EH_FRAME_HDR;
		ret->address = module->bias + module->image.eh_frame_hdr;
		ret->size = module->image.eh_frame_hdr_size;
		return true;
	}
	/* Static programs have no header for it; only the section table tells where it is. */
	use_file(module);
	ret->kind = UNWIND_EH_FRAME;
	ret->address = module->bias + module->eh_frame.sh_addr;
	ret->size = module->eh_frame.sh_size;
	return ret->size;
}

static bool place_in_file(struct module *module, struct unwind_cfi *ret)
{
	use_file(module);
	ret->kind = UNWIND_DEBUG_FRAME;
	ret->memory = memory_of_file(module->fd);
	ret->address = module->debug_frame.sh_offset;
	ret->size = module->debug_frame.sh_size;
	return ret->size;
}

static bool find_cfi(void *context, uint64_t pc, unsigned nth, struct unwind_cfi *ret)
{
	struct module *module = find(pc);
	bool in_memory;

	(void)context;
	if (!module)
		return false;
	ret->bias = module->bias;
	ret->text_base = 0;
	ret->cache = &cache;
	in_memory = place_in_memory(module, ret);
	if (nth == 0 && in_memory)
		return true;
	return nth == in_memory && place_in_file(module, ret);
}

static bool is_executable(void *context, uint64_t pc)
{
	const struct map *map = maps_find(pc);

	(void)context;
	return map && map->executable;
}

const struct unwind_space own_space = {
	.arch = &ARCH_UNWIND,
	.memory = {.read = memory_read_own},
	.find_cfi = find_cfi,
	.is_executable = is_executable,
};
