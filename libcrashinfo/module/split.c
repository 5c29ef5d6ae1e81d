/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where .dwo files and packages of them may be. A debug file names them by paths of the machine
 * that built it; here these are names below the folders that the user gave, and never more than
 * that.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "module/finder.h"

/* Files of one name in one tree that are looked at; objects of all folders may be called main. */
#define NAMESAKES 1024

/* Where a build-id tree stands in a debug folder. */
static const char *const tree_prefixes[] = {".build-id/", "usr/lib/debug/.build-id/"};

struct crashinfo_error *module_split_places_init(struct crashinfo_finder *finder,
						 const struct module_files *files, const char *path,
						 struct module_split_places *ret)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	*ret = (struct module_split_places){
		.finder = finder, .files = files, .path = path, .beside_fd = -1};
	arena_init(&ret->arena);
	if (!path)
		return NULL;
	ret->beside_path = slash ? arena_memdup(&ret->arena, path, (size_t)(slash - path) + 1)
				 : arena_strdup(&ret->arena, "./");
	if (!ret->beside_path)
		return crashinfo_error_no_memory();
	/* a folder that cannot be read has nothing for us */
	ret->beside_fd = open(ret->beside_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return NULL;
}

void module_split_places_deinit(struct module_split_places *places)
{
	if (places->beside_fd >= 0)
		close(places->beside_fd);
	arena_deinit(&places->arena);
}

/* --- names --- */

static void drop_last(char *path, size_t *size)
{
	while (*size && path[--*size] != '/')
		;
}

/*
 * `name`, put behind `folder` (NULL: none) unless it is absolute, without "." and "..", empty parts
 * and leading slashes. False when nothing is left of it or it is too long.
 */
static bool normalize(const char *folder, const char *name, char ret[PATH_MAX])
{
	const char *parts[] = {*name == '/' || !folder ? "" : folder, name};
	size_t size = 0;

	for (size_t i = 0; i < 2; i++) {
		for (const char *part = parts[i]; *part;) {
			size_t length = strcspn(part, "/");

			if (length == 2 && !memcmp(part, "..", 2)) {
				drop_last(ret, &size);
			} else if (length && (length != 1 || *part != '.')) {
				if (size + length + 2 > PATH_MAX)
					return false;
				if (size)
					ret[size++] = '/';
				memcpy(ret + size, part, length);
				size += length;
			}
			part += length + (part[length] == '/');
		}
	}
	ret[size] = '\0';
	return size > 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- visiting --- */

struct visit {
	struct module_split_places *places;
	module_split_fn *visit;
	void *user;
	bool found;
	struct crashinfo_error *error;
};

/* Whether there is an end to it. */
static bool is_over(const struct visit *visit)
{
	return visit->found || visit->error;
}

struct place {
	const char *path; /* of the folder */
	int fd;
	enum beneath_mode mode;
};

/* "folder" up to its last slash, then "name" and "suffix". */
static void visit_path(struct visit *visit, struct place place, const char *folder,
		       const char *name, const char *suffix)
{
	const char *slash = strrchr(folder, '/');
	_free_ char *relative = NULL, *path = NULL;
	struct module_file file = {.dir_fd = place.fd, .mode = place.mode};

	if (is_over(visit) || place.fd < 0)
		return;
	if (asprintf(&relative, "%.*s%s%s", slash ? (int)(slash - folder) + 1 : 0, folder, name,
		     suffix) < 0 ||
	    asprintf(&path, "%s%s%s", place.path,
		     place.path[0] && place.path[strlen(place.path) - 1] == '/' ? "" : "/",
		     relative + strspn(relative, "/")) < 0) {
		visit->error = crashinfo_error_no_memory();
		return;
	}
	file.relative = arena_strdup(&visit->places->arena, relative);
	file.path = arena_strdup(&visit->places->arena, path);
	if (!file.relative || !file.path)
		visit->error = crashinfo_error_no_memory();
	else
		visit->found = visit->visit(visit->user, &file);
}

static struct place beside(const struct module_split_places *places)
{
	return (struct place){places->beside_path, places->beside_fd, BENEATH_STRICT};
}

static struct place of_dir(const struct module_dir *dir)
{
	return (struct place){dir->path, dir->fd, dir->sysroot ? BENEATH_ROOT : BENEATH_STRICT};
}

/* The folder of a file that was found, as it is called for messages. */
static struct place of_file(struct visit *visit, const struct module_file *file)
{
	size_t size = strlen(file->path),
	       tail = strlen(file->relative + strspn(file->relative, "/"));
	char *path = arena_memdup(&visit->places->arena, file->path, size > tail ? size - tail : 0);

	if (!path)
		visit->error = crashinfo_error_no_memory();
	return (struct place){path, path ? file->dir_fd : -1, file->mode};
}

/* The debug file and the module itself, which may be one. */
static size_t found_files(const struct module_split_places *places,
			  const struct module_file *ret[2])
{
	const struct module_files *files = places->files;
	size_t count = 0;

	if (files && files->debug.path)
		ret[count++] = &files->debug;
	if (files && files->image.path && files->image.relative != files->debug.relative)
		ret[count++] = &files->image;
	return count;
}

static struct module_dir *dir_at(const struct module_split_places *places, size_t i)
{
	return places->finder && i < places->finder->dirs.size ? &places->finder->dirs.data[i]
							       : NULL;
}

static void visit_namesakes(struct visit *visit, struct module_dir *dir, const char *name)
{
	const struct module_named *found;
	size_t count;

	crashinfo_error_destroy(module_index_make(visit->places->finder, dir));
	module_index_find_split(dir, name, &found, &count);
	for (size_t i = 0; i < count && i < NAMESAKES; i++)
		visit_path(visit, of_dir(dir), "", found[i].relative, "");
}

/* The .dwo file right in a folder, by its relative path or its name alone. */
static void visit_folder(struct visit *visit, struct place place, const char *folder,
			 const char *relative)
{
	visit_path(visit, place, folder, relative, "");
	if (last_part(relative) != relative)
		visit_path(visit, place, folder, last_part(relative), "");
}

struct crashinfo_error *module_split_visit(struct module_split_places *places, const char *name,
					   const char *comp_dir, module_split_fn *fn, void *user)
{
	struct visit visit = {.places = places, .visit = fn, .user = user};
	char full[PATH_MAX], relative[PATH_MAX];
	const struct module_file *files[2];
	size_t count = found_files(places, files);
	struct module_dir *dir;

	if (!normalize(comp_dir, name, full) || !normalize(NULL, name, relative))
		return NULL;
	visit_folder(&visit, beside(places), "", relative);
	for (size_t i = 0; i < count; i++)
		visit_folder(&visit, of_file(&visit, files[i]), files[i]->relative, relative);
	for (size_t i = 0; (dir = dir_at(places, i)); i++) {
		if (dir->beside)
			continue;
		visit_path(&visit, of_dir(dir), "", full, "");
		if (!dir->sysroot && strcmp(full, relative))
			visit_path(&visit, of_dir(dir), "", relative, "");
		if (!dir->sysroot && last_part(relative) != relative)
			visit_path(&visit, of_dir(dir), "", last_part(relative), "");
	}
	/* reading whole trees comes last */
	for (size_t i = 0; (dir = dir_at(places, i)) && !is_over(&visit); i++)
		if (!dir->beside && !dir->sysroot)
			visit_namesakes(&visit, dir, last_part(relative));
	return visit.error;
}

/* --- packages --- */

/* FILE.dwp beside a file, and without the .debug that a debug file's name ends with. */
static void visit_beside(struct visit *visit, struct place place, const char *relative)
{
	size_t size = strlen(relative);
	_free_ char *stem = NULL;

	visit_path(visit, place, relative, last_part(relative), ".dwp");
	if (size < 7 || strcmp(relative + size - 6, ".debug"))
		return;
	stem = strndup(relative, size - 6);
	if (!stem)
		visit->error = crashinfo_error_no_memory();
	else
		visit_path(visit, place, stem, last_part(stem), ".dwp");
}

static void visit_dir(struct visit *visit, const struct module_dir *dir)
{
	const struct module_files *files = visit->places->files;
	const char *id = files ? files->build_id : NULL;
	const char *path = files && files->path ? files->path : visit->places->path;

	for (size_t i = 0; id && i < sizeof(tree_prefixes) / sizeof(tree_prefixes[0]); i++) {
		char tree[ELF_BUILD_ID_HEX + 64];

		snprintf(tree, sizeof(tree), "%s%.2s/%s.debug", tree_prefixes[i], id, id + 2);
		visit_beside(visit, of_dir(dir), tree);
	}
	if (path && *last_part(path) && !dir->sysroot)
		visit_beside(visit, of_dir(dir), last_part(path));
	else if (path && *last_part(path))
		visit_beside(visit, of_dir(dir), path);
}

static void visit_named(struct visit *visit)
{
	const struct module_split_places *places = visit->places;
	const struct module_file *files[2];
	size_t count = found_files(places, files);
	struct module_dir *dir;

	if (places->path)
		visit_beside(visit, beside(places), last_part(places->path));
	for (size_t i = 0; i < count; i++)
		visit_beside(visit, of_file(visit, files[i]), files[i]->relative);
	for (size_t i = 0; (dir = dir_at(places, i)); i++)
		if (!dir->beside)
			visit_dir(visit, dir);
}

static bool is_package(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".dwp");
}

static void visit_indexed(struct visit *visit, struct module_dir *dir)
{
	size_t seen = 0;

	crashinfo_error_destroy(module_index_make(visit->places->finder, dir));
	for (size_t i = 0; i < dir->index.splits.size && seen < NAMESAKES; i++) {
		if (!is_package(dir->index.splits.data[i].name))
			continue;
		visit_path(visit, of_dir(dir), "", dir->index.splits.data[i].relative, "");
		seen++;
	}
}

struct crashinfo_error *module_package_visit(struct module_split_places *places, bool indexed,
					     module_split_fn *fn, void *user)
{
	struct visit visit = {.places = places, .visit = fn, .user = user};
	struct module_dir *dir;

	if (!indexed)
		visit_named(&visit);
	for (size_t i = 0; indexed && (dir = dir_at(places, i)) && !is_over(&visit); i++)
		if (!dir->beside && !dir->sysroot)
			visit_indexed(&visit, dir);
	return visit.error;
}
