/* SPDX-License-Identifier: Apache-2.0 */
/* Operands as a sequence of documents, within limits; see also parse.test. */
#include <crashinfo/input.h>

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "suite.h"

static char scratch[64];
/* Documents are read through a window. */
static bool windowed;

static void make_scratch(void)
{
	snprintf(scratch, sizeof(scratch), "/tmp/ddcrash-input.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
	ck_assert_int_eq(chdir(scratch), 0);
}

static void remove_scratch(void)
{
	_free_ char *command = NULL;

	ck_assert_int_eq(chdir("/"), 0);
	ck_assert(asprintf(&command, "rm -rf '%s'", scratch) > 0);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* The content of the stream at hand, read in pieces of `step` bytes. */
static void read_stream(struct crashinfo_inputs *inputs, size_t step, struct strbuf *ret)
{
	char buffer[64];
	size_t size;

	do {
		ck_ok(crashinfo_inputs_read(inputs, buffer, step, &size));
		ck_assert_uint_le(size, step);
		strbuf_add(ret, buffer, size);
	} while (size);
}

static void describe(struct crashinfo_inputs *inputs, struct crashinfo_input *input,
		     struct strbuf *ret)
{
	struct crashinfo_slice raw;

	strbuf_addf(ret, "%s#%zu ", input->name, input->index);
	if (input->kind == CRASHINFO_INPUT_STREAM) {
		read_stream(inputs, 5, ret);
		return;
	}
	raw = crashinfo_json_raw(input->json, 0);
	strbuf_add(ret, raw.data, raw.size);
	strbuf_addc(ret, '\n');
	crashinfo_json_destroy(input->json);
}

/* All that comes, a line each: "name#index content", "!source:line:column", "!source message". */
static void list(const struct crashinfo_context *context, const char *const *operands, size_t count,
		 struct strbuf *ret)
{
	struct crashinfo_inputs *inputs = NULL;
	struct crashinfo_input input;
	bool done = false;

	ck_ok(crashinfo_inputs_create(context, operands, count, &inputs));
	if (windowed)
		crashinfo_inputs_set_windowed(inputs);
	while (!done) {
		struct crashinfo_error *error = crashinfo_inputs_next(inputs, &input, &done);

		if (error && error->line)
			strbuf_addf(ret, "!%s:%u:%u\n", error->source, error->line, error->column);
		else if (error)
			strbuf_addf(ret, "!%s %s\n", error->source, error->message);
		else if (!done)
			describe(inputs, &input, ret);
		crashinfo_error_destroy(error);
	}
	crashinfo_inputs_destroy(inputs);
	ck_assert(!ret->failed);
}

static void expect(const struct crashinfo_limits *limits, const char *operand, const char *expected)
{
	struct crashinfo_context context = crashinfo_context_default();
	_strbuf_ struct strbuf got = {0};

	if (limits)
		context.limits = *limits;
	/* standard input is there only once */
	for (int i = 0; i < (strcmp(operand, "-") ? 2 : 1); i++) {
		windowed = i;
		strbuf_clear(&got);
		strbuf_adds(&got, "");
		list(&context, &operand, 1, &got);
		ck_assert_str_eq(got.data, expected);
	}
	windowed = false;
}

/* Some megabytes of documents of all kinds, good and bad, some longer than a window. */
static void write_many(const char *path)
{
	static const char *const pieces[] = {
		"{\"a\":[1,2,{}],\"b\":\"x\"}\n",
		"{\"a\":1}{\"b\":2}",
		"\n\n \t\r\n",
		"12345 ",
		"\"text\\u00e9\"",
		"{\n \"laid\": {\n  \"out\": true\n }\n}\n",
		"{\"bad\": tru }\n{\"x\":1}\n",
		"{\"cut\n{\"x\":\"y\"}\n",
		"[\n[],\n[]\n]\n",
		"\xc3\xa9\n{}\n",
		"{\"deep\": [[[[1]]]]}\n",
	};
	FILE *f = fopen(path, "w");
	uint32_t random = 1;

	ck_assert_ptr_nonnull(f);
	fputs("\xef\xbb\xbf{}\n", f);
	while (ftell(f) < 5 * 1024 * 1024) {
		random = random * 1664525 + 1013904223;
		fputs(pieces[(random >> 16) % 9], f);
		if ((random >> 8) % 4096)
			continue;
		fputs(pieces[9 + (random >> 20) % 2], f);
		fprintf(f, "{\"long\":\"%*s\"%s\n", (int)(random >> 8) % 1500000, "",
			random & 1 << 30 ? "}" : "");
	}
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(test_window)
{
	_strbuf_ struct strbuf whole = {0}, moved = {0};
	struct crashinfo_context context = crashinfo_context_default();
	static const char *const operand = "many";

	context.limits.input_errors = 1000000;
	write_many(operand);
	list(&context, &operand, 1, &whole);
	windowed = true;
	list(&context, &operand, 1, &moved);
	ck_assert_uint_gt(whole.size, 4000000);
	ck_assert_uint_eq(moved.size, whole.size);
	ck_assert(!memcmp(moved.data, whole.data, whole.size));
	/* one document must fit, all of them need not */
	context.limits.input_bytes = 4 * 1024 * 1024;
	strbuf_clear(&moved);
	list(&context, &operand, 1, &moved);
	ck_assert(!memcmp(moved.data, whole.data, whole.size));
	context.limits.input_bytes = 1000;
	strbuf_clear(&moved);
	list(&context, &operand, 1, &moved);
	strbuf_addc(&moved, '\0');
	ck_assert_str_eq(moved.data, "!many larger than the limit of 1000 bytes\n");
	windowed = false;
}
END_TEST

START_TEST(test_documents)
{
	write_file("f", "1 2\n\n[3]{}\"4\"null");
	expect(NULL, "f", "f#0 1\nf#1 2\nf#2 [3]\nf#3 {}\nf#4 \"4\"\nf#5 null\n");
	write_file("f", "x\nDD_CRASHTRACK_DONE\ny\n");
	expect(NULL, "f", "f#0 x\nDD_CRASHTRACK_DONE\n");
	write_file("f", " \n");
	expect(NULL, "f", "!f:1:1\n");
	write_file("f", "no");
	expect(NULL, "f", "!f:1:2\n");
	write_file("f", "\177ELF");
	expect(NULL, "f", "!f:1:1\n");
	expect(NULL, "none", "!none cannot open: No such file or directory\n");
}
END_TEST

#define STREAM(line)                                                                           \
	"DD_CRASHTRACK_BEGIN_CONFIG\nDD_CRASHTRACK_DONE\n" line "\nDD_CRASHTRACK_END_CONFIG\n" \
	"DD_CRASHTRACK_DONE\n"

START_TEST(test_streams)
{
	_strbuf_ struct strbuf many = {0}, expected = {0};

	write_file("f", STREAM("1") "\nbetween them\nDD_CRASHTRACK_DONE\n" STREAM("2") "\n");
	expect(NULL, "f", "f#0 " STREAM("1") "f#1 " STREAM("2"));
	write_file("f", STREAM("1") "x DD_CRASHTRACK_BEGIN_KIND\n");
	expect(NULL, "f", "f#0 " STREAM("1"));
	write_file("f", STREAM("1") "DD_CRASHTRACK_BEGIN_KIND\nDD_CRASHTRACK_END_KIND\n");
	expect(NULL, "f", "f#0 " STREAM("1"));
	write_file("f", STREAM("1") "DD_CRASHTRACK_BEGIN_METADATA");
	expect(NULL, "f", "f#0 " STREAM("1") "f#1 DD_CRASHTRACK_BEGIN_METADATA");
	/* what broke off has its END nowhere, so that the next one is a part of it */
	write_file("f", "DD_CRASHTRACK_BEGIN_KIND\n" STREAM("1"));
	expect(NULL, "f", "f#0 DD_CRASHTRACK_BEGIN_KIND\n" STREAM("1"));
	/* each place of the end in what is read at once, which is 64 KiB */
	for (int i = 0; i < 4000; i++) {
		char line[80];

		snprintf(line, sizeof(line), "%.*s", i % 61,
			 "................................................................");
		strbuf_addf(&many, STREAM("%s") "%s\n", line, line);
		strbuf_addf(&expected, "f#%d " STREAM("%s"), i, line);
	}
	write_file("f", many.data);
	expect(NULL, "f", expected.data);
}
END_TEST

START_TEST(test_going_on)
{
	struct crashinfo_limits limits = crashinfo_limits_default();
	static const char text[] = "{\"a\":}\n{\n \"b\" 1,\n {}\n}\n{\"c\":1}\n{]\n{]\n{\"d\":1}\n";

	write_file("f", text);
	expect(NULL, "f",
	       "!f:1:6\n"
	       "!f:3:6\n"
	       "f#2 {\"c\":1}\n"
	       "!f:7:2\n"
	       "!f:8:2\n"
	       "f#5 {\"d\":1}\n");
	limits.input_errors = 2;
	expect(&limits, "f", "!f:1:6\n!f:3:6\n");
	limits.input_bytes = sizeof(text) - 2;
	expect(&limits, "f", "!f larger than the limit of 44 bytes\n");
}
END_TEST

START_TEST(test_folders)
{
	struct crashinfo_limits limits = crashinfo_limits_default();

	ck_assert_int_eq(mkdir("d", 0777), 0);
	ck_assert_int_eq(mkdir("d/B", 0777), 0);
	ck_assert_int_eq(mkdir("d/B/c", 0777), 0);
	ck_assert_int_eq(symlink("..", "d/B/c/up"), 0);
	ck_assert_int_eq(symlink("gone", "d/a-gone"), 0);
	ck_assert_int_eq(mkfifo("d/fifo", 0666), 0);
	write_file("d/B/c/f", "1");
	write_file("d/a", "2");
	write_file("d/_", "3");
	write_file("d/other", "\177ELF");
	expect(NULL, "d/",
	       "d/B/c/f#0 1\nd/_#0 3\nd/a#0 2\n"
	       "!d/a-gone cannot open: No such file or directory\n");
	limits.tree_depth = 2;
	expect(&limits, "d",
	       "!d/B/c more than 2 folders within each other\nd/_#0 3\nd/a#0 2\n"
	       "!d/a-gone cannot open: No such file or directory\n");
	limits.tree_files = 5;
	expect(&limits, "d", "!d more than 5 files in a folder\n");
	ck_assert_int_eq(symlink("d", "link"), 0);
	limits = crashinfo_limits_default();
	/* what the user names is followed */
	expect(&limits, "link/B", "link/B/c/f#0 1\n");
	expect(&limits, "link",
	       "link/B/c/f#0 1\nlink/_#0 3\nlink/a#0 2\n"
	       "!link/a-gone cannot open: No such file or directory\n");
}
END_TEST

START_TEST(test_dash)
{
	static const char *const twice[] = {"-", "x", "-"};
	struct crashinfo_inputs *inputs = NULL;

	ck_fails(crashinfo_inputs_create(NULL, twice, 3, &inputs),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_assert_ptr_null(inputs);
	write_file("f", "7");
	ck_assert_ptr_nonnull(freopen("f", "r", stdin));
	expect(NULL, "-", "-#0 7\n");
	expect(NULL, "./-", "!./- cannot open: No such file or directory\n");
}
END_TEST

START_TEST(test_modified)
{
	const struct timespec times[2] = {{0, 0}, {1767323045, 678901234}};
	struct crashinfo_inputs *inputs = NULL;
	struct crashinfo_input input;
	const char *operand = "f";
	bool done = true;

	write_file("f", "{}");
	ck_assert_int_eq(utimensat(AT_FDCWD, "f", times, 0), 0);
	ck_ok(crashinfo_inputs_create(NULL, &operand, 1, &inputs));
	ck_ok(crashinfo_inputs_next(inputs, &input, &done));
	ck_assert(!done);
	ck_assert_str_eq(input.modified, "2026-01-02T03:04:05.678901Z");
	crashinfo_json_destroy(input.json);
	crashinfo_inputs_destroy(inputs);
}
END_TEST

/* --- memory --- */

static struct crashinfo_error *read_input(struct crashinfo_inputs *inputs,
					  struct crashinfo_input *input)
{
	struct crashinfo_error *error = NULL;
	char buffer[16];
	size_t size = 1;

	if (input->kind == CRASHINFO_INPUT_JSON)
		crashinfo_json_destroy(input->json);
	else
		while (size && !error)
			error = crashinfo_inputs_read(inputs, buffer, sizeof(buffer), &size);
	return error;
}

/* The first NO_MEMORY; other errors are those of the inputs. */
static struct crashinfo_error *read_all(void *argument)
{
	static const char *const operands[] = {"d", "f"};
	struct crashinfo_error *error, *no_memory = NULL;
	struct crashinfo_inputs *inputs = NULL;
	struct crashinfo_input input;
	bool done = false;

	(void)argument;
	error = crashinfo_inputs_create(NULL, operands, 2, &inputs);
	if (!error && windowed)
		crashinfo_inputs_set_windowed(inputs);
	while (!error && !done && !no_memory) {
		error = crashinfo_inputs_next(inputs, &input, &done);
		if (!error && !done)
			error = read_input(inputs, &input);
		if (error && error->code == CRASHINFO_ERROR_NO_MEMORY)
			no_memory = error;
		else
			crashinfo_error_destroy(error);
		error = NULL;
	}
	crashinfo_inputs_destroy(inputs);
	return no_memory ? no_memory : error;
}

START_TEST(test_memory)
{
	ck_assert_int_eq(mkdir("d", 0777), 0);
	ck_assert_int_eq(mkdir("d/e", 0777), 0);
	write_file("d/a", "[1]{}");
	write_file("d/e/b", "DD_CRASHTRACK_DONE\n");
	write_file("f", "{\n{}\n");
	for (int i = 0; i < 2; i++) {
		windowed = i;
		ck_ok(read_all(NULL));
		ck_assert_uint_gt(alloc_fail_each(read_all, NULL), 10);
	}
	windowed = false;
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_test(tests, test_documents);
	tcase_add_test(tests, test_streams);
	tcase_add_test(tests, test_going_on);
	tcase_add_test(tests, test_window);
	tcase_add_test(tests, test_folders);
	tcase_add_test(tests, test_dash);
	tcase_add_test(tests, test_modified);
	tcase_add_test(tests, test_memory);
}

int main(void)
{
	return suite_run("input", add_tests);
}
