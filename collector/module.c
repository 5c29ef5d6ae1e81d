/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "maps.h"
#include "memory.h"
#include "syscall.h"
#include "text.h"

/* One stack rarely crosses more; the oldest is forgotten and read again when it does. */
#define MAX_CACHED 64
/* Maps between a module's code and its headers: as many as linkers make segments, and holes. */
#define MAX_MAPS_BACK       16
#define MAX_PROGRAM_HEADERS 64
#define MAX_SECTIONS        4096
#define MAX_NOTES           16

/* Where headers are read from: memory at `address`, or a file when the descriptor is not -1. */
struct image {
	uint64_t address;
	int fd;
};

struct headers {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdrs[MAX_PROGRAM_HEADERS];
};

static struct module cache[MAX_CACHED];
static unsigned cache_used, cache_next;

static bool image_read(const struct image *image, uint64_t offset, void *buffer, size_t size)
{
	if (image->fd < 0)
		return !memory_read(image->address + offset, buffer, size);
	return sys_pread(image->fd, buffer, size, offset) == (long)size;
}

static bool read_headers(const struct image *image, struct headers *ret)
{
	Elf64_Ehdr *ehdr = &ret->ehdr;

	if (!image_read(image, 0, ehdr, sizeof(*ehdr)))
		return false;
	if (ehdr->e_ident[0] != 0x7f || ehdr->e_ident[1] != 'E' || ehdr->e_ident[2] != 'L' ||
	    ehdr->e_ident[3] != 'F' || ehdr->e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr->e_ident[EI_DATA] != ELFDATA2LSB || ehdr->e_phentsize != sizeof(Elf64_Phdr) ||
	    ehdr->e_phnum > MAX_PROGRAM_HEADERS)
		return false;
	return image_read(image, ehdr->e_phoff, ret->phdrs, ehdr->e_phnum * sizeof(Elf64_Phdr));
}

static uint64_t page_of(uint64_t address)
{
	return address & ~UINT64_C(4095);
}

/* The bias that puts byte `offset` of the file to `address`; false when no segment loads it. */
static bool find_bias(const struct headers *headers, uint64_t address, uint64_t offset,
		      uint64_t *ret)
{
	for (unsigned i = 0; i < headers->ehdr.e_phnum; i++) {
		const Elf64_Phdr *p = &headers->phdrs[i];

		if (p->p_type != PT_LOAD || page_of(p->p_offset) > offset ||
		    offset - page_of(p->p_offset) >= p->p_filesz + (p->p_offset & 4095))
			continue;
		*ret = address - offset + p->p_offset - p->p_vaddr;
		return true;
	}
	return false;
}

static bool covers(const struct headers *headers, uint64_t address)
{
	for (unsigned i = 0; i < headers->ehdr.e_phnum; i++) {
		const Elf64_Phdr *p = &headers->phdrs[i];

		if (p->p_type == PT_LOAD && address >= page_of(p->p_vaddr) &&
		    address - p->p_vaddr + 4096 < p->p_memsz + 2 * 4096)
			return true;
	}
	return false;
}

static uint64_t lowest_address(const struct headers *headers)
{
	uint64_t lowest = UINT64_MAX;

	for (unsigned i = 0; i < headers->ehdr.e_phnum; i++)
		if (headers->phdrs[i].p_type == PT_LOAD && headers->phdrs[i].p_vaddr < lowest)
			lowest = headers->phdrs[i].p_vaddr;
	return page_of(lowest);
}

static bool is_build_id(const Elf64_Nhdr *note, const char *name)
{
	return note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && name[0] == 'G' &&
	       name[1] == 'N' && name[2] == 'U' && note->n_descsz &&
	       note->n_descsz <= MODULE_MAX_BUILD_ID;
}

/* Notes are read from memory, where they cannot have been replaced since; else from the file. */
static void read_build_id(const struct image *image, uint64_t at, uint64_t size,
			  struct module *module)
{
	uint64_t end = at + size;
	struct {
		Elf64_Nhdr header;
		char name[4];
	} note;

	for (unsigned i = 0; i < MAX_NOTES && end - at >= sizeof(note); i++) {
		uint64_t name_size, desc_size;

		if (!image_read(image, at, &note, sizeof(note)))
			return;
		name_size = ((uint64_t)note.header.n_namesz + 3) & ~UINT64_C(3);
		desc_size = ((uint64_t)note.header.n_descsz + 3) & ~UINT64_C(3);
		at += sizeof(note.header) + name_size;
		if (is_build_id(&note.header, note.name)) {
			if (image_read(image, at, module->build_id, note.header.n_descsz))
				module->build_id_size = note.header.n_descsz;
			return;
		}
		at += desc_size;
		if (at > end)
			return;
	}
}

static void read_segments(const struct image *image, const struct headers *headers,
			  struct module *module)
{
	for (unsigned i = 0; i < headers->ehdr.e_phnum; i++) {
		const Elf64_Phdr *p = &headers->phdrs[i];
		struct image memory = {module->bias, -1};

		if (p->p_type == PT_GNU_EH_FRAME) {
			module->eh_frame_hdr = module->bias + p->p_vaddr;
			module->eh_frame_hdr_size = p->p_memsz;
		}
		if (p->p_type != PT_NOTE || p->p_memsz > UINT32_MAX || module->build_id_size)
			continue;
		read_build_id(&memory, p->p_vaddr, p->p_memsz, module);
		if (!module->build_id_size && image->fd >= 0)
			read_build_id(image, p->p_offset, p->p_filesz, module);
	}
}

/* The file of a map, if it is still the one that was mapped. */
static int open_file(const struct map *map)
{
	struct stat status;
	int fd;

	if (map->path[0] != '/')
		return -1;
	/* not blocking: where the file was there may be a pipe now */
	fd = sys_open(map->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return -1;
	if (!SYS_2(SYS_fstat, fd, &status) && status.st_ino == map->inode &&
	    major(status.st_dev) == map->major && minor(status.st_dev) == map->minor)
		return fd;
	sys_close(fd);
	return -1;
}

/*
 * Output of some linkers has unwind tables that no program header tells of: only the section
 * headers do, and those are not mapped.
 */
static void find_eh_frame(const struct image *file, const Elf64_Ehdr *ehdr, struct module *module)
{
	static const char wanted[] = ".eh_frame";
	char name[sizeof(wanted)];
	Elf64_Shdr names, section;

	if (ehdr->e_shentsize != sizeof(section) || ehdr->e_shnum > MAX_SECTIONS ||
	    !image_read(file, ehdr->e_shoff + (uint64_t)ehdr->e_shstrndx * sizeof(names), &names,
			sizeof(names)))
		return;
	for (unsigned i = 0; i < ehdr->e_shnum; i++) {
		if (!image_read(file, ehdr->e_shoff + i * sizeof(section), &section,
				sizeof(section)))
			return;
		if (!(section.sh_flags & SHF_ALLOC) ||
		    !image_read(file, names.sh_offset + section.sh_name, name, sizeof(name)))
			continue;
		name[sizeof(name) - 1] = '\0';
		if (!text_equal(name, wanted))
			continue;
		module->eh_frame = module->bias + section.sh_addr;
		module->eh_frame_size = section.sh_size;
		return;
	}
}

static void fill(const struct image *image, const struct headers *headers, const struct map *map,
		 struct module *module)
{
	module->base = module->bias + lowest_address(headers);
	module->start = map->start;
	module->end = map->end;
	read_segments(image, headers, module);
	if (!module->eh_frame_hdr_size) {
		struct image file = {0, image->fd >= 0 ? image->fd : open_file(map)};

		if (file.fd >= 0)
			find_eh_frame(&file, &headers->ehdr, module);
		if (file.fd >= 0 && image->fd < 0)
			sys_close(file.fd);
	}
}

/* Headers in memory at the start of `first`, if they tell of `address`. */
static bool load_from_memory(const struct map *first, const struct map *map, uint64_t address,
			     struct module *module)
{
	struct image image = {first->start, -1};
	struct headers headers;

	if (!read_headers(&image, &headers) ||
	    !find_bias(&headers, first->start, 0, &module->bias) ||
	    !covers(&headers, address - module->bias))
		return false;
	/* text that was moved to anonymous memory still is the module's */
	module->path = *map->path ? map->path : first->path;
	fill(&image, &headers, map, module);
	return true;
}

static bool load_from_file(const struct map *map, struct module *module)
{
	struct image image = {0, open_file(map)};
	struct headers headers;
	bool found;

	if (image.fd < 0)
		return false;
	found = read_headers(&image, &headers) &&
		find_bias(&headers, map->start, map->offset, &module->bias);
	if (found) {
		module->path = map->path;
		fill(&image, &headers, map, module);
	}
	sys_close(image.fd);
	return found;
}

static bool load(const struct map *map, uint64_t address, struct module *module)
{
	const struct map *first = map;

	for (unsigned i = 0; first && i < MAX_MAPS_BACK; i++, first = maps_previous(first)) {
		bool same = first->inode == map->inode || !*map->path || !*first->path;

		if (same && first->offset == 0 && load_from_memory(first, map, address, module))
			return true;
	}
	return load_from_file(map, module);
}

const struct module *module_find(uint64_t address)
{
	static const struct module empty;
	const struct map *map;
	struct module *module;

	for (unsigned i = 0; i < cache_used; i++)
		if (address >= cache[i].start && address < cache[i].end)
			return cache[i].path ? &cache[i] : NULL;
	map = maps_find(address);
	if (!map)
		return NULL;
	module = &cache[cache_next];
	cache_next = (cache_next + 1) % MAX_CACHED;
	if (cache_used < MAX_CACHED)
		cache_used++;
	*module = empty;
	if (!load(map, address, module)) {
		/* remember too that there is none */
		*module = empty;
		module->start = map->start;
		module->end = map->end;
		return NULL;
	}
	return module;
}

int module_for_unwind(void *user, uint64_t pc, struct unwind_module *ret)
{
	const struct map *map = maps_find(pc);
	const struct module *module;

	(void)user;
	if (!map || !map->executable)
		return -1;
	*ret = (struct unwind_module){.text_start = map->start, .text_end = map->end};
	module = module_find(pc);
	if (!module)
		return 0;
	ret->eh_frame_hdr = module->eh_frame_hdr;
	ret->eh_frame_hdr_size = module->eh_frame_hdr_size;
	ret->eh_frame = module->eh_frame;
	ret->eh_frame_size = module->eh_frame_size;
	return 0;
}

void module_reset(void)
{
	cache_used = 0;
	cache_next = 0;
}
