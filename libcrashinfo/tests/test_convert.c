/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions: what every place comes to, and hostile reports. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <crashinfo/convert.h>

#include "tests/alloc.h"
#include "tests/suite.h"

static struct crashinfo_error *convert(const char *text, const char *version,
				       struct crashinfo_conversion **ret)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(NULL, text, strlen(text), NULL, &json);
	if (!error)
		error = crashinfo_report_create(NULL, json, &report);
	if (!error)
		error = crashinfo_conversion_create(NULL, report, version, ret);
	crashinfo_report_destroy(report);
	return error;
}

#define LABEL(version) "{\"data_schema_version\":\"" version "\","
#define FAULT          "\"si_signo\":11,\"si_signo_human_readable\":\"SIGSEGV\""

static const struct {
	const char *from, *version, *to;
	const char *losses[4]; /* "POINTER reason" */
} rows[] = {
	/* the same version: nothing changes, whatever it holds */
	{"{ \"data_schema_version\" : \"1.0\", \"experimental\": 1 }", "1.0",
	 "{ \"data_schema_version\" : \"1.0\", \"experimental\": 1 }"},
	/* unknown to both stays, what becomes known must fit */
	{LABEL("1.0") "\"experimental\":1}", "1.1", LABEL("1.1") "\"experimental\":1}"},
	{LABEL("1.0") "\"experimental\":1}",
	 "1.2",
	 "{\"data_schema_version\":\"1.2\"}",
	 {"/experimental another type of value"}},
	{LABEL("1.0") "\"experimental\":{\"ucontext\":null}}", "1.2",
	 LABEL("1.2") "\"experimental\":{\"ucontext\":null}}"},
	{LABEL("1.4") "\"proc_info\":{\"pid\":1,\"tid\":1e400}}",
	 "1.5",
	 LABEL("1.5") "\"proc_info\":{\"pid\":1}}",
	 {"/proc_info/tid another type of value"}},
	/* null and false say nothing */
	{LABEL("1.8") "\"ucontext\":null,\"experimental\":null,\"fingerprint\":null}", "1.0",
	 LABEL("1.0") "\"fingerprint\":null,\"proc_info\":{\"pid\":0},\"incomplete\":true}"},
	{LABEL("1.8") "\"error\":{\"stack\":{\"incomplete\":false,\"frames\":[]}},"
		      "\"proc_info\":{\"pid\":1},\"sig_info\":{" FAULT "}}",
	 "1.1",
	 LABEL("1.1") "\"error\":{\"stack\":{\"incomplete\":false,\"frames\":[]}},"
		      "\"proc_info\":{\"pid\":1},\"sig_info\":{" FAULT ",\"si_code\":128,"
		      "\"si_code_human_readable\":\"SI_KERNEL\"}}",
	 {"/sig_info/si_code no such value, now SI_KERNEL"}},
	{LABEL("1.1") "\"error\":{\"stack\":{\"incomplete\":true,\"frames\":[]}},"
		      "\"proc_info\":{\"pid\":1}}",
	 "1.0",
	 LABEL("1.0") "\"error\":{\"stack\":{\"frames\":[]}},"
		      "\"proc_info\":{\"pid\":1},\"incomplete\":true}",
	 {"/error/stack/incomplete no such member"}},
	/* repeated members: the last counts, a removal removes all */
	{LABEL("1.8") "\"ucontext\":1,\"ucontext\":{}}",
	 "1.1",
	 "{\"data_schema_version\":\"1.1\"}",
	 {"/ucontext no such member"}},
	{LABEL("1.8") "\"x\":1,\"x\":\"\\u0000\"}", "1.7",
	 LABEL("1.7") "\"x\":1,\"x\":\"\\u0000\"}"},
	/* threads */
	{LABEL("1.8") "\"error\":{}}", "1.7",
	 LABEL("1.7") "\"error\":{\"threads\":{\"count\":0,\"incomplete\":false}}}"},
	{LABEL("1.7") "\"error\":{\"threads\":{\"count\":0,\"incomplete\":false}}}", "1.8",
	 LABEL("1.8") "\"error\":{}}"},
	{LABEL("1.8") "\"counters\":{\"threads_incomplete\":1},\"error\":{\"threads\":[ 1e400 ]}}",
	 "1.7",
	 LABEL("1.7") "\"error\":{\"threads\":{\"count\":1,\"incomplete\":true,\"threads\":[ 1e400 "
		      "]}}}"},
	{LABEL("1.8") "\"counters\":{\"threads_incomplete\":2},\"error\":{\"threads\":null}}",
	 "1.7",
	 LABEL("1.7") "\"counters\":{\"threads_incomplete\":2},\"error\":{\"threads\":{\"count\":0,"
		      "\"incomplete\":true}}}"},
	{LABEL("1.7") "\"counters\":{},\"error\":{\"threads\":{\"threads\":[ ],\"count\":3,"
		      "\"incomplete\":true,\"a/b~\":1}}}",
	 "1.6",
	 LABEL("1.6") "\"counters\":{\"threads_incomplete\":1},\"error\":{\"threads\":[ ]}}",
	 {"/error/threads/count no such member", "/error/threads/a~1b~0 no such member"}},
	/* registers */
	{LABEL("1.5") "\"experimental\":{\"ucontext\":\"\\u0000\"}}", "1.6",
	 LABEL("1.6") "\"experimental\":{},\"ucontext\":{\"arch\":\"\",\"raw\":\"\\u0000\","
		      "\"registers\":{}}}"},
	{LABEL("1.6") "\"ucontext\":{\"arch\":\"\",\"raw\":\"r\",\"registers\":{},\"x\":1}}",
	 "1.2",
	 LABEL("1.2") "\"experimental\":{\"ucontext\":\"r\"}}",
	 {"/ucontext/x no such member"}},
	{LABEL("1.5") "\"experimental\":{\"ucontext\":\"a\"},\"ucontext\":{\"arch\":\"\","
		      "\"registers\":{}}}",
	 "1.8",
	 LABEL("1.8") "\"experimental\":{},\"ucontext\":{\"arch\":\"\",\"registers\":{}}}",
	 {"/experimental/ucontext no such member"}},
	/* enumerations */
	{LABEL("1.8") "\"sig_info\":{\"si_code\":0,\"si_code_human_readable\":\"UNKNOWN\","
		      "\"si_signo\":30,\"si_signo_human_readable\":\"UNKNOWN\"}}",
	 "1.1",
	 "{\"data_schema_version\":\"1.1\"}",
	 {"/sig_info no name for this signal"}},
	{LABEL("1.0") "\"error\":{\"stack\":{\"frames\":[{\"build_id_type\":\"PE\"}, 7,"
		      "{\"file_type\":\"ELF\"}]}}}",
	 "1.3",
	 LABEL("1.3") "\"error\":{\"stack\":{\"frames\":[{}, 7,{\"file_type\":\"ELF\"}],"
		      "\"incomplete\":false}}}",
	 {"/error/stack/frames/0/build_id_type no such value"}},
	/* RFC 0002 */
	{LABEL("1.0") "\"error\":{\"kind\":\"Oops\",\"source_type\":\"crashtracking\",\"message\":"
		      "\"m\"},\"metadata\":{\"tags\":{\"b\":[ 1, \"x\" "
		      "],\"a\":\"\\u0000\",\"b\":2}},"
		      "\"trace_ids\":[\"1\"]}",
	 "1.8",
	 LABEL("1.8") "\"error\":{\"kind\":\"UnhandledException\",\"source_type\":"
		      "\"Crashtracking\",\"message\":\"m\"},\"metadata\":{\"tags\":[\"a:\\u0000\","
		      "\"b:[ 1, \\\"x\\\" ]\",\"b:2\"]},\"trace_ids\":[{\"id\":\"1\"}]}",
	 {"/error/kind no such value, now UnhandledException"}},
	{LABEL("1.0") "\"error\":{\"kind\":\"SigFpe\"},\"sig_info\":{\"signame\":\"SIGFPE\","
		      "\"signum\":8},\"metadata\":{\"tags\":[\"a\",1]}}",
	 "1.2",
	 LABEL("1.2") "\"error\":{\"kind\":\"UnixSignal\"},\"sig_info\":{"
		      "\"si_signo_human_readable\":\"UNKNOWN\",\"si_signo\":8,\"si_code\":0,"
		      "\"si_code_human_readable\":\"UNKNOWN\"},\"metadata\":{\"tags\":[\"a\"]}}",
	 {"/metadata/tags/1 no text", "/sig_info/signame no such value, now UNKNOWN"}},
	{LABEL("1.8") "\"error\":{\"kind\":\"UnixSignal\",\"message\":null},\"sig_info\":{"
		      "\"si_addr\":null,\"si_signo\":8,\"si_signo_human_readable\":\"SIGFPE\"},"
		      "\"span_ids\":[{\"id\":\"1\",\"x\":2}]}",
	 "rfc0002",
	 LABEL("1.0") "\"error\":{\"kind\":\"SigFpe\"},\"sig_info\":{\"signum\":8,\"signame\":"
		      "\"SIGFPE\"},\"span_ids\":[\"1\"]}",
	 {"/span_ids/0/x no such member"}},
	/* wrong types everywhere */
	{LABEL("1.8") "\"error\":[],\"sig_info\":7,\"experimental\":\"x\",\"ucontext\":[],"
		      "\"span_ids\":{},\"metadata\":null,\"proc_info\":[[]]}",
	 "1.5",
	 LABEL("1.5") "\"error\":[],\"sig_info\":7,\"experimental\":\"x\","
		      "\"span_ids\":{},\"metadata\":null,\"proc_info\":[[]]}",
	 {"/ucontext no such member"}},
	{"{}", "1.8", "{\"data_schema_version\":\"1.8\"}"},
	{"{\"data_schema_version\":7}", "1.8", "{\"data_schema_version\":\"1.8\"}"},
	{"{\"data_schema_version\":\"1.77\"}", "1.8", "{\"data_schema_version\":\"1.8\"}"},
};

static bool has_loss(const struct crashinfo_conversion *conversion, const char *wanted)
{
	const struct crashinfo_loss *loss;
	char text[200];

	for (size_t i = 0; (loss = crashinfo_conversion_loss(conversion, i)); i++) {
		snprintf(text, sizeof(text), "%s %s", loss->pointer, loss->reason);
		if (!strcmp(text, wanted))
			return true;
	}
	return false;
}

START_TEST(test_rows)
{
	struct crashinfo_conversion *conversion = NULL;
	struct crashinfo_slice text;
	size_t count = 0;

	ck_ok(convert(rows[_i].from, rows[_i].version, &conversion));
	text = crashinfo_conversion_text(conversion);
	ck_assert_str_eq(text.data, rows[_i].to);
	ck_assert_uint_eq(text.size, strlen(rows[_i].to));
	for (; count < 4 && rows[_i].losses[count]; count++)
		ck_assert_msg(has_loss(conversion, rows[_i].losses[count]), "no loss %s",
			      rows[_i].losses[count]);
	ck_assert_ptr_null(crashinfo_conversion_loss(conversion, count));
	crashinfo_conversion_destroy(conversion);
}
END_TEST

START_TEST(test_lacks)
{
	struct crashinfo_conversion *conversion = NULL;

	ck_ok(convert(LABEL("1.8") "\"proc_info\":{\"pid\":1}}", "1.0", &conversion));
	ck_assert_str_eq(crashinfo_conversion_lacks(conversion), "sig_info");
	crashinfo_conversion_destroy(conversion);
	ck_ok(convert(LABEL("1.8") "\"proc_info\":{\"pid\":1}}", "1.1", &conversion));
	ck_assert_ptr_null(crashinfo_conversion_lacks(conversion));
	crashinfo_conversion_destroy(conversion);
}
END_TEST

START_TEST(test_refused)
{
	static const char *const texts[] = {
		"{\"data_schema_version\":\"2.0\"}",
		"{\"version_id\":1}",
		"{\"siginfo\":{}}",
	};
	struct crashinfo_conversion *conversion = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_fails(convert(texts[i], "1.8", &conversion), CRASHINFO_ERROR_UNSUPPORTED);
	ck_fails(convert("{}", "1.9", &conversion), CRASHINFO_ERROR_UNSUPPORTED);
	ck_assert_ptr_null(conversion);
	crashinfo_conversion_destroy(NULL);
}
END_TEST

struct work {
	const char *text, *version;
};

static struct crashinfo_error *convert_once(void *argument)
{
	const struct work *work = argument;
	struct crashinfo_conversion *conversion = NULL;
	struct crashinfo_error *error = convert(work->text, work->version, &conversion);

	assert(!error == !!conversion);
	crashinfo_conversion_destroy(conversion);
	return error;
}

START_TEST(test_memory)
{
	struct work work = {rows[_i].from, rows[_i].version};

	ck_assert_uint_gt(alloc_fail_each(convert_once, &work), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	int count = sizeof(rows) / sizeof(rows[0]);

	tcase_add_loop_test(tests, test_rows, 0, count);
	tcase_add_test(tests, test_lacks);
	tcase_add_test(tests, test_refused);
	tcase_add_loop_test(tests, test_memory, 0, count);
}

int main(void)
{
	return suite_run("convert", add_tests);
}
