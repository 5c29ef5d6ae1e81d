/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copied stacks: maps, a NUL, the lines of the copy. The pieces that are read must lie apart and
 * within what was read, and the core file that is made of them must be one that can be read.
 */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <crashinfo/core.h>

#include "dump/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void check_runs(const struct snapshot *s)
{
	for (size_t i = 0; i < s->runs.size; i++) {
		const struct snapshot_run *run = &s->runs.data[i];

		check(run->size && run->at <= s->bytes.size &&
		      run->size <= s->bytes.size - run->at);
		check(!i || run->address >= run[-1].address + run[-1].size);
	}
}

static void check_core(const struct crashinfo_context *context, const struct strbuf *core)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	struct crashinfo_error *error;
	char *text;
	size_t size;

	check(fd >= 0 && write(fd, core->data, core->size) == (ssize_t)core->size);
	error = crashinfo_core_report(context, fd, NULL, &text, &size, NULL);
	check(!error || error->code == CRASHINFO_ERROR_LIMIT);
	if (!error)
		free(text);
	crashinfo_error_destroy(error);
	close(fd);
}

static void make_core(const struct crashinfo_context *context, const struct snapshot *s)
{
	struct strbuf core = {0};
	struct crashinfo_error *error = snapshot_core(s, &core);

	check(!error || error->code == CRASHINFO_ERROR_LIMIT);
	if (!error)
		check_core(context, &core);
	crashinfo_error_destroy(error);
	strbuf_deinit(&core);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size ? memchr(text, 0, size) : NULL;
	struct snapshot snapshot = {.runs = {0}};
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_error *error;

	if (!end || size < 2)
		return 0;
	snapshot.arch = dump_arch_of(data[size - 1] % 2 ? EM_X86_64 : EM_AARCH64);
	error = crashinfo_maps_parse(&context, text, (size_t)(end - text), &snapshot.maps);
	if (!error)
		error = snapshot_parse(&snapshot, end + 1, size - (size_t)(end - text) - 1);
	if (!error) {
		check_runs(&snapshot);
		/* Somewhere in the copy. */
		for (size_t i = 0; i < DUMP_WORDS_MAX && snapshot.runs.size; i++)
			snapshot.words[i] = snapshot.runs.data[i % snapshot.runs.size].address;
		make_core(&context, &snapshot);
	}
	crashinfo_error_destroy(error);
	snapshot_deinit(&snapshot);
	return 0;
}
