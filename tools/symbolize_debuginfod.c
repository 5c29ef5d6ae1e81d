/* SPDX-License-Identifier: Apache-2.0 */
/* --debuginfod: the environment that the clients of elfutils read, and how far a file has come. */
#include <stdio.h>
#include <stdlib.h>

#include "symbolize.h"

/* What counts in the progress line. */
#define UNIT_BYTES (1024u * 1024u)

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The cache folder, malloc'd; NULL when the environment names none. */
static char *cache_dir(void)
{
	const char *own = environment("DEBUGINFOD_CACHE_PATH");
	const char *cache = environment("XDG_CACHE_HOME"), *home = environment("HOME");
	char *path = NULL;
	int size = -1;

	if (own)
		size = asprintf(&path, "%s", own);
	else if (cache)
		size = asprintf(&path, "%s/debuginfod_client", cache);
	else if (home)
		size = asprintf(&path, "%s/.cache/debuginfod_client", home);
	return size < 0 ? NULL : path;
}

/* Seconds; 0, which means the default, when it is no number. */
static unsigned timeout(void)
{
	const char *text = environment("DEBUGINFOD_TIMEOUT");
	long seconds = text ? strtol(text, NULL, 10) : 0;

	/* an hour is as good as no limit */
	return seconds <= 0 ? 0 : seconds > 3600 ? 3600 : (unsigned)seconds;
}

static void progress(void *user, uint64_t done, uint64_t total)
{
	struct symbolize *symbolize = user;

	if (total && done >= total)
		tool_progress_end(&symbolize->tool);
	else
		tool_progress(&symbolize->tool, "MiB of debug information", done / UNIT_BYTES,
			      total / UNIT_BYTES);
}

void symbolize_use_debuginfod(struct symbolize *symbolize)
{
	char *dir = cache_dir();
	struct crashinfo_debuginfod_options options = {
		.urls = environment("DEBUGINFOD_URLS"),
		.cache_dir = dir,
		.timeout_s = timeout(),
		.progress = progress,
		.user = symbolize,
	};

	if (!options.urls)
		tool_note(&symbolize->tool, "DEBUGINFOD_URLS names no server, so none is asked");
	else if (!dir)
		tool_note(&symbolize->tool, "DEBUGINFOD_CACHE_PATH and HOME are not set, so no "
					    "server is asked");
	else
		tool_failed(&symbolize->tool,
			    crashinfo_finder_add_debuginfod(symbolize->finder, &options));
	free(dir);
}
