/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trampoline is known by the "S" in its call frame information, or by its instructions: musl
 * writes no such information. A debug file without its module has neither: there its name counts.
 */
#include "symbol/trampoline.h"

#include <stdlib.h>
#include <string.h>

#include "symbol/libdw.h"

struct named_range {
	uint64_t start, size;
};

/* More are not one C library's. */
#define NAMED_MAX 8

struct trampoline_finder {
	const struct elf_file *image;
	struct named_range named[NAMED_MAX];
	size_t named_count;
	Dwarf_CFI *eh_frame; /* of the module itself; to be ended */
};

struct code_row {
	uint16_t machine;
	size_t size;
	unsigned char bytes[10];
};

static const struct code_row codes[] = {
	/* mov $15, %rax; syscall */
	{EM_X86_64, 9, {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05}},
	/* mov $15, %eax; syscall */
	{EM_X86_64, 7, {0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05}},
	/* mov x8, #139; svc #0 */
	{EM_AARCH64, 8, {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4}},
};

bool trampoline_has_name(const char *function)
{
	static const char *const names[] = {"__restore_rt", "__restore", "__kernel_rt_sigreturn",
					    "__kernel_sigreturn"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(function, names[i]))
			return true;
	return false;
}

static void add_named(struct trampoline_finder *finder, const GElf_Sym *symbol, const char *name)
{
	if (!name || finder->named_count == NAMED_MAX || symbol->st_shndx == SHN_UNDEF ||
	    !trampoline_has_name(name))
		return;
	finder->named[finder->named_count++] =
		(struct named_range){symbol->st_value, symbol->st_size ? symbol->st_size : 1};
}

static void find_named(struct trampoline_finder *finder, const struct elf_file *file)
{
	Elf_Scn *section = elf_file_section(file, ".symtab");
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	size_t size = gelf_fsize(file->elf, ELF_T_SYM, 1, EV_CURRENT);
	GElf_Shdr header;
	GElf_Sym symbol;

	if (!data || !size || !gelf_getshdr(section, &header))
		return;
	for (size_t i = 1; i < data->d_size / size && i <= INT32_MAX; i++)
		if (gelf_getsym(data, (int)i, &symbol))
			add_named(finder, &symbol,
				  elf_strptr(file->elf, header.sh_link, symbol.st_name));
}

struct trampoline_finder *trampoline_finder_create(const struct elf_file *debug,
						   const struct elf_file *image)
{
	struct trampoline_finder *finder = calloc(1, sizeof(*finder));

	if (!finder)
		return NULL;
	finder->image = image->elf ? image : debug;
	if (finder->image->elf && elf_file_is_debug_only(finder->image))
		find_named(finder, finder->image);
	else if (finder->image->elf && libdw_load())
		finder->eh_frame = dwarf_getcfi_elf(finder->image->elf);
	return finder;
}

void trampoline_finder_destroy(struct trampoline_finder *finder)
{
	if (!finder)
		return;
	if (finder->eh_frame)
		dwarf_cfi_end(finder->eh_frame);
	free(finder);
}

/* A trampoline's information covers the byte before it, as unwinders look there. */
static bool is_signal_frame(Dwarf_CFI *cfi, uint64_t address)
{
	Dwarf_Frame *frame;
	Dwarf_Addr start, end;
	bool signal = false;

	if (!cfi || dwarf_cfi_addrframe(cfi, address, &frame))
		return false;
	dwarf_frame_info(frame, &start, &end, &signal);
	free(frame);
	return signal;
}

static bool has_code(const struct elf_file *file, uint64_t address)
{
	Elf_Scn *section = NULL;
	GElf_Ehdr header;

	if (!file->elf || !gelf_getehdr(file->elf, &header))
		return false;
	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(section, &shdr) || shdr.sh_type != SHT_PROGBITS ||
		    !(shdr.sh_flags & SHF_EXECINSTR) || address < shdr.sh_addr ||
		    address - shdr.sh_addr >= shdr.sh_size)
			continue;
		data = elf_rawdata(section, NULL);
		for (size_t i = 0; data && data->d_buf && i < sizeof(codes) / sizeof(codes[0]); i++)
			if (codes[i].machine == header.e_machine &&
			    address - shdr.sh_addr <= data->d_size &&
			    codes[i].size <= data->d_size - (address - shdr.sh_addr) &&
			    !memcmp((char *)data->d_buf + (address - shdr.sh_addr), codes[i].bytes,
				    codes[i].size))
				return true;
		return false;
	}
	return false;
}

static bool has_name(const struct trampoline_finder *finder, uint64_t address)
{
	for (size_t i = 0; i < finder->named_count; i++)
		if (address - finder->named[i].start < finder->named[i].size)
			return true;
	return false;
}

bool trampoline_at(const struct trampoline_finder *finder, uint64_t address)
{
	return has_name(finder, address) || is_signal_frame(finder->eh_frame, address) ||
	       has_code(finder->image, address);
}
