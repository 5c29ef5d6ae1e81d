/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/trampoline.h"

/*
 * libdw looks for a missing alternate file by itself, at a path that the debug file names. This
 * value is what it stores when that search failed, so it does not begin it.
 */
#define NO_ALTERNATE ((Dwarf *)-1)

static void open_alternate(struct crashinfo_finder *finder, struct symbol_module *module)
{
	char id[ELF_BUILD_ID_HEX];
	struct module_file file;
	struct crashinfo_error *error;
	const unsigned char *bytes;
	const char *name;
	const void *raw;
	ssize_t size = dwelf_dwarf_gnu_debugaltlink(module->dwarf, &name, &raw);

	if (size <= 0)
		return;
	dwarf_setalt(module->dwarf, NO_ALTERNATE);
	module->altlink_missing = true;
	if (!finder || size > ELF_BUILD_ID_BYTES)
		return;
	bytes = raw;
	for (ssize_t i = 0; i < size; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	error = module_find_alternate(finder, name, id, &file);
	if (!error)
		error = module_file_open(&file, &module->alternate);
	if (error) {
		crashinfo_error_destroy(error);
		return;
	}
	module->alternate_dwarf = dwarf_begin_elf(module->alternate.elf, DWARF_C_READ, NULL);
	if (!module->alternate_dwarf)
		return;
	dwarf_setalt(module->dwarf, module->alternate_dwarf);
	module->altlink_missing = false;
}

static void open_dwarf(struct crashinfo_finder *finder, struct symbol_module *module)
{
	const struct elf_file *file = module->debug.elf ? &module->debug : &module->image;

	if (!file->elf || !elf_file_has_dwarf(file))
		return;
	module->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	if (module->dwarf)
		open_alternate(finder, module);
	else
		module->damaged = true;
}

static enum crashinfo_symbol_status why_refused(const struct crashinfo_module_files *files)
{
	if (files->crc_mismatch)
		return CRASHINFO_SYMBOL_CRC_MISMATCH;
	return files->build_id_mismatch ? CRASHINFO_SYMBOL_BUILD_ID_MISMATCH
					: CRASHINFO_SYMBOL_RESOLVED;
}

static enum crashinfo_symbol_status why_missing(const struct crashinfo_symbol_query *query,
						enum crashinfo_symbol_status refused)
{
	if (!query->build_id && !query->path)
		return CRASHINFO_SYMBOL_MODULE_UNKNOWN;
	return refused == CRASHINFO_SYMBOL_RESOLVED ? CRASHINFO_SYMBOL_NO_DEBUG_FILE : refused;
}

/* The file the user named, and when it is stripped what belongs to it. */
static struct crashinfo_error *open_named(struct crashinfo_finder *finder, const char *path,
					  struct symbol_module *module)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const struct module_files *found;
	struct crashinfo_error *error;

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open %s", path);
	error = elf_file_open(fd, &module->image);
	if (error)
		return crashinfo_error_wrap(error, "%s", path);
	if (elf_file_has_dwarf(&module->image) || !finder)
		return NULL;
	error = module_find_separate(finder, path, &module->image, &found);
	if (error)
		return error;
	module->refused = why_refused(&found->public);
	if (!found->debug.path)
		return NULL;
	/* a file that went away meanwhile costs its information, not the look-up */
	crashinfo_error_destroy(module_file_open(&found->debug, &module->debug));
	return NULL;
}

static struct crashinfo_error *open_found(struct crashinfo_finder *finder,
					  const struct crashinfo_symbol_query *query,
					  struct symbol_module *module)
{
	const struct crashinfo_module_files *files;
	const struct module_files *found;
	struct crashinfo_error *error;

	error = crashinfo_finder_find(finder, query->build_id, query->path, &files);
	if (error)
		return error;
	found = (const struct module_files *)files;
	if (found->debug.path)
		crashinfo_error_destroy(module_file_open(&found->debug, &module->debug));
	if (found->image.path && found->image.relative != found->debug.relative)
		crashinfo_error_destroy(module_file_open(&found->image, &module->image));
	module->refused = why_refused(files);
	if (!module->debug.elf && !module->image.elf)
		module->missing = why_missing(query, module->refused);
	return NULL;
}

struct crashinfo_error *symbol_module_open(const struct crashinfo_context *context,
					   struct crashinfo_finder *finder,
					   const struct crashinfo_symbol_query *query,
					   struct symbol_module *ret)
{
	struct symbol_module module = {.debug.fd = -1, .image.fd = -1, .alternate.fd = -1};
	struct crashinfo_error *error = NULL;

	(void)context;
	if (query->file)
		error = open_named(finder, query->file, &module);
	else if (finder)
		error = open_found(finder, query, &module);
	else
		module.missing = CRASHINFO_SYMBOL_MODULE_UNKNOWN;
	if (error) {
		symbol_module_close(&module);
		return error;
	}
	open_dwarf(finder, &module);
	*ret = module;
	return NULL;
}

void symbol_module_close(struct symbol_module *module)
{
	trampoline_finder_destroy(module->trampolines);
	/* the alternate after what refers to it */
	dwarf_end(module->dwarf);
	dwarf_end(module->alternate_dwarf);
	elf_file_close(&module->debug);
	elf_file_close(&module->image);
	elf_file_close(&module->alternate);
}

bool symbol_module_is_trampoline(struct symbol_module *module, uint64_t address)
{
	if (!module->trampolines)
		module->trampolines =
			trampoline_finder_create(&module->debug, &module->image, module->dwarf);
	return module->trampolines && trampoline_at(module->trampolines, address);
}

struct crashinfo_error *symbol_module_resolve(struct symbol_module *module,
					      const struct crashinfo_limits *limits,
					      struct lookups *lookups)
{
	const struct elf_file *symbols = &module->debug;
	struct crashinfo_error *error;

	/* a debug file may have kept no symbols, and its image at least the dynamic ones */
	if (!symbols->elf || !elf_file_has_symtab(symbols))
		symbols = module->image.elf ? &module->image : &module->debug;
	error = elf_symbols_resolve(symbols, lookups);
	if (error || !module->dwarf)
		return error;
	return dwarf_resolve(module->dwarf, limits, lookups);
}
