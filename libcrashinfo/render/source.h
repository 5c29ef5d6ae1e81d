/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source files that frames name, looked up inside the folders that the user gave. A report cannot
 * make it open anything else: names are taken apart without following "..", and the kernel (or a
 * walk that follows no links) keeps the look-up below the folder.
 */
#ifndef RENDER_SOURCE_H
#define RENDER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>
#include <crashinfo/render.h>

#include "base/strbuf.h"
#include "base/vec.h"

/* A source file read into memory, or the memory that there is none of that name. */
struct source_file {
	char *name; /* as frames name it */
	struct strbuf text;
	VEC(size_t) lines; /* offset of each line's first byte */
};

struct source_files {
	const struct crashinfo_render_options *options;
	VEC(struct source_file) files;
	size_t bytes; /* of text kept */
};

void source_init(struct source_files *files, const struct crashinfo_render_options *options);
void source_deinit(struct source_files *files);

/*
 * The file that frames call `name`, NULL when enough was read; one without lines when no folder has
 * it. Lives until source_deinit() or the next call.
 */
struct crashinfo_error *source_find(struct source_files *files, const char *name,
				    const struct source_file **ret);

/* Line `number` (from 1) without its end; false when the file has fewer. */
bool source_line(const struct source_file *file, uint64_t number, const char **ret,
		 size_t *size_ret);

#endif
