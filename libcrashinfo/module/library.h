/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are loaded when they are first needed: each takes longer to start than reading a
 * cached answer takes, and most runs need none of them.
 */
#ifndef MODULE_LIBRARY_H
#define MODULE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* A function and its place in a struct of pointers to functions. */
struct library_function {
	const char *name;
	size_t offset;
};

/*
 * Load `soname`, for as long as the process runs, and fill the struct `functions`; false, with
 * nothing filled that counts, when the library or one of them cannot be had.
 */
bool library_load(const char *soname, const struct library_function *rows, size_t count,
		  void *functions);

#endif
