/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/embedded.h"

#include <lzma.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "module/library.h"

/* What a decoder may take: its window is part of what the file asks for. */
#define LZMA_MEMORY ((uint64_t)128 * 1024 * 1024)
#define LZMA_CHUNK  ((size_t)256 * 1024)

/* Where the header of the table says that text starts, behind two more numbers. */
#define TEXT_START(pointer) (8 + 2 * (uint64_t)(pointer))

static uint64_t text_section(const struct elf_file *file)
{
	Elf_Scn *section = elf_file_section(file, ".text");
	GElf_Shdr header;

	return section && gelf_getshdr(section, &header) ? header.sh_addr : 0;
}

/* The addend that the loader will store at `place`; false when no relocation does. */
static bool find_addend(const struct elf_file *file, uint64_t place, uint64_t *ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		GElf_Rela rela;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
		    !(data = elf_getdata(section, NULL)))
			continue;
		for (int i = 0; i < INT32_MAX && gelf_getrela(data, i, &rela); i++) {
			if (rela.r_offset != place)
				continue;
			*ret = (uint64_t)rela.r_addend;
			return true;
		}
	}
	return false;
}

/* Zero in a PIE, where the loader writes it; and in Go 1.26, which leaves it out. */
static uint64_t text_start(const struct elf_file *file, uint64_t address,
			   const struct symbol_bytes *bytes)
{
	const char *ident = elf_getident(file->elf, NULL);
	struct cursor c =
		cursor_make(bytes->data, bytes->size, ident && ident[EI_DATA] == ELFDATA2MSB);
	unsigned pointer;
	uint64_t start;

	cursor_skip(&c, 7);
	pointer = cursor_u8(&c);
	if (pointer != 4 && pointer != 8)
		return 0;
	cursor_skip(&c, 2 * (uint64_t)pointer);
	start = cursor_uint(&c, pointer);
	if (!start && !find_addend(file, address + TEXT_START(pointer), &start))
		start = text_section(file);
	return start;
}

struct crashinfo_error *embedded_go_resolve(const struct elf_file *file,
					    const struct crashinfo_limits *limits,
					    struct lookups *lookups, bool *found_ret)
{
	Elf_Scn *section = elf_file_section(file, ".gopclntab");
	struct symbol_bytes bytes = {.limits = limits};
	GElf_Shdr header;
	Elf_Data *data;

	if (!section)
		section = elf_file_section(file, ".data.rel.ro.gopclntab");
	data = section ? elf_rawdata(section, NULL) : NULL;
	*found_ret = data && data->d_buf && gelf_getshdr(section, &header);
	if (!*found_ret)
		return NULL;
	bytes.data = data->d_buf;
	bytes.size = data->d_size;
	bytes.base = text_start(file, header.sh_addr, &bytes);
	return pclntab_resolve(&bytes, lookups);
}

/* Of liblzma, loaded when it is needed. */
static struct lzma {
	__typeof__(lzma_stream_decoder) *stream_decoder;
	__typeof__(lzma_code) *code;
	__typeof__(lzma_end) *end;
} lzma;
static bool lzma_loaded;
static pthread_once_t lzma_once = PTHREAD_ONCE_INIT;

static void load_lzma(void)
{
	static const struct library_function rows[] = {
		{"lzma_stream_decoder", offsetof(struct lzma, stream_decoder)},
		{"lzma_code", offsetof(struct lzma, code)},
		{"lzma_end", offsetof(struct lzma, end)},
	};

	lzma_loaded = library_load("liblzma.so.5", rows, sizeof(rows) / sizeof(rows[0]), &lzma);
}

/* Unpack until the end of the stream; NULL when it is damaged or larger than `max`. */
static unsigned char *unpack(const unsigned char *from, size_t size, size_t max, size_t *size_ret)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	unsigned char *to = NULL, *grown;
	size_t capacity = 0;
	lzma_ret state;

	pthread_once(&lzma_once, load_lzma);
	if (!lzma_loaded)
		return NULL;
	state = lzma.stream_decoder(&stream, LZMA_MEMORY, 0);
	stream.next_in = from;
	stream.avail_in = size;
	while (state == LZMA_OK) {
		if (!stream.avail_out) {
			if (capacity >= max)
				break;
			capacity = capacity ? capacity * 2 : LZMA_CHUNK;
			capacity = capacity < max ? capacity : max;
			grown = realloc(to, capacity);
			if (!grown)
				break;
			to = grown;
			stream.next_out = to + stream.total_out;
			stream.avail_out = capacity - (size_t)stream.total_out;
		}
		state = lzma.code(&stream, LZMA_FINISH);
	}
	*size_ret = (size_t)stream.total_out;
	lzma.end(&stream);
	if (state == LZMA_STREAM_END)
		return to;
	free(to);
	return NULL;
}

void embedded_mini_open(const struct elf_file *file, const struct crashinfo_limits *limits,
			struct embedded_mini *ret)
{
	Elf_Scn *section = file->elf ? elf_file_section(file, ".gnu_debugdata") : NULL;
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	size_t size;

	*ret = (struct embedded_mini){.tried = true, .file.fd = -1};
	if (!data || !data->d_buf)
		return;
	ret->bytes = unpack(data->d_buf, data->d_size,
			    limits->inflated_bytes < limits->symbol_bytes ? limits->inflated_bytes
									  : limits->symbol_bytes,
			    &size);
	if (!ret->bytes)
		return;
	ret->file.elf = elf_memory((char *)ret->bytes, size);
	if (ret->file.elf && elf_kind(ret->file.elf) == ELF_K_ELF)
		return;
	elf_end(ret->file.elf);
	ret->file.elf = NULL;
}

void embedded_mini_close(struct embedded_mini *mini)
{
	elf_end(mini->file.elf);
	free(mini->bytes);
	*mini = (struct embedded_mini){0};
}
