/* SPDX-License-Identifier: Apache-2.0 */
/* Which build ids a folder tree holds; headers and notes are read, nothing else. */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "module/finder.h"

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

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

static struct crashinfo_error *walk(struct crashinfo_finder *finder, struct module_dir *dir,
				    FTS *tree)
{
	const struct crashinfo_limits *limits = &finder->context.limits;
	size_t prefix = strlen(dir->path), files = 0;
	struct crashinfo_error *error = NULL;
	FTSENT *entry;

	while (!error && (entry = fts_read(tree))) {
		if (entry->fts_info == FTS_D && (size_t)entry->fts_level > limits->tree_depth) {
			context_log(&finder->context, CRASHINFO_LOG_WARNING,
				    "%s: folders deeper than %zu are left out", dir->path,
				    limits->tree_depth);
			fts_set(tree, entry, FTS_SKIP);
		}
		if (entry->fts_info != FTS_F)
			continue;
		if (files++ >= limits->tree_files) {
			context_log(&finder->context, CRASHINFO_LOG_WARNING,
				    "%s: only the first %zu files are looked at", dir->path,
				    limits->tree_files);
			break;
		}
		error = is_split(entry->fts_name) ? add_split(finder, dir, entry->fts_path + prefix)
						  : add_file(finder, dir, entry->fts_path + prefix);
	}
	return error;
}

struct crashinfo_error *module_index_make(struct crashinfo_finder *finder, struct module_dir *dir)
{
	char *roots[] = {(char *)dir->path, NULL};
	struct crashinfo_error *error;
	FTS *tree;

	if (dir->index.done)
		return NULL;
	dir->index.done = true;
	/* the folder itself may be a link; those below it are not followed, so there are no loops
	 */
	tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!tree)
		return crashinfo_error_from_errno(errno, "cannot read folder %s", dir->path);
	error = walk(finder, dir, tree);
	fts_close(tree);
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
