/* SPDX-License-Identifier: Apache-2.0 */
/* Reading reports of every dialect. */
#include <stdio.h>
#include <string.h>

#include <crashinfo/report.h>

#include "tests/suite.h"

static struct crashinfo_report *open_report(const char *text)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json = NULL;

	ck_ok(crashinfo_json_parse(NULL, text, strlen(text), "test.json", &json));
	ck_ok(crashinfo_report_create(NULL, json, &report));
	return report;
}

static const struct crashinfo_frame *frames_of(struct crashinfo_report *report, size_t stack,
					       size_t wanted)
{
	const struct crashinfo_frame *frames = NULL;
	size_t count = 0;

	ck_assert_ptr_nonnull(crashinfo_report_stack(report, stack));
	ck_ok(crashinfo_report_frames(report, crashinfo_report_stack(report, stack), &frames,
				      &count));
	ck_assert_uint_eq(count, wanted);
	return frames;
}

struct dialect_case {
	const char *text;
	enum crashinfo_dialect dialect;
};

static const struct dialect_case dialects[] = {
	{"{}", CRASHINFO_DIALECT_1_X},
	{"{\"data_schema_version\":\"1.9\"}", CRASHINFO_DIALECT_1_X},
	{"{\"version_id\":1}", CRASHINFO_DIALECT_DRAFT0002},
	{"{\"error\":{\"stack\":{\"trace\":[]}}}", CRASHINFO_DIALECT_DRAFT0002},
	{"{\"siginfo\":{}}", CRASHINFO_DIALECT_LEGACY_2024},
	{"{\"stacktrace\":[]}", CRASHINFO_DIALECT_LEGACY_2024},
	{"{\"sig_info\":{\"signum\":11}}", CRASHINFO_DIALECT_RFC0002},
	{"{\"sig_info\":{\"signame\":\"SIGSEGV\"}}", CRASHINFO_DIALECT_RFC0002},
	{"{\"error\":{\"stack\":{\"format\":\"CrashTrackerV1\"}}}", CRASHINFO_DIALECT_RFC0002},
	{"{\"error\":{\"source_type\":\"crashtracking\"}}", CRASHINFO_DIALECT_RFC0002},
	{"{\"span_ids\":[\"42\"]}", CRASHINFO_DIALECT_RFC0002},
	{"{\"span_ids\":[{\"id\":\"42\"}]}", CRASHINFO_DIALECT_1_X},
	{"{\"span_ids\":[]}", CRASHINFO_DIALECT_1_X},
};

START_TEST(test_dialect)
{
	struct crashinfo_report *report = open_report(dialects[_i].text);

	ck_assert_int_eq(crashinfo_report_dialect(report), dialects[_i].dialect);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_root_must_be_object)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json = NULL;

	ck_ok(crashinfo_json_parse(NULL, " [1]", 4, NULL, &json));
	ck_fails(crashinfo_report_create(NULL, json, &report), CRASHINFO_ERROR_FORMAT);
	ck_assert_ptr_null(report);
}
END_TEST

START_TEST(test_version)
{
	static const struct {
		const char *text;
		bool known;
		unsigned major, minor;
	} rows[] = {
		{"{\"data_schema_version\":\"1.8\"}", true, 1, 8},
		{"{\"data_schema_version\":\"1.10.2\"}", true, 1, 10},
		{"{\"data_schema_version\":\"1\"}", false, 0, 0},
		{"{\"data_schema_version\":\"1.x\"}", false, 0, 0},
		{"{\"data_schema_version\":1.8}", false, 0, 0},
		{"{\"data_schema_version\":\"99999999999.1\"}", false, 0, 0},
	};
	struct crashinfo_report *report = open_report(rows[_i].text);
	unsigned major = 0, minor = 0;

	ck_assert(crashinfo_report_version(report, &major, &minor) == rows[_i].known);
	ck_assert_uint_eq(major, rows[_i].major);
	ck_assert_uint_eq(minor, rows[_i].minor);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_summary_1_8)
{
	struct crashinfo_report *report = open_report(
		"{\"uuid\":\"u\",\"timestamp\":\"t\",\"incomplete\":true,"
		"\"error\":{\"kind\":\"UnixSignal\",\"message\":\"a\\u0000b\",\"is_crash\":true,"
		"\"thread_name\":\"main\"},"
		"\"sig_info\":{\"si_signo\":11,\"si_code\":-6,\"si_addr\":\"0x10\","
		"\"si_signo_human_readable\":\"SIGSEGV\",\"si_code_human_readable\":\"SI_TKILL\"},"
		"\"metadata\":{\"library_name\":7},"
		"\"proc_info\":{\"pid\":77,\"tid\":79}}");
	const struct crashinfo_report_summary *summary = crashinfo_report_summary(report);

	ck_assert_str_eq(summary->uuid, "u");
	ck_assert_str_eq(summary->message, "a\xef\xbf\xbd"
					   "b");
	ck_assert_str_eq(summary->signal_name, "SIGSEGV");
	ck_assert_str_eq(summary->signal_code_name, "SI_TKILL");
	ck_assert_str_eq(summary->fault_address, "0x10");
	ck_assert(summary->has_signal_number && summary->has_signal_code);
	ck_assert_int_eq(summary->signal_number, 11);
	ck_assert_int_eq(summary->signal_code, -6);
	ck_assert_uint_eq(summary->pid, 77);
	ck_assert_uint_eq(summary->tid, 79);
	ck_assert(summary->incomplete && summary->is_crash);
	/* of the wrong type reads as absent */
	ck_assert_ptr_null(summary->library_name);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_summary_rfc0002)
{
	struct crashinfo_report *report =
		open_report("{\"error\":{\"kind\":\"SigSegv\",\"is_crash\":false},"
			    "\"sig_info\":{\"signum\":11,\"signame\":\"SIGSEGV\","
			    "\"faulting_address\":\"0xdeadbeef\"}}");
	const struct crashinfo_report_summary *summary = crashinfo_report_summary(report);

	ck_assert_int_eq(summary->signal_number, 11);
	ck_assert_str_eq(summary->signal_name, "SIGSEGV");
	ck_assert_str_eq(summary->fault_address, "0xdeadbeef");
	ck_assert(!summary->has_signal_code && !summary->is_crash);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_frames)
{
	struct crashinfo_report *report = open_report(
		"{\"error\":{\"stack\":{\"format\":\"x\",\"incomplete\":true,\"frames\":["
		"{\"ip\":\"0x7F11\",\"sp\":\"beef\",\"relative_address\":\"0x0000000000000123\","
		"\"module_base_address\":\"zz\",\"path\":\"/lib/a.so\",\"build_id\":\"abcd\","
		"\"function\":\"f\",\"line\":7,\"column\":4294967296,\"comments\":[\"one\",2,"
		"\"two\"]},"
		"3,{\"ip\":12}]}}}");
	const struct crashinfo_frame *frames = frames_of(report, 0, 3);

	ck_assert(crashinfo_report_stack(report, 0)->incomplete);
	ck_assert(frames[0].has_ip && frames[0].has_sp && frames[0].has_relative_address);
	ck_assert_uint_eq(frames[0].ip, 0x7f11);
	ck_assert_uint_eq(frames[0].sp, 0xbeef);
	ck_assert_uint_eq(frames[0].relative_address, 0x123);
	ck_assert(!frames[0].has_module_base_address && !frames[0].has_symbol_address);
	ck_assert_str_eq(frames[0].path, "/lib/a.so");
	ck_assert_str_eq(frames[0].build_id, "abcd");
	ck_assert_str_eq(frames[0].function, "f");
	ck_assert_uint_eq(frames[0].line, 7);
	ck_assert_uint_eq(frames[0].column, 0);
	ck_assert_uint_eq(frames[0].comment_count, 2);
	ck_assert_str_eq(frames[0].comments[1], "two");
	ck_assert(!frames[1].has_ip && !frames[1].path);
	ck_assert(frames[2].has_ip && frames[2].ip == 12);
	crashinfo_report_destroy(report);
}
END_TEST

#define ONE_THREAD \
	"[{\"crashed\":true,\"name\":\"w\",\"state\":\"S\",\"stack\":{\"frames\":[{},{}]}},4]"

START_TEST(test_thread_shapes)
{
	static const char *const texts[] = {
		"{\"error\":{\"threads\":" ONE_THREAD "}}",
		"{\"error\":{\"threads\":{\"count\":1,\"incomplete\":false,\"threads\":" ONE_THREAD
		"}}}",
	};
	struct crashinfo_report *report = open_report(texts[_i]);
	const struct crashinfo_stack *stack = crashinfo_report_stack(report, 0);

	ck_assert_uint_eq(crashinfo_report_stack_count(report), 1);
	ck_assert_int_eq(stack->role, CRASHINFO_STACK_THREAD);
	ck_assert_str_eq(stack->thread_name, "w");
	ck_assert_str_eq(stack->thread_state, "S");
	ck_assert(stack->crashed);
	frames_of(report, 0, 2);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_runtime_stack)
{
	struct crashinfo_report *report =
		open_report("{\"error\":{\"stack\":{\"frames\":[]}},\"experimental\":"
			    "{\"runtime_stack\":{\"frames\":[{\"function\":\"main\"}]}}}");

	ck_assert_uint_eq(crashinfo_report_stack_count(report), 2);
	ck_assert_int_eq(crashinfo_report_stack(report, 1)->role, CRASHINFO_STACK_RUNTIME);
	ck_assert_str_eq(frames_of(report, 1, 1)->function, "main");
	ck_assert_ptr_null(crashinfo_report_stack(report, 2));
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_legacy_2024)
{
	struct crashinfo_report *report = open_report(
		"{\"siginfo\":{\"signum\":11,\"signame\":\"SIGSEGV\",\"faulting_address\":4660},"
		"\"stacktrace\":[{\"ip\":\"0x1\",\"names\":[{\"name\":\"f\",\"filename\":\"x.rs\","
		"\"colno\":5,\"lineno\":9},{\"name\":\"g\"}]}],"
		"\"additional_stacktraces\":{\"worker\":[{\"ip\":\"0x2\"},{\"ip\":\"0x3\"}]}}");
	const struct crashinfo_frame *frame = frames_of(report, 0, 1);

	ck_assert_int_eq(crashinfo_report_summary(report)->signal_number, 11);
	ck_assert_str_eq(crashinfo_report_summary(report)->fault_address, "0x1234");
	ck_assert_str_eq(frame->function, "f");
	ck_assert_str_eq(frame->file, "x.rs");
	ck_assert_uint_eq(frame->line, 9);
	ck_assert_uint_eq(frame->column, 5);
	ck_assert_str_eq(crashinfo_report_stack(report, 1)->thread_name, "worker");
	frames_of(report, 1, 2);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_draft0002)
{
	struct crashinfo_report *report = open_report(
		"{\"version_id\":1,\"error\":{\"stack\":{\"format\":\"CrashTrackerV1\",\"trace\":["
		"{\"ip\":\"0x1\",\"normalized_ip\":{\"file_offset\":4660,\"meta\":{\"Elf\":"
		"{\"path\":\"/bin/x\",\"build_id\":[171,205,1]}}}}]}}}");
	const struct crashinfo_frame *frame = frames_of(report, 0, 1);

	ck_assert_str_eq(frame->path, "/bin/x");
	ck_assert_str_eq(frame->build_id, "abcd01");
	ck_assert_str_eq(frame->build_id_type, "GNU");
	ck_assert_str_eq(frame->file_type, "ELF");
	/* a file offset is no virtual address */
	ck_assert(!frame->has_relative_address);
	crashinfo_report_destroy(report);
}
END_TEST

static const char *const addresses[][2] = {
	/* what is written, and what it says; NULL when it is no address */
	{"\"0x7f11c0a2b123\"", "7f11c0a2b123"},
	{"\"0X7F11\"", "7f11"},
	{"\"7f11\"", "7f11"},
	{"\"0x0x7f11\"", "7f11"},
	{"\"0x0x0x1\"", "1"},
	{"\"\\u0030x1f\"", "1f"},
	{"\"0xffffffffffffffff\"", "ffffffffffffffff"},
	{"\"0x0000000000000000001\"", "1"},
	{"18446744073709551615", "ffffffffffffffff"},
	{"\"0x10000000000000000\"", NULL},
	{"\"0x\"", NULL},
	{"\"0x0x\"", NULL},
	{"\"\"", NULL},
	{"\"0x1 \"", NULL},
	{"\"-1\"", NULL},
	{"-1", NULL},
	{"1.5", NULL},
	{"null", NULL},
	{"\"0x00000000000000000000000000000000000000000000000000000000000000001\"", NULL},
};

START_TEST(test_addresses)
{
	const struct crashinfo_frame *frame;
	struct crashinfo_report *report;
	char text[256], got[32];

	snprintf(text, sizeof(text), "{\"error\":{\"stack\":{\"frames\":[{\"ip\":%s}]}}}",
		 addresses[_i][0]);
	report = open_report(text);
	frame = frames_of(report, 0, 1);
	ck_assert(frame->has_ip == (addresses[_i][1] != NULL));
	snprintf(got, sizeof(got), "%llx", (unsigned long long)frame->ip);
	if (frame->has_ip)
		ck_assert_str_eq(got, addresses[_i][1]);
	crashinfo_report_destroy(report);
}
END_TEST

static const char *const draft_versions[][2] = {
	{"{\"Semantic\":[14,5,0]}", "14.5.0"},
	{"{\"Semantic\":[]}", NULL},
	{"{\"Semantic\":7}", NULL},
	{"{\"Rolling\":null}", "Rolling Release"},
	{"{\"Rolling\":\"2024-01-01\"}", "Rolling Release (2024-01-01)"},
	{"{\"Custom\":\"mine\"}", "mine"},
	{"\"Unknown\"", "Unknown"},
	{"{}", NULL},
};

START_TEST(test_draft_versions)
{
	struct crashinfo_report *report;
	const char *version;
	char text[256];

	snprintf(text, sizeof(text), "{\"version_id\":1,\"os_info\":{\"version\":%s}}",
		 draft_versions[_i][0]);
	report = open_report(text);
	version = crashinfo_report_summary(report)->os_version;
	if (draft_versions[_i][1])
		ck_assert_str_eq(version, draft_versions[_i][1]);
	else
		ck_assert_ptr_null(version);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_files)
{
	struct crashinfo_report *report =
		open_report("{\"proc_info\":{\"pid\":5},\"files\":{\"/etc/a.b\":[\"x\\ty\",\"\"],"
			    "\"/proc/5/maps\":[\"1000-2000 r-xp\"],\"bad\":\"text\"}}");
	char *text = NULL;
	size_t size = 0;

	ck_ok(crashinfo_report_file(report, "/etc/a.b", &text, &size));
	ck_assert_str_eq(text, "x\ty\n\n");
	ck_assert_uint_eq(size, 5);
	free(text);
	ck_ok(crashinfo_report_maps_text(report, &text, &size));
	ck_assert_str_eq(text, "1000-2000 r-xp\n");
	free(text);
	ck_fails(crashinfo_report_file(report, "bad", &text, &size), CRASHINFO_ERROR_NOT_FOUND);
	ck_fails(crashinfo_report_file(report, "none", &text, &size), CRASHINFO_ERROR_NOT_FOUND);
	crashinfo_report_destroy(report);
}
END_TEST

START_TEST(test_signals)
{
	ck_assert_str_eq(crashinfo_signal_name(11), "SIGSEGV");
	ck_assert_str_eq(crashinfo_signal_name(16), "UNKNOWN");
	ck_assert_str_eq(crashinfo_signal_name(-1), "UNKNOWN");
	ck_assert_int_eq(crashinfo_signal_number("SIGSYS"), 31);
	ck_assert_int_eq(crashinfo_signal_number("SIGSTKFLT"), 0);
	ck_assert_str_eq(crashinfo_si_code_name(11, 1), "SEGV_MAPERR");
	ck_assert_str_eq(crashinfo_si_code_name(7, 1), "BUS_ADRALN");
	ck_assert_str_eq(crashinfo_si_code_name(4, 2), "ILL_ILLOPN");
	ck_assert_str_eq(crashinfo_si_code_name(6, -6), "SI_TKILL");
	ck_assert_str_eq(crashinfo_si_code_name(8, 1), "UNKNOWN");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, test_dialect, 0, sizeof(dialects) / sizeof(dialects[0]));
	tcase_add_test(tests, test_root_must_be_object);
	tcase_add_loop_test(tests, test_version, 0, 6);
	tcase_add_test(tests, test_summary_1_8);
	tcase_add_test(tests, test_summary_rfc0002);
	tcase_add_test(tests, test_frames);
	tcase_add_loop_test(tests, test_thread_shapes, 0, 2);
	tcase_add_test(tests, test_runtime_stack);
	tcase_add_test(tests, test_legacy_2024);
	tcase_add_test(tests, test_draft0002);
	tcase_add_loop_test(tests, test_addresses, 0, sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_loop_test(tests, test_draft_versions, 0,
			    sizeof(draft_versions) / sizeof(draft_versions[0]));
	tcase_add_test(tests, test_files);
	tcase_add_test(tests, test_signals);
}

int main(void)
{
	return suite_run("report", add_tests);
}
