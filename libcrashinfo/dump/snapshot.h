/* SPDX-License-Identifier: Apache-2.0 */
/* What a crashing process copied of its memory, and a core file made of it. */
#ifndef DUMP_SNAPSHOT_H
#define DUMP_SNAPSHOT_H

#include <crashinfo/context.h>
#include <crashinfo/maps.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "dump/arch.h"

/* Memory in one piece. */
struct snapshot_run {
	uint64_t address;
	size_t at, size; /* in `bytes` */
};

struct snapshot {
	VEC(struct snapshot_run) runs; /* sorted, apart from each other */
	struct strbuf bytes;
	const struct dump_arch *arch;
	uint64_t words[DUMP_WORDS_MAX];
	struct crashinfo_maps *maps;
};

/* The lines of the file. What is none, and what comes before its predecessor, is left out. */
struct crashinfo_error *snapshot_parse(struct snapshot *snapshot, const char *text, size_t size);
void snapshot_deinit(struct snapshot *snapshot);

/* A core file of one thread with that memory. */
struct crashinfo_error *snapshot_core(const struct snapshot *snapshot, struct strbuf *ret);

#endif
