/* SPDX-License-Identifier: Apache-2.0 */
/* Names of C++, Rust and D. */
#include <string.h>

#include "symbol/demangle.h"
#include "tests/suite.h"

struct name_case {
	const char *mangled, *readable; /* NULL: is left as it is */
};

static const struct name_case names[] = {
	{"_ZN4shop5store3addENS_4itemE", "shop::store::add"},
	{"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back"},
	{"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
	{"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
	{"_D4core6thread6Thread3runMFZv", "core.thread.Thread.run"},
	{"main", NULL},
	{"_Z", NULL},
	{"_ZN", NULL},
	{"_R", NULL},
	{"_D", NULL},
	{"", NULL},
};

START_TEST(test_name)
{
	struct strbuf text _strbuf_ = {0};
	const struct name_case *row = &names[_i];

	ck_assert_msg(demangle(row->mangled, 4096, &text) == (row->readable != NULL), "%s: %s",
		      row->mangled, text.data ? text.data : "");
	if (row->readable)
		ck_assert_ptr_nonnull(strstr(text.data, row->readable));
	else
		ck_assert_uint_eq(text.size, 0);
}
END_TEST

/* The name is stopped on its way out, so that a short one cannot become gigabytes. */
START_TEST(test_limit)
{
	struct strbuf text _strbuf_ = {0};

	ck_assert(!demangle("_ZN4shop5store3addENS_4itemE", 5, &text));
	ck_assert_uint_eq(text.size, 0);
}
END_TEST

/*
 * Each type refers twice to the one before it, so what is read doubles every five bytes: without a
 * limit this does not end before the test is stopped.
 */
START_TEST(test_references)
{
	struct strbuf name _strbuf_ = {0}, text _strbuf_ = {0};

	strbuf_adds(&name, "_D1aFHiiHQeQg");
	for (int i = 0; i < _i; i++)
		strbuf_adds(&name, "HQgQi");
	strbuf_adds(&name, "Zv");
	/* a few of them are what compilers write */
	ck_assert_msg(demangle(name.data, 4096, &text) == (_i < 5), "%s: %s", name.data,
		      text.data ? text.data : "");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, test_name, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(tests, test_limit);
	tcase_add_loop_test(tests, test_references, 0, 60);
}

int main(void)
{
	return suite_run("demangle", add_tests);
}
