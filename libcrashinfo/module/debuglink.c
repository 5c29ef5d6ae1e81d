/* SPDX-License-Identifier: Apache-2.0 */
/* Files that another file names: separate debug files and dwz's common ones. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "module/debuginfod.h"

#define DEBUG_ROOT "/usr/lib/debug/"

/* Try one place for the debug link's target. */
static struct crashinfo_error *try_link(struct crashinfo_finder *finder, struct module_files *files,
					const struct module_dir *dir, const char *relative,
					uint32_t crc)
{
	struct module_file candidate = {
		.path = module_join(finder, dir->path, relative),
		.relative = arena_strdup(&finder->arena, relative),
		.dir_fd = dir->fd,
		.mode = dir->sysroot ? BENEATH_ROOT : BENEATH_STRICT,
	};
	char id[ELF_BUILD_ID_HEX] = "";
	struct elf_file elf;
	struct crashinfo_error *error;
	uint32_t found = 0;
	bool has_dwarf;

	if (!candidate.path || !candidate.relative)
		return crashinfo_error_no_memory();
	error = module_file_open(&candidate, &elf);
	if (error) {
		crashinfo_error_destroy(error);
		return module_attempt(finder, files, candidate.path, "not found");
	}
	error = elf_file_crc(&elf, &found);
	elf_file_build_id(&elf, &finder->context.limits, id);
	has_dwarf = elf_file_has_dwarf(&elf);
	elf_file_close(&elf);
	if (error) {
		crashinfo_error_destroy(error);
		return module_attempt(finder, files, candidate.path, "cannot be read");
	}
	if (found != crc) {
		files->public.crc_mismatch = true;
		return module_attempt(finder, files, candidate.path, "CRC differs");
	}
	/* the CRC can be equal by chance, the id cannot */
	if (files->build_id && *id && strcmp(id, files->build_id)) {
		files->public.build_id_mismatch = true;
		return module_attempt(finder, files, candidate.path, "build id differs");
	}
	files->debug = candidate;
	files->has_dwarf = has_dwarf;
	return module_attempt(finder, files, candidate.path, "used by its debug link");
}

/* The places where debuggers look, with the folder of the image standing for %s. */
static const char *const link_places[] = {"%s%s", "%s.debug/%s", "usr/lib/debug/%s%s"};

static struct crashinfo_error *try_places(struct crashinfo_finder *finder,
					  struct module_files *files, const struct module_dir *dir,
					  const char *folder, const char *name, uint32_t crc)
{
	for (size_t i = 0; i < sizeof(link_places) / sizeof(link_places[0]); i++) {
		_free_ char *relative = NULL;
		struct crashinfo_error *error;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		if (asprintf(&relative, link_places[i], folder, name) < 0)
			return crashinfo_error_no_memory();
#pragma GCC diagnostic pop
		error = try_link(finder, files, dir, relative, crc);
		if (error || files->debug.path)
			return error;
	}
	return NULL;
}

struct crashinfo_error *module_follow_debuglink(struct crashinfo_finder *finder,
						struct module_files *files,
						const struct elf_file *elf)
{
	/* as in the crashed process, or where the image was found */
	const char *path = files->path ? files->path : files->image.relative;
	struct crashinfo_error *error = NULL;
	_free_ char *folder = NULL;
	const char *name, *slash;
	uint32_t crc;

	if (!elf_file_debuglink(elf, &name, &crc))
		return NULL;
	path = path ? path + strspn(path, "/") : "";
	slash = strrchr(path, '/');
	folder = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	if (!folder)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < finder->dirs.size && !error && !files->debug.path; i++)
		error = try_places(finder, files, &finder->dirs.data[i], folder, name, crc);
	/* a flat folder of debug files */
	for (size_t i = 0; i < finder->dirs.size && !error && !files->debug.path; i++)
		if (!finder->dirs.data[i].sysroot)
			error = try_link(finder, files, &finder->dirs.data[i], name, crc);
	return error;
}

/* The link's target in the folder of a file that the user named, which counts as given. */
static struct crashinfo_error *try_beside(struct crashinfo_finder *finder,
					  struct module_files *files, const char *path,
					  const struct elf_file *elf)
{
	const char *slash = strrchr(path, '/'), *name;
	_free_ char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct module_dir *dir;
	struct crashinfo_error *error;
	uint32_t crc;

	if (!folder)
		return crashinfo_error_no_memory();
	if (!elf_file_debuglink(elf, &name, &crc))
		return NULL;
	error = crashinfo_finder_add_debug_dir(finder, folder);
	if (error)
		return error;
	/* only for this link: the folder is not one to search */
	dir = &finder->dirs.data[finder->dirs.size - 1];
	dir->beside = true;
	return try_places(finder, files, dir, "", name, crc);
}

struct crashinfo_error *module_find_separate(struct crashinfo_finder *finder, const char *path,
					     const struct elf_file *elf,
					     const struct module_files **ret)
{
	struct module_files *files;
	char id[ELF_BUILD_ID_HEX];
	struct crashinfo_error *error;
	bool has_id = elf_file_build_id(elf, &finder->context.limits, id);

	error = module_find_local(finder, has_id ? id : NULL, has_id ? NULL : path, &files);
	if (error)
		return error;
	if (!files->debug.path)
		error = module_follow_debuglink(finder, files, elf);
	if (!error && !files->debug.path)
		error = try_beside(finder, files, path, elf);
	if (!error)
		error = module_find_remote(finder, files);
	if (!error)
		*ret = files;
	return error;
}

/* By its build id, or the checksum that a supplementary file of DWARF 5 has in place of one. */
static bool has_id(const struct elf_file *elf, const struct crashinfo_limits *limits,
		   const char *id)
{
	char found[ELF_BUILD_ID_HEX] = "";
	const char *name;
	bool is_it;

	if (elf_file_build_id(elf, limits, found) && !strcmp(found, id))
		return true;
	return elf_file_supplement(elf, &is_it, &name, found) && is_it && !strcmp(found, id);
}

/* Whether the file has the build id; then it is `*ret`. */
static bool is_alternate(struct crashinfo_finder *finder, const struct module_dir *dir,
			 const char *relative, const char *build_id, struct module_file *ret)
{
	struct module_file file = {
		.path = module_join(finder, dir->path, relative),
		.relative = arena_strdup(&finder->arena, relative),
		.dir_fd = dir->fd,
		.mode = dir->sysroot ? BENEATH_ROOT : BENEATH_STRICT,
	};
	struct crashinfo_error *error;
	struct elf_file elf;
	bool fits;

	if (!file.path || !file.relative)
		return false;
	error = module_file_open(&file, &elf);
	if (error) {
		crashinfo_error_destroy(error);
		return false;
	}
	fits = has_id(&elf, &finder->context.limits, build_id);
	elf_file_close(&elf);
	if (fits)
		*ret = file;
	return fits;
}

static bool alternate_in(struct crashinfo_finder *finder, struct module_dir *dir, const char *name,
			 const char *build_id, struct module_file *ret)
{
	const char *dwz = strstr(name, ".dwz/");
	char tree[ELF_BUILD_ID_HEX + 64];
	const struct module_indexed *found;
	size_t count;

	snprintf(tree, sizeof(tree), ".build-id/%.2s/%s.debug", build_id, build_id + 2);
	if (is_alternate(finder, dir, tree, build_id, ret) ||
	    is_alternate(finder, dir, name, build_id, ret) ||
	    (dwz && is_alternate(finder, dir, dwz, build_id, ret)))
		return true;
	if (!strncmp(name, DEBUG_ROOT, strlen(DEBUG_ROOT)) &&
	    is_alternate(finder, dir, name + strlen(DEBUG_ROOT), build_id, ret))
		return true;
	if (dir->sysroot)
		return false;
	crashinfo_error_destroy(module_index_make(finder, dir));
	module_index_find(dir, build_id, &found, &count);
	return count && is_alternate(finder, dir, found[0].relative, build_id, ret);
}

/* Servers have dwz files by their build ids too. */
static bool is_served(struct crashinfo_finder *finder, const char *build_id,
		      struct module_file *ret)
{
	const char *relative = NULL;

	if (!finder->debuginfod)
		return false;
	crashinfo_error_destroy(debuginfod_get(finder, NULL, build_id, &relative));
	return relative &&
	       is_alternate(finder, &finder->debuginfod->cache, relative, build_id, ret);
}

struct crashinfo_error *module_find_alternate(struct crashinfo_finder *finder, const char *name,
					      const char *build_id, struct module_file *ret)
{
	for (size_t i = 0; i < finder->dirs.size; i++)
		if (!finder->dirs.data[i].beside &&
		    alternate_in(finder, &finder->dirs.data[i], name, build_id, ret))
			return NULL;
	if (is_served(finder, build_id, ret))
		return NULL;
	return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND, "no dwz file %s with build id %s",
				      name, build_id);
}
