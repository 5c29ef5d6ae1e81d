/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads to the letter: tag lists, members and their order, values that stay as they are. */
#include <crashinfo/upload.h>

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "suite.h"
#include "upload/document.h"
#include "upload/host.h"
#include "upload/trim.h"

#define UUID "11111111-2222-4333-8444-555555555555"
#define META                                                                       \
	"\"metadata\":{\"library_name\":\"l\",\"library_version\":\"1\","          \
	"\"family\":\"native\",\"tags\":[\"service:foo\",\"service_version:bar\"," \
	"\"runtime-id:xyz\",\"language:native\"]}"
#define SIGNAL                                                            \
	"\"sig_info\":{\"si_addr\":\"0x0000000000001234\",\"si_code\":1," \
	"\"si_code_human_readable\":\"SEGV_MAPERR\",\"si_signo\":11,"     \
	"\"si_signo_human_readable\":\"SIGSEGV\"}"
#define OS                                                                 \
	"\"os_info\":{\"architecture\":\"x86_64\",\"bitness\":\"64-bit\"," \
	"\"os_type\":\"Debian\",\"version\":\"12.0.0\"}"
#define STACK                                           \
	"\"stack\":{\"format\":\"Datadog Crashtracker " \
	"1.0\",\"frames\":[{\"ip\":\"0x1\"}],\"incomplete\":true}"

/* With blanks, which do not reach a payload, and numbers that do not fit any type. */
#define REPORT                                                                                    \
	"{ \"counters\":{\"b\":0, \"a\":1}, \"data_schema_version\":\"1.8\",\n"                   \
	" \"error\":{\"is_crash\":true,\"kind\":\"UnixSignal\",\"message\":\"m\","                \
	"\"source_type\":\"Crashtracking\"," STACK ",\"thread_name\":\"main\","                   \
	"\"threads\":[{\"crashed\":false,\"name\":\"t\"," STACK "}]},"                            \
	"\"experimental\":{\"n\":12345678901234567890.50,\"z\":\"a\\u0000b\"},"                   \
	"\"files\":{\"/f\":[\"l\"]},\"incomplete\":true,\"log_messages\":[\"x\"]," META "," OS    \
	",\"proc_info\":{\"pid\":7}," SIGNAL ",\"timestamp\":\"2026-01-02 03:04:05.678901 UTC\"," \
	"\"ucontext\":{\"arch\":\"x86_64\",\"registers\":{\"rip\":\"0x01\"}},"                    \
	"\"uuid\":\"" UUID "\" }"

#define SIGNAL_TAGS "si_code_human_readable:SEGV_MAPERR,si_signo:11,si_signo_human_readable:SIGSEGV"
#define PLATFORM    ",runtime_platform:x86_64-unknown-linux-gnu"
#define REPORT_TAGS                                                                    \
	"data_schema_version:1.8,incomplete:true,is_crash:true,uuid:" UUID ",a:1,b:0," \
	"si_addr:0x0000000000001234,si_code:1," SIGNAL_TAGS PLATFORM

static struct crashinfo_upload_host host = {
	.hostname = (char *)"h1",
	.release = (char *)"6.8.0",
	.version = (char *)"#1 SMP",
	.architecture = (char *)"x86_64",
	.container_id = (char *)"c1",
};

static struct crashinfo_report *read_report(const char *text)
{
	struct crashinfo_report *report;
	struct crashinfo_json *json;

	ck_ok(crashinfo_json_parse(NULL, text, strlen(text), NULL, &json));
	ck_ok(crashinfo_report_create(NULL, json, &report));
	return report;
}

static char *payload(const char *text, enum crashinfo_upload_target target,
		     enum crashinfo_upload_kind kind, bool bare_array)
{
	const struct crashinfo_payload_options how = {
		.target = target,
		.kind = kind,
		.bare_array = bare_array,
		.host = &host,
		.now = 1767400000123456,
	};
	struct crashinfo_report *report = read_report(text);
	size_t size;
	char *body;

	ck_ok(crashinfo_payload_create(report, &how, &body, &size));
	ck_assert_uint_eq(strlen(body), size);
	crashinfo_report_destroy(report);
	return body;
}

/* The string at `path` of a payload, unescaped. */
static char *text_at(const char *body, const char *const *path)
{
	struct crashinfo_json *json;
	crashinfo_json_node node = 0;
	struct crashinfo_slice slice;
	char *storage = NULL, *text;

	ck_ok(crashinfo_json_parse(NULL, body, strlen(body), NULL, &json));
	for (; *path; path++)
		node = **path == '[' ? crashinfo_json_first(json, node)
				     : crashinfo_json_member(json, node, *path);
	ck_assert_uint_ne(node, CRASHINFO_JSON_NONE);
	ck_ok(crashinfo_json_string(json, node, &slice, &storage));
	text = strndup(slice.data, slice.size);
	free(storage);
	crashinfo_json_destroy(json);
	return text;
}

static const char *const telemetry_tags[] = {"payload", "logs", "[", "tags", NULL};
static const char *const telemetry_message[] = {"payload", "logs", "[", "message", NULL};
static const char *const errors_tags[] = {"ddtags", NULL};

static void expect_tags(const char *report, enum crashinfo_upload_target target,
			enum crashinfo_upload_kind kind, const char *expected)
{
	_free_ char *body = payload(report, target, kind, false);
	_free_ char *tags =
		text_at(body, target == CRASHINFO_UPLOAD_ERRORS ? errors_tags : telemetry_tags);

	ck_assert_str_eq(tags, expected);
}

START_TEST(test_tags)
{
	expect_tags(REPORT, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_REPORT, REPORT_TAGS);
	expect_tags(REPORT, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_REPORT,
		    "service:foo,version:bar,language_name:native," REPORT_TAGS);
	expect_tags(REPORT, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_PING,
		    "uuid:" UUID ",is_crash_ping:true,service:foo,language_name:native,"
		    "language_version:unknown,tracer_version:unknown," SIGNAL_TAGS PLATFORM);
	expect_tags(REPORT, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_PING,
		    "uuid:" UUID ",is_crash_ping:true,service:foo,language_name:native,"
		    "version:bar," SIGNAL_TAGS PLATFORM);
}
END_TEST

/* What a tag list cannot hold, and which of several tags counts. */
START_TEST(test_tag_values)
{
	static const char report[] =
		"{\"error\":{\"kind\":\"Panic\"},\"uuid\":\"u,u\",\"fingerprint\":\"f:g\","
		"\"counters\":{\"x,y:z\":18446744073709551616,\"n\":null},"
		"\"os_info\":{\"architecture\":\"arm64\",\"os_type\":\"Alpine Linux\"},"
		"\"metadata\":{\"tags\":[\"service:old\",\"service:a:b,c\",\"env:e\",\"version:1\","
		"\"service_version:2\",\"profiler_version:p\",\"library_version:l\",\"none\","
		"\"runtime_version:r\",\"language_version:v\",7]}}";
	static const char common[] = "data_schema_version:unknown,fingerprint:%s,incomplete:false,"
				     "is_crash:true,uuid:u_u,x_y_z:18446744073709551616,"
				     "runtime_platform:aarch64-unknown-linux-musl";
	char expected[512];

	snprintf(expected, sizeof(expected), common, "f_g");
	expect_tags(report, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_REPORT, expected);
	snprintf(expected, sizeof(expected),
		 "service:a:b_c,env:e,version:2,language_version:v,tracer_version:l,%s", common);
	snprintf(expected + strlen(expected) - strlen(common), sizeof(expected) - 128, common,
		 "f:g");
	expect_tags(report, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_REPORT, expected);
	expect_tags(report, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_PING,
		    "uuid:u_u,is_crash_ping:true,service:a_b_c,language_name:unknown,"
		    "language_version:r,tracer_version:l,"
		    "runtime_platform:aarch64-unknown-linux-musl,env:e");
	/* as an object, which RFC 0002 can be read as */
	expect_tags("{\"sig_info\":{\"signum\":11,\"signame\":\"SIGSEGV\"},\"uuid\":\"u\","
		    "\"metadata\":{\"tags\":{\"service\":\"s\",\"n\":1}}}",
		    CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_PING,
		    "uuid:u,is_crash_ping:true,service:s,si_signo:11,"
		    "si_signo_human_readable:SIGSEGV" PLATFORM);
}
END_TEST

static void add_many(struct strbuf *text, const char *element, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strbuf_addf(text, "%s%s", i ? "," : "", element);
}

#define ENVELOPE(time)                                                                          \
	"{\"api_version\":\"v2\",\"tracer_time\":" time ",\"runtime_id\":\"xyz\",\"seq_id\":1," \
	"\"application\":{\"service_name\":\"foo\",\"service_version\":\"bar\","                \
	"\"language_name\":\"native\",\"language_version\":\"unknown\","                        \
	"\"tracer_version\":\"unknown\"},"                                                      \
	"\"host\":{\"hostname\":\"h1\",\"container_id\":\"c1\",\"os\":\"linux\","               \
	"\"os_version\":\"6.8.0\",\"architecture\":\"x86_64\",\"kernel_name\":\"Linux\","       \
	"\"kernel_release\":\"6.8.0\",\"kernel_version\":\"#1 SMP\"},"                          \
	"\"origin\":\"Crashtracker\",\"request_type\":\"logs\",\"payload\":"

/* The whole payload but the message, which is looked at apart. */
static void expect_telemetry(enum crashinfo_upload_kind kind, bool bare, const char *before,
			     const char *behind)
{
	_free_ char *body = payload(REPORT, CRASHINFO_UPLOAD_TELEMETRY, kind, bare);

	ck_assert_uint_gt(strlen(body), strlen(before) + strlen(behind));
	ck_assert_str_eq(body + strlen(body) - strlen(behind), behind);
	body[strlen(before)] = '\0';
	ck_assert_str_eq(body, before);
}

START_TEST(test_telemetry)
{
	static const char report_end[] =
		"\",\"level\":\"ERROR\",\"count\":1,\"stack_trace\":null,\"tags\":\"" REPORT_TAGS
		"\",\"is_sensitive\":true,\"is_crash\":true}]";
	_free_ char *body =
		payload(REPORT, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_REPORT, false);
	_free_ char *message = text_at(body, telemetry_message), *compact = NULL;
	char end[1024];
	size_t size;

	snprintf(end, sizeof(end), "%s}}", report_end);
	expect_telemetry(CRASHINFO_UPLOAD_REPORT, false,
			 ENVELOPE("1767323045") "{\"logs\":[{\"message\":\"", end);
	snprintf(end, sizeof(end), "%s}", report_end);
	expect_telemetry(CRASHINFO_UPLOAD_REPORT, true, ENVELOPE("1767323045") "[{\"message\":\"",
			 end);
	ck_ok(crashinfo_json_layout(REPORT, strlen(REPORT), CRASHINFO_JSON_COMPACT, &compact,
				    &size));
	ck_assert_str_eq(message, compact);
}
END_TEST

START_TEST(test_telemetry_ping)
{
	_free_ char *body =
		payload(REPORT, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_PING, false);
	_free_ char *message = text_at(body, telemetry_message);

	ck_assert_str_eq(message,
			 "{\"crash_uuid\":\"" UUID
			 "\",\"kind\":\"UnixSignal\",\"message\":\"Crashtracker crash ping: "
			 "crash processing started - m\",\"siginfo\":"
			 "{\"si_addr\":\"0x0000000000001234\",\"si_code\":1,"
			 "\"si_code_human_readable\":\"SEGV_MAPERR\",\"si_signo\":11,"
			 "\"si_signo_human_readable\":\"SIGSEGV\"},"
			 "\"version\":\"1.0\"," META "}");
	ck_assert_ptr_nonnull(
		strstr(body, "\"level\":\"DEBUG\",\"count\":1,\"stack_trace\":null,"));
	ck_assert_ptr_nonnull(strstr(body, "\"is_sensitive\":false,\"is_crash\":false}]}}"));
	ck_assert_ptr_nonnull(strstr(body, "\"tracer_time\":1767400000,"));
}
END_TEST

START_TEST(test_errors)
{
	_free_ char *report =
		payload(REPORT, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_REPORT, false);
	_free_ char *ping = payload(REPORT, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_PING, false);

	ck_assert_str_eq(
		report,
		"{\"ddsource\":\"crashtracker\",\"ddtags\":\"service:foo,version:bar,"
		"language_name:native," REPORT_TAGS "\",\"error\":{\"type\":\"SIGSEGV\","
		"\"experimental\":{\"n\":12345678901234567890.50,\"z\":\"a\\u0000b\"},"
		"\"is_crash\":true,\"message\":\"m\",\"source_type\":\"Crashtracking\"," STACK
		",\"thread_name\":\"main\",\"threads\":[{\"crashed\":false,\"name\":\"t\"," STACK
		"}]},\"files\":{\"/f\":[\"l\"]}," OS ",\"proc_info\":{\"pid\":7}," SIGNAL
		",\"ucontext\":{\"arch\":\"x86_64\",\"registers\":{\"rip\":\"0x01\"}},"
		"\"timestamp\":1767323045678}");
	ck_assert_str_eq(ping,
			 "{\"ddsource\":\"crashtracker\",\"ddtags\":\"uuid:" UUID
			 ",is_crash_ping:true,service:foo,language_name:native,"
			 "version:bar," SIGNAL_TAGS PLATFORM "\",\"error\":{\"type\":\"SIGSEGV\","
			 "\"is_crash\":false,\"message\":\"Crashtracker crash ping: "
			 "crash processing started - m\",\"source_type\":\"Crashtracking\"}," OS
			 "," SIGNAL ",\"timestamp\":1767400000123}");
}
END_TEST

/* What a receiver said of its own faults is sent beside the report; what only looks so is not. */
#define ISSUE_LOG(message, issue)                                                           \
	"{\"message\":\"" message "\",\"level\":\"WARN\",\"count\":1,\"stack_trace\":null," \
	"\"tags\":\"receiver_issue:" issue ",crash_uuid:u,is_crash_debug:true\","           \
	"\"is_sensitive\":false,\"is_crash\":false}"

START_TEST(test_telemetry_issues)
{
	static const char report[] =
		"{\"uuid\":\"u\",\"error\":{},\"log_messages\":[\"x\",7,\"Timeout: late "
		"(receiver_issue:timeout)\",\"(receiver_issue:)\",\" (receiver_issue:A)\","
		"\"receiver_issue:timeout)\",\"line 1: \\u00e9 (receiver_issue:no_data) "
		"(receiver_issue:unexpected_line)\"]}";
	static const char end[] = "\"is_sensitive\":true,\"is_crash\":true}," ISSUE_LOG(
		"Timeout: late (receiver_issue:timeout)",
		"timeout") "," ISSUE_LOG("line 1: \u00e9 (receiver_issue:no_data) "
					 "(receiver_issue:unexpected_line)",
					 "unexpected_line") "]}}";
	_free_ char *body =
		payload(report, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_REPORT, false);
	_free_ char *ping =
		payload(report, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_PING, false);
	_free_ char *errors =
		payload(report, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_REPORT, false);

	ck_assert_uint_gt(strlen(body), strlen(end));
	ck_assert_str_eq(body + strlen(body) - strlen(end), end);
	ck_assert_ptr_null(strstr(ping, "receiver_issue"));
	ck_assert_ptr_null(strstr(errors, "receiver_issue"));
}
END_TEST

/* Not more than a few, and not more of one than tells what it is. */
START_TEST(test_telemetry_many_issues)
{
	_strbuf_ struct strbuf report = {0}, element = {0};
	_free_ char *body = NULL;
	unsigned count = 0;

	strbuf_addc(&element, '"');
	for (unsigned i = 0; i < 2000; i++)
		strbuf_adds(&element, "\u00e9");
	strbuf_adds(&element, " (receiver_issue:timeout)\"");
	strbuf_adds(&report, "{\"uuid\":\"u\",\"error\":{},\"log_messages\":[");
	add_many(&report, element.data, 20);
	strbuf_adds(&report, "]}");
	body = payload(report.data, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_REPORT, false);
	for (char *at = body; (at = strstr(at, "\"WARN\"")); at++)
		count++;
	ck_assert_uint_eq(count, 16);
	ck_assert_uint_lt(strlen(body), report.size + 16 * 1400 + 1000);
}
END_TEST

/* Members that are null or empty are left out, those that are not there have their defaults. */
START_TEST(test_sparse)
{
	_free_ char *errors = payload(
		"{\"uuid\":\"u\",\"timestamp\":\"yesterday\",\"error\":{\"kind\":\"Panic\","
		"\"message\":null,\"is_crash\":false,\"stack\":{\"frames\":[]},"
		"\"threads\":{\"count\":1,\"incomplete\":false,\"threads\":[{\"name\":\"t\"}]}},"
		"\"experimental\":null,\"files\":{},\"sig_info\":null,\"proc_info\":null,"
		"\"ucontext\":null}",
		CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_REPORT, false);
	_free_ char *signal = payload("{\"uuid\":\"u\"," SIGNAL ",\"error\":{}}",
				      CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_PING, false);
	_free_ char *kind = payload("{\"uuid\":\"u\",\"error\":{\"kind\":\"Panic\"}}",
				    CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_PING, false);

	ck_assert_str_eq(
		errors,
		"{\"ddsource\":\"crashtracker\",\"ddtags\":\"service:unknown,"
		"data_schema_version:unknown,incomplete:false,is_crash:false,uuid:u" PLATFORM
		"\",\"error\":{\"type\":\"Panic\",\"is_crash\":false,"
		"\"source_type\":\"Crashtracking\",\"threads\":[{\"name\":\"t\"}]},"
		"\"timestamp\":1767400000123}");
	ck_assert_ptr_nonnull(
		strstr(signal, "started - Process terminated with SEGV_MAPERR (SIGSEGV)\""));
	ck_assert_ptr_nonnull(strstr(signal, "\"os_info\":{\"architecture\":"));
	ck_assert_ptr_nonnull(strstr(kind, "started - Process terminated due to Panic"));
	ck_assert_ptr_nonnull(
		strstr(kind, "\\\"metadata\\\":{\\\"library_name\\\":\\\"unknown\\\""));
}
END_TEST

/* Numbers that no type holds, and texts that no C string does. */
#define NUMBERS "[18446744073709551615,1e400,1.0,-0.0,-0,1E+2,18446744073709551616.5]"
#define ODD     "\"a\\u0000\\ud83d\\ude00\\/,: \u00e9\""
#define ODD_REPORT                                                                          \
	"{\"uuid\":\"u\",\"timestamp\":\"2026-01-02T03:04:05Z\",\"counters\":{\"z\":1e400," \
	"\"m\":-0.0,\"a\":18446744073709551615,\"f\":1.0},\"error\":{\"message\":" ODD      \
	",\"thread_name\":" ODD ",\"kind\":\"Panic\"},\"experimental\":" NUMBERS            \
	",\"proc_info\":{\"pid\":" NUMBERS "},\"ucontext\":" NUMBERS                        \
	",\"metadata\":{\"n\":" NUMBERS                                                     \
	",\"tags\":[\"env:\",\"service::\",\"version:\u00e9 \\u00e9\"]}}"

START_TEST(test_exact)
{
	static const char tags[] = "data_schema_version:unknown,incomplete:false,is_crash:true,"
				   "uuid:u,a:18446744073709551615,f:1.0,m:-0.0,z:1e400" PLATFORM;
	_free_ char *errors =
		payload(ODD_REPORT, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_REPORT, false);
	_free_ char *ping =
		payload(ODD_REPORT, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_PING, false);
	_free_ char *envelope =
		payload(ODD_REPORT, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_REPORT, false);
	_free_ char *log =
		payload(ODD_REPORT, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_PING, false);
	char expected[1024];

	expect_tags(ODD_REPORT, CRASHINFO_UPLOAD_TELEMETRY, CRASHINFO_UPLOAD_REPORT, tags);
	snprintf(expected, sizeof(expected), "service::,env:,version:\u00e9 \u00e9,%s", tags);
	expect_tags(ODD_REPORT, CRASHINFO_UPLOAD_ERRORS, CRASHINFO_UPLOAD_REPORT, expected);
	ck_assert_ptr_nonnull(strstr(
		errors, "\"error\":{\"type\":\"Panic\",\"experimental\":" NUMBERS
			",\"is_crash\":true,\"message\":" ODD ",\"source_type\":\"Crashtracking\","
			"\"thread_name\":" ODD "},\"proc_info\":{\"pid\":" NUMBERS
			"},\"ucontext\":" NUMBERS ",\"timestamp\":1767323045000}"));
	ck_assert_ptr_nonnull(
		strstr(ping, "started - a\\u0000\\ud83d\\ude00\\/,: \u00e9\",\"source_type\""));
	ck_assert_ptr_nonnull(strstr(
		log, "started - a\\\\u0000\\\\ud83d\\\\ude00\\\\/,: \u00e9\\\",\\\"version\\\""));
	ck_assert_ptr_nonnull(strstr(log, "\\\"metadata\\\":{\\\"n\\\":" NUMBERS ",\\\"tags\\\":"));
	ck_assert_ptr_nonnull(strstr(envelope, "\\\"experimental\\\":" NUMBERS));
	ck_assert_ptr_nonnull(strstr(envelope, "\"service_name\":\":\",\"env\":\"\","));
}
END_TEST

START_TEST(test_uuid)
{
	_upload_document_ struct upload_document document = {0};
	struct crashinfo_report *report = read_report("{\"error\":{}}");

	ck_ok(upload_document_identify(NULL, report, &document));
	ck_assert_str_eq(document.text,
			 "{\"error\":{},\"uuid\":\"291d922d-2af6-43da-9dc1-6a91ebbeac7c\"}");
	crashinfo_report_destroy(report);
}
END_TEST

/* --- trimming --- */

static void trimmed(const char *text, enum trim_step step, size_t excess, const char *expected)
{
	struct crashinfo_report *report = read_report(text);
	_free_ char *result = NULL;
	size_t size;

	ck_ok(trim_report(report, step, excess, &result, &size));
	if (expected)
		ck_assert_str_eq(result, expected);
	else
		ck_assert_ptr_null(result);
	crashinfo_report_destroy(report);
}

START_TEST(test_trim)
{
	static const char files[] = "{\"files\":{\"a\":[\"1\"],\"b\":[\"22\",\"33\"],\"c\":[]},"
				    "\"incomplete\":false,\"log_messages\":[\"x\"]}";

	trimmed(files, TRIM_FILES, 1,
		"{\"files\":{\"a\":[\"1\"],\"b\":[],\"c\":[]},\"incomplete\":true,\"log_messages\":"
		"[\"x\",\"Left out to fit the size limit: 2 lines of file b\"]}");
	trimmed(files, TRIM_FILES, 100,
		"{\"files\":{\"a\":[],\"b\":[],\"c\":[]},\"incomplete\":true,\"log_messages\":"
		"[\"x\",\"Left out to fit the size limit: 2 lines of file b\","
		"\"Left out to fit the size limit: 1 lines of file a\"]}");
	trimmed(files, TRIM_RAW, 1, NULL);
	trimmed(files, TRIM_THREADS, 1, NULL);
	trimmed(files, TRIM_FRAMES, 1, NULL);
	trimmed("{\"ucontext\":{\"raw\":\"0000\",\"arch\":\"a\"}}", TRIM_RAW, 1,
		"{\"ucontext\":{\"arch\":\"a\"},\"incomplete\":true,\"log_messages\":"
		"[\"Left out to fit the size limit: ucontext.raw, 4 bytes\"]}");
}
END_TEST

START_TEST(test_trim_stacks)
{
	_strbuf_ struct strbuf before = {0}, after = {0};

	strbuf_adds(&before, "{\"error\":{\"threads\":[");
	add_many(&before, "{\"name\":\"t\"}", 66);
	strbuf_adds(&before, "]}}");
	strbuf_adds(&after, "{\"error\":{\"threads\":[");
	add_many(&after, "{\"name\":\"t\"}", 64);
	strbuf_adds(&after, "]},\"incomplete\":true,\"log_messages\":[\"Left out to fit the size "
			    "limit: 2 of 66 threads\"]}");
	trimmed(before.data, TRIM_THREADS, 1, after.data);
	strbuf_clear(&before);
	strbuf_clear(&after);
	strbuf_adds(&before, "{\"error\":{\"stack\":{\"frames\":[");
	add_many(&before, "{\"ip\":\"0x1\"}", 513);
	strbuf_adds(&before, "]}}}");
	strbuf_adds(&after, "{\"error\":{\"stack\":{\"frames\":[");
	add_many(&after, "{\"ip\":\"0x1\"}", 512);
	strbuf_adds(&after, "],\"incomplete\":true}},\"incomplete\":true,\"log_messages\":[\"Left "
			    "out to fit the size limit: 1 outermost frames of 1 stacks\"]}");
	trimmed(before.data, TRIM_FRAMES, 1, after.data);
}
END_TEST

/* The thread that crashed stays, wherever it stands. */
static void expect_crashed_kept(size_t at)
{
	_strbuf_ struct strbuf before = {0}, after = {0};
	size_t first = at < 64 ? at : 63;

	strbuf_adds(&before, "{\"error\":{\"threads\":[");
	add_many(&before, "{\"crashed\":false}", at);
	strbuf_addf(&before, "%s{\"crashed\":true}%s", at ? "," : "", at < 69 ? "," : "");
	add_many(&before, "{\"crashed\":false}", 69 - at);
	strbuf_adds(&before, "]}}");
	strbuf_adds(&after, "{\"error\":{\"threads\":[");
	add_many(&after, "{\"crashed\":false}", first);
	strbuf_addf(&after, "%s{\"crashed\":true}%s", first ? "," : "", first < 63 ? "," : "");
	add_many(&after, "{\"crashed\":false}", 63 - first);
	strbuf_adds(&after, "]},\"incomplete\":true,\"log_messages\":[\"Left out to fit the size "
			    "limit: 6 of 70 threads\"]}");
	trimmed(before.data, TRIM_THREADS, 1, after.data);
}

START_TEST(test_trim_crashed)
{
	expect_crashed_kept(0);
	expect_crashed_kept(40);
	expect_crashed_kept(63);
	expect_crashed_kept(64);
	expect_crashed_kept(69);
}
END_TEST

/* A payload that fits is left alone; one that does not is trimmed until it does, or refused. */
START_TEST(test_fit)
{
	struct crashinfo_payload_options how = {
		.target = CRASHINFO_UPLOAD_ERRORS, .kind = CRASHINFO_UPLOAD_REPORT, .host = &host};
	struct crashinfo_report *report;
	_strbuf_ struct strbuf text = {0};
	bool was_trimmed = true;
	char *body = NULL;
	size_t size;

	strbuf_adds(&text, "{\"uuid\":\"u\",\"error\":{},\"files\":{\"big\":[\n");
	add_many(&text, "    \"0123456789\"", 1000);
	strbuf_adds(&text, "],\"small\":[\"x\"]}}");
	report = read_report(text.data);
	ck_ok(upload_document_payload(NULL, report, &how, 20000, true, &body, &size, &was_trimmed));
	ck_assert(!was_trimmed);
	free(body);
	ck_fails(upload_document_payload(NULL, report, &how, 2000, false, &body, &size,
					 &was_trimmed),
		 CRASHINFO_ERROR_LIMIT);
	ck_ok(upload_document_payload(NULL, report, &how, 2000, true, &body, &size, &was_trimmed));
	ck_assert(was_trimmed);
	ck_assert_uint_le(size, 2000);
	ck_assert_ptr_nonnull(strstr(body, "\"files\":{\"big\":[],\"small\":[\"x\"]}"));
	ck_assert_ptr_nonnull(strstr(body, "incomplete:true"));
	free(body);
	ck_fails(upload_document_payload(NULL, report, &how, 10, true, &body, &size, &was_trimmed),
		 CRASHINFO_ERROR_LIMIT);
	crashinfo_report_destroy(report);
}
END_TEST

/* --- container --- */

static void expect_container(const char *path, const char *expected)
{
	char text[512];
	_free_ char *id = NULL;

	snprintf(text, sizeof(text), "junk\n13:name=systemd:/\n1:cpu,memory:%s\n0::/z\n", path);
	id = host_container_id(text);
	if (expected)
		ck_assert_str_eq(id, expected);
	else
		ck_assert_ptr_null(id);
}

START_TEST(test_container)
{
#define HEX32 "0123456789abcdef0123456789abcdef"
	expect_container("/docker/" HEX32 HEX32, HEX32 HEX32);
	expect_container("/kubepods/cri-containerd-" HEX32 HEX32 ".scope", HEX32 HEX32);
	expect_container("/k/crio-" HEX32 HEX32 ".scope/container  ", HEX32 HEX32);
	expect_container("/ecs/x/" HEX32 "-1234567890", HEX32 "-1234567890");
	expect_container("/garden/6f265890-5165-7fab-6b52-18d1", "6f265890-5165-7fab-6b52-18d1");
	expect_container("/pod/34dc0b5e_626f_2c5c_4c51_70e34b10e765",
			 "34dc0b5e_626f_2c5c_4c51_70e34b10e765");
	expect_container("/docker/" HEX32 "0123456789ABCDEF" HEX32, NULL);
	expect_container("/docker/" HEX32 HEX32 "/sub", NULL);
	expect_container("/user.slice/session-1.scope", NULL);
	expect_container("/", NULL);
}
END_TEST

static void expect_folder(const char *text, const char *expected)
{
	_free_ char *folder = host_cgroup_folder(text);

	if (expected)
		ck_assert_str_eq(folder, expected);
	else
		ck_assert_ptr_null(folder);
}

START_TEST(test_cgroup)
{
	expect_folder("0::/a\n", "//a");
	expect_folder("0::/v2\n4:cpu,memory:/v1\n3:memory2:/no\n", "memory//v1");
	expect_folder("1:cpu:/x\n", NULL);
	expect_folder("", NULL);
}
END_TEST

/* --- memory --- */

static struct crashinfo_error *build_all(void *argument)
{
	struct crashinfo_report *report = argument;

	for (int i = 0; i < 4; i++) {
		const struct crashinfo_payload_options how = {
			.target = (enum crashinfo_upload_target)(i & 1),
			.kind = (enum crashinfo_upload_kind)(i >> 1),
			.host = &host,
		};
		char *body = NULL;
		size_t size;
		bool was_trimmed;
		struct crashinfo_error *error;

		error = upload_document_payload(NULL, report, &how, 2600, true, &body, &size,
						&was_trimmed);
		free(body);
		if (error)
			return error;
	}
	return NULL;
}

START_TEST(test_memory)
{
	struct crashinfo_report *report = read_report(REPORT);

	ck_ok(build_all(report));
	ck_assert_uint_gt(alloc_fail_each(build_all, report), 20);
	crashinfo_report_destroy(report);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_tags);
	tcase_add_test(tests, test_tag_values);
	tcase_add_test(tests, test_telemetry);
	tcase_add_test(tests, test_telemetry_ping);
	tcase_add_test(tests, test_errors);
	tcase_add_test(tests, test_telemetry_issues);
	tcase_add_test(tests, test_telemetry_many_issues);
	tcase_add_test(tests, test_sparse);
	tcase_add_test(tests, test_exact);
	tcase_add_test(tests, test_uuid);
	tcase_add_test(tests, test_trim);
	tcase_add_test(tests, test_trim_stacks);
	tcase_add_test(tests, test_trim_crashed);
	tcase_add_test(tests, test_fit);
	tcase_add_test(tests, test_container);
	tcase_add_test(tests, test_cgroup);
	tcase_add_test(tests, test_memory);
}

int main(void)
{
	return suite_run("upload payloads", add_tests);
}
