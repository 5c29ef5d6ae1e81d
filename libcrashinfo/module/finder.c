/* SPDX-License-Identifier: Apache-2.0 */
/* From a build id and a path to files: build-id trees, sysroots, debug links, then the index. */
#include "module/finder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/number.h"
#include "module/debuginfod.h"

/* Where a debug folder may keep its build-id tree. */
static const char *const tree_prefixes[] = {"", "usr/lib/debug/"};
/* A debug file, or the module itself. */
static const char *const tree_suffixes[] = {".debug", ""};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct crashinfo_error *crashinfo_finder_create(const struct crashinfo_context *context,
						struct crashinfo_finder **ret)
{
	struct crashinfo_finder *finder = calloc(1, sizeof(*finder));

	if (!finder)
		return crashinfo_error_no_memory();
	finder->context = context ? *context : crashinfo_context_default();
	arena_init(&finder->arena);
	*ret = finder;
	return NULL;
}

void crashinfo_finder_destroy(struct crashinfo_finder *finder)
{
	if (!finder)
		return;
	for (size_t i = 0; i < finder->dirs.size; i++) {
		close(finder->dirs.data[i].fd);
		free(finder->dirs.data[i].index.files.data);
		free(finder->dirs.data[i].index.splits.data);
	}
	for (size_t i = 0; i < finder->modules.size; i++)
		free(finder->modules.data[i]->attempts.data);
	free(finder->dirs.data);
	free(finder->modules.data);
	debuginfod_destroy(finder->debuginfod);
	arena_deinit(&finder->arena);
	free(finder);
}

static struct crashinfo_error *add_dir(struct crashinfo_finder *finder, const char *path,
				       bool sysroot)
{
	_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct module_dir *dir;
	char *copy;

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open folder %s", path);
	copy = arena_strdup(&finder->arena, path);
	dir = copy ? vec_push(&finder->dirs) : NULL;
	if (!dir)
		return crashinfo_error_no_memory();
	*dir = (struct module_dir){.path = copy, .fd = steal_fd(fd), .sysroot = sysroot};
	return NULL;
}

struct crashinfo_error *crashinfo_finder_add_debug_dir(struct crashinfo_finder *finder,
						       const char *path)
{
	return add_dir(finder, path, false);
}

struct crashinfo_error *crashinfo_finder_add_sysroot(struct crashinfo_finder *finder,
						     const char *path)
{
	return add_dir(finder, path, true);
}

const char *module_join(struct crashinfo_finder *finder, const char *dir, const char *relative)
{
	size_t dir_size = strlen(dir), size = strlen(relative);
	char *path;

	while (dir_size > 1 && dir[dir_size - 1] == '/')
		dir_size--;
	relative += strspn(relative, "/");
	size = strlen(relative);
	path = arena_alloc(&finder->arena, dir_size + size + 2);
	if (path)
		snprintf(path, dir_size + size + 2, "%.*s/%s", (int)dir_size, dir, relative);
	return path;
}

struct crashinfo_error *module_attempt(struct crashinfo_finder *finder, struct module_files *files,
				       const char *path, const char *outcome)
{
	struct crashinfo_attempt *attempt;

	(void)finder;
	attempt = vec_push(&files->attempts);
	if (!attempt)
		return crashinfo_error_no_memory();
	*attempt = (struct crashinfo_attempt){.path = path, .outcome = outcome};
	return NULL;
}

struct crashinfo_error *module_file_open(const struct module_file *file, struct elf_file *ret)
{
	int fd = beneath_open(file->dir_fd, file->relative, file->mode);

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open %s", file->path);
	return crashinfo_error_wrap(elf_file_open(fd, ret), "%s", file->path);
}

/* Use `candidate`, whose contents are `elf`, where something is still missing. */
static const char *take(struct module_files *files, const struct module_file *candidate,
			const struct elf_file *elf)
{
	bool dwarf = elf_file_has_dwarf(elf), symbols = elf_file_has_symtab(elf);
	const char *outcome = "not needed";

	if ((!files->has_dwarf && dwarf) || (!files->debug.path && symbols)) {
		files->debug = *candidate;
		files->has_dwarf = dwarf;
		outcome = "used for debug information";
		if (!dwarf)
			outcome = "used for its symbols";
	}
	/* a debug file has the headers of its image, but not what they point to */
	if (!files->image.path && !elf_file_is_debug_only(elf)) {
		files->image = *candidate;
		if (!strcmp(outcome, "not needed"))
			outcome = "used as the module itself";
	}
	return outcome;
}

/* As take() for a file that is no ELF file. */
static const char *take_table(struct module_files *files, const struct module_file *candidate,
			      const struct module_table_id *table)
{
	if (files->build_id && !module_table_fits(table, files->build_id)) {
		files->public.build_id_mismatch = true;
		return "build id differs";
	}
	/* no build id: nothing says that it belongs to the module */
	if (!files->build_id || files->table.path)
		return "not needed";
	files->table = *candidate;
	return table->kind == MODULE_GSYM ? "used as GSYM file" : "used as Breakpad file";
}

/* Open the candidate, compare its build id, use it. */
static struct crashinfo_error *try_file(struct crashinfo_finder *finder, struct module_files *files,
					const struct module_file *candidate)
{
	int fd = beneath_open(candidate->dir_fd, candidate->relative, candidate->mode);
	char id[ELF_BUILD_ID_HEX] = "";
	struct module_table_id table;
	struct elf_file elf;
	struct crashinfo_error *error;
	const char *outcome;

	if (fd < 0)
		return module_attempt(finder, files, candidate->path,
				      errno == ENOENT || errno == ENOTDIR ? "not found"
				      : errno == EXDEV ? "leads out of the folder"
						       : "cannot be opened");
	if (module_table_identify(fd, &table)) {
		close(fd);
		return module_attempt(finder, files, candidate->path,
				      take_table(files, candidate, &table));
	}
	error = elf_file_open(fd, &elf);
	if (error) {
		crashinfo_error_destroy(error);
		return module_attempt(finder, files, candidate->path, "no ELF file");
	}
	elf_file_build_id(&elf, &finder->context.limits, id);
	if (files->build_id && strcmp(id, files->build_id)) {
		files->public.build_id_mismatch = true;
		outcome = *id ? "build id differs" : "has no build id";
	} else {
		outcome = take(files, candidate, &elf);
	}
	error = module_attempt(finder, files, candidate->path, outcome);
	if (!error && files->image.relative == candidate->relative && !files->debug.path)
		error = module_follow_debuglink(finder, files, &elf);
	elf_file_close(&elf);
	return error;
}

struct crashinfo_error *module_try_path(struct crashinfo_finder *finder, struct module_files *files,
					const struct module_dir *dir, const char *relative)
{
	struct module_file candidate = {
		.path = module_join(finder, dir->path, relative),
		.relative = relative,
		.dir_fd = dir->fd,
		.mode = dir->sysroot ? BENEATH_ROOT : BENEATH_STRICT,
	};

	if (!candidate.path)
		return crashinfo_error_no_memory();
	return try_file(finder, files, &candidate);
}

/* NN/REST below .build-id, at the places where trees stand. */
static struct crashinfo_error *try_tree(struct crashinfo_finder *finder, struct module_files *files,
					const struct module_dir *dir)
{
	const char *id = files->build_id;

	for (size_t p = 0; p < COUNT(tree_prefixes); p++) {
		for (size_t s = 0; s < COUNT(tree_suffixes); s++) {
			char relative[ELF_BUILD_ID_HEX + 64];
			const char *copy;
			struct crashinfo_error *error;

			snprintf(relative, sizeof(relative), "%s.build-id/%.2s/%s%s",
				 tree_prefixes[p], id, id + 2, tree_suffixes[s]);
			copy = arena_strdup(&finder->arena, relative);
			if (!copy)
				return crashinfo_error_no_memory();
			error = module_try_path(finder, files, dir, copy);
			if (error || files->debug.path)
				return error;
		}
	}
	return NULL;
}

/* All files of the index that have this id. */
static struct crashinfo_error *try_indexed(struct crashinfo_finder *finder,
					   struct module_files *files, const struct module_dir *dir,
					   const char *id)
{
	const struct module_indexed *found;
	struct crashinfo_error *error = NULL;
	size_t count;

	module_index_find(dir, id, &found, &count);
	for (size_t i = 0; i < count && !error; i++)
		if (found[i].kind == MODULE_ELF || !files->has_dwarf)
			error = module_try_path(finder, files, dir, found[i].relative);
	return error;
}

static struct crashinfo_error *try_index(struct crashinfo_finder *finder,
					 struct module_files *files, struct module_dir *dir)
{
	struct crashinfo_error *error = module_index_make(finder, dir);
	struct breakpad_ids ids;

	if (!error)
		error = try_indexed(finder, files, dir, files->build_id);
	breakpad_ids_make(files->build_id, &ids);
	for (size_t i = 0; i < COUNT(ids.ids) && !error; i++)
		if (*ids.ids[i])
			error = try_indexed(finder, files, dir, ids.ids[i]);
	return error;
}

static bool is_complete(const struct module_files *files)
{
	return files->debug.path && files->image.path;
}

static bool is_tree(const struct module_dir *dir)
{
	return !dir->sysroot && !dir->beside;
}

static struct crashinfo_error *search(struct crashinfo_finder *finder, struct module_files *files)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < finder->dirs.size && files->build_id && !error; i++)
		if (!files->debug.path && !finder->dirs.data[i].beside)
			error = try_tree(finder, files, &finder->dirs.data[i]);
	for (size_t i = 0; i < finder->dirs.size && files->path && !error; i++)
		if (finder->dirs.data[i].sysroot && !is_complete(files))
			error = module_try_path(finder, files, &finder->dirs.data[i], files->path);
	for (size_t i = 0; i < finder->dirs.size && files->build_id && files->path && !error; i++)
		if (is_tree(&finder->dirs.data[i]) && !files->has_dwarf && !files->table.path)
			error = module_try_store(finder, files, &finder->dirs.data[i]);
	/* reading whole trees comes last */
	for (size_t i = 0; i < finder->dirs.size && files->build_id && !error; i++)
		if (is_tree(&finder->dirs.data[i]) && !files->has_dwarf && !files->table.path)
			error = try_index(finder, files, &finder->dirs.data[i]);
	return error;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* A build id that could be one, in lowercase; "" when it could not. */
static const char *clean_id(struct crashinfo_finder *finder, const char *id)
{
	size_t size = 0, from = id ? strlen(id) : 0;
	char *copy = arena_strdup(&finder->arena, id ? id : "");

	for (size_t i = 0; copy && i < from; i++) {
		/* GUIDs and UUIDs are also written with dashes and in braces */
		if (strchr("-{}", id[i]))
			continue;
		if (hex_digit(id[i]) < 0)
			return "";
		copy[size++] = id[i] >= 'A' && id[i] <= 'F' ? (char)(id[i] - 'A' + 'a') : id[i];
	}
	if (copy)
		copy[size] = '\0';
	/* the age behind the GUID of a PDB file may have an odd number of digits */
	if (size < 4 || (size % 2 && (size <= 32 || size > 40)) || size >= ELF_BUILD_ID_HEX)
		return copy ? "" : NULL;
	return copy;
}

static struct module_files *known(struct crashinfo_finder *finder, const char *build_id,
				  const char *path)
{
	for (size_t i = 0; i < finder->modules.size; i++) {
		struct module_files *files = finder->modules.data[i];

		if (same_text(files->build_id, build_id) && same_text(files->path, path))
			return files;
	}
	return NULL;
}

static void publish(struct module_files *files)
{
	files->public.debug_path = files->debug.path ? files->debug.path : files->table.path;
	files->public.image_path = files->image.path;
	files->public.attempts = files->attempts.data;
	files->public.attempt_count = files->attempts.size;
	if (files->public.debug_path)
		files->public.build_id_mismatch = files->public.crc_mismatch = false;
}

static struct crashinfo_error *look_up(struct crashinfo_finder *finder, const char *id,
				       const char *path, struct module_files **ret)
{
	struct module_files *files = arena_calloc(&finder->arena, 1, sizeof(*files));
	struct module_files **slot = files ? vec_push(&finder->modules) : NULL;
	struct crashinfo_error *error;

	if (!slot)
		return crashinfo_error_no_memory();
	*slot = files;
	files->build_id = id;
	files->path = path ? arena_strdup(&finder->arena, path) : NULL;
	if (path && !files->path)
		return crashinfo_error_no_memory();
	error = search(finder, files);
	if (error)
		return error;
	publish(files);
	*ret = files;
	return NULL;
}

struct crashinfo_error *module_find_local(struct crashinfo_finder *finder, const char *build_id,
					  const char *path, struct module_files **ret)
{
	const char *id = clean_id(finder, build_id);
	struct module_files *files;

	if (!id)
		return crashinfo_error_no_memory();
	/* an id that is none must not open the door to files of another build */
	if (!*id && build_id && *build_id)
		path = NULL;
	id = *id ? id : NULL;
	files = known(finder, id, path);
	if (files) {
		*ret = files;
		return NULL;
	}
	return look_up(finder, id, path, ret);
}

struct crashinfo_error *module_find_remote(struct crashinfo_finder *finder,
					   struct module_files *files)
{
	struct debuginfod *debuginfod = finder->debuginfod;
	struct crashinfo_error *error = NULL;
	const char *relative;

	if (files->asked)
		return NULL;
	files->asked = true;
	/* ids with an odd number of digits are of PDB files */
	if (!debuginfod || !files->build_id || strlen(files->build_id) % 2 || files->has_dwarf ||
	    files->table.path)
		return NULL;
	error = debuginfod_get(finder, files, files->build_id, &relative);
	if (!error && relative)
		error = module_try_path(finder, files, &debuginfod->cache, relative);
	publish(files);
	return error;
}

struct crashinfo_error *crashinfo_finder_find(struct crashinfo_finder *finder, const char *build_id,
					      const char *path,
					      const struct crashinfo_module_files **ret)
{
	struct module_files *files;
	struct crashinfo_error *error = module_find_local(finder, build_id, path, &files);

	if (!error)
		error = module_find_remote(finder, files);
	if (!error)
		*ret = &files->public;
	return error;
}
