/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of reading and building reports fails once. */
#include <assert.h>
#include <cJSON.h>
#include <string.h>

#include <crashinfo/report.h>

#include "tests/alloc.h"
#include "tests/suite.h"

static const char *const reports[] = {
	"{\"uuid\":\"\\u0000x\",\"error\":{\"message\":\"a\\u0000b\",\"stack\":{\"frames\":["
	"{\"ip\":\"0x1\",\"path\":\"/p\",\"comments\":[\"one\",\"two\\n\"]},7]},\"threads\":["
	"{\"name\":\"w\",\"state\":\"S\",\"crashed\":true,\"stack\":{\"frames\":[{}]}}]},"
	"\"files\":{\"/proc/self/maps\":[\"line\\t1\",\"2\"]},\"proc_info\":{\"pid\":7}}",
	"{\"siginfo\":{\"faulting_address\":4660},\"stacktrace\":[{\"names\":[{\"name\":\"f\","
	"\"filename\":\"x\"}]}],\"additional_stacktraces\":{\"w\":[{}]}}",
	"{\"version_id\":1,\"os_info\":{\"version\":{\"Semantic\":[14,5]}},\"error\":{\"stack\":"
	"{\"trace\":[{\"normalized_ip\":{\"meta\":{\"Elf\":{\"path\":\"/x\",\"build_id\":[1]}}}}]}}"
	"}",
	"{\"version_id\":1,\"os_info\":{\"version\":{\"Rolling\":\"date\"}}}",
	"{\"error\":{}}",
};

static struct crashinfo_error *read_stacks(struct crashinfo_report *report)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; !error && i < crashinfo_report_stack_count(report); i++) {
		const struct crashinfo_stack *stack = crashinfo_report_stack(report, i);
		const struct crashinfo_frame *frames = NULL;
		size_t count = 0;

		error = crashinfo_report_frames(report, stack, &frames, &count);
		assert(error ? !frames : count == stack->frame_count);
	}
	return error;
}

static struct crashinfo_error *read_maps(const struct crashinfo_report *report)
{
	char *text = NULL;
	size_t size = 99;
	struct crashinfo_error *error = crashinfo_report_maps_text(report, &text, &size);

	assert(!error == !!text && (!error || size == 99));
	free(text);
	if (error && error->code == CRASHINFO_ERROR_NOT_FOUND) {
		crashinfo_error_destroy(error);
		error = NULL;
	}
	return error;
}

static struct crashinfo_error *read_report(void *text)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(NULL, text, strlen(text), NULL, &json);
	if (!error)
		error = crashinfo_report_create(NULL, json, &report);
	assert(!error == !!report);
	if (!error)
		error = read_stacks(report);
	if (!error)
		error = read_maps(report);
	crashinfo_report_destroy(report);
	return error;
}

START_TEST(test_read)
{
	ck_assert_uint_ge(alloc_fail_each(read_report, (void *)reports[_i]), 3);
}
END_TEST

/* What comes out when nothing fails: a failure must not be met by leaving something out. */
static char *expected;

/* Takes `text`, which becomes what is expected when nothing was yet. */
static void compare(char *text)
{
	if (!expected) {
		expected = text;
		return;
	}
	assert(!text || !strcmp(text, expected));
	free(text);
}

static void fail_each(struct crashinfo_error *(*work)(void *), void *argument, unsigned at_least)
{
	ck_ok(work(argument));
	ck_assert_uint_ge(alloc_fail_each(work, argument), at_least);
	free(expected);
	expected = NULL;
}

struct setting {
	const char *member, *json;
};

static const struct setting settings[] = {
	{"error.kind", "\"UnixSignal\""},
	{"error.thread_name", "\"main\""},
	{"experimental.additional_tags", "[\"a\"]"},
	{"experimental.runtime_stack", "{\"format\":\"f\",\"frames\":[]}"},
	{"metadata", "{}"},
	{"metadata", "{\"family\":\"x\"}"},
	{"proc_info", "{\"pid\":1,\"tid\":2}"},
	{"sig_info", "{\"si_code\":1,\"si_code_human_readable\":\"ILL_ILLOPC\",\"si_signo\":4,"
		     "\"si_signo_human_readable\":\"SIGILL\"}"},
	{"span_ids", "[{\"id\":\"42\",\"thread_name\":\"w\"}]"},
	{"timestamp", "\"t\""},
	{"ucontext", "{\"arch\":\"x86_64\",\"registers\":{}}"},
};

static struct crashinfo_error *set_all(struct crashinfo_report_builder *builder)
{
	static const char frame[] = "{\"comments\":[],\"file_type\":\"PE\",\"type_name\":\"T\"}";
	static const char thread[] =
		"{\"crashed\":false,\"name\":\"w\",\"stack\":{\"format\":\"f\","
		"\"frames\":[{\"type_name\":\"T\"}],\"incomplete\":false}}";
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; !error && i < sizeof(settings) / sizeof(settings[0]); i++)
		error = crashinfo_report_builder_set(builder, settings[i].member, settings[i].json,
						     strlen(settings[i].json));
	if (!error)
		error = crashinfo_report_builder_set_text(builder, "error.message", "a\0\xff", 3);
	if (!error)
		error = crashinfo_report_builder_add_frame(builder, frame, strlen(frame));
	if (!error)
		error = crashinfo_report_builder_add_thread(builder, thread, strlen(thread));
	if (!error)
		error = crashinfo_report_builder_log(builder, "log", 3);
	return error;
}

static struct crashinfo_error *add_many(struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = crashinfo_report_builder_file(builder, "/f", 2);

	if (!error)
		error = crashinfo_report_builder_file_line(builder, "line", 4);
	if (!error)
		error = crashinfo_report_builder_file(builder, "/f", 2);
	if (!error)
		error = crashinfo_report_builder_counter(builder, "c", 1, "1", 1);
	if (!error)
		error = crashinfo_report_builder_counter(builder, "c", 1, "2", 1);
	return error;
}

static struct crashinfo_error *build(void *version)
{
	struct crashinfo_report_builder *builder = NULL;
	struct crashinfo_error *error = crashinfo_report_builder_create(NULL, version, &builder);
	char *text = NULL;
	size_t size = 0;

	if (!error)
		error = set_all(builder);
	if (!error)
		error = add_many(builder);
	if (!error)
		error = crashinfo_report_builder_finish(builder, &text, &size);
	assert(!error == !!text && (error || strlen(text) == size));
	compare(text);
	crashinfo_report_builder_destroy(builder);
	return error;
}

static const char *const versions[] = {"1.8", "1.7", "1.2", "1.0", "rfc0002"};

/* cJSON is a shared library, so its allocations fail only when it is told to use ours. */
static void hook_cjson(void)
{
	cJSON_Hooks hooks = {.malloc_fn = malloc, .free_fn = free};

	cJSON_InitHooks(&hooks);
}

START_TEST(test_build)
{
	hook_cjson();
	fail_each(build, (void *)versions[_i], 100);
}
END_TEST

static struct crashinfo_error *os_info(void *argument)
{
	char *text = NULL;
	struct crashinfo_error *error = crashinfo_os_info_json(&text);

	(void)argument;
	assert(!error == !!text);
	compare(text);
	return error;
}

START_TEST(test_os_info)
{
	hook_cjson();
	fail_each(os_info, NULL, 3);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, test_read, 0, COUNT(reports));
	tcase_add_loop_test(tests, test_build, 0, COUNT(versions));
	tcase_add_test(tests, test_os_info);
}

int main(void)
{
	return suite_run("report_memory", add_tests);
}
