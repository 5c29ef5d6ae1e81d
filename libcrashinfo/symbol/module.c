/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/module.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "module/beneath.h"
#include "symbol/trampoline.h"

/*
 * libdw looks for a missing alternate file by itself, at a path that the debug file names. This
 * value is what it stores when that search failed, so it does not begin it.
 */
#define NO_ALTERNATE ((Dwarf *)-1)

static const struct elf_file *dwarf_file(const struct symbol_module *module)
{
	return module->debug.elf ? &module->debug : &module->image;
}

/* The name and id of the file that dwz moved common entries to, hex into `id`. */
static bool read_altlink(const struct elf_file *file, const char **name_ret,
			 char id[ELF_BUILD_ID_HEX])
{
	Elf_Scn *section = elf_file_section(file, ".gnu_debugaltlink");
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	struct cursor c = cursor_make(data ? data->d_buf : NULL, data ? data->d_size : 0, false);
	const char *name = cursor_left(&c) ? cursor_string(&c) : NULL;
	size_t size = cursor_left(&c);
	bool is_it;

	/* as DWARF 5 has it */
	if (!section)
		return elf_file_supplement(file, &is_it, name_ret, id) && !is_it;
	if (!name || !size || size > ELF_BUILD_ID_BYTES)
		return false;
	for (size_t i = 0; i < size; i++)
		snprintf(id + 2 * i, 3, "%02x", c.at[i]);
	*name_ret = name;
	return true;
}

static void open_alternate(struct crashinfo_finder *finder, struct symbol_module *module)
{
	char id[ELF_BUILD_ID_HEX];
	struct module_file file;
	struct crashinfo_error *error;
	const char *name;

	if (!read_altlink(dwarf_file(module), &name, id))
		return;
	module->altlink_missing = true;
	if (!finder)
		return;
	error = module_find_alternate(finder, name, id, &file);
	if (!error)
		error = module_file_open(&file, &module->alternate);
	module->altlink_missing = error != NULL;
	crashinfo_error_destroy(error);
}

static struct crashinfo_error *open_readers(const struct crashinfo_limits *limits, unsigned jobs,
					    struct symbol_module *module)
{
	struct crashinfo_error *error =
		reader_file_create(dwarf_file(module), limits, jobs, &module->reader);

	if (error || !module->alternate.elf)
		return error;
	error = reader_file_create(&module->alternate, limits, jobs, &module->alternate_reader);
	if (!error)
		module->reader->alternate = module->alternate_reader;
	return error;
}

/* With `all`, for libdw. */
static bool is_allowed(struct symbol_module *module, const struct crashinfo_limits *limits,
		       bool all)
{
	struct memory_need need = {0};

	memory_need_add(dwarf_file(module), all, &need);
	memory_need_add(&module->alternate, all, &need);
	/* libdw inflates for itself, beside what the reader has */
	if (all && __builtin_add_overflow(need.total, module->need.total, &need.total))
		need.total = UINT64_MAX;
	module->need = need;
	module->too_large = !memory_need_is_allowed(&need, limits);
	return !module->too_large;
}

static struct crashinfo_error *open_dwarf(const struct crashinfo_limits *limits, unsigned jobs,
					  struct crashinfo_finder *finder, const char *path,
					  struct symbol_module *module)
{
	const struct elf_file *file = dwarf_file(module);
	struct crashinfo_error *error;

	if (!file->elf || !elf_file_has_dwarf(file))
		return NULL;
	open_alternate(finder, module);
	if (!is_allowed(module, limits, false))
		return NULL;
	error = open_readers(limits, jobs, module);
	if (!error)
		error = split_files_create(finder, module->found, path, &module->need, limits,
					   &module->splits);
	if (!error)
		module->reader->source = split_files_source(module->splits);
	return error;
}

/* Only for what our reader leaves: libdw inflates every section there is. */
static void open_libdw(struct symbol_module *module)
{
	if (libdw_load())
		module->dwarf = dwarf_begin_elf(dwarf_file(module)->elf, DWARF_C_READ, NULL);
	if (!module->dwarf) {
		module->damaged = true;
		return;
	}
	if (module->alternate.elf)
		module->alternate_dwarf =
			dwarf_begin_elf(module->alternate.elf, DWARF_C_READ, NULL);
	if (module->alternate_dwarf)
		dwarf_setalt(module->dwarf, module->alternate_dwarf);
	else
		dwarf_setalt(module->dwarf, NO_ALTERNATE);
}

/*
 * libdw opens what was split off a unit by itself, at paths that the debug file names, as soon as
 * an attribute of the skeleton is asked for. So it gets no file with such units.
 */
static bool has_skeletons(Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	uint8_t type;

	while (!dwarf_get_units(dwarf, unit, &unit, NULL, &type, NULL, NULL))
		if (type == DW_UT_skeleton)
			return true;
	return false;
}

static void refuse_skeletons(struct symbol_module *module)
{
	if (!module->dwarf ||
	    (!has_skeletons(module->dwarf) &&
	     !(module->alternate_dwarf && has_skeletons(module->alternate_dwarf))))
		return;
	dwarf_end(module->dwarf);
	dwarf_end(module->alternate_dwarf);
	module->dwarf = module->alternate_dwarf = NULL;
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

static void open_table(const struct module_files *found, struct symbol_module *module)
{
	int fd;

	if (!found->table.path || found->has_dwarf)
		return;
	fd = beneath_open(found->table.dir_fd, found->table.relative, found->table.mode);
	if (fd >= 0)
		crashinfo_error_destroy(symbol_table_open(fd, &module->table));
}

/* The file the user named, and when it is stripped what belongs to it. */
static struct crashinfo_error *open_named(struct crashinfo_finder *finder, const char *path,
					  struct symbol_module *module)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const struct module_files *found;
	struct module_table_id id;
	struct crashinfo_error *error;

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open %s", path);
	if (module_table_identify(fd, &id))
		return crashinfo_error_wrap(symbol_table_open(fd, &module->table), "%s", path);
	error = elf_file_open(fd, &module->image);
	if (error)
		return crashinfo_error_wrap(error, "%s", path);
	if (elf_file_has_dwarf(&module->image) || !finder)
		return NULL;
	error = module_find_separate(finder, path, &module->image, &found);
	if (error)
		return error;
	module->found = found;
	module->refused = why_refused(&found->public);
	open_table(found, module);
	/* a file that went away meanwhile costs its information, not the look-up */
	if (found->debug.path)
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
	module->found = found = (const struct module_files *)files;
	if (found->debug.path)
		crashinfo_error_destroy(module_file_open(&found->debug, &module->debug));
	if (found->image.path && found->image.relative != found->debug.relative)
		crashinfo_error_destroy(module_file_open(&found->image, &module->image));
	module->refused = why_refused(files);
	open_table(found, module);
	if (!module->debug.elf && !module->image.elf && !module->table.data)
		module->missing = why_missing(query, module->refused);
	return NULL;
}

bool symbol_module_file_id(const struct crashinfo_context *context, const char *path,
			   char ret[ELF_BUILD_ID_HEX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct crashinfo_error *error;
	struct elf_file file;
	bool found;

	if (fd < 0)
		return false;
	error = elf_file_open(fd, &file);
	if (error) {
		crashinfo_error_destroy(error);
		return false;
	}
	found = elf_file_build_id(&file, limits_of(context), ret);
	elf_file_close(&file);
	return found;
}

bool symbol_module_open_cache(const char *dir, const char *build_id, struct symbol_module *ret)
{
	struct cache_file *cache = cache_open(dir, build_id);

	if (cache)
		*ret = (struct symbol_module){
			.debug.fd = -1, .image.fd = -1, .alternate.fd = -1, .cache = cache};
	return cache != NULL;
}

struct crashinfo_error *symbol_module_open(const struct crashinfo_context *context,
					   struct crashinfo_finder *finder,
					   const struct crashinfo_symbolizer_options *options,
					   const struct crashinfo_symbol_query *query,
					   struct symbol_module *ret)
{
	struct symbol_module module = {.debug.fd = -1, .image.fd = -1, .alternate.fd = -1};
	struct crashinfo_error *error = NULL;

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
	*ret = module;
	error = open_dwarf(limits_of(context), options->jobs, finder, query->file, ret);
	if (error)
		symbol_module_close(ret);
	return error;
}

void symbol_module_close(struct symbol_module *module)
{
	trampoline_finder_destroy(module->trampolines);
	cache_close(module->cache);
	reader_file_destroy(module->reader);
	reader_file_destroy(module->alternate_reader);
	split_files_destroy(module->splits);
	symbol_table_close(&module->table);
	embedded_mini_close(&module->mini);
	/* the alternate after what refers to it */
	if (module->dwarf)
		dwarf_end(module->dwarf);
	if (module->alternate_dwarf)
		dwarf_end(module->alternate_dwarf);
	elf_file_close(&module->debug);
	elf_file_close(&module->image);
	elf_file_close(&module->alternate);
}

bool symbol_module_is_trampoline(struct symbol_module *module, uint64_t address)
{
	if (module->cache)
		return cache_is_trampoline(module->cache, address);
	if (!module->trampolines)
		module->trampolines = trampoline_finder_create(&module->debug, &module->image);
	return module->trampolines && trampoline_at(module->trampolines, address);
}

static bool is_unhandled(const struct lookup *lookup)
{
	return lookup->unhandled;
}

/* libdw reads the same files as the readers. */
static void set_declared_in(const struct symbol_module *module, struct lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++)
		for (size_t k = 0; k < lookups->data[i].frames.size; k++) {
			struct lookup_frame *frame = &lookups->data[i].frames.data[k];

			frame->declared_in = frame->declared_in_alternate ? module->alternate_reader
									  : module->reader;
		}
}

struct crashinfo_error *symbol_module_resolve_rest(struct symbol_module *module,
						   const struct crashinfo_limits *limits,
						   struct lookups *lookups)
{
	struct lookups rest;
	struct crashinfo_error *error = NULL;

	lookups_part(lookups, is_unhandled, &rest);
	if (!rest.count)
		return NULL;
	if (!module->dwarf && !module->damaged && !module->too_large &&
	    is_allowed(module, limits, true)) {
		open_libdw(module);
		refuse_skeletons(module);
	}
	if (!module->dwarf)
		return NULL;
	error = dwarf_resolve(module->dwarf, limits, &rest);
	set_declared_in(module, &rest);
	return error || !module->reader ? error : reader_scopes(module->reader, &rest);
}

bool symbol_module_lacks_memory(const struct symbol_module *module, const struct lookup *lookup)
{
	return module->too_large && (!module->reader || lookup->unhandled);
}

bool symbol_module_has_dwarf(const struct symbol_module *module)
{
	return module->cache ? cache_has_dwarf(module->cache) : module->reader != NULL;
}

const struct elf_file *symbol_module_symbols(const struct symbol_module *module)
{
	/* a debug file may have kept no symbols, and its image at least the dynamic ones */
	if (module->debug.elf && elf_file_has_symtab(&module->debug))
		return &module->debug;
	return module->image.elf ? &module->image : &module->debug;
}

static bool lacks_name(const struct lookup *lookup)
{
	const struct lookup_frame *last;

	if (!lookup->frames.size)
		return true;
	last = &lookup->frames.data[lookup->frames.size - 1];
	return (!last->linkage_name && !last->name) || !last->symbol_address;
}

static bool is_nameless(const struct lookup *lookup)
{
	return lacks_name(lookup) && !lookup->symbol;
}

static struct crashinfo_error *resolve_symbols(struct symbol_module *module,
					       const struct crashinfo_limits *limits,
					       struct lookups *lookups)
{
	const struct elf_file *symbols = symbol_module_symbols(module);
	struct crashinfo_error *error = NULL;
	struct lookups rest;

	lookups_part(lookups, lacks_name, &rest);
	if (rest.count && symbols->elf)
		error = elf_symbols_resolve(symbols, &rest);
	if (error)
		return error;
	/* the dynamic symbols are few: the others may be packed up beside them */
	lookups_part(lookups, is_nameless, &rest);
	if (!rest.count)
		return NULL;
	if (!module->mini.tried)
		embedded_mini_open(&module->image, limits, &module->mini);
	return module->mini.file.elf ? elf_symbols_resolve(&module->mini.file, &rest) : NULL;
}

/* Addresses of Breakpad count from where the module begins. */
static uint64_t base_of(const struct symbol_module *module)
{
	const struct elf_file *file = module->image.elf ? &module->image : &module->debug;
	uint64_t base;

	return file->elf && elf_file_base(file, &base) ? base : 0;
}

static struct crashinfo_error *resolve_without_dwarf(struct symbol_module *module,
						     const struct crashinfo_limits *limits,
						     struct lookups *lookups)
{
	module->described = module->table.data != NULL;
	if (module->table.data)
		return symbol_table_resolve(&module->table, base_of(module), limits, lookups);
	if (!module->image.elf)
		return NULL;
	return embedded_go_resolve(&module->image, limits, lookups, &module->described);
}

struct crashinfo_error *symbol_module_resolve(struct symbol_module *module,
					      const struct crashinfo_limits *limits,
					      struct lookups *lookups)
{
	struct crashinfo_error *error = NULL;

	if (module->cache)
		return cache_resolve(module->cache, limits, lookups);
	if (module->reader)
		error = reader_resolve(module->reader, lookups);
	if (!error && module->reader)
		error = symbol_module_resolve_rest(module, limits, lookups);
	if (!error && !module->reader)
		error = resolve_without_dwarf(module, limits, lookups);
	if (!error && module->reader)
		error = symbol_module_linkage(module, limits, lookups);
	return error ? error : resolve_symbols(module, limits, lookups);
}
