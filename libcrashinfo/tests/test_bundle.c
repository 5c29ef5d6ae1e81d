/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles written and read, within limits and with memory that fails; see also bundle.test. */
#include <crashinfo/bundle.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <crashinfo/input.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "bundle/archive_sniff.h"
#include "bundle/manifest.h"
#include "suite.h"

static char scratch[64];

static void make_scratch(void)
{
	snprintf(scratch, sizeof(scratch), "/tmp/ddcrash-bundle.XXXXXX");
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

static struct crashinfo_error *add(struct crashinfo_bundle_writer *writer, const char *name,
				   const char *text)
{
	struct crashinfo_bundle_member member = {name, name, "1.8"};

	return crashinfo_bundle_writer_add(writer, &member, text, strlen(text));
}

static struct crashinfo_error *write_bundle(void *path)
{
	struct crashinfo_bundle_writer *writer;
	struct crashinfo_error *error = crashinfo_bundle_writer_create(NULL, path, &writer);

	if (error)
		return error;
	error = add(writer, "b", "{\"n\":1}\n");
	if (!error)
		error = add(writer, "a", "{\"n\":2}\n");
	if (!error)
		error = add(writer, "b", "{\"n\":1}\n");
	if (!error)
		error = add(writer, "b", "{\"n\":3}\n");
	if (!error)
		return crashinfo_bundle_writer_finish(writer);
	crashinfo_bundle_writer_destroy(writer);
	return error;
}

/* Names without the operand, a blank behind each; the first NO_MEMORY, other errors as "!". */
static struct crashinfo_error *read_bundle(const struct crashinfo_context *context,
					   const char *path, struct strbuf *names)
{
	struct crashinfo_inputs *inputs;
	struct crashinfo_input input;
	struct crashinfo_error *error = crashinfo_inputs_create(context, &path, 1, &inputs);
	bool done = false;

	if (error)
		return error;
	while (!done) {
		error = crashinfo_inputs_next(inputs, &input, &done);
		if (error && error->code == CRASHINFO_ERROR_NO_MEMORY)
			break;
		if (!error && !done)
			crashinfo_json_destroy(input.json);
		if (error)
			strbuf_adds(names, "! ");
		else if (!done)
			strbuf_addf(names, "%s ", input.name + strlen(path) + 1);
		crashinfo_error_destroy(error);
		error = NULL;
	}
	crashinfo_inputs_destroy(inputs);
	return error ? error : strbuf_error(names);
}

static void expect(const struct crashinfo_context *context, const char *path, const char *expected)
{
	_strbuf_ struct strbuf names = {0};

	ck_ok(read_bundle(context, path, &names));
	strbuf_adds(&names, "");
	ck_assert_str_eq(names.data, expected);
}

START_TEST(test_round_trip)
{
	static const char *const paths[] = {"x.tar",     "x.tar.gz",  "x.tar.xz",
					    "x.tar.zst", "x.tar.bz2", "x.zip"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert(crashinfo_bundle_can_write(paths[i]));
		ck_ok(write_bundle((void *)paths[i]));
		expect(NULL, paths[i], "a.json b.2.json b.json ");
	}
	ck_assert(!crashinfo_bundle_can_write("tar"));
	ck_assert(!crashinfo_bundle_can_write(".tar"));
	ck_assert(!crashinfo_bundle_can_write("x.tar.Z"));
	ck_fails(write_bundle((void *)"x.rar"), CRASHINFO_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_limits)
{
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_bundle_writer *writer;

	ck_ok(write_bundle((void *)"x.tar.gz"));
	context.limits.archive_members = 2;
	expect(&context, "x.tar.gz", "a.json ! ");
	ck_ok(crashinfo_bundle_writer_create(&context, "y.tar", &writer));
	ck_ok(add(writer, "a", "{}"));
	ck_fails(add(writer, "b", "{}"), CRASHINFO_ERROR_LIMIT);
	crashinfo_bundle_writer_destroy(writer);
	ck_assert_int_ne(access("y.tar", F_OK), 0);
	context = crashinfo_context_default();
	context.limits.archive_depth = 1;
	expect(&context, "x.tar.gz", "! ");
	context.limits.archive_depth = 2;
	context.limits.archive_bytes = 1000;
	expect(&context, "x.tar.gz", "! ");
	context.limits.archive_bytes = 1 << 20;
	context.limits.member_bytes = 7;
	context.limits.input_errors = 2;
	expect(&context, "x.tar.gz", "! ! ");
	context = crashinfo_context_default();
	context.limits.archive_header_bytes = 100;
	ck_ok(write_bundle((void *)"x.zip"));
	expect(&context, "x.zip", "! ");
	expect(&context, "x.tar.gz", "! ");
	ck_ok(write_bundle((void *)"x.tar.xz"));
	expect(&context, "x.tar.xz", "! ");
}
END_TEST

START_TEST(test_manifest)
{
	static const char text[] = "{\"format\":\"ddcrash bundle\",\"version\":1,\"members\":["
				   "{\"name\":\"a\",\"sha256\":\"ca978112ca1bbdcafac231b39a23dc4d"
				   "a786eff8147c4e72b9807785afee48bb\"},{\"name\":\"b\"}]}";
	static const char *const bad[] = {
		"{\"format\":\"ddcrash bundle\"}",
		"{\"format\":\"ddcrash bundle\",\"version\":1}",
		"{\"format\":\"ddcrash bundle\",\"version\":1,\"members\":[1]}",
		"{\"format\":\"ddcrash bundle\",\"version\":1,\"members\":"
		"[{\"name\":\"a\",\"sha256\":\"00\"}]}",
	};
	struct manifest *manifest = NULL;
	size_t count;

	ck_ok(manifest_parse(NULL, "d/manifest.json", text, sizeof(text) - 1, &manifest));
	ck_assert_str_eq(manifest_missing(manifest, &count), "a");
	ck_assert_uint_eq(count, 1);
	ck_ok(manifest_check(manifest, "a", "x", 1));
	ck_ok(manifest_check(manifest, "d/b", "x", 1));
	ck_fails(manifest_check(manifest, "d/a", "x", 1), CRASHINFO_ERROR_MISMATCH);
	ck_ok(manifest_check(manifest, "d/a", "a", 1));
	ck_assert_ptr_null(manifest_missing(manifest, &count));
	manifest_destroy(manifest);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_fails(manifest_parse(NULL, "m", bad[i], strlen(bad[i]), &manifest),
			 CRASHINFO_ERROR_FORMAT);
	ck_ok(manifest_parse(NULL, "m", "{\"format\":1}", 12, &manifest));
	ck_assert_ptr_null(manifest);
}
END_TEST

START_TEST(test_sniff)
{
	ck_assert_int_eq(archive_sniff("PK\3\4", 4), ARCHIVE_KIND_ZIP);
	ck_assert_int_eq(archive_sniff("PK\3", 3), ARCHIVE_KIND_NONE);
	ck_assert_int_eq(archive_sniff("BZh91AY&SY", 10), ARCHIVE_KIND_COMPRESSED);
	ck_assert_int_eq(archive_sniff("BZh9 notes", 10), ARCHIVE_KIND_NONE);
	ck_assert_int_eq(archive_sniff("{\"a\":1}", 7), ARCHIVE_KIND_NONE);
	ck_assert_int_eq(archive_sniff("070701", 6), ARCHIVE_KIND_CPIO);
	ck_assert_int_eq(archive_sniff("!<arch>\n", 8), ARCHIVE_KIND_AR);
}
END_TEST

static struct crashinfo_error *read_memory(void *path)
{
	_strbuf_ struct strbuf names = {0};

	return read_bundle(NULL, path, &names);
}

START_TEST(test_memory)
{
	ck_assert_uint_gt(alloc_fail_each(write_bundle, (void *)"x.tar"), 10);
	ck_assert_uint_gt(alloc_fail_each(read_memory, (void *)"x.tar"), 10);
	ck_ok(write_bundle((void *)"x.tar.xz"));
	ck_assert_uint_gt(alloc_fail_each(read_memory, (void *)"x.tar.xz"), 10);
	ck_ok(write_bundle((void *)"x.tar.zst"));
	ck_assert_uint_gt(alloc_fail_each(read_memory, (void *)"x.tar.zst"), 10);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_test(tests, test_round_trip);
	tcase_add_test(tests, test_limits);
	tcase_add_test(tests, test_manifest);
	tcase_add_test(tests, test_sniff);
	tcase_add_test(tests, test_memory);
}

int main(void)
{
	return suite_run("bundle", add_tests);
}
