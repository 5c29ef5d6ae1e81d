/* SPDX-License-Identifier: Apache-2.0 */
/* Memory maps as text. */
#include <stdio.h>
#include <string.h>

#include <crashinfo/maps.h>

#include "tests/suite.h"

static struct crashinfo_maps *parse(const char *text)
{
	struct crashinfo_maps *maps = NULL;

	ck_ok(crashinfo_maps_parse(NULL, text, strlen(text), &maps));
	return maps;
}

START_TEST(test_fields)
{
	struct crashinfo_maps *maps =
		parse("7f00-8000 r-xp 00001000 fd:0a 123 /usr/lib/a b.so (deleted)\r\n"
		      "1000-2000 -w-s 00000000 00:00 0\n");
	const struct crashinfo_map *first = &maps->entries[0], *second = &maps->entries[1];

	ck_assert_uint_eq(maps->count, 2);
	ck_assert_uint_eq(first->start, 0x1000);
	ck_assert(!first->readable && first->writable && !first->executable && first->shared);
	ck_assert_str_eq(first->path, "");
	ck_assert_uint_eq(second->start, 0x7f00);
	ck_assert_uint_eq(second->end, 0x8000);
	ck_assert_uint_eq(second->offset, 0x1000);
	ck_assert_uint_eq(second->device_major, 0xfd);
	ck_assert_uint_eq(second->device_minor, 0x0a);
	ck_assert_uint_eq(second->inode, 123);
	ck_assert(second->readable && second->executable && !second->shared && second->deleted);
	ck_assert_str_eq(second->path, "/usr/lib/a b.so");
	crashinfo_maps_destroy(maps);
}
END_TEST

/* Lines that are no entries; each is counted and nothing else is lost. */
static const char *const bad_lines[] = {
	"x",
	"1000 r-xp 0 0:0 0",
	"2000-1000 r-xp 0 0:0 0",
	"1000-2000 rwx 0 0:0 0",
	"1000-2000 r-xq 0 0:0 0",
	"1000-2000 r-xp 0 00 0",
	"1000-2000 r-xp 0 0:0 x",
	"11112222333344445-2 r-xp 0 0:0 0",
};

START_TEST(test_bad_line)
{
	char text[256];
	struct crashinfo_maps *maps;

	snprintf(text, sizeof(text), "%s\n1000-2000 r-xp 0 0:0 0 /x\n\n", bad_lines[_i]);
	maps = parse(text);
	ck_assert_uint_eq(maps->bad_lines, 1);
	ck_assert_uint_eq(maps->count, 1);
	crashinfo_maps_destroy(maps);
}
END_TEST

START_TEST(test_find)
{
	struct crashinfo_maps *maps = parse("3000-4000 r-xp 0 0:0 0 /b\n1000-2000 r-xp 0 0:0 0 /a\n"
					    "4000-5000 r-xp 0 0:0 0 /c\\012d\n");

	ck_assert_ptr_null(crashinfo_maps_find(maps, 0xfff));
	ck_assert_str_eq(crashinfo_maps_find(maps, 0x1000)->path, "/a");
	ck_assert_str_eq(crashinfo_maps_find(maps, 0x1fff)->path, "/a");
	ck_assert_ptr_null(crashinfo_maps_find(maps, 0x2000));
	ck_assert_str_eq(crashinfo_maps_find(maps, 0x3fff)->path, "/b");
	ck_assert_str_eq(crashinfo_maps_find(maps, 0x4000)->path, "/c\nd");
	ck_assert_ptr_null(crashinfo_maps_find(maps, UINT64_MAX));
	crashinfo_maps_destroy(maps);
}
END_TEST

START_TEST(test_limit)
{
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_maps *maps = NULL;
	const char *text = "1000-2000 r-xp 0 0:0 0\n2000-3000 r-xp 0 0:0 0\n";

	context.limits.maps_entries = 1;
	ck_fails(crashinfo_maps_parse(&context, text, strlen(text), &maps), CRASHINFO_ERROR_LIMIT);
	ck_assert_ptr_null(maps);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_fields);
	tcase_add_loop_test(tests, test_bad_line, 0, sizeof(bad_lines) / sizeof(bad_lines[0]));
	tcase_add_test(tests, test_find);
	tcase_add_test(tests, test_limit);
}

int main(void)
{
	return suite_run("maps", add_tests);
}
