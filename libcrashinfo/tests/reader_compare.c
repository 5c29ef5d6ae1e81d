/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compare our DWARF reader with libdw: reader-compare FILE COUNT [DEBUG_DIR [JOBS [REFERENCE]]].
 * COUNT addresses are spread evenly over the code of FILE. With JOBS, by so many threads, and of
 * compressed sections only what is needed is kept. libdw reads REFERENCE, for what it cannot read.
 * Prints the first differences, and one line with the sums: addresses compared, different ones,
 * ones that our reader leaves to libdw.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "symbol/module.h"

#define SHOWN 5

static void check(struct crashinfo_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "reader-compare: %s\n", error->message);
	exit(2);
}

/* Sizes and addresses of the sections with code, as the debug file repeats them. */
static uint64_t code_bytes(const struct elf_file *file, uint64_t at, uint64_t *address_ret)
{
	Elf_Scn *section = NULL;
	uint64_t total = 0;

	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
			continue;
		if (at >= total && at < total + header.sh_size)
			*address_ret = header.sh_addr + (at - total);
		total += header.sh_size;
	}
	return total;
}

static struct lookups make_lookups(const struct elf_file *file, size_t count, bool unhandled)
{
	struct lookups lookups = {calloc(count, sizeof(*lookups.data)), count};
	uint64_t address = 0, total = code_bytes(file, 0, &address);

	for (size_t i = 0; i < count; i++) {
		/* in small files every byte is asked for, in large ones not the same place each
		 * time */
		code_bytes(file, total * i / count + (total > count ? i % (total / count) : 0),
			   &address);
		lookups.data[i] =
			(struct lookup){.address = address, .query = i, .unhandled = unhandled};
	}
	lookups_sort(&lookups);
	return lookups;
}

static int by_query(const void *a, const void *b)
{
	const struct lookup *x = a, *y = b;

	return x->query < y->query ? -1 : x->query > y->query;
}

/* Without "." and "..", empty parts and the unit's directory, which libdw may leave out. */
static void add_path(struct strbuf *buf, const struct lookup_frame *frame, const char *comp_dir)
{
	_free_ char *path = NULL;
	VEC(const char *) parts = {0};

	if (!frame->file)
		return;
	if (asprintf(&path, "%s/%s",
		     frame->comp_dir && *frame->file != '/' &&
				     strncmp(frame->file, frame->comp_dir, strlen(frame->comp_dir))
			     ? frame->comp_dir
			     : "",
		     frame->file) < 0)
		abort();
	for (char *state = NULL, *part = strtok_r(path, "/", &state); part;
	     part = strtok_r(NULL, "/", &state)) {
		const char **slot;

		if (!strcmp(part, "."))
			continue;
		if (!strcmp(part, "..") && parts.size) {
			parts.size--;
			continue;
		}
		slot = vec_push(&parts);
		*slot = part;
	}
	/* libdw does not say whether it put a relative directory in front: the names then */
	for (size_t i = comp_dir && *comp_dir != '/' && parts.size ? parts.size - 1 : 0;
	     i < parts.size; i++)
		strbuf_addf(buf, "/%s", parts.data[i]);
	free(parts.data);
}

static void describe(const struct lookup *lookup, const char *comp_dir, struct strbuf *buf)
{
	for (size_t i = 0; i < lookup->frames.size; i++) {
		const struct lookup_frame *frame = &lookup->frames.data[i];
		const char *name = frame->linkage_name ? frame->linkage_name : frame->name;

		strbuf_addf(buf, " %s", name ? name : "?");
		strbuf_addc(buf, '@');
		add_path(buf, frame, comp_dir);
		strbuf_addf(buf, ":%u:%u", frame->line, frame->column);
	}
}

static bool is_same(const struct lookup *ours, const struct lookup *theirs, size_t shown)
{
	_strbuf_ struct strbuf a = {0}, b = {0};
	const char *comp_dir = theirs->frames.size ? theirs->frames.data[0].comp_dir : NULL;
	bool same;

	describe(ours, comp_dir, &a);
	describe(theirs, comp_dir, &b);
	same = a.size == b.size && (!a.size || !strcmp(a.data, b.data));
	if (!same && shown < SHOWN)
		printf("%#" PRIx64 "\n  ours %s\n  libdw%s\n", ours->address, a.data ? a.data : "",
		       b.data ? b.data : "");
	return same;
}

/* What the command line says. */
struct run {
	const char *file, *debug_dir, *reference;
	size_t count;
	bool window;
	unsigned jobs;
};

static bool read_arguments(int argc, char **argv, struct run *run)
{
	if (argc < 3)
		return false;
	*run = (struct run){
		.file = argv[1],
		.debug_dir = argc > 3 ? argv[3] : NULL,
		.reference = argc > 5 ? argv[5] : argv[1],
		.count = strtoul(argv[2], NULL, 10),
		.window = argc > 4,
		.jobs = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 2,
	};
	return run->count && run->jobs;
}

static void open_module(const struct run *run, const struct crashinfo_context *context,
			struct crashinfo_finder *finder, const char *path,
			struct symbol_module *ret)
{
	struct crashinfo_symbolizer_options options = {.jobs = run->jobs};
	struct crashinfo_symbol_query query = {.file = path};

	check(symbol_module_open(context, finder, &options, &query, ret));
}

static const struct elf_file *file_of(const struct symbol_module *module)
{
	return module->debug.elf ? &module->debug : &module->image;
}

/* Print what differs; true when nothing does. */
static bool compare(const struct run *run, struct lookups *ours, struct lookups *theirs)
{
	size_t different = 0, left = 0;

	qsort(theirs->data, run->count, sizeof(*theirs->data), by_query);
	qsort(ours->data, run->count, sizeof(*ours->data), by_query);
	for (size_t i = 0; i < run->count; i++) {
		if (ours->data[i].unhandled)
			left++;
		else if (!is_same(&ours->data[i], &theirs->data[i], different))
			different++;
		free(ours->data[i].frames.data);
		free(theirs->data[i].frames.data);
	}
	printf("%zu compared, %zu different, %zu left\n", run->count, different, left);
	return !different;
}

int main(int argc, char **argv)
{
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_finder *finder = NULL;
	struct symbol_module module, reference;
	struct lookups ours, theirs;
	struct run run;
	bool same;

	if (!read_arguments(argc, argv, &run)) {
		fputs("usage: reader-compare FILE COUNT [DEBUG_DIR [JOBS [REFERENCE]]]\n", stderr);
		return 64;
	}
	if (run.window)
		context.limits.windowed_bytes = 1;
	check(crashinfo_finder_create(&context, &finder));
	if (run.debug_dir)
		check(crashinfo_finder_add_debug_dir(finder, run.debug_dir));
	open_module(&run, &context, finder, run.file, &module);
	open_module(&run, &context, finder, run.reference, &reference);
	ours = make_lookups(file_of(&module), run.count, false);
	theirs = make_lookups(file_of(&reference), run.count, true);
	check(symbol_module_resolve_rest(&reference, &context.limits, &theirs));
	check(reader_resolve(module.reader, &ours));
	if (run.window)
		printf("%s: ", module.reader->windowed ? "in part" : "in whole");
	same = compare(&run, &ours, &theirs);
	free(ours.data);
	free(theirs.data);
	symbol_module_close(&module);
	symbol_module_close(&reference);
	crashinfo_finder_destroy(finder);
	return !same;
}
