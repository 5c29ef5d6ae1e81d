/* SPDX-License-Identifier: Apache-2.0 */
/* Scrubbing: what each rule finds and leaves, rules of users, hostile documents. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <crashinfo/scrub.h>

#include "base/strbuf.h"
#include "report/versions.h"
#include "tests/alloc.h"
#include "tests/suite.h"

/* Scrub `text` by the set and the rules, both of which may be NULL. */
static struct crashinfo_error *scrub(const struct crashinfo_context *context, const char *set,
				     const char *rules, const char *text,
				     struct crashinfo_scrubbed **ret)
{
	struct crashinfo_scrubber *scrubber = NULL;
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(NULL, text, strlen(text), NULL, &json);
	if (!error)
		error = crashinfo_scrubber_create(context, &scrubber);
	if (!error && set)
		error = crashinfo_scrubber_add_set(scrubber, set);
	if (!error && rules)
		error = crashinfo_scrubber_add_rules(scrubber, rules, strlen(rules), "rules");
	if (!error)
		error = crashinfo_scrubber_run(scrubber, json, ret);
	crashinfo_scrubber_destroy(scrubber);
	crashinfo_json_destroy(json);
	return error;
}

#define JWT   "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln"
#define GH    "ghp_0123456789abcdefghijABCDEFGHIJ012345"
#define BEGIN "-----BEGIN EC PRIVATE KEY-----"
#define END   "-----END EC PRIVATE KEY-----"

/* Documents as JSON text; `rule` NULL: nothing is found. */
static const struct {
	const char *rule, *from, *to, *pointer;
	size_t count;
} rows[] = {
	{"private-key", "[\"a " BEGIN "\\nMIIE\\n" END " b\"]", "[\"a REDACTED b\"]", "/0", 1},
	{"private-key", "[\"" BEGIN "\",\"MIIE\",\"\",\"" END "\",\"b\"]",
	 "[\"REDACTED\",\"REDACTED\",\"\",\"REDACTED\",\"b\"]", "/1", 1},
	{"private-key", "[[\"" BEGIN "\"],\"b\"]", "[[\"REDACTED\"],\"b\"]", "/0/0", 1},
	{"environment", "\"DB_PASSWORD=a b\\u0000X=1\"", "\"DB_PASSWORD=REDACTED\\u0000X=1\"", "",
	 1},
	{"environment", "\"X=1\\u0000AWS_SECRET_ACCESS_KEY=a\"",
	 "\"X=1\\u0000AWS_SECRET_ACCESS_KEY=REDACTED\"", "", 1},
	{"header", "\"GET /\\r\\nAuthorization: Basic dXNlcjpw\\r\\nHost: h\"",
	 "\"GET /\\r\\nAuthorization: REDACTED\\r\\nHost: h\"", "", 1},
	{"header", "\"-H 'Cookie: a=b; c=d' x\"", "\"-H 'Cookie: REDACTED' x\"", "", 1},
	{"bearer-token", "\"sent bearer abcdefghijklmnop.q== on\"", "\"sent bearer REDACTED on\"",
	 "", 1},
	{"url-password", "\"postgres://me:p%40ss@db:5432/x\"", "\"postgres://REDACTED@db:5432/x\"",
	 "", 1},
	{"key-value", "\"a password=b c\"", "\"a password=REDACTED c\"", "", 1},
	{"key-value", "\"?api_key=1&x=2&Token=3\"", "\"?api_key=REDACTED&x=2&Token=REDACTED\"", "",
	 2},
	{"key-value", "\"{\\\"client_secret\\\": \\\"a b\\\"}\"",
	 "\"{\\\"client_secret\\\": REDACTED}\"", "", 1},
	{"key-value", "\"db_pass='a b'\"", "\"db_pass=REDACTED\"", "", 1},
	{"command-option", "\"app --password hunter2 -v\"", "\"app --password REDACTED -v\"", "",
	 1},
	{"command-option", "\"curl -u me:hunter2 --user=a:b -uvx a:b\"",
	 "\"curl -u me:REDACTED --user=a:REDACTED -uvx a:b\"", "", 2},
	{"key-value", "\"?a=1&sig=abcdefgh%2Fijklmnop&b=2 &sig=11\"",
	 "\"?a=1&sig=REDACTED&b=2 &sig=11\"", "", 1},
	{"command-option", "[\"app\",\"--auth-token\",\"t\",\"-v\"]",
	 "[\"app\",\"--auth-token\",\"REDACTED\",\"-v\"]", "/2", 1},
	{"command-option", "[\"--token\",\"PE\",\"a\",\"--secret\",1,\"b\",\"--passwd\",[],\"c\"]",
	 "[\"--token\",\"REDACTED\",\"a\",\"--secret\",1,\"b\",\"--passwd\",[],\"c\"]", "/1", 1},
	{"secret-member", "{\"password\":\"p\",\"n\":1}", "{\"password\":\"REDACTED\",\"n\":1}",
	 "/password", 1},
	{"secret-member", "{\"/run/api_tokens\":[\"a\",\"\"],\"n\":[\"a\"]}",
	 "{\"/run/api_tokens\":[\"REDACTED\",\"\"],\"n\":[\"a\"]}", "/~1run~1api_tokens/0", 1},
	{"stack-memory", "{\"files\":{\"ddcrash/stack\":[\"7ffd AAAA\",\"7ffe\"],\"a\":[\"b\"]}}",
	 "{\"files\":{\"ddcrash/stack\":[],\"a\":[\"b\"]}}", "/files/ddcrash~1stack", 1},
	{"stack-memory", "{\"files\":{\"ddcrash/stack\":\"7ffd AAAA\"},\"n\":[\"a\"]}",
	 "{\"files\":{\"ddcrash/stack\":\"REDACTED\"},\"n\":[\"a\"]}", "/files/ddcrash~1stack", 1},
	{"stack-memory", "{\"files\":{\"ddcrash/stack\":{\"a\":[\"b\"]}},\"n\":1}",
	 "{\"files\":{\"ddcrash/stack\":{}},\"n\":1}", "/files/ddcrash~1stack", 1},
	{"aws-key", "\"id AKIAIOSFODNN7EXAMPLE.\"", "\"id REDACTED.\"", "", 1},
	{"gcp-key", "\"AIzaSyA-0123456789abcdefghijklmnopqrstu\"", "\"REDACTED\"", "", 1},
	{"gcp-key", "\"ya29.a0123456789abcdefghij\"", "\"REDACTED\"", "", 1},
	{"github-token", "\"x " GH " y\"", "\"x REDACTED y\"", "", 1},
	{"github-token", "\"github_pat_0123456789abcdefghijAB_x\"", "\"REDACTED\"", "", 1},
	{"gitlab-token", "\"glpat-0123456789abcdefghij\"", "\"REDACTED\"", "", 1},
	{"slack-token", "\"xoxb-0123456789-abc\"", "\"REDACTED\"", "", 1},
	{"slack-token", "\"https://hooks.slack.com/services/T00/B00/abcdef\"",
	 "\"https://hooks.slack.com/services/REDACTED\"", "", 1},
	{"stripe-key", "\"sk_live_0123456789abcdefgh\"", "\"REDACTED\"", "", 1},
	{"npm-token", "\"npm_0123456789abcdefghijABCDEFGHIJ012345\"", "\"REDACTED\"", "", 1},
	{"pypi-token", "\"pypi-AgEIcHlwaS5vcmcCJDAxMjM0NTY3ODlhYmNkZWZnaGlqa2xtbm9wcXJz\"",
	 "\"REDACTED\"", "", 1},
	{"jwt", "\"caf\\u00e9 " JWT " \\ud83d\\ude00\"", "\"caf\\u00e9 REDACTED \\ud83d\\ude00\"",
	 "", 1},
	{"email", "\"to a.b+c@x-y.example.com.\"", "\"to REDACTED.\"", "", 1},
	{"email", "\"email:a@b.org\"", "\"email:REDACTED\"", "", 1},
	{"home-folder", "\"/home/alice/x:/home/b\"", "\"/home/USER/x:/home/USER\"", "", 2},
	{"home-folder", "\"/Users/John Smith/x\"", "\"/Users/USER/x\"", "", 1},
	{"home-folder", "\"C:\\\\Users\\\\John Smith\\\\x\"", "\"C:\\\\Users\\\\USER\\\\x\"", "",
	 1},
	{"home-folder", "\"d:/Documents and Settings/j/x\"", "\"d:/Documents and Settings/USER/x\"",
	 "", 1},
	{"home-folder", "{\"/home/a/x\":1,\"/home/b/x\":2,\"/home/USER/x 2\":3}",
	 "{\"/home/USER/x\":1,\"/home/USER/x 3\":2,\"/home/USER/x 2\":3}", "/~1home~1USER~1x", 1},
	{"user-variable", "\"A=1\\u0000LOGNAME=alice\\u0000B=2\"",
	 "\"A=1\\u0000LOGNAME=USER\\u0000B=2\"", "", 1},
	{"user-tag", "{\"metadata\":{\"tags\":[\"usr.id:7\",\"a:b\"]},\"t\":[\"user:x\"]}",
	 "{\"metadata\":{\"tags\":[\"usr.id:USER\",\"a:b\"]},\"t\":[\"user:x\"]}",
	 "/metadata/tags/0", 1},
	{"ipv4", "\"from 192.168.1.20:80\"", "\"from 0.0.0.0:80\"", "", 1},
	{"ipv6", "\"[2001:db8::1]\"", "\"[::]\"", "", 1},
	{"mac-address", "\"aa:bb:cc:0d:ee:ff\"", "\"00:00:00:00:00:00\"", "", 1},
	/* what stays */
	{NULL, "{\"files\":{\"ddcrash/stack\":[]},\"ddcrash/stack\":[\"7ffd AAAA\"]}", NULL, NULL,
	 0},
	{NULL, "{\"data_schema_version\":\"user@a.bc\",\"uuid\":\"user@a.bc\"}", NULL, NULL, 0},
	{NULL, "\"std::token::next(key == token)\"", NULL, NULL, 0},
	{NULL, "\"memcpy@GLIBC_2.14 foo@plt a@1.2.3 /node_modules/@x/y\"", NULL, NULL, 0},
	{NULL, "\"/opt/home/x /homer/x /Users/Shared/x C:\\\\Users\\\\Public\\\\x\"", NULL, NULL,
	 0},
	{NULL, "\"compass: 3, authors=4, keyboard=us\"", NULL, NULL, 0},
	{NULL, "{\"token_count\":18446744073709551615,\"secret\":[1e400,null,{\"a\":\"b\"}]}", NULL,
	 NULL, 0},
	{NULL, "\"-----BEGIN CERTIFICATE-----\"", NULL, NULL, 0},
	{NULL, "\"0x7fff0000 2.31.0-4 1.2.3\"", NULL, NULL, 0},
};
#define ROWS (int)(sizeof(rows) / sizeof(rows[0]))

static bool has(const struct crashinfo_scrubbed *scrubbed, const char *rule, const char *pointer,
		size_t count)
{
	for (size_t i = 0; i < scrubbed->count; i++)
		if (!strcmp(scrubbed->removals[i].rule, rule) &&
		    !strcmp(scrubbed->removals[i].pointer, pointer) &&
		    scrubbed->removals[i].count == count)
			return true;
	return false;
}

START_TEST(test_rows)
{
	struct crashinfo_scrubbed *scrubbed = NULL, *again = NULL;

	ck_ok(scrub(NULL, "all", NULL, rows[_i].from, &scrubbed));
	ck_assert_str_eq(scrubbed->text, rows[_i].to ? rows[_i].to : rows[_i].from);
	ck_assert_uint_eq(scrubbed->size, strlen(scrubbed->text));
	if (rows[_i].rule)
		ck_assert(has(scrubbed, rows[_i].rule, rows[_i].pointer, rows[_i].count));
	else
		ck_assert_uint_eq(scrubbed->count, 0);
	ck_ok(scrub(NULL, "all", NULL, scrubbed->text, &again));
	ck_assert_uint_eq(again->count, 0);
	ck_assert_str_eq(again->text, scrubbed->text);
	crashinfo_scrubbed_destroy(scrubbed);
	crashinfo_scrubbed_destroy(again);
}
END_TEST

START_TEST(test_every_rule)
{
	const struct crashinfo_scrub_rule *rule;

	for (size_t i = 0; (rule = crashinfo_scrub_rule(i)); i++) {
		bool found = false;

		for (int n = 0; n < ROWS; n++)
			found |= rows[n].rule && !strcmp(rows[n].rule, rule->id);
		ck_assert_msg(found, "no row for %s", rule->id);
	}
}
END_TEST

START_TEST(test_sets)
{
	static const char text[] = "[\"a@b.cd\",\"" GH "\",\"10.0.0.1\"]";
	struct crashinfo_scrubbed *scrubbed = NULL;

	ck_ok(scrub(NULL, "personal", NULL, text, &scrubbed));
	ck_assert_str_eq(scrubbed->text, "[\"REDACTED\",\"" GH "\",\"10.0.0.1\"]");
	crashinfo_scrubbed_destroy(scrubbed);
	ck_ok(scrub(NULL, "secrets", NULL, text, &scrubbed));
	ck_assert_str_eq(scrubbed->text, "[\"a@b.cd\",\"REDACTED\",\"10.0.0.1\"]");
	crashinfo_scrubbed_destroy(scrubbed);
	ck_ok(scrub(NULL, "network", NULL, text, &scrubbed));
	ck_assert_str_eq(scrubbed->text, "[\"a@b.cd\",\"" GH "\",\"0.0.0.0\"]");
	crashinfo_scrubbed_destroy(scrubbed);
	ck_fails(scrub(NULL, "none", NULL, text, &scrubbed), CRASHINFO_ERROR_NOT_FOUND);
}
END_TEST

/* A rule that would take anything leaves what schemas compare. */
START_TEST(test_enumerations)
{
	for (size_t i = 0; i < report_enum_value_count; i++) {
		struct crashinfo_scrubbed *scrubbed = NULL;
		char text[64];

		snprintf(text, sizeof(text), "[\"%s\"]", report_enum_values[i].value);
		ck_ok(scrub(NULL, NULL, "{\"rules\":[{\"id\":\"x\",\"pattern\":\".+\"}]}", text,
			    &scrubbed));
		ck_assert_str_eq(scrubbed->text, text);
		crashinfo_scrubbed_destroy(scrubbed);
	}
}
END_TEST

#define RULE(members) "{\"rules\":[{\"id\":\"x\"," members "}]}"

static const struct {
	const char *rules, *from, *to;
} user_rules[] = {
	{RULE("\"pattern\":\"[0-9]+\""), "{\"1\":\"a1b22\"}", "{\"1\":\"aREDACTEDbREDACTED\"}"},
	{RULE("\"pattern\":\"[0-9]+\",\"names\":true,\"replacement\":\"n\""), "{\"1\":\"a1\"}",
	 "{\"n\":\"an\"}"},
	{RULE("\"pattern\":\"(a)(b)?\\\\Kc\",\"replacement\":\"<$1$2$9$$>\""), "\"acabc\"",
	 "\"a<a$>ab<ab$>\""},
	{RULE("\"pattern\":\"secret\",\"where\":[\"/a/*/b\",\"/c/**\"]"),
	 "{\"a\":[{\"b\":\"secret\",\"c\":\"secret\"}],\"c\":{\"d\":[\"secret\"]}}",
	 "{\"a\":[{\"b\":\"REDACTED\",\"c\":\"secret\"}],\"c\":{\"d\":[\"REDACTED\"]}}"},
	{RULE("\"pattern\":\"s\",\"where\":[\"/a~1b\"]"), "{\"a/b\":\"s\",\"a\":\"s\"}",
	 "{\"a/b\":\"REDACTED\",\"a\":\"s\"}"},
	{RULE("\"pattern\":\".+\",\"names\":true"), "{\"error\":{\"kind\":\"k\",\"x\":1}}",
	 "{\"error\":{\"kind\":\"REDACTED\",\"REDACTED\":1}}"},
	{RULE("\"pattern\":\"x*\",\"replacement\":\"\""), "\"axxb\"", "\"ab\""},
	{RULE("\"pattern\":\"\\u00e9\",\"replacement\":\"\\\"\\u0000\""), "\"caf\\u00e9\"",
	 "\"caf\\\"\\u0000\""},
	/* one feeds the other */
	{"{\"rules\":[{\"id\":\"b\",\"pattern\":\"b\",\"replacement\":\"c\"},{\"id\":\"a\","
	 "\"pattern\":\"a\",\"replacement\":\"b\"}]}",
	 "\"ab\"", "\"cc\""},
	{"{\"rules\":[]}", "\"a\"", "\"a\""},
};

START_TEST(test_user_rules)
{
	struct crashinfo_scrubbed *scrubbed = NULL;

	ck_ok(scrub(NULL, NULL, user_rules[_i].rules, user_rules[_i].from, &scrubbed));
	ck_assert_str_eq(scrubbed->text, user_rules[_i].to);
	crashinfo_scrubbed_destroy(scrubbed);
}
END_TEST

START_TEST(test_wrong_rules)
{
	static const char *const texts[] = {
		"[]",
		"{}",
		"{\"rules\":{}}",
		"{\"rules\":[1]}",
		"{\"rules\":[{\"id\":\"x\"}]}",
		"{\"rules\":[{\"pattern\":\"x\"}]}",
		RULE("\"pattern\":\"(\""),
		RULE("\"pattern\":1"),
		RULE("\"pattern\":\"x\",\"id\":\"\""),
		RULE("\"pattern\":\"x\",\"where\":[]"),
		RULE("\"pattern\":\"x\",\"where\":[\"a\"]"),
		RULE("\"pattern\":\"x\",\"names\":1"),
		RULE("\"pattern\":\"x\",\"replacement\":1"),
		RULE("\"pattern\":\"x\",\"patern\":1"),
		RULE("\"pattern\":\"\\\\C\""),
	};
	struct crashinfo_scrubbed *scrubbed = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_fails(scrub(NULL, NULL, texts[i], "\"\"", &scrubbed), CRASHINFO_ERROR_FORMAT);
	ck_fails(scrub(NULL, NULL, "{", "\"\"", &scrubbed), CRASHINFO_ERROR_SYNTAX);
	ck_assert_ptr_null(scrubbed);
}
END_TEST

START_TEST(test_limits)
{
	struct strbuf text _strbuf_ = {0};
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_scrubbed *scrubbed = NULL;

	/* rules that never settle */
	ck_fails(scrub(NULL, NULL, RULE("\"pattern\":\"a\",\"replacement\":\"aa\""), "\"a\"",
		       &scrubbed),
		 CRASHINFO_ERROR_LIMIT);
	context.limits.pattern_steps = 10;
	ck_fails(scrub(&context, NULL, RULE("\"pattern\":\"(a+)+b\""),
		       "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", &scrubbed),
		 CRASHINFO_ERROR_LIMIT);
	context = crashinfo_context_default();
	context.limits.scrub_milliseconds = 0;
	strbuf_addc(&text, '"');
	strbuf_pad(&text, 'a', 200000);
	strbuf_addc(&text, '"');
	ck_fails(scrub(&context, NULL, RULE("\"pattern\":\"[a-z]+@\""), text.data, &scrubbed),
		 CRASHINFO_ERROR_LIMIT);
	context.limits.scrub_rules = 0;
	ck_fails(scrub(&context, NULL, RULE("\"pattern\":\"a\""), "\"\"", &scrubbed),
		 CRASHINFO_ERROR_LIMIT);
	ck_assert_ptr_null(scrubbed);
}
END_TEST

/* Long strings are looked at in pieces, whose ends are within characters and matches here. */
START_TEST(test_pieces)
{
	struct crashinfo_scrubbed *scrubbed = NULL;
	struct strbuf text _strbuf_ = {0}, expected _strbuf_ = {0};

	strbuf_adds(&text, "\"x");
	strbuf_adds(&expected, "\"x");
	for (int i = 0; i < 1000; i++) {
		strbuf_adds(&text, "\xe2\x82\xac secret<");
		strbuf_adds(&expected, "\xe2\x82\xac -<");
	}
	strbuf_addc(&text, '"');
	strbuf_addc(&expected, '"');
	ck_ok(scrub(NULL, NULL, RULE("\"pattern\":\"(?<= )sec.+?(?=<)\",\"replacement\":\"-\""),
		    text.data, &scrubbed));
	ck_assert_str_eq(scrubbed->text, expected.data);
	ck_assert_uint_eq(scrubbed->removals[0].count, 1000);
	crashinfo_scrubbed_destroy(scrubbed);
}
END_TEST

/* What makes careless patterns start over at each byte; the longest takes them for ever. */
static const char *const hostile[] = {
	"a",
	"a@",
	"a@b.",
	"token",
	"token=",
	"a://",
	"a://b:",
	"/home/",
	"/home/A B ",
	BEGIN,
	"-----BEGIN ",
	"eyJaaaaaaaa.",
	"x-token",
	"::",
	"--token ",
	"=",
	"C:\\\\Users\\\\A B ",
	"1.",
	"aa:",
	"pass_",
	"Authorization:",
	"cookie ",
	"bearer a",
	"KEY_",
	"\\u0000A_KEY",
	"\\u00e9",
	"-",
	"\\\"token\\\" ",
	"Token\\t:",
};

START_TEST(test_hostile)
{
	struct crashinfo_scrubbed *scrubbed = NULL;
	struct strbuf text _strbuf_ = {0};

	strbuf_addc(&text, '"');
	while (text.size < 1000000)
		strbuf_adds(&text, hostile[_i]);
	strbuf_addc(&text, '"');
	ck_ok(scrub(NULL, "all", NULL, text.data, &scrubbed));
	crashinfo_scrubbed_destroy(scrubbed);
}
END_TEST

START_TEST(test_deep)
{
	struct crashinfo_scrubbed *scrubbed = NULL;
	struct strbuf text _strbuf_ = {0};

	strbuf_pad(&text, '[', 9000);
	strbuf_adds(&text, "\"a@b.cd\"");
	strbuf_pad(&text, ']', 9000);
	ck_ok(scrub(NULL, "all", NULL, text.data, &scrubbed));
	ck_assert_uint_eq(scrubbed->count, 1);
	ck_assert_uint_eq(strlen(scrubbed->removals[0].pointer), 18000);
	crashinfo_scrubbed_destroy(scrubbed);
}
END_TEST

/* Names that become equal; each look-up is one in a tree. */
START_TEST(test_many_names)
{
	struct crashinfo_scrubbed *scrubbed = NULL;
	struct strbuf text _strbuf_ = {0};

	strbuf_addc(&text, '{');
	for (int i = 0; i < 20000; i++)
		strbuf_addf(&text, "%s\"/home/u%d\":%d", i ? "," : "", i, i);
	strbuf_addc(&text, '}');
	ck_ok(scrub(NULL, "all", NULL, text.data, &scrubbed));
	ck_assert_uint_eq(scrubbed->count, 20000);
	ck_assert_ptr_nonnull(strstr(scrubbed->text, ",\"/home/USER 20000\":19999}"));
	crashinfo_scrubbed_destroy(scrubbed);
}
END_TEST

static struct crashinfo_error *scrub_once(void *argument)
{
	struct crashinfo_scrubbed *scrubbed = NULL;
	struct crashinfo_error *error;

	error = scrub(NULL, NULL,
		      RULE("\"pattern\":\"/home/[a-z]+\",\"names\":true,\"where\":[\"/**\"],"
			   "\"replacement\":\"/h\""),
		      argument, &scrubbed);
	assert(!error == !!scrubbed);
	crashinfo_scrubbed_destroy(scrubbed);
	return error;
}

static struct crashinfo_error *scrub_builtin(void *argument)
{
	struct crashinfo_scrubbed *scrubbed = NULL;
	struct crashinfo_error *error = scrub(NULL, "all", NULL, argument, &scrubbed);

	assert(!error == !!scrubbed);
	crashinfo_scrubbed_destroy(scrubbed);
	return error;
}

START_TEST(test_memory_of_sets)
{
	char text[] = "[\"\\u0000TOKEN=a\",\"" BEGIN "\",\"a\",{\"password\":\"p\"}]";

	ck_assert_uint_gt(alloc_fail_each(scrub_builtin, text), 0);
}
END_TEST

START_TEST(test_memory)
{
	char text[] = "{\"/home/a\":[\"\\u0000/home/b\"],\"/home/b\":{\"/home/c\":\"\"}}";

	ck_assert_uint_gt(alloc_fail_each(scrub_once, text), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, test_rows, 0, ROWS);
	tcase_add_test(tests, test_every_rule);
	tcase_add_test(tests, test_sets);
	tcase_add_test(tests, test_enumerations);
	tcase_add_loop_test(tests, test_user_rules, 0, sizeof(user_rules) / sizeof(user_rules[0]));
	tcase_add_test(tests, test_wrong_rules);
	tcase_add_test(tests, test_limits);
	tcase_add_test(tests, test_pieces);
	tcase_add_loop_test(tests, test_hostile, 0, sizeof(hostile) / sizeof(hostile[0]));
	tcase_add_test(tests, test_deep);
	tcase_add_test(tests, test_many_names);
	tcase_add_test(tests, test_memory);
	tcase_add_test(tests, test_memory_of_sets);
}

int main(void)
{
	return suite_run("scrub", add_tests);
}
