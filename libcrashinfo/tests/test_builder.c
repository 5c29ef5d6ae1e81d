/* SPDX-License-Identifier: Apache-2.0 */
/* Building reports of every version. */
#include <stdio.h>
#include <string.h>

#include <crashinfo/report.h>

#include "tests/suite.h"

static struct crashinfo_report_builder *start(const char *version)
{
	struct crashinfo_report_builder *builder = NULL;

	ck_ok(crashinfo_report_builder_create(NULL, version, &builder));
	return builder;
}

static void set(struct crashinfo_report_builder *builder, const char *member, const char *json)
{
	ck_ok(crashinfo_report_builder_set(builder, member, json, strlen(json)));
}

static void add_frame(struct crashinfo_report_builder *builder, const char *json)
{
	ck_ok(crashinfo_report_builder_add_frame(builder, json, strlen(json)));
}

/* Uuid and timestamp set, so that the text is known. */
static char *finish(struct crashinfo_report_builder *builder)
{
	char *text = NULL;
	size_t size = 0;

	set(builder, "uuid", "\"u\"");
	set(builder, "timestamp", "\"t\"");
	ck_ok(crashinfo_report_builder_finish(builder, &text, &size));
	ck_assert_uint_eq(strlen(text), size);
	return text;
}

static void check_text(struct crashinfo_report_builder *builder, const char *wanted)
{
	char *text = finish(builder);

	ck_assert_str_eq(text, wanted);
	free(text);
	crashinfo_report_builder_destroy(builder);
}

#define OS                                                                           \
	"\"os_info\":{\"architecture\":\"unknown\",\"bitness\":\"unknown bitness\"," \
	"\"os_type\":\"Unknown\",\"version\":\"Unknown\"}"
#define METADATA                                                             \
	"\"metadata\":{\"family\":\"unknown\",\"library_name\":\"unknown\"," \
	"\"library_version\":\"unknown\"}"
#define EMPTY_STACK "{\"format\":\"Datadog Crashtracker 1.0\",\"frames\":[],\"incomplete\":true}"

START_TEST(test_empty)
{
	check_text(
		start(NULL),
		"{\"data_schema_version\":\"1.8\",\"error\":{\"is_crash\":true,"
		"\"kind\":\"UnixSignal\",\"source_type\":\"Crashtracking\",\"stack\":" EMPTY_STACK
		"},\"incomplete\":true," METADATA "," OS ",\"timestamp\":\"t\",\"uuid\":\"u\"}");
}
END_TEST

/* Text comes out byte for byte, whatever it is. */
START_TEST(test_exact)
{
	struct crashinfo_report_builder *builder = start(NULL);
	char *text;

	set(builder, "sig_info", "{ \"si_code\" : 18446744073709551615, \"x\":1e400 }");
	set(builder, "error.message", "\"\\ud800\\u0000\"");
	add_frame(builder, "{\"ip\":\"0x1\",\"unknown\":-0.0}");
	text = finish(builder);
	ck_assert_ptr_nonnull(strstr(text, "{ \"si_code\" : 18446744073709551615, \"x\":1e400 }"));
	ck_assert_ptr_nonnull(strstr(text, "\"message\":\"\\ud800\\u0000\""));
	ck_assert_ptr_nonnull(strstr(text, "[{\"ip\":\"0x1\",\"unknown\":-0.0}]"));
	free(text);
	crashinfo_report_builder_destroy(builder);
}
END_TEST

START_TEST(test_texts)
{
	struct crashinfo_report_builder *builder = start(NULL);
	char *text;

	ck_ok(crashinfo_report_builder_set_text(builder, "error.message", "a\"\\\n\xff\0z", 7));
	ck_ok(crashinfo_report_builder_log(builder, "one", 3));
	ck_assert(!crashinfo_report_builder_has_file(builder, "/p", 2));
	ck_ok(crashinfo_report_builder_file(builder, "/p", 2));
	ck_assert(crashinfo_report_builder_has_file(builder, "/p/q", 2));
	ck_ok(crashinfo_report_builder_file_line(builder, "l1", 2));
	ck_ok(crashinfo_report_builder_file_line(builder, "", 0));
	ck_ok(crashinfo_report_builder_counter(builder, "c", 1, "9", 1));
	ck_ok(crashinfo_report_builder_counter(builder, "c", 1, "10", 2));
	text = finish(builder);
	ck_assert_ptr_nonnull(strstr(text, "\"message\":\"a\\\"\\\\\\n\xef\xbf\xbd\\u0000z\""));
	ck_assert_ptr_nonnull(strstr(text, "\"log_messages\":[\"one\"]"));
	ck_assert_ptr_nonnull(strstr(text, "\"files\":{\"/p\":[\"l1\",\"\"]}"));
	ck_assert_ptr_nonnull(strstr(text, "{\"counters\":{\"c\":10},"));
	free(text);
	crashinfo_report_builder_destroy(builder);
}
END_TEST

/* Names: C strings cannot hold a NUL, so it is shown; the last of one name counts. */
START_TEST(test_names)
{
	struct crashinfo_report_builder *builder = start(NULL);
	char *text;

	ck_ok(crashinfo_report_builder_counter(builder, "a\0b", 3, "1", 1));
	ck_ok(crashinfo_report_builder_counter(builder, "a", 1, "2", 1));
	ck_ok(crashinfo_report_builder_counter(builder, "a\0b", 3, "3", 1));
	ck_ok(crashinfo_report_builder_counter(builder, "\xff", 1, "4", 1));
	ck_ok(crashinfo_report_builder_counter(builder, "a", 1, "5", 1));
	ck_ok(crashinfo_report_builder_file(builder, "f", 1));
	ck_ok(crashinfo_report_builder_file_line(builder, "old", 3));
	ck_ok(crashinfo_report_builder_file(builder, "g", 1));
	ck_ok(crashinfo_report_builder_file(builder, "f", 1));
	ck_ok(crashinfo_report_builder_file_line(builder, "new", 3));
	text = finish(builder);
	ck_assert_ptr_nonnull(strstr(text, "{\"counters\":{\"a\xef\xbf\xbd"
					   "b\":3,\"\xef\xbf\xbd\":4,\"a\":5},"));
	ck_assert_ptr_nonnull(strstr(text, "\"files\":{\"g\":[],\"f\":[\"new\"]}"));
	free(text);
	crashinfo_report_builder_destroy(builder);
}
END_TEST

/* What a stream can hold: time must not grow with the square of the count. */
START_TEST(test_many_counters)
{
	enum { COUNTERS = 300000 };
	struct crashinfo_report_builder *builder = start(NULL);
	struct crashinfo_json *json;
	char name[16], *text;

	for (int i = 0; i < COUNTERS; i++) {
		int length = snprintf(name, sizeof(name), "c%d", i % (COUNTERS / 2));

		ck_ok(crashinfo_report_builder_counter(builder, name, (size_t)length, "1", 1));
	}
	text = finish(builder);
	ck_ok(crashinfo_json_parse(NULL, text, strlen(text), NULL, &json));
	ck_assert_uint_eq(crashinfo_json_count(json, crashinfo_json_member(json, 0, "counters")),
			  COUNTERS / 2);
	crashinfo_json_destroy(json);
	free(text);
	crashinfo_report_builder_destroy(builder);
}
END_TEST

START_TEST(test_unknown_member)
{
	struct crashinfo_report_builder *builder = start(NULL);

	ck_fails(crashinfo_report_builder_set(builder, "error.nothing", "1", 1),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_fails(crashinfo_report_builder_file_line(builder, "x", 1),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_assert(!crashinfo_report_builder_has(builder, "experimental.additional_tags"));
	set(builder, "experimental.additional_tags", "[\"a\"]");
	ck_assert(crashinfo_report_builder_has(builder, "experimental.additional_tags"));
	set(builder, "experimental.additional_tags", "[ ]");
	ck_assert(!crashinfo_report_builder_has(builder, "experimental.additional_tags"));
	crashinfo_report_builder_destroy(builder);
	builder = NULL;
	ck_fails(crashinfo_report_builder_create(NULL, "1.9", &builder),
		 CRASHINFO_ERROR_UNSUPPORTED);
	ck_assert_ptr_null(builder);
}
END_TEST

struct stack_case {
	bool frame, end;
	const char *stack, *incomplete;
};

static const struct stack_case stacks[] = {
	{false, false, EMPTY_STACK, "\"incomplete\":true,\"metadata\""},
	/* a stack without frames was asked for: the report is whole, the stack is not */
	{false, true, EMPTY_STACK, "\"incomplete\":false,\"metadata\""},
	{true, false, "\"frames\":[{}],\"incomplete\":true", "\"incomplete\":false,\"metadata\""},
	{true, true, "\"frames\":[{}],\"incomplete\":false", "\"incomplete\":false,\"metadata\""},
};

START_TEST(test_stack)
{
	const struct stack_case *row = &stacks[_i];
	struct crashinfo_report_builder *builder = start(NULL);
	char *text;

	set(builder, "error.kind", "\"UnixSignal\"");
	set(builder, "metadata", "{}");
	if (row->frame)
		add_frame(builder, "{}");
	if (row->end)
		crashinfo_report_builder_end_stack(builder);
	text = finish(builder);
	ck_assert_ptr_nonnull(strstr(text, row->stack));
	ck_assert_msg(strstr(text, row->incomplete) != NULL, "%s", text);
	free(text);
	crashinfo_report_builder_destroy(builder);
}
END_TEST

/* The id comes from what happened, not from when it was read. */
START_TEST(test_uuid)
{
	char *texts[3] = {0};
	size_t size;

	for (int i = 0; i < 3; i++) {
		struct crashinfo_report_builder *builder = start(NULL);

		set(builder, "timestamp", i == 1 ? "\"later\"" : "\"now\"");
		set(builder, "error.message", i == 2 ? "\"other\"" : "\"same\"");
		ck_ok(crashinfo_report_builder_finish(builder, &texts[i], &size));
		crashinfo_report_builder_destroy(builder);
	}
	ck_assert_str_eq(strstr(texts[0], "\"uuid\""), strstr(texts[1], "\"uuid\""));
	ck_assert_str_ne(strstr(texts[0], "\"uuid\""), strstr(texts[2], "\"uuid\""));
	ck_assert_int_eq(strstr(texts[0], "\"uuid\":\"")[8 + 14], '4');
	for (int i = 0; i < 3; i++)
		free(texts[i]);
}
END_TEST

START_TEST(test_random_uuid)
{
	char first[37], second[37];

	ck_ok(crashinfo_uuid_random(first));
	ck_ok(crashinfo_uuid_random(second));
	ck_assert_uint_eq(strlen(first), 36);
	ck_assert_int_eq(first[14], '4');
	ck_assert_ptr_nonnull(strchr("89ab", first[19]));
	ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(test_timestamp)
{
	char text[28];

	crashinfo_timestamp_format(1767323045, 678901, text);
	ck_assert_str_eq(text, "2026-01-02T03:04:05.678901Z");
	crashinfo_timestamp_format(0, 0, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00.000000Z");
}
END_TEST

START_TEST(test_timestamp_parse)
{
	static const struct {
		const char *text;
		int64_t expected; /* -1: refused */
	} cases[] = {
		{"2026-01-02 03:04:05.678901 UTC", 1767323045678901},
		{"2026-01-02 03:04:05 UTC", 1767323045000000},
		{"2026-01-02T03:04:05Z", 1767323045000000},
		{"2026-01-02t03:04:05.5z", 1767323045500000},
		{"2026-01-02T04:34:05.678901234+01:30", 1767323045678901},
		{"2026-01-01T22:04:05-05:00", 1767323045000000},
		{"2024-02-29T00:00:00Z", 1709164800000000},
		{"2025-02-29T00:00:00Z", -1},
		{"2026-04-31T00:00:00Z", -1},
		{"2026-13-01T00:00:00Z", -1},
		{"2026-00-01T00:00:00Z", -1},
		{"2026-01-02T24:00:00Z", -1},
		{"2026-01-02T03:04:05", -1},
		{"2026-01-02T03:04:05.Z", -1},
		{"2026-01-02T03:04:05Z ", -1},
		{"2026-01-02T03:04:05+0130", -1},
		{"2026-01-02", -1},
		{"2026-1-2T03:04:05Z", -1},
		{"", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t got = -1;

		ck_assert_msg(crashinfo_timestamp_parse(cases[i].text, &got) ==
				      (cases[i].expected >= 0),
			      "%s", cases[i].text);
		ck_assert_int_eq(got, cases[i].expected);
	}
}
END_TEST

/* A report with something of every version in it. */
static struct crashinfo_report_builder *full(const char *version)
{
	struct crashinfo_report_builder *builder = start(version);
	const char *thread = "{\"crashed\":false,\"name\":\"w\",\"stack\":{\"format\":\"f\","
			     "\"frames\":[{\"type_name\":\"T\"}],\"incomplete\":false}}";

	set(builder, "error.kind", "\"UnixSignal\"");
	set(builder, "error.thread_name", "\"main\"");
	set(builder, "experimental.additional_tags", "[\"a\"]");
	set(builder, "metadata", "{}");
	set(builder, "proc_info", "{\"pid\":1,\"tid\":2}");
	set(builder, "sig_info",
	    "{\"si_addr\":\"0x0\",\"si_code\":1,\"si_code_human_readable\":\"ILL_ILLOPC\","
	    "\"si_signo\":4,\"si_signo_human_readable\":\"SIGILL\"}");
	set(builder, "span_ids", "[{\"id\":\"42\",\"thread_name\":\"w\"}]");
	set(builder, "ucontext", "{\"arch\":\"x86_64\",\"registers\":{}}");
	add_frame(builder, "{\"comments\":[],\"mangled_name\":\"_Z1f\",\"file_type\":\"PE\"}");
	crashinfo_report_builder_end_stack(builder);
	ck_ok(crashinfo_report_builder_add_thread(builder, thread, strlen(thread)));
	return builder;
}

struct version_case {
	const char *version;
	const char *has[4], *lacks[8], *losses[12];
};

static const struct version_case versions[] = {
	{"1.8", {"\"1.8\"", "ucontext", "\"threads\":[{", "type_name"}, {NULL}, {NULL}},
	{"1.7",
	 {"\"1.7\"", "\"threads\":{\"count\":1,\"incomplete\":false,\"threads\":[{", "ucontext"},
	 {NULL},
	 {NULL}},
	{"1.5", {"\"threads\":[{", "thread_name", "\"tid\":2"}, {"ucontext"}, {"/ucontext"}},
	{"1.2",
	 {"\"experimental\":{}", "\"UNKNOWN\"", "\"si_signo\":4"},
	 {"additional_tags", "comments", "mangled_name", "type_name", "tid", "\"PE\""},
	 {"/ucontext", "/experimental/additional_tags", "/proc_info/tid",
	  "/sig_info/si_signo_human_readable", "/sig_info/si_code_human_readable",
	  "/error/thread_name", "/error/stack/frames/0/comments",
	  "/error/stack/frames/0/mangled_name", "/error/stack/frames/0/file_type",
	  "/error/threads/0/stack/frames/0/type_name"}},
	{"1.0",
	 {"\"data_schema_version\":\"1.0\"", "\"incomplete\":true"},
	 {"experimental", "sig_info", "\"incomplete\":false"},
	 {"/experimental", "/sig_info"}},
	{"rfc0002",
	 {"\"sig_info\":{\"faulting_address\":\"0x0\",\"signum\":4,\"signame\":\"SIGILL\"}",
	  "\"span_ids\":[\"42\"]", "\"format\":\"CrashTrackerV1\"", "\"crashtracking\""},
	 {"comments", "tid", "\"incomplete\":true"},
	 {"/sig_info/si_code", "/span_ids/0/thread_name"}},
};

static bool lost(const struct crashinfo_report_builder *builder, const char *path)
{
	const struct crashinfo_loss *loss;

	for (size_t i = 0; (loss = crashinfo_report_builder_loss(builder, i)); i++)
		if (!strcmp(loss->pointer, path))
			return true;
	return false;
}

START_TEST(test_version)
{
	const struct version_case *row = &versions[_i];
	struct crashinfo_report_builder *builder = full(row->version);
	char *text = finish(builder);

	for (size_t i = 0; i < 4 && row->has[i]; i++)
		ck_assert_msg(strstr(text, row->has[i]) != NULL, "no %s in %s", row->has[i], text);
	for (size_t i = 0; i < 8 && row->lacks[i]; i++)
		ck_assert_msg(!strstr(text, row->lacks[i]), "%s in %s", row->lacks[i], text);
	for (size_t i = 0; i < 12 && row->losses[i]; i++)
		ck_assert_msg(lost(builder, row->losses[i]), "%s is not a loss", row->losses[i]);
	if (!row->losses[0])
		ck_assert_ptr_null(crashinfo_report_builder_loss(builder, 0));
	free(text);
	crashinfo_report_builder_destroy(builder);
}
END_TEST

START_TEST(test_os_info)
{
	struct crashinfo_json *json = NULL;
	char *text = NULL;

	ck_ok(crashinfo_os_info_json(&text));
	ck_ok(crashinfo_json_parse(NULL, text, strlen(text), NULL, &json));
	ck_assert_uint_eq(crashinfo_json_count(json, 0), 4);
	ck_assert_uint_ne(crashinfo_json_member(json, 0, "os_type"), CRASHINFO_JSON_NONE);
	crashinfo_json_destroy(json);
	free(text);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_empty);
	tcase_add_test(tests, test_exact);
	tcase_add_test(tests, test_texts);
	tcase_add_test(tests, test_names);
	tcase_add_test(tests, test_many_counters);
	tcase_add_test(tests, test_unknown_member);
	tcase_add_loop_test(tests, test_stack, 0, 4);
	tcase_add_test(tests, test_uuid);
	tcase_add_test(tests, test_random_uuid);
	tcase_add_test(tests, test_timestamp);
	tcase_add_test(tests, test_timestamp_parse);
	tcase_add_loop_test(tests, test_version, 0, sizeof(versions) / sizeof(versions[0]));
	tcase_add_test(tests, test_os_info);
}

int main(void)
{
	return suite_run("builder", add_tests);
}
