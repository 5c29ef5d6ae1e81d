/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/elf.h"

#define PAGE 4096
/* Real images have about a dozen program headers and up to a few dozen sections; with
 * -ffunction-sections in relocatable output only there are more. */
#define SEGMENTS_MAX 128
#define SECTIONS_MAX 1024
#define NOTES_MAX    64

static bool read_at(const struct unwind_memory *memory, uint64_t at, void *to, size_t size)
{
	return memory->read(memory->context, at, to, size);
}

static bool segment(const struct unwind_memory *memory, uint64_t at, const Elf64_Ehdr *header,
		    unsigned n, Elf64_Phdr *ret)
{
	return read_at(memory, at + header->e_phoff + (uint64_t)n * sizeof(*ret), ret,
		       sizeof(*ret));
}

static bool is_image(const Elf64_Ehdr *header)
{
	return header->e_ident[EI_MAG0] == ELFMAG0 && header->e_ident[EI_MAG1] == ELFMAG1 &&
	       header->e_ident[EI_MAG2] == ELFMAG2 && header->e_ident[EI_MAG3] == ELFMAG3 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
	       header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum <= SEGMENTS_MAX;
}

static void take_load(struct elf_image *image, const Elf64_Phdr *load)
{
	uint64_t end = load->p_vaddr + load->p_memsz;

	if (load->p_vaddr < image->low)
		image->low = load->p_vaddr & ~(uint64_t)(PAGE - 1);
	if (end > image->high)
		image->high = end;
	if (load->p_offset < PAGE && !image->loads_header) {
		image->loads_header = true;
		image->header_address = load->p_vaddr - load->p_offset;
	}
	if (!(load->p_flags & PF_X))
		return;
	if (load->p_vaddr < image->code_start)
		image->code_start = load->p_vaddr;
	if (end > image->code_end)
		image->code_end = end;
}

bool elf_image_read(const struct unwind_memory *memory, uint64_t at, struct elf_image *ret)
{
	struct elf_image image = {.low = UINT64_MAX, .code_start = UINT64_MAX};
	Elf64_Phdr s;

	if (!read_at(memory, at, &image.header, sizeof(image.header)) || !is_image(&image.header))
		return false;
	for (unsigned n = 0; n < image.header.e_phnum; n++) {
		if (!segment(memory, at, &image.header, n, &s))
			return false;
		if (s.p_type == PT_LOAD && s.p_memsz && s.p_memsz < UINT64_MAX - s.p_vaddr)
			take_load(&image, &s);
		if (s.p_type == PT_GNU_EH_FRAME) {
			image.eh_frame_hdr = s.p_vaddr;
			image.eh_frame_hdr_size = s.p_memsz;
		}
	}
	if (image.low >= image.high)
		return false;
	*ret = image;
	return true;
}

bool elf_offset_to_address(const struct unwind_memory *memory, uint64_t at,
			   const struct elf_image *image, uint64_t offset, uint64_t *ret)
{
	Elf64_Phdr s;

	for (unsigned n = 0; n < image->header.e_phnum; n++) {
		uint64_t begin;

		if (!segment(memory, at, &image->header, n, &s))
			return false;
		/* Mappings begin at pages, segments anywhere in their first one. */
		begin = s.p_offset & ~(uint64_t)(PAGE - 1);
		if (s.p_type != PT_LOAD || offset < begin || offset - begin >= s.p_filesz + PAGE)
			continue;
		if (offset >= s.p_offset + s.p_filesz)
			continue;
		*ret = s.p_vaddr + (offset - s.p_offset);
		return true;
	}
	return false;
}

static uint64_t align_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) & ~(to - 1);
}

static bool take_note(const struct unwind_memory *memory, const Elf64_Nhdr *note, uint64_t name_at,
		      uint64_t content_at, struct elf_build_id *ret)
{
	char name[4];

	if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != sizeof(name) || !note->n_descsz ||
	    note->n_descsz > sizeof(ret->bytes) || !read_at(memory, name_at, name, sizeof(name)) ||
	    name[0] != 'G' || name[1] != 'N' || name[2] != 'U' || name[3] ||
	    !read_at(memory, content_at, ret->bytes, note->n_descsz))
		return false;
	ret->size = note->n_descsz;
	return true;
}

static bool find_in_notes(const struct unwind_memory *memory, uint64_t at, const Elf64_Phdr *notes,
			  struct elf_build_id *ret)
{
	uint64_t align = notes->p_align == 8 ? 8 : 4, end = at + notes->p_filesz;
	Elf64_Nhdr note;

	for (unsigned n = 0; n < NOTES_MAX && at < end && end - at >= sizeof(note); n++) {
		uint64_t name_at = at + sizeof(note), content_at;

		if (!read_at(memory, at, &note, sizeof(note)))
			return false;
		content_at = at + align_up(sizeof(note) + (uint64_t)note.n_namesz, align);
		if (take_note(memory, &note, name_at, content_at, ret))
			return true;
		at = content_at + align_up(note.n_descsz, align);
	}
	return false;
}

void elf_build_id_read(const struct unwind_memory *memory, uint64_t at,
		       const struct elf_image *image, bool loaded, uint64_t bias,
		       struct elf_build_id *ret)
{
	Elf64_Phdr s;

	ret->size = 0;
	for (unsigned n = 0; n < image->header.e_phnum; n++)
		if (segment(memory, at, &image->header, n, &s) && s.p_type == PT_NOTE &&
		    find_in_notes(memory, loaded ? bias + s.p_vaddr : at + s.p_offset, &s, ret))
			return;
}

static bool section(const struct unwind_memory *file, const Elf64_Ehdr *header, unsigned n,
		    Elf64_Shdr *ret)
{
	return read_at(file, header->e_shoff + (uint64_t)n * sizeof(*ret), ret, sizeof(*ret));
}

static bool name_is(const struct unwind_memory *file, uint64_t at, const char *name)
{
	char c;

	do {
		if (!read_at(file, at++, &c, 1) || c != *name)
			return false;
	} while (*name++);
	return true;
}

bool elf_section_find(const struct unwind_memory *file, const struct elf_image *image,
		      const char *name, Elf64_Shdr *ret)
{
	const Elf64_Ehdr *header = &image->header;
	Elf64_Shdr names, s;

	if (header->e_shentsize != sizeof(s) || header->e_shnum > SECTIONS_MAX ||
	    !section(file, header, header->e_shstrndx, &names))
		return false;
	for (unsigned n = 1; n < header->e_shnum; n++) {
		if (!section(file, header, n, &s))
			return false;
		if (s.sh_type == SHT_NOBITS || s.sh_flags & SHF_COMPRESSED ||
		    !name_is(file, names.sh_offset + s.sh_name, name))
			continue;
		*ret = s;
		return true;
	}
	return false;
}
