/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that come, go and call back. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "matrix.h"

typedef void call(void (*function)(void));

static void *library;

static call *load(const char *path)
{
	void *function;

	library = dlopen(path, RTLD_NOW);
	function = library ? dlsym(library, "plugin_call") : NULL;
	if (!function)
		not_here();
	return (call *)function;
}

static NOINLINE void through_library(void)
{
	load("./plugin.so")(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void through_library_without_id(void)
{
	load("./no-id.so")(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void deletes_library(void)
{
	call *function = load("./plugin.so");

	if (output)
		unlink("plugin.so");
	function(write_null);
	NOT_A_TAIL_CALL();
}

/* The new one has another layout: tables and code of the old one are still in memory. */
static NOINLINE void replaces_library(void)
{
	call *function = load("./plugin.so");

	if (output && rename("other.so", "plugin.so"))
		not_here();
	function(write_null);
	NOT_A_TAIL_CALL();
}

static NOINLINE void calls_unloaded(void)
{
	call *function = load("./plugin.so");

	dlclose(library);
	/* musl keeps what was loaded. */
	if (dlopen("./plugin.so", RTLD_NOW | RTLD_NOLOAD))
		not_here();
	function(write_null);
	NOT_A_TAIL_CALL();
}

/* What the loader runs while it holds its lock. */
void matrix_constructor(void)
{
	write_null();
	NOT_A_TAIL_CALL();
}

static NOINLINE void loads_crashing(void)
{
	dlopen("./constructor.so", RTLD_NOW);
	not_here();
}

static int on_object(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)info;
	(void)size;
	(void)unused;
	write_null();
	return 0;
}

static NOINLINE void walks_objects(void)
{
	dl_iterate_phdr(on_object, NULL);
	NOT_A_TAIL_CALL();
}

const struct scenario library_scenarios[] = {
	{"library", NULL, through_library, "write_null plugin_call through_library", NULL},
	{"library-without-id", NULL, through_library_without_id,
	 "write_null plugin_call through_library_without_id", NULL},
	{"library-deleted", NULL, deletes_library, "write_null plugin_call deletes_library", NULL},
	{"library-replaced", NULL, replaces_library, "write_null plugin_call replaces_library",
	 NULL},
	{"library-unloaded", NULL, calls_unloaded, "? calls_unloaded", NULL},
	{"loading", NULL, loads_crashing,
	 "write_null matrix_constructor plugin_constructor loads_crashing", NULL},
	{"loader-lock", NULL, walks_objects, "write_null on_object walks_objects", NULL},
	{0},
};
