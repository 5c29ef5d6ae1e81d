/* SPDX-License-Identifier: Apache-2.0 */
#define LIBARCHIVE_NAMES_ONLY
#include "bundle/libarchive.h"

#include <pthread.h>

#include "module/library.h"

/* The number of the interface since version 3.0, which the headers that this is built with are of.
 */
#define SONAME "libarchive.so.13"
_Static_assert(ARCHIVE_VERSION_NUMBER >= 3000000 && ARCHIVE_VERSION_NUMBER < 4000000,
	       "another interface number");

/* Written once, by the first that needs it. */
static struct libarchive functions;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define ROW(name) {#name, offsetof(struct libarchive, name##_)},
static const struct library_function rows[] = {LIBARCHIVE_FUNCTIONS(ROW)};

static void load(void)
{
	loaded = library_load(SONAME, rows, sizeof(rows) / sizeof(rows[0]), &functions);
}

struct crashinfo_error *libarchive_load(void)
{
	pthread_once(&once, load);
	if (loaded)
		return NULL;
	return crashinfo_error_create(CRASHINFO_ERROR_OTHER,
				      "archives cannot be read: " SONAME " cannot be loaded");
}

const struct libarchive *libarchive(void)
{
	return &functions;
}
