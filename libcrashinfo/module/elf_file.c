/* SPDX-License-Identifier: Apache-2.0 */
#include "module/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <crashinfo/module.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/limits.h"

struct crashinfo_error *elf_file_open(int fd, struct elf_file *ret)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		close(fd);
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "not an ELF file");
	}
	*ret = (struct elf_file){.fd = fd, .elf = elf};
	return NULL;
}

void elf_file_close(struct elf_file *file)
{
	if (!file->elf)
		return;
	elf_end(file->elf);
	close(file->fd);
	*file = (struct elf_file){.fd = -1};
}

static bool id_of_notes(Elf_Data *data, char ret[ELF_BUILD_ID_HEX])
{
	static const char digits[] = "0123456789abcdef";
	size_t offset = 0, name, desc;
	GElf_Nhdr note;

	while ((offset = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
		const unsigned char *id = (const unsigned char *)data->d_buf + desc;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || !note.n_descsz ||
		    note.n_descsz > ELF_BUILD_ID_BYTES ||
		    memcmp((const char *)data->d_buf + name, "GNU", 4))
			continue;
		for (size_t i = 0; i < note.n_descsz; i++) {
			ret[2 * i] = digits[id[i] >> 4];
			ret[2 * i + 1] = digits[id[i] & 15];
		}
		ret[2 * (size_t)note.n_descsz] = '\0';
		return true;
	}
	return false;
}

/* A debug file keeps its note sections, while its program headers point nowhere. */
static bool id_of_sections(const struct elf_file *file, size_t max, char ret[ELF_BUILD_ID_HEX])
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE ||
		    header.sh_size > max || header.sh_flags & SHF_COMPRESSED)
			continue;
		data = elf_getdata(section, NULL);
		if (data && data->d_buf && id_of_notes(data, ret))
			return true;
	}
	return false;
}

static bool id_of_segments(const struct elf_file *file, size_t max, char ret[ELF_BUILD_ID_HEX])
{
	size_t count = 0;

	if (elf_getphdrnum(file->elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		Elf_Data *data;

		if (!gelf_getphdr(file->elf, (int)i, &header) || header.p_type != PT_NOTE ||
		    header.p_filesz > max)
			continue;
		data = elf_getdata_rawchunk(file->elf, (int64_t)header.p_offset, header.p_filesz,
					    header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		if (data && data->d_buf && id_of_notes(data, ret))
			return true;
	}
	return false;
}

bool elf_file_build_id(const struct elf_file *file, const struct crashinfo_limits *limits,
		       char ret[ELF_BUILD_ID_HEX])
{
	return id_of_sections(file, limits->note_bytes, ret) ||
	       id_of_segments(file, limits->note_bytes, ret);
}

Elf_Scn *elf_file_section(const struct elf_file *file, const char *name)
{
	Elf_Scn *section = NULL;
	size_t strings;

	if (elf_getshdrstrndx(file->elf, &strings))
		return NULL;
	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		const char *found;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(file->elf, strings, header.sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

bool elf_file_has_dwarf(const struct elf_file *file)
{
	return elf_file_section(file, ".debug_info") || elf_file_section(file, ".zdebug_info");
}

bool elf_file_has_symtab(const struct elf_file *file)
{
	return elf_file_section(file, ".symtab") != NULL;
}

bool elf_file_is_debug_only(const struct elf_file *file)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_flags & SHF_EXECINSTR &&
		    header.sh_size)
			return header.sh_type == SHT_NOBITS;
	}
	return false;
}

bool elf_file_debuglink(const struct elf_file *file, const char **name_ret, uint32_t *crc_ret)
{
	Elf_Scn *section = elf_file_section(file, ".gnu_debuglink");
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	const char *name, *ident = elf_getident(file->elf, NULL);
	const unsigned char *crc;
	size_t length, at;

	if (!data || !data->d_buf || !ident)
		return false;
	name = data->d_buf;
	length = strnlen(name, data->d_size);
	/* NUL, then zeros up to a multiple of four, then the CRC in the file's byte order */
	at = (length + 4) & ~(size_t)3;
	if (!length || length == data->d_size || at + 4 > data->d_size || strchr(name, '/') ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	crc = (const unsigned char *)name + at;
	if (ident[EI_DATA] == ELFDATA2MSB)
		*crc_ret = (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 | (uint32_t)crc[2] << 8 |
			   crc[3];
	else
		*crc_ret = (uint32_t)crc[3] << 24 | (uint32_t)crc[2] << 16 | (uint32_t)crc[1] << 8 |
			   crc[0];
	*name_ret = name;
	return true;
}

bool elf_file_supplement(const struct elf_file *file, bool *is_it_ret, const char **name_ret,
			 char id[ELF_BUILD_ID_HEX])
{
	Elf_Scn *section = elf_file_section(file, ".debug_sup");
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	const char *ident = elf_getident(file->elf, NULL);
	struct cursor c = cursor_make(data ? data->d_buf : NULL, data ? data->d_size : 0,
				      ident && ident[EI_DATA] == ELFDATA2MSB);
	bool known = cursor_u16(&c) == 5;
	uint8_t is_it = cursor_u8(&c);
	const char *name = cursor_left(&c) ? cursor_string(&c) : NULL;
	uint64_t size = cursor_uleb(&c);
	const unsigned char *bytes = cursor_bytes(&c, size);

	if (!known || c.failed || is_it > 1 || !name || !size || size > ELF_BUILD_ID_BYTES)
		return false;
	for (size_t i = 0; i < size; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	*is_it_ret = is_it;
	*name_ret = name;
	return true;
}

struct crashinfo_error *elf_file_crc(const struct elf_file *file, uint32_t *ret)
{
	unsigned char buffer[65536];
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(file->fd, buffer, sizeof(buffer), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return crashinfo_error_from_errno(errno, "cannot read");
		crc = crc32(crc, buffer, (uInt)n);
		at += n;
	}
	*ret = (uint32_t)crc;
	return NULL;
}

bool elf_file_segment_at(const struct elf_file *file, uint64_t offset, GElf_Phdr *ret)
{
	size_t count = 0;

	if (elf_getphdrnum(file->elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(file->elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    offset < header.p_offset || offset - header.p_offset >= header.p_filesz)
			continue;
		*ret = header;
		return true;
	}
	return false;
}

bool elf_file_base(const struct elf_file *file, uint64_t *ret)
{
	size_t count = 0;

	if (elf_getphdrnum(file->elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		/* segments stand in order of their addresses */
		if (!gelf_getphdr(file->elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		*ret = header.p_vaddr & ~(uint64_t)0xfff;
		return true;
	}
	return false;
}

struct crashinfo_error *crashinfo_elf_build_id(const struct crashinfo_context *context,
					       const char *path, char **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char id[ELF_BUILD_ID_HEX];
	struct elf_file file;
	struct crashinfo_error *error;
	bool found;

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open %s", path);
	error = elf_file_open(fd, &file);
	if (error)
		return crashinfo_error_wrap(error, "%s", path);
	found = elf_file_build_id(&file, limits_of(context), id);
	elf_file_close(&file);
	if (!found)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND, "%s: no build id", path);
	*ret = strdup(id);
	return *ret ? NULL : crashinfo_error_no_memory();
}
