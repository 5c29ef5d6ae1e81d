/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compare our DWARF reader with libdw: reader-compare FILE COUNT [DEBUG_DIR [window]]. COUNT
 * addresses are spread evenly over the code of FILE. Prints the first differences, and one line
 * with the sums: addresses compared, different ones, ones that our reader leaves to libdw.
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
		/* in small files every byte is asked for, in large ones not the same place each time */
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

/* Only what libdw found something for, of both, which is then `count` long. */
static size_t keep_known(struct lookups *ours, struct lookups *theirs)
{
	size_t kept = 0;

	qsort(ours->data, ours->count, sizeof(*ours->data), by_query);
	for (size_t i = 0; i < theirs->count; i++) {
		if (!theirs->data[i].frames.size)
			continue;
		theirs->data[kept] = theirs->data[i];
		ours->data[kept++] = ours->data[i];
	}
	ours->count = theirs->count = kept;
	lookups_sort(ours);
	return kept;
}

int main(int argc, char **argv)
{
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_symbol_query query = {.file = argv[1]};
	struct crashinfo_finder *finder = NULL;
	struct crashinfo_symbolizer_options options = {.jobs = 2};
	struct symbol_module module, other;
	struct lookups ours, theirs;
	bool window = argc > 4;
	size_t different = 0, left = 0, count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	if (!count) {
		fputs("usage: reader-compare FILE COUNT [DEBUG_DIR [window]]\n", stderr);
		return 64;
	}
	if (window)
		context.limits.windowed_bytes = 1;
	check(crashinfo_finder_create(&context, &finder));
	if (argc > 3)
		check(crashinfo_finder_add_debug_dir(finder, argv[3]));
	check(symbol_module_open(&context, finder, &options, &query, &module));
	ours = make_lookups(module.debug.elf ? &module.debug : &module.image, count, false);
	theirs = make_lookups(module.debug.elf ? &module.debug : &module.image, count, true);
	check(symbol_module_open(&context, finder, &options, &query, &other));
	check(symbol_module_resolve_rest(&other, &context.limits, &theirs));
	qsort(theirs.data, count, sizeof(*theirs.data), by_query);
	/* a unit that is asked for by address has to be known to .debug_aranges */
	if (window)
		count = keep_known(&ours, &theirs);
	check(reader_resolve(module.reader, &ours));
	qsort(ours.data, count, sizeof(*ours.data), by_query);
	for (size_t i = 0; i < count; i++) {
		if (ours.data[i].unhandled)
			left++;
		else if (!is_same(&ours.data[i], &theirs.data[i], different))
			different++;
		free(ours.data[i].frames.data);
		free(theirs.data[i].frames.data);
	}
	printf("%zu compared, %zu different, %zu left\n", count, different, left);
	free(ours.data);
	free(theirs.data);
	symbol_module_close(&module);
	symbol_module_close(&other);
	crashinfo_finder_destroy(finder);
	return different != 0;
}
