/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again, and where to send to. */
#include <crashinfo/upload.h>

#include <string.h>

#include "suite.h"
#include "upload/retry.h"

/* --- retries --- */

static const struct retry_policy policy = {
	.retries = 3, .deadline_ms = 60000, .base_ms = 100, .cap_ms = 1000};

static struct retry_decision answered(long status, unsigned attempts, int64_t retry_after_ms)
{
	const struct retry_attempt attempt = {
		.end = RETRY_ANSWERED,
		.status = status,
		.retry_after_ms = retry_after_ms,
		.attempts = attempts,
		.random = UINT32_MAX,
	};

	return retry_decide(&policy, &attempt);
}

START_TEST(test_statuses)
{
	static const struct {
		long status;
		enum retry_verdict verdict;
	} cases[] = {
		{200, RETRY_ACCEPTED}, {202, RETRY_ACCEPTED}, {299, RETRY_ACCEPTED},
		{301, RETRY_REFUSED},  {302, RETRY_REFUSED},  {307, RETRY_REFUSED},
		{400, RETRY_REFUSED},  {404, RETRY_REFUSED},  {413, RETRY_REFUSED},
		{422, RETRY_REFUSED},  {401, RETRY_STOP},     {403, RETRY_STOP},
		{407, RETRY_STOP},     {408, RETRY_AGAIN},    {429, RETRY_AGAIN},
		{500, RETRY_AGAIN},    {502, RETRY_AGAIN},    {503, RETRY_AGAIN},
		{599, RETRY_AGAIN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(answered(cases[i].status, 1, -1).verdict == cases[i].verdict,
			      "status %ld", cases[i].status);
}
END_TEST

START_TEST(test_backoff)
{
	struct retry_attempt attempt = {.end = RETRY_NOT_SENT, .retry_after_ms = -1};
	const struct retry_policy many = {
		.retries = 100, .deadline_ms = UINT32_MAX, .base_ms = 100, .cap_ms = 1000};

	ck_assert_uint_eq(answered(503, 1, -1).wait_ms, 100);
	ck_assert_uint_eq(answered(503, 2, -1).wait_ms, 200);
	ck_assert_uint_eq(answered(503, 3, -1).wait_ms, 400);
	ck_assert_int_eq(answered(503, 4, -1).verdict, RETRY_GIVE_UP);
	for (attempt.attempts = 1; attempt.attempts < 80; attempt.attempts++) {
		attempt.random = 0;
		ck_assert_uint_ge(retry_decide(&many, &attempt).wait_ms, 50);
		attempt.random = UINT32_MAX;
		ck_assert_uint_le(retry_decide(&many, &attempt).wait_ms, 1000);
		ck_assert_int_eq(retry_decide(&many, &attempt).verdict, RETRY_AGAIN);
	}
}
END_TEST

START_TEST(test_deadline)
{
	struct retry_attempt attempt = {
		.end = RETRY_NOT_SENT, .attempts = 2, .elapsed_ms = 59900, .retry_after_ms = -1};

	ck_assert_int_eq(retry_decide(&policy, &attempt).verdict, RETRY_AGAIN);
	attempt.elapsed_ms = 59901;
	ck_assert_int_eq(retry_decide(&policy, &attempt).verdict, RETRY_GIVE_UP);
}
END_TEST

START_TEST(test_asked_to_wait)
{
	struct retry_decision decision = answered(429, 1, 7000);

	ck_assert_int_eq(decision.verdict, RETRY_AGAIN);
	ck_assert_uint_eq(decision.wait_ms, 7000);
	ck_assert(decision.pause_target);
	ck_assert(!answered(429, 1, -1).pause_target);
	/* not sooner than without it */
	ck_assert_uint_eq(answered(503, 3, 0).wait_ms, 400);
	/* the last attempt was made, others still wait */
	decision = answered(503, 4, 7000);
	ck_assert_int_eq(decision.verdict, RETRY_GIVE_UP);
	ck_assert(decision.pause_target);
	/* nobody waits longer than the deadline */
	ck_assert_int_eq(answered(503, 1, 61000).verdict, RETRY_STOP);
	ck_assert_int_eq(answered(400, 1, 7000).verdict, RETRY_REFUSED);
}
END_TEST

START_TEST(test_unclear)
{
	struct retry_attempt attempt = {
		.end = RETRY_UNCLEAR, .attempts = 1, .unclear = 1, .retry_after_ms = -1};

	ck_assert_int_eq(retry_decide(&policy, &attempt).verdict, RETRY_AGAIN);
	attempt.unclear = 2;
	ck_assert_int_eq(retry_decide(&policy, &attempt).verdict, RETRY_UNCERTAIN);
	attempt.end = RETRY_NOT_SENT;
	ck_assert_int_eq(retry_decide(&policy, &attempt).verdict, RETRY_AGAIN);
	attempt.end = RETRY_BARRED;
	ck_assert_int_eq(retry_decide(&policy, &attempt).verdict, RETRY_STOP);
}
END_TEST

START_TEST(test_retry_after)
{
	static const struct {
		const char *text;
		int64_t expected;
	} cases[] = {
		{"0", 0},
		{"120", 120000},
		{" 5 \r\n", 5000},
		{"99999999999999999999999", 365LL * 86400 * 1000},
		/* 784111777 is the date of RFC 9110's examples */
		{"Sun, 06 Nov 1994 08:49:37 GMT", 10000},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 10000},
		{"Sun Nov  6 08:49:37 1994", 10000},
		{"Sun, 06 Nov 1994 08:49:20 GMT", 0},
		{"Sat, 06 Nov 2094 08:49:37 GMT", 365LL * 86400 * 1000},
		{"", -1},
		{"-5", -1},
		{"5s", -1},
		{"5 6", -1},
		{"1.5", -1},
		{"soon", -1},
		{"Monday", -1},
		{"Sun, 99 Foo 1994 88:49:37 GMT", -1},
		{"\x01\xff", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(retry_after_parse(cases[i].text, 784111767) == cases[i].expected,
			      "%s: %jd", cases[i].text,
			      (intmax_t)retry_after_parse(cases[i].text, 784111767));
}
END_TEST

/* --- endpoints --- */

#define KEY "0123456789abcdef0123456789abcdef"

static const char *const *variables; /* name, value, ..., NULL */

static const char *environment(const char *name)
{
	for (const char *const *v = variables; *v; v += 2)
		if (!strcmp(*v, name))
			return v[1];
	return NULL;
}

struct endpoint_case {
	const char *url;
	bool direct;
	bool has_socket;
	const char *variables[9];
	const char *telemetry, *errors; /* what comes out; NULL: an error */
	const char *socket;
	bool with_key;
};

#define TELEMETRY    "/telemetry/proxy/api/v2/apmtelemetry"
#define ERRORS       "/evp_proxy/v4/api/v2/errorsintake"
#define BOTH(origin) origin TELEMETRY, origin ERRORS

static const struct endpoint_case endpoint_cases[] = {
	{NULL, false, false, {NULL}, BOTH("http://localhost:8126"), NULL, false},
	{"", false, false, {NULL}, BOTH("http://localhost:8126"), NULL, false},
	{NULL, false, true, {NULL}, BOTH("http://localhost"), "/", false},
	/* host and port before the socket, for both targets */
	{NULL, false, true, {"DD_AGENT_HOST", "h"}, BOTH("http://h:8126"), NULL, false},
	{NULL,
	 false,
	 true,
	 {"DD_TRACE_AGENT_PORT", "99"},
	 BOTH("http://localhost:99"),
	 NULL,
	 false},
	{NULL, false, true, {"DD_TRACE_AGENT_PORT", "99999"}, BOTH("http://localhost"), "/", false},
	{NULL, false, false, {"DD_AGENT_HOST", "::1"}, BOTH("http://[::1]:8126"), NULL, false},
	{NULL,
	 false,
	 true,
	 {"DD_AGENT_HOST", "h", "DD_TRACE_AGENT_URL", "https://u:1/path?q#f"},
	 BOTH("https://u:1"),
	 NULL,
	 false},
	{NULL,
	 false,
	 false,
	 {"DD_TRACE_AGENT_URL", "tcp://u"},
	 BOTH("http://localhost:8126"),
	 NULL,
	 false},
	{NULL,
	 false,
	 false,
	 {"DD_TRACE_AGENT_URL", "unix:///a/b"},
	 BOTH("http://localhost"),
	 "/a/b",
	 false},
	{"http://e:7/x",
	 false,
	 true,
	 {"DD_TRACE_AGENT_URL", "http://u"},
	 BOTH("http://e:7"),
	 NULL,
	 false},
	{"unix://./rel", false, false, {NULL}, BOTH("http://localhost"), "./rel", false},
	/* a key alone changes nothing */
	{NULL, false, false, {"DD_API_KEY", KEY}, BOTH("http://localhost:8126"), NULL, false},
	{NULL,
	 false,
	 false,
	 {"DD_API_KEY", KEY, "_DD_DIRECT_SUBMISSION_ENABLED", "yes"},
	 BOTH("http://localhost:8126"),
	 NULL,
	 false},
	{NULL,
	 false,
	 false,
	 {"_DD_DIRECT_SUBMISSION_ENABLED", "1"},
	 BOTH("http://localhost:8126"),
	 NULL,
	 false},
	{NULL,
	 false,
	 true,
	 {"DD_API_KEY", KEY, "_DD_DIRECT_SUBMISSION_ENABLED", "true", "DD_TRACE_AGENT_URL",
	  "http://u"},
	 "https://instrumentation-telemetry-intake.datadoghq.com/api/v2/apmtelemetry",
	 "https://error-tracking-intake.datadoghq.com/api/v2/errorsintake",
	 NULL,
	 true},
	{NULL,
	 true,
	 false,
	 {"DD_API_KEY", KEY, "DD_SITE", "us3.datadoghq.com", "DD_ERRORS_INTAKE_DD_URL",
	  "https://o/p"},
	 "https://instrumentation-telemetry-intake.us3.datadoghq.com/api/v2/apmtelemetry",
	 "https://o/api/v2/errorsintake",
	 NULL,
	 true},
	{"https://mine:1",
	 true,
	 false,
	 {"DD_API_KEY", KEY},
	 "https://mine:1/api/v2/apmtelemetry",
	 "https://mine:1/api/v2/errorsintake",
	 NULL,
	 true},
	{"http://127.0.0.1:1",
	 true,
	 false,
	 {"DD_API_KEY", KEY},
	 "http://127.0.0.1:1/api/v2/apmtelemetry",
	 "http://127.0.0.1:1/api/v2/errorsintake",
	 NULL,
	 true},
	{"http://mine", true, false, {"DD_API_KEY", KEY}, NULL, NULL, NULL, false},
	{"http://127.0.0.1.evil.com", true, false, {"DD_API_KEY", KEY}, NULL, NULL, NULL, false},
	{"http://localhost.evil.com", true, false, {"DD_API_KEY", KEY}, NULL, NULL, NULL, false},
	{NULL, true, false, {NULL}, NULL, NULL, NULL, false},
	{NULL, true, false, {"DD_API_KEY", "a\r\nb"}, NULL, NULL, NULL, false},
	{NULL, true, false, {"DD_API_KEY", KEY, "DD_SITE", "evil.com/x"}, NULL, NULL, NULL, false},
	{"http://user:secret@h", false, false, {NULL}, NULL, NULL, NULL, false},
	{"http://h h", false, false, {NULL}, NULL, NULL, NULL, false},
	{"ftp://h", false, false, {NULL}, NULL, NULL, NULL, false},
	{"h:80", false, false, {NULL}, NULL, NULL, NULL, false},
	{"unix://", false, false, {NULL}, NULL, NULL, NULL, false},
	{"file://", false, false, {NULL}, NULL, NULL, NULL, false},
	{"file:///folder/", false, false, {NULL}, NULL, NULL, NULL, false},
};

static void check_endpoint(const struct endpoint_case *c, enum crashinfo_upload_target target,
			   const char *expected)
{
	const struct crashinfo_endpoint_options how = {
		.url = c->url,
		.direct = c->direct,
		.environment = environment,
		.agent_socket = c->has_socket ? "/" : "/none/such",
	};
	struct crashinfo_endpoint *endpoint = NULL;
	struct crashinfo_error *error;

	variables = c->variables;
	error = crashinfo_endpoint_create(target, &how, &endpoint);
	if (!expected) {
		ck_assert_msg(error != NULL, "%s", c->url);
		ck_assert_ptr_null(strstr(error->message, "secret"));
		crashinfo_error_destroy(error);
		return;
	}
	ck_ok(error);
	ck_assert_str_eq(endpoint->url, expected);
	ck_assert_pstr_eq(endpoint->socket, c->socket);
	ck_assert_pstr_eq(endpoint->key, c->with_key ? KEY : NULL);
	ck_assert_int_eq(endpoint->evp, strstr(expected, "evp_proxy") != NULL);
	crashinfo_endpoint_destroy(endpoint);
}

START_TEST(test_endpoint)
{
	check_endpoint(&endpoint_cases[_i], CRASHINFO_UPLOAD_TELEMETRY,
		       endpoint_cases[_i].telemetry);
	check_endpoint(&endpoint_cases[_i], CRASHINFO_UPLOAD_ERRORS, endpoint_cases[_i].errors);
}
END_TEST

START_TEST(test_errors_enabled)
{
	static const struct {
		const char *value;
		bool enabled;
	} cases[] = {{NULL, true}, {"", true},       {"true", true}, {"1", true},
		     {"0", false}, {"false", false}, {"True", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const list[] = {
			cases[i].value ? "DD_CRASHTRACKING_ERRORS_INTAKE_ENABLED" : NULL,
			cases[i].value, NULL};

		variables = list;
		ck_assert_int_eq(crashinfo_endpoint_errors_enabled(environment), cases[i].enabled);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_statuses);
	tcase_add_test(tests, test_backoff);
	tcase_add_test(tests, test_deadline);
	tcase_add_test(tests, test_asked_to_wait);
	tcase_add_test(tests, test_unclear);
	tcase_add_test(tests, test_retry_after);
	tcase_add_loop_test(tests, test_endpoint, 0,
			    (int)(sizeof(endpoint_cases) / sizeof(endpoint_cases[0])));
	tcase_add_test(tests, test_errors_enabled);
}

int main(void)
{
	return suite_run("upload policy", add_tests);
}
