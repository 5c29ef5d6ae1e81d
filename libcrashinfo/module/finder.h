/* SPDX-License-Identifier: Apache-2.0 */
/* The folders that were given, what is in them, and what has been looked up. */
#ifndef MODULE_FINDER_H
#define MODULE_FINDER_H

#include <crashinfo/module.h>

#include "base/arena.h"
#include "base/vec.h"
#include "module/beneath.h"
#include "module/elf_file.h"
#include "module/table_file.h"

/* A file below one of the folders, which can be opened again. */
struct module_file {
	const char *path;     /* for messages */
	const char *relative; /* to the folder */
	int dir_fd;           /* of the folder, owned by the finder */
	enum beneath_mode mode;
};

/* One file of a tree that was indexed; sorted by id, ELF files with DWARF first. */
struct module_indexed {
	const char *id;       /* lowercase hex */
	const char *relative; /* to the folder */
	enum module_kind kind;
	bool has_dwarf, has_symtab;
};

/* A .dwo or .dwp file of a tree that was indexed; sorted by name. */
struct module_named {
	const char *name;     /* without folders */
	const char *relative; /* to the folder */
};

struct module_index {
	VEC(struct module_indexed) files;
	VEC(struct module_named) splits;
	bool done;
};

struct module_dir {
	const char *path;
	int fd;
	bool sysroot;
	bool beside; /* of a file that the user named: looked at for its debug link only */
	struct module_index index; /* of debug folders */
};

/* What was found for a module; the first member is what the public sees. */
struct module_files {
	struct crashinfo_module_files public;
	struct module_file debug, image;
	struct module_file table;    /* GSYM or Breakpad symbols */
	bool has_dwarf;              /* the debug file */
	const char *build_id, *path; /* what was asked for, NULL when unknown */
	bool asked;                  /* servers, or there was no need to */
	VEC(struct crashinfo_attempt) attempts;
};

struct debuginfod;

struct crashinfo_finder {
	struct crashinfo_context context;
	struct arena arena; /* paths, ids, module_files */
	VEC(struct module_dir) dirs;
	VEC(struct module_files *) modules;
	struct debuginfod *debuginfod; /* NULL: no server is asked */
};

/* Open a file that was found; OS or FORMAT when it has changed since. */
struct crashinfo_error *module_file_open(const struct module_file *file, struct elf_file *ret);

/* Make the index of a debug folder unless it is made. Files that cannot be read are passed over. */
struct crashinfo_error *module_index_make(struct crashinfo_finder *finder, struct module_dir *dir);
/* All files with this id, in `*ret` and the `*count_ret` - 1 behind it. */
void module_index_find(const struct module_dir *dir, const char *id,
		       const struct module_indexed **ret, size_t *count_ret);

/* All .dwo and .dwp files of this name, without folders, as above. */
void module_index_find_split(const struct module_dir *dir, const char *name,
			     const struct module_named **ret, size_t *count_ret);

/* Look at one file of a folder, and use it where something is still missing. */
struct crashinfo_error *module_try_path(struct crashinfo_finder *finder, struct module_files *files,
					const struct module_dir *dir, const char *relative);
/* Look for symbols of Breakpad in the folder: NAME/ID/NAME.sym. */
struct crashinfo_error *module_try_store(struct crashinfo_finder *finder,
					 struct module_files *files, const struct module_dir *dir);

/* What the folders have for a module; as crashinfo_finder_find(), but no server is asked. */
struct crashinfo_error *module_find_local(struct crashinfo_finder *finder, const char *build_id,
					  const char *path, struct module_files **ret);
/* Ask the servers for what is missing, unless that has been done. */
struct crashinfo_error *module_find_remote(struct crashinfo_finder *finder,
					   struct module_files *files);

/* Note a place that was tried. `outcome` is static. */
struct crashinfo_error *module_attempt(struct crashinfo_finder *finder, struct module_files *files,
				       const char *path, const char *outcome);

/*
 * Follow the debug link of the image that was found. `elf` is the open image.
 */
struct crashinfo_error *module_follow_debuglink(struct crashinfo_finder *finder,
						struct module_files *files,
						const struct elf_file *elf);

/*
 * The debug file of `elf`, which the user named as `path`: by build id in the folders, by its debug
 * link also beside it. The answer lives as long as the finder.
 */
struct crashinfo_error *module_find_separate(struct crashinfo_finder *finder, const char *path,
					     const struct elf_file *elf,
					     const struct module_files **ret);

/* The dwz file named `name` with this build id; NOT_FOUND when the folders do not hold it. */
struct crashinfo_error *module_find_alternate(struct crashinfo_finder *finder, const char *name,
					      const char *build_id, struct module_file *ret);

/* Where what a compiler split off a module's debug information may be. */
struct module_split_places {
	struct crashinfo_finder *finder;  /* its folders; NULL: none */
	const struct module_files *files; /* what was found there, the folders of which count too */
	const char *path;                 /* of a file that the user named; NULL when none */
	const char *beside_path;          /* its folder, opened as `beside_fd` */
	int beside_fd;                    /* -1: none */
	struct arena arena;               /* of what is visited */
};

/* A place to look at, which may be none; true: this is it, and no others are looked at. */
typedef bool module_split_fn(void *user, const struct module_file *file);

/* `files` may be NULL, and `path` when no file was named. Ended by the one below. */
struct crashinfo_error *module_split_places_init(struct crashinfo_finder *finder,
						 const struct module_files *files, const char *path,
						 struct module_split_places *ret);
void module_split_places_deinit(struct module_split_places *places);
/*
 * Visit the places of the .dwo file that a debug file calls `name`, relative to `comp_dir` (NULL:
 * unknown). Only folders that the user gave count, whatever the names say.
 */
struct crashinfo_error *module_split_visit(struct module_split_places *places, const char *name,
					   const char *comp_dir, module_split_fn *visit,
					   void *user);
/* The packages that bear the module's name; or, `indexed`, all packages in the debug folders. */
struct crashinfo_error *module_package_visit(struct module_split_places *places, bool indexed,
					     module_split_fn *visit, void *user);

/* "dir/relative" in the arena; NULL when memory is out. */
const char *module_join(struct crashinfo_finder *finder, const char *dir, const char *relative);

#endif
