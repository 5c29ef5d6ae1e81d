/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core_threads.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "dump/core.h"

static void take(struct core *core, struct dump *to)
{
	to->threads.data = core->dump.threads.data;
	to->threads.size = core->dump.threads.size;
	to->threads.capacity = core->dump.threads.capacity;
	core->dump.threads.data = NULL;
	to->signal = core->dump.signal;
	to->pid = core->dump.pid;
	to->arch = core->arch;
}

struct crashinfo_error *dump_core_threads(const struct crashinfo_context *context, int fd,
					  struct dump *to, struct strbuf *auxv_ret)
{
	struct core *core = calloc(1, sizeof(*core));
	struct dump_cache *cache = dump_cache_create();
	struct crashinfo_error *error = NULL;
	struct stat st;

	if (core && cache && !fstat(fd, &st)) {
		arena_init(&core->arena);
		core->context = *context;
		core->fd = fd;
		core->size = (uint64_t)st.st_size;
		core->cache = cache;
		error = core_read_headers(core);
		if (!error)
			take(core, to);
		if (!error && core->auxv.size)
			strbuf_add(auxv_ret, core->auxv.data, core->auxv.size);
		free(core->dump.threads.data);
		free(core->segments.data);
		free(core->ranges.data);
		strbuf_deinit(&core->auxv);
		arena_deinit(&core->arena);
	} else {
		error = crashinfo_error_no_memory();
	}
	dump_cache_destroy(cache);
	free(core);
	return error;
}
