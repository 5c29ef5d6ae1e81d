/* SPDX-License-Identifier: Apache-2.0 */
#define LIBDW_NAMES_ONLY
#include "symbol/libdw.h"

#include <pthread.h>

#include "module/library.h"

/* Written once, by the first that needs it. */
static struct libdw functions;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define ROW(name) {#name, offsetof(struct libdw, name##_)},
static const struct library_function rows[] = {LIBDW_FUNCTIONS(ROW)};

static void load(void)
{
	loaded = library_load("libdw.so.1", rows, sizeof(rows) / sizeof(rows[0]), &functions);
}

bool libdw_load(void)
{
	pthread_once(&once, load);
	return loaded;
}

const struct libdw *libdw(void)
{
	return &functions;
}
