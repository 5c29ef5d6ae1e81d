/* SPDX-License-Identifier: Apache-2.0 */
/* Core files from the corpus: limits, and every allocation failing once. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <crashinfo/core.h>

#include "tests/alloc.h"
#include "tests/suite.h"

static int open_core(const char *name)
{
	const char *top = getenv("TOP");
	char path[4096];

	snprintf(path, sizeof(path), "%s/testdata/corpus/core/%s", top ? top : ".", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The report of a core file of the corpus; free it. */
static char *report_of(const char *name, const struct crashinfo_context *context,
		       struct crashinfo_core_stats *stats)
{
	int fd = open_core(name);
	char *text = NULL;
	size_t size;

	ck_assert_int_ge(fd, 0);
	ck_ok(crashinfo_core_report(context, fd, NULL, &text, &size, stats));
	ck_assert_uint_eq(strlen(text), size);
	close(fd);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* --- what is in them -------------------------------------------------------------------------- */

START_TEST(test_threads)
{
	struct crashinfo_core_stats stats;
	char *text = report_of("threads", NULL, &stats);

	ck_assert_uint_eq(stats.threads, 13);
	ck_assert_uint_eq(stats.missing_bytes, 0);
	ck_assert_uint_eq(stats.missing_files, 1);
	ck_assert_uint_eq(count(text, "\"crashed\":true"), 1);
	ck_assert_uint_eq(count(text, "\"tid\":19"), 1);
	ck_assert_ptr_nonnull(strstr(text, "\"si_addr\":\"0x0000000000000010\""));
	ck_assert_ptr_nonnull(strstr(text, "tiny --all"));
	free(text);
}
END_TEST

START_TEST(test_same_bytes_same_report)
{
	struct crashinfo_core_options options = {.timestamp = "2026-01-02T03:04:05Z"};
	char *text[2];
	size_t size;

	for (unsigned i = 0; i < 2; i++) {
		int fd = open_core("plain");

		ck_ok(crashinfo_core_report(NULL, fd, &options, &text[i], &size, NULL));
		close(fd);
	}
	ck_assert_str_eq(text[0], text[1]);
	ck_assert_ptr_nonnull(strstr(text[0], "\"timestamp\":\"2026-01-02T03:04:05Z\""));
	free(text[0]);
	free(text[1]);
}
END_TEST

START_TEST(test_no_core)
{
	int ends[2], fd = open_core("no-core");
	size_t size = 7;
	char *text = NULL;

	ck_fails(crashinfo_core_report(NULL, fd, NULL, &text, &size, NULL), CRASHINFO_ERROR_FORMAT);
	close(fd);
	fd = open_core("32-bit");
	ck_fails(crashinfo_core_report(NULL, fd, NULL, &text, &size, NULL),
		 CRASHINFO_ERROR_UNSUPPORTED);
	close(fd);
	ck_assert_int_eq(pipe(ends), 0);
	ck_fails(crashinfo_core_report(NULL, ends[0], NULL, &text, &size, NULL),
		 CRASHINFO_ERROR_UNSUPPORTED);
	close(ends[0]);
	close(ends[1]);
	ck_assert(!text && size == 7);
}
END_TEST

START_TEST(test_sniff)
{
	static const unsigned char core[18] = {0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 4};
	static const unsigned char big[18] = {0x7f, 'E', 'L', 'F', 2, 2, 1, [17] = 4};
	static const unsigned char program[18] = {0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 3};

	ck_assert(crashinfo_core_sniff(core, sizeof(core)));
	ck_assert(crashinfo_core_sniff(big, sizeof(big)));
	ck_assert(!crashinfo_core_sniff(core, sizeof(core) - 1));
	ck_assert(!crashinfo_core_sniff(program, sizeof(program)));
	ck_assert(!crashinfo_core_sniff("", 0));
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

START_TEST(test_limits)
{
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_core_stats stats;
	char *text;

	context.limits.core_threads = 4;
	context.limits.stack_frames = 1;
	text = report_of("threads", &context, &stats);
	ck_assert_uint_eq(stats.threads, 4);
	ck_assert_ptr_nonnull(strstr(text, "more than 4 threads, the others were left out"));
	ck_assert_ptr_nonnull(strstr(text, "the stack is deeper, its other frames were left out"));
	ck_assert_ptr_nonnull(strstr(text, "\"incomplete\":true,\"log_messages\""));
	free(text);
	context.limits.maps_entries = 1;
	text = report_of("threads", &context, &stats);
	ck_assert_ptr_nonnull(strstr(text, "more than 1 mappings, the others were left out"));
	free(text);
	/* the note of files is larger: its paths are not known then */
	context.limits.core_note_bytes = 16;
	text = report_of("plain", &context, &stats);
	ck_assert_ptr_null(strstr(text, "/opt/tiny"));
	free(text);
}
END_TEST

/* --- memory ----------------------------------------------------------------------------------- */

static struct crashinfo_error *read_core(void *name)
{
	int fd = open_core(name);
	char *text = NULL;
	size_t size = 7;
	struct crashinfo_error *error;

	assert(fd >= 0);
	error = crashinfo_core_report(NULL, fd, NULL, &text, &size, NULL);
	assert(!error == !!text && (!error || size == 7));
	/* a failure is not met by leaving something out */
	assert(error || count(text, "\"ucontext\"") == 1 + count(text, "\"crashed\""));
	free(text);
	close(fd);
	return error;
}

START_TEST(test_memory)
{
	ck_assert_uint_ge(alloc_fail_each(read_core, (void *)"plain"), 10);
	ck_assert_uint_ge(alloc_fail_each(read_core, (void *)"vdso-nowhere"), 10);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_threads);
	tcase_add_test(tests, test_same_bytes_same_report);
	tcase_add_test(tests, test_no_core);
	tcase_add_test(tests, test_sniff);
	tcase_add_test(tests, test_limits);
	tcase_add_test(tests, test_memory);
}

int main(void)
{
	return suite_run("core", add_tests);
}
