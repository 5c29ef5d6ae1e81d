/* SPDX-License-Identifier: Apache-2.0 */
/* What compilers split off the debug information of one module: .dwo files and packages of them. */
#ifndef SYMBOL_SPLIT_H
#define SYMBOL_SPLIT_H

#include "module/finder.h"
#include "symbol/memory.h"
#include "symbol/package.h"

struct split_files;

/*
 * `found` is what the finder has for the module, NULL when nothing; `path` names a file of the
 * user's, NULL when the module is none; `need` is what the module takes in memory. The first two
 * must outlive it. NO_MEMORY is the only error.
 */
struct crashinfo_error *split_files_create(struct crashinfo_finder *finder,
					   const struct module_files *found, const char *path,
					   const struct memory_need *need,
					   const struct crashinfo_limits *limits,
					   struct split_files **ret);
void split_files_destroy(struct split_files *files);
/* For the module's reader, which must be ended first. */
const struct reader_split_source *split_files_source(struct split_files *files);

#endif
