/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the file that belongs to a module of a crash report.
 *
 * A finder knows the folders that the user gave; nothing outside them is ever opened, whatever path
 * a report names. A debug folder may be a `.build-id` tree (NN/REST.debug, at its root or below
 * usr/lib/debug), or any other tree of ELF files, which is then indexed by build id on first need;
 * only headers and notes are read for that. GSYM files and symbol files of Breakpad are found in
 * the same ways, the latter also as NAME/ID/NAME.sym; they count when there is no DWARF. A sysroot
 * is a folder in which a module's own path is looked up.
 *
 * Servers of the debuginfod protocol are asked, if they are given, for modules whose debug
 * information no folder has.
 *
 * A file is used only when its build id equals the one asked for; a debug file reached by
 * .gnu_debuglink only when its CRC fits too.
 */
#ifndef CRASHINFO_MODULE_H
#define CRASHINFO_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/maps.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_finder;

struct crashinfo_error *crashinfo_finder_create(const struct crashinfo_context *context,
						struct crashinfo_finder **ret);
void crashinfo_finder_destroy(struct crashinfo_finder *finder);

/* Add a folder of debug files; looked at in the order they are added. NOT_FOUND, OS. */
struct crashinfo_error *crashinfo_finder_add_debug_dir(struct crashinfo_finder *finder,
						       const char *path);
/* Add a folder that holds a file system's files under their own paths. */
struct crashinfo_error *crashinfo_finder_add_sysroot(struct crashinfo_finder *finder,
						     const char *path);

struct crashinfo_debuginfod_options {
	const char *urls;      /* http or https, separated by blanks */
	const char *cache_dir; /* made if missing; laid out as that of the clients of elfutils */
	unsigned timeout_s;    /* for all requests of the finder together; 0: 30 */
	/* called while a file is loaded, with its size (0: unknown); NULL: not called */
	void (*progress)(void *user, uint64_t done, uint64_t total);
	void *user;
};

/*
 * Ask these servers for what no folder has; a second call takes the place of the first. They learn
 * the build ids. A server that gives no answer is not asked again. OS.
 */
struct crashinfo_error *crashinfo_finder_add_debuginfod(
	struct crashinfo_finder *finder, const struct crashinfo_debuginfod_options *options);

/* One place that was tried for a module, kept for --explain. */
struct crashinfo_attempt {
	const char *path;    /* or URL */
	const char *outcome; /* static string: "used", "not found", "build id differs", … */
};

/* What was found for one module; owned by the finder, lives as long as it. */
struct crashinfo_module_files {
	const char *debug_path; /* a file with DWARF or symbols, NULL when none was found */
	const char
		*image_path; /* the module itself or its stripped copy, NULL when none was found */
	bool build_id_mismatch; /* a file was at hand, but it is of another build */
	bool crc_mismatch;      /* a debuglink target was at hand with the wrong CRC */
	const struct crashinfo_attempt *attempts;
	size_t attempt_count;
};

/*
 * Find the files of a module by build id (lowercase hex, NULL when unknown) and path (as in the
 * crashed process, NULL when unknown). With neither a build id to compare nor a sysroot to look the
 * path up in, nothing is found. Not finding anything is no error. The answer is remembered.
 */
struct crashinfo_error *crashinfo_finder_find(struct crashinfo_finder *finder, const char *build_id,
					      const char *path,
					      const struct crashinfo_module_files **ret);

/* The GNU build id of an ELF file as lowercase hex, malloc'd; NOT_FOUND when it has none. */
struct crashinfo_error *crashinfo_elf_build_id(const struct crashinfo_context *context,
					       const char *path, char **ret);

/* An address within a module, in the terms of the report schema. */
struct crashinfo_normalized {
	const char *path;          /* of the module as in the maps; owned by the maps */
	const char *build_id;      /* lowercase hex, NULL when unknown; owned by the finder */
	uint64_t relative_address; /* ELF virtual address */
	uint64_t module_base; /* where the first page of the module's first segment is mapped */
};

/*
 * Normalize the absolute address `ip` offline: its mapping gives path and file offset, the program
 * headers of the module's file (found in the sysroots or debug folders) give the virtual address.
 * NOT_FOUND when no mapping or no file is at hand, MISMATCH when the file cannot be the one that
 * was mapped. `build_id` narrows the search when the report knows it, else NULL.
 */
struct crashinfo_error *crashinfo_normalize(struct crashinfo_finder *finder,
					    const struct crashinfo_maps *maps, uint64_t ip,
					    const char *build_id, struct crashinfo_normalized *ret);

#ifdef __cplusplus
}
#endif
#endif
