/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/split.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Places kept for each missing file, to be told. */
#define ATTEMPTS_MAX 32

struct split_files {
	struct module_split_places places;
	const struct crashinfo_limits *limits;
	struct reader_split_source source;
	VEC(struct package *) packages;
	size_t named_packages;                 /* of these; those behind have other names */
	VEC(struct crashinfo_attempt) refused; /* packages that cannot be read */
	struct memory_need need;               /* of all that is open */
	bool has_named, has_indexed;           /* packages have been looked for */

	/* while one is looked for */
	struct reader_file *file;
	const struct reader_unit *skeleton;
	struct reader_split *split;
	struct crashinfo_error *error;
};

static bool note(struct split_files *files, const char *path, const char *outcome)
{
	struct crashinfo_attempt *attempt;

	if (files->split->missing.attempts.size == ATTEMPTS_MAX)
		return true;
	attempt = vec_push(&files->split->missing.attempts);
	if (attempt)
		*attempt = (struct crashinfo_attempt){path, outcome};
	else
		files->error = crashinfo_error_no_memory();
	return attempt != NULL;
}

/* Open it without keeping its descriptor: there may be as many as the module has units. */
static const char *open_elf(const struct module_file *file, struct elf_file *ret)
{
	int fd = beneath_open(file->dir_fd, file->relative, file->mode);
	struct crashinfo_error *error;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? "not found"
		       : errno == EXDEV                    ? "leads out of the folder"
							   : "cannot be opened";
	error = elf_file_open(fd, ret);
	if (error) {
		crashinfo_error_destroy(error);
		return "no ELF file";
	}
	if (!elf_cntl(ret->elf, ELF_C_FDREAD)) {
		close(ret->fd);
		ret->fd = -1;
	}
	return NULL;
}

/* Open it if what it takes, beside what is open, is not more than allowed. */
static const char *open_allowed(struct split_files *files, const struct module_file *file,
				struct elf_file *ret)
{
	const char *outcome = open_elf(file, ret);
	struct memory_need need = files->need;

	if (outcome)
		return outcome;
	memory_need_add(ret, false, &need);
	if (!memory_need_is_allowed(&need, files->limits)) {
		elf_file_close(ret);
		return "needs more memory than allowed";
	}
	return NULL;
}

/* Take the units of `tree` if the skeleton's is one of them. */
static const char *bind(struct split_files *files, struct reader_file *tree, const char *path)
{
	const char *outcome =
		reader_split_bind(tree, files->file, files->skeleton, &files->split->unit);

	if (outcome) {
		reader_file_destroy(tree);
		return outcome;
	}
	files->split->file = tree;
	files->split->path = path;
	return NULL;
}

/* --- packages --- */

/* As a module_split_fn: keep the package, whatever is in it. */
static bool add_package(void *user, const struct module_file *file)
{
	struct split_files *files = user;
	struct package **slot = vec_push(&files->packages), *package = NULL;
	struct crashinfo_attempt *refused;
	struct elf_file elf;
	const char *outcome = open_allowed(files, file, &elf);

	files->packages.size -= slot != NULL;
	if (!slot) {
		files->error = crashinfo_error_no_memory();
		return true;
	}
	if (!outcome)
		files->error = package_open(&elf, files->limits, &package, &outcome);
	if (package) {
		package->path = file->path;
		memory_need_add(&package->elf, false, &files->need);
		*slot = package;
		files->packages.size++;
	} else if (!files->error && files->refused.size < ATTEMPTS_MAX) {
		refused = vec_push(&files->refused);
		if (refused)
			*refused = (struct crashinfo_attempt){file->path, outcome};
	}
	return files->error != NULL;
}

/* Whether one of the packages from `first` on has the unit. */
static bool take_packaged(struct split_files *files, size_t first)
{
	for (size_t i = first; i < files->packages.size && !files->error; i++) {
		const struct package *package = files->packages.data[i];
		const char *outcome = "has no unit of this id";
		struct reader_file *tree = NULL;

		files->error = package_unit(package, files->skeleton->split_id, &tree);
		if (tree)
			outcome = bind(files, tree, package->path);
		if (!outcome)
			return true;
		note(files, package->path, outcome);
	}
	return files->error != NULL;
}

static void find_packages(struct split_files *files, bool indexed)
{
	bool *has = indexed ? &files->has_indexed : &files->has_named;
	struct crashinfo_error *error;

	if (*has)
		return;
	*has = true;
	error = module_package_visit(&files->places, indexed, add_package, files);
	if (!files->error)
		files->error = error;
	else
		crashinfo_error_destroy(error);
	if (!indexed)
		files->named_packages = files->packages.size;
}

/* --- .dwo files --- */

/* As a module_split_fn. */
static bool try_file(void *user, const struct module_file *file)
{
	struct split_files *files = user;
	struct reader_split *split = files->split;
	struct reader_file *tree;
	const char *outcome = open_allowed(files, file, &split->elf);

	if (!outcome) {
		files->error = reader_file_create_split(&split->elf, files->limits, &tree);
		if (!files->error)
			outcome = bind(files, tree, file->path);
		if (!files->error && !outcome)
			memory_need_add(&split->elf, false, &files->need);
		else
			elf_file_close(&split->elf);
	}
	if (outcome)
		note(files, file->path, outcome);
	return !outcome || files->error;
}

static void find_file(struct split_files *files)
{
	const struct reader_unit *unit = files->skeleton;
	struct crashinfo_error *error;

	if (!unit->split_name)
		return;
	error = module_split_visit(&files->places, unit->split_name, unit->comp_dir, try_file,
				   files);
	if (!files->error)
		files->error = error;
	else
		crashinfo_error_destroy(error);
}

static struct crashinfo_error *find(void *user, struct reader_file *file,
				    const struct reader_unit *skeleton, struct reader_split *split)
{
	struct split_files *files = user;

	files->file = file;
	files->skeleton = skeleton;
	files->split = split;
	files->error = NULL;
	find_packages(files, false);
	for (size_t i = 0; i < files->refused.size; i++)
		note(files, files->refused.data[i].path, files->refused.data[i].outcome);
	if (files->error || take_packaged(files, 0))
		return files->error;
	find_file(files);
	if (files->error || split->file)
		return files->error;
	if (files->has_indexed)
		return NULL;
	find_packages(files, true);
	take_packaged(files, files->named_packages);
	return files->error;
}

struct crashinfo_error *split_files_create(struct crashinfo_finder *finder,
					   const struct module_files *found, const char *path,
					   const struct memory_need *need,
					   const struct crashinfo_limits *limits,
					   struct split_files **ret)
{
	struct split_files *files = calloc(1, sizeof(*files));
	struct crashinfo_error *error;

	if (!files)
		return crashinfo_error_no_memory();
	files->limits = limits;
	files->need = *need;
	files->source = (struct reader_split_source){find, files};
	error = module_split_places_init(finder, found, path, &files->places);
	if (error)
		split_files_destroy(files);
	else
		*ret = files;
	return error;
}

void split_files_destroy(struct split_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->packages.size; i++)
		package_close(files->packages.data[i]);
	free(files->packages.data);
	free(files->refused.data);
	module_split_places_deinit(&files->places);
	free(files);
}

const struct reader_split_source *split_files_source(struct split_files *files)
{
	return &files->source;
}
