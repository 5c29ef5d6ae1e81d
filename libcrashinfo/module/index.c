/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which build ids a folder tree holds; headers and notes are read, nothing else, and not even these
 * where the name of a file says its id.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/number.h"
#include "module/finder.h"

/* Files with the same id: debug information before symbols before neither. */
static int by_id(const void *a, const void *b)
{
	const struct module_indexed *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	if (order)
		return order;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->has_dwarf != y->has_dwarf)
		return y->has_dwarf - x->has_dwarf;
	if (x->has_symtab != y->has_symtab)
		return y->has_symtab - x->has_symtab;
	return strcmp(x->relative, y->relative);
}

static struct crashinfo_error *add_entry(struct crashinfo_finder *finder, struct module_dir *dir,
					 const char *relative, const char *id,
					 struct module_indexed *entry)
{
	struct module_indexed *slot;

	entry->id = arena_strdup(&finder->arena, id);
	entry->relative = arena_strdup(&finder->arena, relative);
	slot = entry->id && entry->relative ? vec_push(&dir->index.files) : NULL;
	if (!slot)
		return crashinfo_error_no_memory();
	*slot = *entry;
	return NULL;
}

static struct crashinfo_error *add_elf(struct crashinfo_finder *finder, struct module_dir *dir,
				       const char *relative, const struct elf_file *elf)
{
	char id[ELF_BUILD_ID_HEX];
	struct module_indexed entry = {.kind = MODULE_ELF};

	const char *name;
	bool is_it;

	if (!elf_file_build_id(elf, &finder->context.limits, id) &&
	    !(elf_file_supplement(elf, &is_it, &name, id) && is_it))
		return NULL;
	entry.has_dwarf = elf_file_has_dwarf(elf);
	entry.has_symtab = elf_file_has_symtab(elf);
	return add_entry(finder, dir, relative, id, &entry);
}

static struct crashinfo_error *add_file(struct crashinfo_finder *finder, struct module_dir *dir,
					const char *relative)
{
	int fd = beneath_open(dir->fd, relative, BENEATH_STRICT);
	struct module_indexed entry = {0};
	struct module_table_id table;
	struct elf_file elf;
	struct crashinfo_error *error;

	if (fd < 0)
		return NULL;
	if (module_table_identify(fd, &table)) {
		close(fd);
		entry.kind = table.kind;
		return *table.id ? add_entry(finder, dir, relative, table.id, &entry) : NULL;
	}
	error = elf_file_open(fd, &elf);
	if (error) {
		/* most files of a tree are something else */
		crashinfo_error_destroy(error);
		return NULL;
	}
	error = add_elf(finder, dir, relative, &elf);
	elf_file_close(&elf);
	return error;
}

static bool is_split(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".dwo") || !strcmp(dot, ".dwp"));
}

/* They have no build ids, but names. */
static struct crashinfo_error *add_split(struct crashinfo_finder *finder, struct module_dir *dir,
					 const char *relative)
{
	const char *copy = arena_strdup(&finder->arena, relative);
	struct module_named *slot = copy ? vec_push(&dir->index.splits) : NULL;
	const char *slash = copy ? strrchr(copy, '/') : NULL;

	if (!slot)
		return crashinfo_error_no_memory();
	*slot = (struct module_named){slash ? slash + 1 : copy, copy};
	return NULL;
}

static int by_file_name(const void *a, const void *b)
{
	const struct module_named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->relative, y->relative);
}

/* A folder below the one that is indexed, from there: "" or "NAME/.../". malloc'd. */
struct folder {
	char *relative;
	size_t depth;
};

struct index_walk {
	struct crashinfo_finder *finder;
	struct module_dir *dir;
	VEC(struct folder) folders; /* to be read */
	size_t files;
};

static bool is_id_digit(char c)
{
	return hex_digit(c) >= 0 && !(c >= 'A' && c <= 'F');
}

/* Whether the finder looks for what is in the folder by its name: "NN" of build-id trees. */
static bool is_in_tree(const char *folder)
{
	static const char tree[] = ".build-id/", below[] = "usr/lib/debug/";

	if (!strncmp(folder, below, sizeof(below) - 1))
		folder += sizeof(below) - 1;
	if (strncmp(folder, tree, sizeof(tree) - 1) != 0)
		return false;
	folder += sizeof(tree) - 1;
	return strlen(folder) == 3 && is_id_digit(folder[0]) && is_id_digit(folder[1]);
}

/* "REST" or "REST.debug" of an id: to read the file would tell no more. */
static bool is_rest(const char *name)
{
	size_t digits = 0;

	while (is_id_digit(name[digits]))
		digits++;
	return digits && (!name[digits] || !strcmp(name + digits, ".debug"));
}

static bool push_folder(struct index_walk *walk, const char *parent, const char *name, size_t depth)
{
	struct folder *slot;
	char *relative;

	if (asprintf(&relative, *name ? "%s%s/" : "%s%s", parent, name) < 0)
		return false;
	slot = vec_push(&walk->folders);
	if (slot)
		*slot = (struct folder){relative, depth};
	else
		free(relative);
	return slot != NULL;
}

static struct crashinfo_error *visit_folder(struct index_walk *walk, const struct folder *parent,
					    const char *name)
{
	const struct crashinfo_limits *limits = &walk->finder->context.limits;

	if (parent->depth >= limits->tree_depth) {
		context_log(&walk->finder->context, CRASHINFO_LOG_WARNING,
			    "%s: folders deeper than %zu are left out", walk->dir->path,
			    limits->tree_depth);
		return NULL;
	}
	return push_folder(walk, parent->relative, name, parent->depth + 1)
		       ? NULL
		       : crashinfo_error_no_memory();
}

static struct crashinfo_error *visit_file(struct index_walk *walk, const struct folder *parent,
					  const char *name)
{
	struct crashinfo_error *error = NULL;
	_free_ char *relative = NULL;

	walk->files++;
	if (is_in_tree(parent->relative) && is_rest(name))
		return NULL;
	if (asprintf(&relative, "%s%s", parent->relative, name) < 0)
		return crashinfo_error_no_memory();
	error = is_split(name) ? add_split(walk->finder, walk->dir, relative)
			       : add_file(walk->finder, walk->dir, relative);
	return error;
}

/* As struct dirent has it; file systems may leave it to stat(). */
static unsigned type_of(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

/* Links are not followed, so there are no loops. */
static struct crashinfo_error *read_folder(struct index_walk *walk, const struct folder *folder)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(walk->dir->fd, *folder->relative ? folder->relative : ".", flags);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct crashinfo_error *error = NULL;
	struct dirent *entry;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return folder->depth ? NULL
				     : crashinfo_error_from_errno(errno, "cannot read folder %s",
								  walk->dir->path);
	}
	while (!error && walk->files < walk->finder->context.limits.tree_files &&
	       (entry = readdir(stream))) {
		unsigned type = type_of(fd, entry);

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (type == DT_DIR)
			error = visit_folder(walk, folder, entry->d_name);
		else if (type == DT_REG)
			error = visit_file(walk, folder, entry->d_name);
	}
	closedir(stream);
	return error;
}

static struct crashinfo_error *read_folders(struct index_walk *walk)
{
	struct crashinfo_error *error =
		push_folder(walk, "", "", 0) ? NULL : crashinfo_error_no_memory();

	while (walk->folders.size) {
		struct folder folder = walk->folders.data[--walk->folders.size];

		if (!error)
			error = read_folder(walk, &folder);
		free(folder.relative);
	}
	free(walk->folders.data);
	if (walk->files >= walk->finder->context.limits.tree_files)
		context_log(&walk->finder->context, CRASHINFO_LOG_WARNING,
			    "%s: only %zu files are looked at", walk->dir->path, walk->files);
	return error;
}

struct crashinfo_error *module_index_make(struct crashinfo_finder *finder, struct module_dir *dir)
{
	struct index_walk walk = {.finder = finder, .dir = dir};
	struct crashinfo_error *error;

	if (dir->index.done)
		return NULL;
	dir->index.done = true;
	error = read_folders(&walk);
	if (dir->index.files.size)
		qsort(dir->index.files.data, dir->index.files.size, sizeof(*dir->index.files.data),
		      by_id);
	if (dir->index.splits.size)
		qsort(dir->index.splits.data, dir->index.splits.size,
		      sizeof(*dir->index.splits.data), by_file_name);
	return error;
}

void module_index_find_split(const struct module_dir *dir, const char *name,
			     const struct module_named **ret, size_t *count_ret)
{
	size_t low = 0, high = dir->index.splits.size, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(dir->index.splits.data[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	end = low;
	while (end < dir->index.splits.size && !strcmp(dir->index.splits.data[end].name, name))
		end++;
	*ret = dir->index.splits.data + low;
	*count_ret = end - low;
}

void module_index_find(const struct module_dir *dir, const char *id,
		       const struct module_indexed **ret, size_t *count_ret)
{
	size_t low = 0, high = dir->index.files.size, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(dir->index.files.data[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	end = low;
	while (end < dir->index.files.size && !strcmp(dir->index.files.data[end].id, id))
		end++;
	*ret = dir->index.files.data + low;
	*count_ret = end - low;
}
