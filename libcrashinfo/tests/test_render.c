/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports as text against testdata/reports: NAME.json gives NAME.SUFFIX. UPDATE_EXPECTED=1 writes
 * what comes out there instead, to be looked at with git diff.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crashinfo/file.h>
#include <crashinfo/render.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/utf8.h"
#include "render/render.h"
#include "tests/alloc.h"
#include "tests/suite.h"

static const char *top(void)
{
	const char *folder = getenv("TOP");

	return folder ? folder : ".";
}

static struct crashinfo_report *open_report(const char *text, size_t size)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json = NULL;

	ck_ok(crashinfo_json_parse(NULL, text, size, NULL, &json));
	ck_ok(crashinfo_report_create(NULL, json, &report));
	return report;
}

static void read_fixture(const char *name, struct strbuf *buf)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/testdata/reports/%s", top(), name);
	ck_ok(io_read_file(path, 1 << 20, buf));
}

static char *render(const char *name, enum crashinfo_render_format format,
		    const struct crashinfo_render_options *options)
{
	_strbuf_ struct strbuf text = {0};
	struct crashinfo_report *report;
	char *rendered = NULL;
	size_t size;

	read_fixture(name, &text);
	report = open_report(text.data, text.size);
	ck_ok(crashinfo_render(report, format, options, &rendered, &size));
	ck_assert_uint_eq(strlen(rendered), size);
	crashinfo_report_destroy(report);
	return rendered;
}

/* --- expected texts --- */

static const char *source_dirs[1];

static const struct golden {
	const char *report, *suffix;
	struct crashinfo_render_options options;
	enum crashinfo_render_format format;
} goldens[] = {
	{"segv", "txt", {0}},
	{"segv", "verbose.txt", {.verbose = true}},
	{"segv", "narrow.txt", {.width = 72}},
	{"segv", "color.txt", {.color = true}},
	{"segv",
	 "source.txt",
	 {.context_lines = 2, .source_dirs = source_dirs, .source_dir_count = 1}},
	{"segv", "md", {0}, CRASHINFO_RENDER_MARKDOWN},
	{"segv", "html", {.width = 72, .color = true}, CRASHINFO_RENDER_HTML},
	{"hostile", "md", {0}, CRASHINFO_RENDER_MARKDOWN},
	{"hostile", "html", {.verbose = true}, CRASHINFO_RENDER_HTML},
	{"recursion", "txt", {.width = 100}},
	{"runtime", "txt", {0}},
	{"runtime-text", "txt", {0}},
	{"rfc0002", "txt", {0}},
	{"hostile", "txt", {0}},
	{"hostile", "verbose.txt", {.verbose = true, .color = true, .width = 100}},
};

START_TEST(test_golden)
{
	const struct golden *golden = &goldens[_i];
	_strbuf_ struct strbuf expected = {0};
	_free_ char *rendered = NULL;
	char name[64], path[512];

	snprintf(name, sizeof(name), "%s.json", golden->report);
	rendered = render(name, golden->format, &golden->options);
	snprintf(name, sizeof(name), "%s.%s", golden->report, golden->suffix);
	if (getenv("UPDATE_EXPECTED")) {
		snprintf(path, sizeof(path), "%s/testdata/reports/%s", top(), name);
		ck_ok(crashinfo_file_write(path, rendered, strlen(rendered)));
		return;
	}
	read_fixture(name, &expected);
	ck_assert_msg(!strcmp(rendered, expected.data), "%s differs; got:\n%s", name, rendered);
}
END_TEST

/* Nothing that a terminal would act on, but the colours that were asked for. */
START_TEST(test_printable)
{
	const struct golden *golden = &goldens[_i];
	_free_ char *rendered = NULL;
	char name[64];

	snprintf(name, sizeof(name), "%s.json", golden->report);
	rendered = render(name, golden->format, &golden->options);
	ck_assert_uint_eq(utf8_valid_prefix(rendered, strlen(rendered)), strlen(rendered));
	for (const char *p = rendered; *p; p++) {
		bool color = golden->options.color && *p == '\033' && p[1] == '[' &&
			     p[2 + strspn(p + 2, "0123456789;")] == 'm';

		ck_assert_msg((unsigned char)*p >= ' ' || *p == '\n' || color, "byte %#x at %.20s",
			      *p, p);
	}
}
END_TEST

/* In HTML, angle brackets are of the tags that are used, and nothing runs. */
START_TEST(test_html)
{
	static const char *const tags[] = {"article>",  "h1>",  "h2>",  "pre>",  "span>", "span ",
					   "/article>", "/h1>", "/h2>", "/pre>", "/span>"};
	struct crashinfo_render_options options = {.verbose = true};
	_free_ char *rendered = render("hostile.json", CRASHINFO_RENDER_HTML, &options);

	for (const char *p = strchr(rendered, '<'); p; p = strchr(p + 1, '<')) {
		bool known = false;

		for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
			known |= !strncmp(p + 1, tags[i], strlen(tags[i]));
		ck_assert_msg(known, "unexpected %.20s", p);
	}
	ck_assert_ptr_null(strstr(rendered, "<script"));
	ck_assert_ptr_nonnull(strstr(rendered, "&lt;script"));
}
END_TEST

/* In Markdown, what the report says is in code blocks that it cannot end. */
START_TEST(test_markdown)
{
	struct crashinfo_render_options options = {0};
	_free_ char *rendered = render("hostile.json", CRASHINFO_RENDER_MARKDOWN, &options);
	size_t fence = 0;

	for (char *line = rendered; *line; line += strcspn(line, "\n") + 1) {
		size_t run = strspn(line + strspn(line, " "), "`");

		if (fence && run >= fence)
			fence = 0;
		else if (!fence && run >= 3)
			fence = run;
		else if (!fence)
			ck_assert_msg(*line == '\n' || *line == '#', "outside a block: %.30s",
				      line);
	}
	ck_assert_uint_eq(fence, 0);
	ck_assert_ptr_nonnull(strstr(rendered, "&#64;"));
}
END_TEST

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t size = strcspn(text, "\n"), length = utf8_length(text, size);

		longest = length > longest ? length : longest;
		text += size + (text[size] == '\n');
	}
	return longest;
}

START_TEST(test_width)
{
	struct crashinfo_render_options options = {.width = 90};
	_free_ char *rendered = render("recursion.json", CRASHINFO_RENDER_TEXT, &options);

	ck_assert_uint_le(longest_line(rendered), 90);
}
END_TEST

/* --- function names --- */

static const struct {
	const char *name;
	size_t width;
	const char *expected;
} functions[] = {
	{"main", 10, "main"},
	{"", 10, ""},
	{"f<a<b<c>>>()", 12, "f<a<b<c>>>()"},
	{"f<a<b<cccccc>>>()", 14, "f<a<b<...>>>()"},
	{"f<a<b<cccccc>>>()", 12, "f<a<...>>()"},
	{"f<a<bbbb>, c<dddd> >(int)", 24, "f<a<...>, c<...> >(int)"},
	{"f<a<bbbb>, c<dddd> >(int)", 20, "f<...>(int)"},
	{"operator<<(a<bbbb>)", 18, "operator<<(a<...>)"},
	{"bool operator< <integer>(x<yyyy> const&)", 35, "bool operator< <...>(x<...> const&)"},
	{"bool operator<(x<yyyyyyyyyy>)", 28, "bool operator<(x<...>)"},
	{"a::operator->(b<cccccc>)", 23, "a::operator->(b<...>)"},
	{"<alloc::vec::Vec<TTTT> as core::ops::Drop>::drop", 47,
	 "<alloc::vec::Vec<...> as core::ops::Drop>::drop"},
	{"fn(x<yyyyyy>) -> z<wwww>", 23, "fn(x<...>) -> z<...>"},
	{"a_function_with_a_long_name", 20, "a_function_with_a..."},
	{"sch\xc3\xb6n_gru\xc3\x9f_und_mehr", 10, "sch\xc3\xb6n_g..."},
	{"x>>>y<<<zzzzzz", 9, "x>>>y<..."},
	{"a\033[31mb", 80, "a\\x1b[31mb"},
};

START_TEST(test_function)
{
	_strbuf_ struct strbuf out = {0};

	render_function_name(&out, functions[_i].name, functions[_i].width);
	ck_assert_str_eq(out.size ? out.data : "", functions[_i].expected);
}
END_TEST

/* --- signals --- */

static const struct {
	int signal, code;
	const char *address, *expected;
} meanings[] = {
	{11, 1, "0x0", "a null pointer was used"},
	{11, 1, "0x0000000000000010", "a null pointer was used, 16 bytes behind it"},
	{11, 1, "0xfffffffffffffff8", "a null pointer was used, 8 bytes before it"},
	{11, 1, "0x7f0000000000", "no memory is mapped at that address"},
	{11, 1, NULL, ""},
	{11, 1, "rubbish", ""},
	{11, 2, "0x10", "the memory is there, but this access to it is not allowed"},
	{11, 0x80, "0x0",
	 "the address is none that this CPU can have, so the pointer was overwritten"},
	{11, 0, "0x10", "another process sent it (kill)"},
	{6, -6, NULL, "the program ended itself (abort)"},
	{8, 1, NULL, "an integer was divided by zero"},
	{12, 77, NULL, ""},
};

START_TEST(test_meaning)
{
	struct crashinfo_report_summary summary = {
		.has_signal_number = true,
		.signal_number = meanings[_i].signal,
		.has_signal_code = true,
		.signal_code = meanings[_i].code,
		.fault_address = meanings[_i].address,
	};
	_strbuf_ struct strbuf out = {0};

	render_signal_meaning(&summary, &out);
	ck_assert_str_eq(out.size ? out.data : "", meanings[_i].expected);
}
END_TEST

/* --- source files --- */

/*
 *	WORK/outside.c
 *	WORK/tree/a.c  deep/a.c  deep/b.c  link.c -> b.c in deep  out.c -> ../outside.c
 *	WORK/tree/absolute.c -> WORK/outside.c  folder/ -> WORK  fifo.c
 */
static char work[] = "/tmp/test_render.XXXXXX";
static char tree[64];

static void put(const char *name, const char *content)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", work, name);
	ck_ok(crashinfo_file_write(path, content, strlen(content)));
}

static void put_link(const char *name, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", work, name);
	ck_assert_int_eq(symlink(target, path), 0);
}

static void put_folder(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", work, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void make_tree(void)
{
	char outside[128];

	ck_assert_ptr_nonnull(mkdtemp(work));
	snprintf(tree, sizeof(tree), "%s/tree", work);
	snprintf(outside, sizeof(outside), "%s/outside.c", work);
	put_folder("tree");
	put_folder("tree/deep");
	put("outside.c", "outside\n");
	put("tree/a.c", "top a\n");
	put("tree/deep/a.c", "deep a\r\nsecond\nlast");
	put("tree/deep/b.c", "deep b\n");
	put_link("tree/link.c", "deep/b.c");
	put_link("tree/out.c", "../outside.c");
	put_link("tree/absolute.c", outside);
	put_link("tree/folder", work);
	snprintf(outside, sizeof(outside), "%s/fifo.c", tree);
	ck_assert_int_eq(mkfifo(outside, 0600), 0);
}

static void remove_tree(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", work);
	ck_assert_int_eq(system(command), 0);
}

/* The first line of the source file that `name` leads to, "" for none. */
static void first_line(const char *name, char *ret, size_t capacity)
{
	static const char *const dirs[] = {"/nonexistent", tree};
	static const char *const maps[] = {"/mapped", "/deep", "/whole/", "/"};
	struct crashinfo_render_options options = {
		.source_dirs = dirs, .source_dir_count = 2, .path_maps = maps, .path_map_count = 2};
	const struct source_file *file = NULL;
	struct source_files files;
	const char *line;
	size_t size;

	source_init(&files, &options);
	ck_ok(source_find(&files, name, &file));
	ck_assert_ptr_nonnull(file);
	*ret = '\0';
	if (source_line(file, 1, &line, &size))
		snprintf(ret, capacity, "%.*s", (int)size, line);
	source_deinit(&files);
}

static const struct {
	const char *name, *expected;
} lookups[] = {
	{"a.c", "top a"},
	{"/build/x/a.c", "top a"},
	{"/build/deep/a.c", "deep a"},
	{"deep/a.c", "deep a"},
	{"/build/deep/../a.c", "top a"},
	{"/build/./deep//./a.c", "deep a"},
	{"/build/deep/c.c", ""},
	{"missing.c", ""},
	{"", ""},
	{"/", ""},
	{"..", ""},
	{"/mapped/a.c", "deep a"},
	{"/mappedly/a.c", "top a"},
	{"/whole/deep/b.c", "deep b"},
	/* a link within the folder is fine, the rest is not */
	{"link.c", "deep b"},
	{"out.c", ""},
	{"absolute.c", ""},
	{"folder/outside.c", ""},
	{"../outside.c", ""},
	{"deep/../../outside.c", ""},
	{"/etc/passwd", ""},
	{"fifo.c", ""},
	{"deep", ""},
};

START_TEST(test_lookup)
{
	char line[64];

	first_line(lookups[_i].name, line, sizeof(line));
	ck_assert_str_eq(line, lookups[_i].expected);
}
END_TEST

START_TEST(test_lookup_by_full_path)
{
	char path[128], line[64];

	snprintf(path, sizeof(path), "%s/deep/b.c", tree);
	first_line(path, line, sizeof(line));
	ck_assert_str_eq(line, "deep b");
	snprintf(path, sizeof(path), "%s/outside.c", work);
	first_line(path, line, sizeof(line));
	ck_assert_str_eq(line, "");
}
END_TEST

START_TEST(test_lines)
{
	const char *const dirs[] = {tree};
	struct crashinfo_render_options options = {.source_dirs = dirs, .source_dir_count = 1};
	const struct source_file *file = NULL;
	struct source_files files;
	const char *line;
	size_t size;

	source_init(&files, &options);
	ck_ok(source_find(&files, "deep/a.c", &file));
	ck_assert(source_line(file, 1, &line, &size));
	ck_assert_uint_eq(size, strlen("deep a"));
	ck_assert(source_line(file, 3, &line, &size));
	ck_assert(!memcmp(line, "last", size) && size == 4);
	ck_assert(!source_line(file, 0, &line, &size));
	ck_assert(!source_line(file, 4, &line, &size));
	ck_assert(!source_line(file, UINT32_MAX, &line, &size));
	source_deinit(&files);
}
END_TEST

/* --- memory --- */

struct memory_case {
	const char *text;
	size_t size;
};

static struct crashinfo_error *render_once(void *argument)
{
	const struct memory_case *memory = argument;
	struct crashinfo_render_options options = {.verbose = true,
						   .width = 80,
						   .context_lines = 1,
						   .source_dirs = source_dirs,
						   .source_dir_count = 1};
	struct crashinfo_report *report;
	struct crashinfo_json *json;
	struct crashinfo_error *error;
	char *rendered;
	size_t size;

	error = crashinfo_json_parse(NULL, memory->text, memory->size, NULL, &json);
	if (!error)
		error = crashinfo_report_create(NULL, json, &report);
	if (error)
		return error;
	error = crashinfo_render(report, CRASHINFO_RENDER_HTML, &options, &rendered, &size);
	if (!error)
		free(rendered);
	crashinfo_report_destroy(report);
	return error;
}

START_TEST(test_no_memory)
{
	_strbuf_ struct strbuf text = {0};
	struct memory_case memory;

	read_fixture(_i ? "runtime-text.json" : "segv.json", &text);
	memory = (struct memory_case){text.data, text.size};
	ck_assert_uint_gt(alloc_fail_each(render_once, &memory), 10);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static void add(TCase *tests)
{
	static char source[512];

	snprintf(source, sizeof(source), "%s/testdata/reports/source", top());
	source_dirs[0] = source;
	tcase_add_unchecked_fixture(tests, make_tree, remove_tree);
	tcase_add_loop_test(tests, test_golden, 0, COUNT(goldens));
	tcase_add_loop_test(tests, test_printable, 0, COUNT(goldens));
	tcase_add_test(tests, test_html);
	tcase_add_test(tests, test_markdown);
	tcase_add_test(tests, test_width);
	tcase_add_loop_test(tests, test_function, 0, COUNT(functions));
	tcase_add_loop_test(tests, test_meaning, 0, COUNT(meanings));
	tcase_add_loop_test(tests, test_lookup, 0, COUNT(lookups));
	tcase_add_test(tests, test_lookup_by_full_path);
	tcase_add_test(tests, test_lines);
	tcase_add_loop_test(tests, test_no_memory, 0, 2);
}

int main(void)
{
	return suite_run("render", add);
}
