/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of normalizing a report fails once; what comes out is in normalize.test. */
#include <crashinfo/normalize.h>

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "suite.h"

/* A report of a process that had this very program mapped; its first segment begins the file. */
static char *make_report(void)
{
	char self[PATH_MAX], *text;
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(size, 0);
	self[size] = '\0';
	ck_assert(
		asprintf(&text,
			 "{\"error\":{\"stack\":{\"frames\":[{\"ip\":\"0x5010\"},{\"ip\":\"0x1\"},"
			 "{\"ip\":\"0x2\",\"comments\":[\"c\"]},{}]}},"
			 "\"files\":{\"/proc/self/maps\":[\"5000-6000 r--p 0 0:0 1 %s\"]}}",
			 self) > 0);
	return text;
}

static struct crashinfo_error *normalize(struct crashinfo_report *report, char **ret)
{
	struct crashinfo_normalize_stats stats = {0};
	struct crashinfo_finder *finder = NULL;
	size_t size;
	struct crashinfo_error *error = crashinfo_finder_create(NULL, &finder);

	if (!error)
		error = crashinfo_finder_add_sysroot(finder, "/");
	if (!error)
		error = crashinfo_normalize_report(NULL, finder, report, ret, &size, &stats);
	crashinfo_finder_destroy(finder);
	assert(error || (stats.frames == 3 && stats.normalized <= 1));
	return error;
}

static struct crashinfo_error *read_and_normalize(const char *text, char **ret)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(NULL, text, strlen(text), NULL, &json);
	if (!error)
		error = crashinfo_report_create(NULL, json, &report);
	if (!error)
		error = normalize(report, ret);
	crashinfo_report_destroy(report);
	return error;
}

static struct crashinfo_error *work(void *text)
{
	_free_ char *normalized = NULL;

	return read_and_normalize(text, &normalized);
}

START_TEST(test_memory)
{
	_free_ char *text = make_report(), *normalized = NULL;

	ck_ok(read_and_normalize(text, &normalized));
	ck_assert_ptr_nonnull(strstr(normalized, "{\"ip\":\"0x5010\",\"relative_address\":"
						 "\"0x0000000000000010\",\"path\":\"/"));
	ck_assert_uint_gt(alloc_fail_each(work, text), 20);
}
END_TEST

START_TEST(test_dialects)
{
	static const char old[] = "{\"siginfo\":{},\"stacktrace\":[{\"ip\":\"0x1\"}]}";
	_free_ char *normalized = NULL;

	ck_fails(read_and_normalize(old, &normalized), CRASHINFO_ERROR_UNSUPPORTED);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_memory);
	tcase_add_test(tests, test_dialects);
}

int main(void)
{
	return suite_run("normalize", add_tests);
}
