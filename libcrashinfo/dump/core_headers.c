/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* Cores have one; others write a few. */
#define NOTE_SEGMENTS_MAX 16

bool core_pread(struct core *core, uint64_t offset, void *to, size_t size)
{
	return dump_cache_read(core->cache, core->fd, offset, to, size);
}

static struct crashinfo_error *check_ident(const Elf64_Ehdr *header)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "not an ELF file");
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
					      "a core file of 32 bits or big-endian");
	if (header->e_type != ET_CORE)
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "not a core file");
	return NULL;
}

/* How many program headers there are when they are too many for the header's own field. */
static uint64_t extended_count(struct core *core)
{
	Elf64_Phdr first;
	Elf64_Shdr section;

	/* The count proper stands in a section header, which the kernel writes last. */
	if (core_pread(core, core->header.e_shoff, &section, sizeof(section)) &&
	    section.sh_info >= PN_XNUM)
		return section.sh_info;
	/* In a core that is cut off the notes begin where the headers end. */
	if (core_pread(core, core->header.e_phoff, &first, sizeof(first)) &&
	    first.p_type == PT_NOTE && first.p_offset > core->header.e_phoff)
		return (first.p_offset - core->header.e_phoff) / sizeof(first);
	return PN_XNUM;
}

/* The header speaks of `size` bytes at `offset`; how many of them are there. */
static uint64_t promise(struct core *core, uint64_t offset, uint64_t size)
{
	uint64_t end;

	if (__builtin_add_overflow(offset, size, &end))
		end = UINT64_MAX;
	if (size && end > core->promised)
		core->promised = end;
	if (offset >= core->size)
		return 0;
	return end > core->size ? core->size - offset : size;
}

static struct crashinfo_error *take_load(struct core *core, const Elf64_Phdr *load)
{
	struct core_segment *segment;
	uint64_t size = load->p_filesz < load->p_memsz ? load->p_filesz : load->p_memsz;

	if (!load->p_memsz || load->p_memsz > UINT64_MAX - load->p_vaddr)
		return NULL;
	if (core->segments.size >= core->context.limits.maps_entries) {
		core->are_maps_left_out = true;
		return NULL;
	}
	segment = vec_push(&core->segments);
	if (!segment)
		return crashinfo_error_no_memory();
	*segment = (struct core_segment){
		.start = load->p_vaddr,
		.end = load->p_vaddr + load->p_memsz,
		.offset = load->p_offset,
		.size = promise(core, load->p_offset, size),
		.flags = load->p_flags,
	};
	return NULL;
}

static struct crashinfo_error *take_notes(struct core *core, const Elf64_Phdr *notes)
{
	uint64_t size = promise(core, notes->p_offset, notes->p_filesz);

	core->has_notes |= notes->p_filesz > 0;
	core->are_notes_cut |= size < notes->p_filesz;
	return core_read_notes(core, notes->p_offset, size);
}

static int by_start(const void *a, const void *b)
{
	const struct core_segment *l = a, *r = b;

	return (l->start > r->start) - (l->start < r->start);
}

static struct crashinfo_error *read_segments(struct core *core, uint64_t count)
{
	struct crashinfo_error *error = NULL;
	unsigned notes = 0;

	for (uint64_t n = 0; n < count && !error; n++) {
		Elf64_Phdr segment;

		/* a table that wraps around is cut off where it leaves the file */
		if (!core_pread(core, core->header.e_phoff + n * sizeof(segment), &segment,
				sizeof(segment))) {
			core->are_headers_cut = true;
			break;
		}
		if (segment.p_type == PT_LOAD)
			error = take_load(core, &segment);
		else if (segment.p_type == PT_NOTE && notes++ < NOTE_SEGMENTS_MAX)
			error = take_notes(core, &segment);
	}
	if (core->segments.size)
		qsort(core->segments.data, core->segments.size, sizeof(*core->segments.data),
		      by_start);
	return error;
}

struct crashinfo_error *core_read_headers(struct core *core)
{
	uint64_t count;
	struct crashinfo_error *error;

	if (!core_pread(core, 0, &core->header, sizeof(core->header)))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "not a core file, or cut off in its header");
	error = check_ident(&core->header);
	if (error)
		return error;
	core->arch = dump_arch_of(core->header.e_machine);
	if (!core->arch)
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
					      "a core file of an unknown architecture (%u)",
					      core->header.e_machine);
	if (core->header.e_phentsize != sizeof(Elf64_Phdr))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "program headers of %u bytes",
					      core->header.e_phentsize);
	core->dump.arch = core->arch;
	count = core->header.e_phnum == PN_XNUM ? extended_count(core) : core->header.e_phnum;
	promise(core, core->header.e_phoff, count * sizeof(Elf64_Phdr));
	return read_segments(core, count);
}

bool crashinfo_core_sniff(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	/* e_type follows the 16 bytes of e_ident, in the byte order that they tell */
	return size >= 18 && !memcmp(at, ELFMAG, SELFMAG) &&
	       at[at[EI_DATA] == ELFDATA2MSB ? 17 : 16] == ET_CORE &&
	       at[at[EI_DATA] == ELFDATA2MSB ? 16 : 17] == 0;
}
