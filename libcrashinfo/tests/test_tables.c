/* SPDX-License-Identifier: Apache-2.0 */
/* Go's table in the layouts that today's compilers no longer write, and memory that runs out. */
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "suite.h"
#include "symbol/table.h"

static void read_seed(const char *name, struct strbuf *ret)
{
	_free_ char *path = NULL;
	const char *top = getenv("TOP");

	ck_assert(asprintf(&path, "%s/testdata/corpus/%s", top ? top : ".", name) > 0);
	ck_ok(io_read_file(path, 65536, ret));
}

struct source {
	symbol_source_fn *resolve;
	const struct strbuf *bytes;
	char got[256]; /* name, file and line of the innermost frame at each address */
};

static struct crashinfo_error *resolve(void *user)
{
	struct source *source = user;
	struct lookup lookups[] = {{.address = 0x1000}, {.address = 0x1004}, {.address = 0x4000}};
	struct lookups all = {lookups, 3};
	struct arena arena;
	struct symbol_bytes bytes = {(const unsigned char *)source->bytes->data,
				     source->bytes->size, 0, &arena, limits_of(NULL)};
	struct crashinfo_error *error;
	size_t used = 0;

	arena_init(&arena);
	error = source->resolve(&bytes, &all);
	for (size_t i = 0; i < 3; i++) {
		const struct lookup_frame *frame = lookups[i].frames.data;

		if (!error && lookups[i].frames.size)
			used += (size_t)snprintf(source->got + used, sizeof(source->got) - used,
						 "%s %s:%u\n", frame->name, frame->file,
						 frame->line);
		free(lookups[i].frames.data);
	}
	arena_deinit(&arena);
	return error;
}

static void expect(symbol_source_fn *source_fn, const char *seed, const char *expected)
{
	struct strbuf bytes _strbuf_ = {0};
	struct source source = {.resolve = source_fn, .bytes = &bytes};

	read_seed(seed, &bytes);
	ck_ok(resolve(&source));
	ck_assert_str_eq(source.got, expected);
	ck_assert_uint_gt(alloc_fail_each(resolve, &source), 0);
}

START_TEST(test_go_layouts)
{
	static const char expected[] = "main.main /a/b.go:10\nmain.main /a/b.go:11\n";

	expect(pclntab_resolve, "pclntab/go1.2-little", expected);
	expect(pclntab_resolve, "pclntab/go1.2-big", expected);
	expect(pclntab_resolve, "pclntab/go1.16-little", expected);
	expect(pclntab_resolve, "pclntab/go1.16-big", expected);
}
END_TEST

START_TEST(test_breakpad)
{
	expect(breakpad_resolve, "breakpad/small.sym", "first one /a/b.c:3\ninner /a/b.c:3\n");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_go_layouts);
	tcase_add_test(tests, test_breakpad);
}

int main(void)
{
	return suite_run("tables", add_tests);
}
