/* SPDX-License-Identifier: Apache-2.0 */
/* A core file: what its headers and notes say, its memory, and the files of its modules. */
#ifndef DUMP_CORE_H
#define DUMP_CORE_H

#include <elf.h>

#include <crashinfo/core.h>
#include <crashinfo/maps.h>

#include "base/arena.h"
#include "base/vec.h"
#include "dump/cache.h"
#include "dump/dump.h"

/* A PT_LOAD. */
struct core_segment {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* in the core file */
	uint64_t size;       /* bytes that are there */
	uint32_t flags;      /* PF_... */
};

/* An entry of NT_FILE. */
struct core_range {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	const char *path;
};

/* The maps of one loaded file. */
struct core_image {
	size_t first; /* index of its first map */
	const char *path;

	bool is_file_tried;
	struct dump_cached_file file, debug; /* fd -1: none */
	const char *missing;                 /* why there is no file, NULL when there is one */

	bool is_id_read;
	struct elf_build_id core_id; /* as the core has it, size 0 when it does not */

	bool is_loaded, is_broken; /* what follows was read, or cannot be */
	bool are_sections_read;
	struct elf_image elf;
	struct elf_build_id build_id;
	uint64_t bias;
	Elf64_Shdr eh_frame, debug_frame, separate_frame; /* sh_size 0: none */
};

struct core {
	struct crashinfo_context context;
	struct arena arena;
	int fd;
	uint64_t size; /* of the file */
	struct dump_cache *cache;
	const struct crashinfo_core_options *options;

	const struct dump_arch *arch;
	Elf64_Ehdr header;
	VEC(struct core_segment) segments; /* by address */
	VEC(struct core_range) ranges;     /* by address */
	uint64_t promised;                 /* bytes of the file that the headers speak of */
	uint64_t notes_end;                /* what the notes need of it */
	bool are_headers_cut, are_notes_cut, has_notes;
	bool are_threads_left_out, are_maps_left_out;

	/* from NT_AUXV */
	uint64_t entry, exec_name, vdso;
	/* from NT_PRPSINFO */
	const char *command, *arguments;
	struct strbuf auxv; /* as text */

	struct strbuf maps_text;
	struct crashinfo_maps *maps;
	struct core_image **images; /* by index of a map, NULL when it has no file */
	VEC(struct core_image *) all_images;

	struct dump_cached_file exe; /* fd -1: none */
	const char *exe_path;
	struct elf_image exe_elf;
	struct elf_build_id exe_id;
	bool is_exe_used, is_exe_wrong;

	struct unwind_space space;
	struct dump dump;
};

/* Read `size` bytes of the core file; false when they are not all there. */
bool core_pread(struct core *core, uint64_t offset, void *to, size_t size);

/* --- headers (core_headers.c) --- */

/* FORMAT, UNSUPPORTED, LIMIT. */
struct crashinfo_error *core_read_headers(struct core *core);

/* --- notes (core_notes.c) --- */

/* Add what the notes in `size` bytes at `offset` tell to `core->dump` and the rest. */
struct crashinfo_error *core_read_notes(struct core *core, uint64_t offset, uint64_t size);

/* --- maps (core_maps.c) --- */

/* Make the maps of segments and notes, and the table of images. */
struct crashinfo_error *core_make_maps(struct core *core);

/* --- memory and files (core_memory.c) --- */

/* What the core itself holds. */
struct unwind_memory core_own_memory(struct core *core);
/* That, and what was mapped from files and not written to. */
struct unwind_memory core_memory(struct core *core);
/* Open the program that the user named. OS, FORMAT. */
struct crashinfo_error *core_open_exe(struct core *core, const char *path);
/* Look for the file of an image once; whether there is one. */
bool core_image_find_file(struct core *core, struct core_image *image);
void core_images_free(struct core *core);

/* --- modules (core_modules.c) --- */

void core_init_space(struct core *core);
bool core_find_place(void *source, uint64_t pc, struct dump_place *ret);

#endif
