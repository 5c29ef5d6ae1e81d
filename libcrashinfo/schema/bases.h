/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that stand for URIs: where the documents that `$ref` names are found. */
#ifndef SCHEMA_BASES_H
#define SCHEMA_BASES_H

#include <crashinfo/schema.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/vec.h"

struct bases {
	VEC(struct crashinfo_schema_base) list;
	struct arena arena; /* strings */
};

void bases_deinit(struct bases *bases);

/* False when memory is out. */
bool bases_add(struct bases *bases, const char *url, const char *folder);

/*
 * Add the folder of the file `source` and return the file's URI; "" when it is no file, NULL when
 * memory is out.
 */
const char *bases_add_file(struct bases *bases, const char *source);

/*
 * Add to `path` the file that `uri` is mapped to by the longest base that it begins with; nothing
 * when there is none or the path would leave the folder.
 */
struct crashinfo_error *bases_map(const struct bases *bases, const char *uri, struct strbuf *path);

#endif
