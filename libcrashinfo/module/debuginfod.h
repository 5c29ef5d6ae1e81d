/* SPDX-License-Identifier: Apache-2.0 */
/* Debug files from debuginfod servers, in a cache folder that is laid out as that of elfutils. */
#ifndef MODULE_DEBUGINFOD_H
#define MODULE_DEBUGINFOD_H

#include "module/curl.h"
#include "module/finder.h"

struct debuginfod_server {
	const char *url; /* without slashes at its end */
	bool dead;       /* gave no answer in this run */
};

struct debuginfod {
	VEC(struct debuginfod_server) servers;
	VEC(const char *) asked; /* build ids that servers were asked for */
	struct module_dir cache;
	struct module_curl curl;
	CURL *easy; /* NULL until the first request; keeps connections */
	struct crashinfo_debuginfod_options options;
	int64_t left_ms; /* of the time for all requests */
};

void debuginfod_destroy(struct debuginfod *debuginfod);

/*
 * Have the debug file with this id in the cache folder: its name there, or NULL when it is not to
 * be had. What was tried is noted in `files`, which may be NULL.
 */
struct crashinfo_error *debuginfod_get(struct crashinfo_finder *finder, struct module_files *files,
				       const char *id, const char **ret);

enum debuginfod_result {
	DEBUGINFOD_FETCHED,
	DEBUGINFOD_NOT_FOUND,
	DEBUGINFOD_NO_ANSWER,
	DEBUGINFOD_NO_TRUST,
	DEBUGINFOD_REFUSED,
	DEBUGINFOD_CUT_OFF,
	DEBUGINFOD_TOO_LARGE,
	DEBUGINFOD_NO_TIME,
	DEBUGINFOD_NO_CURL,
	DEBUGINFOD_NOT_WRITTEN,
	DEBUGINFOD_NO_ELF,
	DEBUGINFOD_WRONG_ID,
};

/* Load `url` into the file `fd` (debuginfod_transfer.c). */
enum debuginfod_result debuginfod_transfer(struct debuginfod *debuginfod,
					   const struct crashinfo_limits *limits, const char *url,
					   int fd);

/* What the cache folder holds (debuginfod_cache.c). */
enum debuginfod_entry {
	DEBUGINFOD_NONE,
	DEBUGINFOD_AT_HAND,
	DEBUGINFOD_MISSED, /* no server had it, not long ago */
};

struct crashinfo_error *debuginfod_cache_open(const char *path, int *ret);
enum debuginfod_entry debuginfod_cache_look(int dir_fd, const char *relative);
/* Note that no server has it; for other runs, so failure is none. */
void debuginfod_cache_miss(int dir_fd, const char *relative);
/* A new file beside `path`, whose folder is made; its name is in `*name_ret`, malloc'd. */
int debuginfod_cache_begin(const char *path, char **name_ret);

#endif
