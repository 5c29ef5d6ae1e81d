/* SPDX-License-Identifier: Apache-2.0 */
/* From operands to the files they stand for. */
#ifndef BUNDLE_INPUT_WALK_H
#define BUNDLE_INPUT_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#include "base/vec.h"

struct input_path {
	char *path;     /* malloc'd */
	unsigned depth; /* folders above it within its operand; 0: it is one */
};

struct input_walk {
	const struct crashinfo_context *context;
	const char *const *operands;
	size_t count, next;
	size_t files;                   /* seen below the folder at hand */
	VEC(struct input_path) pending; /* the next one last */
};

/* `operands` and `context` must outlive it. */
void input_walk_init(struct input_walk *walk, const struct crashinfo_context *context,
		     const char *const *operands, size_t count);
void input_walk_deinit(struct input_walk *walk);

/*
 * Open the next file for reading. At the end `*path_ret` is NULL; else it is malloc'd, "-" for
 * standard input (which is not to be closed). `*is_operand_ret` says whether it was named itself.
 * After an error, which names its file, the next call goes on behind it.
 */
struct crashinfo_error *input_walk_next(struct input_walk *walk, char **path_ret, int *fd_ret,
					bool *is_operand_ret);

#endif
