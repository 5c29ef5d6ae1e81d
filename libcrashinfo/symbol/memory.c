/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/memory.h"

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "symbol/reader.h"

/* Behind "ZLIB", in big-endian order. */
static uint64_t old_size(Elf_Scn *section)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	struct cursor c = cursor_make(data ? data->d_buf : NULL, data ? data->d_size : 0, true);

	cursor_skip(&c, 4);
	return cursor_u64(&c);
}

/* The size that a section of debug information claims to grow to, 0 when it is not compressed. */
static uint64_t inflated_size(Elf_Scn *section, const char *name, bool all)
{
	bool old = !strncmp(name, ".zdebug_", 8);
	char plain[32] = "";
	GElf_Shdr header;
	GElf_Chdr compressed;

	if (!old && strncmp(name, ".debug_", 7) != 0)
		return 0;
	/* what was split off is called info.dwo and so on */
	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(name + 7 + old, "."), name + 7 + old);
	if ((!all && !reader_reads(plain)) || !gelf_getshdr(section, &header))
		return 0;
	if (header.sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(section, &compressed) ? compressed.ch_size : 0;
	return old ? old_size(section) : 0;
}

void memory_need_add(const struct elf_file *file, bool all, struct memory_need *need)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (!file->elf || elf_getshdrstrndx(file->elf, &names))
		return;
	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		const char *name = gelf_getshdr(section, &header)
					   ? elf_strptr(file->elf, names, header.sh_name)
					   : NULL;
		uint64_t size = name ? inflated_size(section, name, all) : 0;

		if (__builtin_add_overflow(need->total, size, &need->total))
			need->total = UINT64_MAX;
		if (size > need->largest)
			need->largest = size;
	}
}

bool memory_need_is_allowed(const struct memory_need *need, const struct crashinfo_limits *limits)
{
	return need->total <= limits->symbol_bytes && need->largest <= limits->inflated_bytes;
}
