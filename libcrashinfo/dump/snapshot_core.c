/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/snapshot.h"

#include <elf.h>
#include <string.h>

#define PAGE UINT64_C(4096)

/* struct elf_prstatus around its registers */
#define STATUS_BEFORE 112
#define STATUS_BEHIND 8

struct maker {
	const struct snapshot *snapshot;
	struct strbuf headers, notes;
	size_t next;   /* run that is not yet in a segment */
	uint64_t data; /* where the bytes of the runs will be, from the first segment's on */
};

static void add(struct strbuf *buf, const void *bytes, size_t size)
{
	strbuf_add(buf, bytes, size);
}

static void add_word(struct strbuf *buf, uint64_t word)
{
	add(buf, &word, sizeof(word));
}

/* --- notes ------------------------------------------------------------------------------------ */

static void add_note(struct strbuf *notes, uint32_t type, const struct strbuf *content)
{
	Elf64_Nhdr header = {.n_namesz = 5, .n_descsz = (Elf64_Word)content->size, .n_type = type};

	add(notes, &header, sizeof(header));
	add(notes, "CORE\0\0\0", 8);
	add(notes, content->data, content->size);
	strbuf_pad(notes, '\0', -content->size % 4);
}

static void add_status(struct maker *m)
{
	_strbuf_ struct strbuf content = {0};
	const struct snapshot *s = m->snapshot;

	strbuf_pad(&content, '\0', STATUS_BEFORE);
	add(&content, s->words, s->arch->words * sizeof(s->words[0]));
	strbuf_pad(&content, '\0', STATUS_BEHIND);
	if (!content.failed)
		add_note(&m->notes, NT_PRSTATUS, &content);
	m->notes.failed |= content.failed;
}

static bool has_file(const struct crashinfo_map *map)
{
	return map->path[0] == '/';
}

static void add_files(struct maker *m)
{
	const struct crashinfo_maps *maps = m->snapshot->maps;
	_strbuf_ struct strbuf content = {0}, names = {0};
	uint64_t count = 0;

	for (size_t i = 0; i < maps->count; i++)
		count += has_file(&maps->entries[i]);
	add_word(&content, count);
	add_word(&content, 1); /* offsets are bytes */
	for (size_t i = 0; i < maps->count; i++) {
		const struct crashinfo_map *map = &maps->entries[i];

		if (!has_file(map))
			continue;
		add_word(&content, map->start);
		add_word(&content, map->end);
		add_word(&content, map->offset);
		add(&names, map->path, strlen(map->path) + 1);
	}
	add(&content, names.data, names.size);
	if (!content.failed && !names.failed)
		add_note(&m->notes, NT_FILE, &content);
	m->notes.failed |= content.failed || names.failed;
}

static void add_auxv(struct maker *m)
{
	const struct crashinfo_maps *maps = m->snapshot->maps;
	_strbuf_ struct strbuf content = {0};

	for (size_t i = 0; i < maps->count; i++) {
		if (strcmp(maps->entries[i].path, "[vdso]"))
			continue;
		add_word(&content, AT_SYSINFO_EHDR);
		add_word(&content, maps->entries[i].start);
	}
	add_word(&content, AT_NULL);
	add_word(&content, 0);
	if (!content.failed)
		add_note(&m->notes, NT_AUXV, &content);
	m->notes.failed |= content.failed;
}

/* --- memory ----------------------------------------------------------------------------------- */

static void add_segment(struct maker *m, uint64_t start, uint64_t end, uint32_t flags,
			const struct snapshot_run *run)
{
	Elf64_Phdr header = {
		.p_type = PT_LOAD,
		.p_flags = flags,
		.p_vaddr = start,
		.p_memsz = end - start,
		.p_offset = m->data + (run ? run->at + (start - run->address) : 0),
		.p_filesz = run ? run->address + run->size - start : 0,
	};

	if (header.p_filesz > header.p_memsz)
		header.p_filesz = header.p_memsz;
	add(&m->headers, &header, sizeof(header));
}

/* The segments of one mapping: what was copied of it, what lies between, and what is behind. */
static void add_map(struct maker *m, const struct crashinfo_map *map)
{
	uint32_t flags = (map->readable ? PF_R : 0u) | (map->writable ? PF_W : 0u) |
			 (map->executable ? PF_X : 0u);
	const struct snapshot_run *runs = m->snapshot->runs.data;
	size_t count = m->snapshot->runs.size;
	uint64_t at = map->start;

	while (m->next < count && runs[m->next].address + runs[m->next].size <= at)
		m->next++;
	for (size_t i = m->next; i < count && runs[i].address < map->end; i++) {
		uint64_t start = runs[i].address > at ? runs[i].address : at;
		uint64_t end = runs[i].address + runs[i].size;

		end = (end + PAGE - 1) & ~(PAGE - 1);
		if (end > map->end)
			end = map->end;
		if (start > at)
			add_segment(m, at, start, flags, NULL);
		if (end > start)
			add_segment(m, start, end, flags, &runs[i]);
		at = end > at ? end : at;
	}
	if (at < map->end)
		add_segment(m, at, map->end, flags, NULL);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void make(struct maker *m)
{
	for (size_t i = 0; i < m->snapshot->maps->count; i++)
		add_map(m, &m->snapshot->maps->entries[i]);
}

static void write_file(const struct maker *m, size_t count, struct strbuf *ret)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = m->snapshot->arch->machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(count + 1),
	};
	Elf64_Phdr notes = {
		.p_type = PT_NOTE,
		.p_offset = sizeof(header) + (count + 1) * sizeof(notes),
		.p_filesz = m->notes.size,
	};

	add(ret, &header, sizeof(header));
	add(ret, &notes, sizeof(notes));
	add(ret, m->headers.data, m->headers.size);
	add(ret, m->notes.data, m->notes.size);
	add(ret, m->snapshot->bytes.data, m->snapshot->bytes.size);
}

struct crashinfo_error *snapshot_core(const struct snapshot *snapshot, struct strbuf *ret)
{
	struct maker m = {.snapshot = snapshot};
	struct crashinfo_error *error = NULL;
	size_t count;

	add_status(&m);
	add_auxv(&m);
	add_files(&m);
	make(&m); /* to know their number, which is before the bytes */
	count = m.headers.size / sizeof(Elf64_Phdr);
	m.data = sizeof(Elf64_Ehdr) + (count + 1) * sizeof(Elf64_Phdr) + m.notes.size;
	strbuf_clear(&m.headers);
	m.next = 0;
	make(&m);
	if (m.headers.failed || m.notes.failed)
		error = crashinfo_error_no_memory();
	else if (count + 1 >= PN_XNUM)
		error = crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					       "more than %d mappings with a copied stack",
					       PN_XNUM);
	else
		write_file(&m, count, ret);
	strbuf_deinit(&m.headers);
	strbuf_deinit(&m.notes);
	return error ? error : strbuf_error(ret);
}
