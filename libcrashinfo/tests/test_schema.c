/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of validation: numbers, URIs, patterns, names, suggestions, the library's interface. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <crashinfo/schema.h>

#include "base/strbuf.h"
#include "schema/decimal.h"
#include "schema/format.h"
#include "schema/names.h"
#include "schema/regex.h"
#include "schema/suggest.h"
#include "schema/uri.h"
#include "tests/suite.h"

static struct decimal decimal_of(const char *text)
{
	return decimal_parse(text, strlen(text));
}

static int compare(const char *a, const char *b)
{
	struct decimal x = decimal_of(a), y = decimal_of(b);
	int order = decimal_compare(&x, &y);

	ck_assert_int_eq(decimal_compare(&y, &x), -order);
	ck_assert(order || decimal_hash(&x) == decimal_hash(&y));
	return order;
}

START_TEST(test_decimal_compare)
{
	/* ascending; those on one line are equal */
	static const char *const rows[][4] = {
		{"-1e99999999999999999999"},
		{"-1e400000000", "-10e399999999"},
		{"-18446744073709551616"},
		{"-2", "-2.0", "-20e-1", "-0.2E+1"},
		{"-1.0000000000000000000000000001"},
		{"-1"},
		{"-1e-400000000"},
		{"0", "-0", "0.000", "0e999999999999999999999"},
		{"5e-324"},
		{"0.1", "1e-1", "0.10", "100e-3"},
		{"0.1000000000000000000000000001"},
		{"9007199254740992"},
		{"9007199254740993", "9007199254740993.0", "9.007199254740993e15"},
		{"1e400000000", "0.1e400000001"},
		{"1e99999999999999999999"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 1; j < 4 && rows[i][j]; j++)
			ck_assert_int_eq(compare(rows[i][0], rows[i][j]), 0);
		if (i)
			ck_assert_int_gt(compare(rows[i][0], rows[i - 1][0]), 0);
	}
}
END_TEST

START_TEST(test_decimal_integer)
{
	static const char *const integers[] = {"0",      "-7",   "1.0",    "1e2",
					       "1.50e1", "0e-5", "100e-2", "1e400000000"};
	static const char *const others[] = {"0.5", "1e-1", "15e-1", "1.0000000000000000000001",
					     "1e-400000000"};

	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		struct decimal d = decimal_of(integers[i]);

		ck_assert_msg(decimal_is_integer(&d), "%s", integers[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct decimal d = decimal_of(others[i]);

		ck_assert_msg(!decimal_is_integer(&d), "%s", others[i]);
	}
}
END_TEST

static bool is_multiple(const char *a, const char *b)
{
	struct decimal x = decimal_of(a), y = decimal_of(b);
	bool multiple = false;

	ck_ok(decimal_is_multiple(&x, &y, &multiple));
	return multiple;
}

START_TEST(test_decimal_multiple)
{
	ck_assert(is_multiple("4.35", "0.01"));
	ck_assert(is_multiple("0.0075", "0.0001"));
	ck_assert(!is_multiple("0.00751", "0.0001"));
	ck_assert(is_multiple("1e308", "0.5"));
	ck_assert(is_multiple("0", "3"));
	ck_assert(is_multiple("-9", "3"));
	ck_assert(!is_multiple("1", "1e400000000"));
	ck_assert(is_multiple("1e400000000", "1024"));
	ck_assert(!is_multiple("1e400000000", "7"));
	ck_assert(is_multiple("3e400000000", "3e-400000000"));
	/* more digits than fit a machine word */
	ck_assert(is_multiple("9999999999999999999999999999999999999999999999",
			      "1111111111111111111111111111111111111111111111"));
	ck_assert(!is_multiple("9999999999999999999999999999999999999999999998",
			       "1111111111111111111111111111111111111111111111"));
	/* 2^100, and with one 2 less than it needs */
	ck_assert(
		is_multiple("1267650600228229401496703205376e0", "633825300114114700748351602688"));
	ck_assert(
		!is_multiple("633825300114114700748351602688", "1267650600228229401496703205376"));
	ck_assert(is_multiple("1e100", "1267650600228229401496703205376"));
	ck_assert(!is_multiple("1e99", "1267650600228229401496703205376"));
}
END_TEST

START_TEST(test_decimal_too_long)
{
	static char digits[30001];
	struct decimal a = decimal_of("1e30000"), b;
	bool multiple;

	memset(digits, '3', sizeof(digits) - 1);
	b = decimal_of(digits);
	ck_fails(decimal_is_multiple(&a, &b, &multiple), CRASHINFO_ERROR_LIMIT);
}
END_TEST

START_TEST(test_uri_resolve)
{
	/* RFC 3986, 5.4 */
	static const char base[] = "http://a/b/c/d;p?q";
	static const char *const cases[][2] = {
		{"g:h", "g:h"},
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q"},
		{"", "http://a/b/c/d;p?q"},
		{".", "http://a/b/c/"},
		{"./", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../g", "http://a/g"},
		{"../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."},
		{"..g", "http://a/b/c/..g"},
		{"./../g", "http://a/b/g"},
		{"g/./h", "http://a/b/c/g/h"},
		{"g/../h", "http://a/b/c/h"},
		{"g;x=1/../y", "http://a/b/c/y"},
		{"g?y/../x", "http://a/b/c/g?y/../x"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strbuf buf = {0};

		uri_resolve(&buf, (struct crashinfo_slice){base, strlen(base)},
			    (struct crashinfo_slice){cases[i][0], strlen(cases[i][0])});
		ck_assert_str_eq(buf.data, cases[i][1]);
		strbuf_deinit(&buf);
	}
}
END_TEST

/* 1 or 0 as the pattern is found in the text, -1 when it is none or cannot be carried out. */
static int match(const char *pattern, const char *text)
{
	struct schema_matcher *matcher;
	struct schema_regex *regex = NULL;
	struct crashinfo_error *error;
	bool found = false;

	ck_ok(schema_matcher_create(1000000, &matcher));
	error = schema_regex_create(pattern, strlen(pattern), &regex);
	if (!error)
		error = schema_regex_match(regex, matcher, text, strlen(text), &found);
	schema_regex_destroy(regex);
	schema_matcher_destroy(matcher);
	if (!error)
		return found;
	crashinfo_error_destroy(error);
	return -1;
}

START_TEST(test_regex)
{
	static const struct {
		const char *pattern, *text;
		int found;
	} cases[] = {
		{"^a$", "a\n", 0},
		{"^a.b$",
		 "a\xe2\x80\xa8"
		 "b",
		 0},
		{"^.$", "\xf0\x9f\x90\xb2", 1},
		{"^\\w$", "\xc3\xa9", 0},
		{"^\\d$", "\xe0\xa7\xaa", 0},
		{"^\\s$", "\xef\xbb\xbf", 1},
		{"^[^\\S]$", "\xc2\xa0", 1},
		{"^\\v$", "\n", 0},
		{"[]", "a", 0},
		{"^[^]$", "\n", 1},
		{"^a{,2}$", "a{,2}", 1},
		{"^(?<x>a)\\k<x>$", "aa", 1},
		{"^(?:(a)|b)\\1$", "b", 1},
		{"\\u{1F432}|\\ud83d\\udc33", "\xf0\x9f\x90\xb3", 1},
		{"^\\p{Letter}\\p{digit}\\p{Script=Greek}$",
		 "\xc3\xa9"
		 "7\xce\xb1",
		 1},
		{"[[:alpha:]]", "x", 0},
		{"^[a-c\\-\\]]+$", "a-]", 1},
		{"\\cA", "\001", 1},
		/* PCRE2's start optimizations miss this match */
		{"(?=a)b{0,2}(a)", "ab", 1},
		{"x{2,1}", "", -1},
		{"[b-a]", "", -1},
		{"\\a", "", -1},
		{"(?#c)", "", -1},
		{"(?i)a", "", -1},
		{"a++", "", -1},
		{"\\1", "", -1},
		{"(*FAIL)", "", -1},
		{"(?<a>b)(?<a>c)", "", -1},
		{"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(match(cases[i].pattern, cases[i].text) == cases[i].found,
			      "%s in \"%s\"", cases[i].pattern, cases[i].text);
}
END_TEST

START_TEST(test_names)
{
	static char texts[2000][40];
	static struct crashinfo_slice strings[2000];
	struct arena arena;
	struct names names;

	arena_init(&arena);
	/* of each length, and many that differ in the middle only */
	for (size_t i = 0; i < 2000; i++) {
		int size = snprintf(texts[i], sizeof(texts[i]), "%.*s%04zu%.*s", (int)(i % 17),
				    "abcdefghijklmnopq", i, (int)(i % 13), "zyxwvutsrqponm");

		strings[i] = (struct crashinfo_slice){texts[i], (size_t)size};
	}
	ck_assert(names_init(&names, &arena, strings, 2000));
	for (uint32_t i = 0; i < 2000; i++)
		ck_assert_uint_eq(names_find(&names, texts[i], strings[i].size), i);
	ck_assert_uint_eq(names_find(&names, "", 0), NAMES_NONE);
	ck_assert_uint_eq(names_find(&names, "abcdefghijklmnop9999zyx", 23), NAMES_NONE);
	ck_assert(names_init(&names, &arena, NULL, 0));
	ck_assert_uint_eq(names_find(&names, "a", 1), NAMES_NONE);
	arena_deinit(&arena);
}
END_TEST

/* What is suggested among the signal names; "" for nothing. */
static const char *suggest(const char *text)
{
	static const char *const names[] = {"SIGABRT", "SIGBUS", "SIGSEGV", "SIGSYS", "UNKNOWN"};
	struct suggestion s = {.text = {text, strlen(text)}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		suggestion_offer(&s, (struct crashinfo_slice){names[i], strlen(names[i])});
	return s.best.data ? s.best.data : "";
}

START_TEST(test_suggest)
{
	ck_assert_str_eq(suggest("SIGSEV"), "SIGSEGV");
	ck_assert_str_eq(suggest("SIGSGEV"), "SIGSEGV");
	ck_assert_str_eq(suggest("sigsegv"), "SIGSEGV");
	ck_assert_str_eq(suggest("Sigbus"), "SIGBUS");
	ck_assert_str_eq(suggest("unknown"), "UNKNOWN");
	ck_assert_str_eq(suggest("SEGFAULT"), "");
	ck_assert_str_eq(suggest(""), "");
}
END_TEST

START_TEST(test_builtin)
{
	static const char meta_text[] = "{\"$ref\":\"http://json-schema.org/draft-07/schema#\"}";
	size_t count = 0;

	for (const char *name; (name = crashinfo_schema_builtin_name(count)); count++) {
		struct crashinfo_schema *schema, *meta;
		struct crashinfo_validator_options options = {0};
		struct crashinfo_validator *validator;
		struct crashinfo_findings *findings;
		struct crashinfo_json *json;
		size_t size;
		char *text;

		ck_ok(crashinfo_schema_builtin_text(name, &text, &size));
		ck_ok(crashinfo_schema_create(NULL, text, size, NULL, NULL, 0, &schema));
		ck_ok(crashinfo_schema_create(NULL, meta_text, strlen(meta_text), NULL, NULL, 0,
					      &meta));
		options.schema = meta;
		ck_ok(crashinfo_validator_create(NULL, &options, &validator));
		ck_ok(crashinfo_json_parse(NULL, text, size, NULL, &json));
		ck_ok(crashinfo_validator_run(validator, json, false, &findings));
		ck_assert_uint_eq(findings->count, 0);
		crashinfo_findings_destroy(findings);
		crashinfo_json_destroy(json);
		crashinfo_validator_destroy(validator);
		crashinfo_schema_destroy(meta);
		crashinfo_schema_destroy(schema);
		free(text);
	}
	ck_assert_uint_eq(count, 11);
	ck_fails(crashinfo_schema_builtin_text("1.9", NULL, NULL), CRASHINFO_ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_interface)
{
	static const char text[] = "{\"a\":1}\n{\n \"a\":\"\xc3\xa9\", \"b\":[2]}\n{\"a\":null}";
	static const char schema_text[] = "{\"properties\":{\"a\":{\"type\":\"null\"},"
					  "\"b\":{\"items\":false}}}";
	struct crashinfo_validator_options options = {.schema_name = "name", .max_findings = 1};
	struct crashinfo_validator *validator;
	struct crashinfo_findings *findings;
	struct crashinfo_schema *schema;
	struct crashinfo_json *json;
	size_t offset = 0;

	ck_ok(crashinfo_schema_create(NULL, schema_text, strlen(schema_text), NULL, NULL, 0,
				      &schema));
	options.schema = schema;
	ck_ok(crashinfo_validator_create(NULL, &options, &validator));
	for (int document = 0; document < 3; document++) {
		ck_ok(crashinfo_json_parse_next(NULL, text, strlen(text), NULL, &offset, &json));
		ck_ok(crashinfo_validator_run(validator, json, document > 0, &findings));
		ck_assert_str_eq(findings->schema, "name");
		ck_assert_uint_eq(findings->errors, document == 0 ? 1 : document == 1 ? 2 : 0);
		ck_assert_uint_eq(findings->count, document < 2 ? 1 : 0);
		ck_assert_uint_eq(findings->left_out, document == 1 ? 1 : 0);
		if (document == 1) {
			const struct crashinfo_finding *f = &findings->items[0];

			ck_assert_str_eq(f->rule, "type");
			ck_assert_str_eq(f->pointer, "/a");
			ck_assert_uint_eq(f->line, 3);
			ck_assert_uint_eq(f->column, 6);
			ck_assert_uint_eq(f->end_column, 9);
			ck_assert_uint_eq(f->offset, 15);
			ck_assert_uint_eq(f->size, 4);
		}
		crashinfo_findings_destroy(findings);
		crashinfo_json_destroy(json);
	}
	crashinfo_validator_destroy(validator);
	crashinfo_schema_destroy(schema);
	options.schema = NULL;
	options.schema_version = "9.9";
	ck_fails(crashinfo_validator_create(NULL, &options, &validator), CRASHINFO_ERROR_NOT_FOUND);
	crashinfo_validator_destroy(NULL);
	crashinfo_schema_destroy(NULL);
	crashinfo_findings_destroy(NULL);
	crashinfo_findings_writer_destroy(NULL);
}
END_TEST

/* The error of validating with these limits; none is asked for here that the defaults give. */
static struct crashinfo_error *validate_within(const struct crashinfo_context *context,
					       const char *schema_text, const char *text)
{
	struct crashinfo_validator_options options = {0};
	struct crashinfo_validator *validator;
	struct crashinfo_findings *findings = NULL;
	struct crashinfo_schema *schema;
	struct crashinfo_error *error;
	struct crashinfo_json *json;

	ck_ok(crashinfo_schema_create(NULL, schema_text, strlen(schema_text), NULL, NULL, 0,
				      &schema));
	ck_ok(crashinfo_json_parse(NULL, text, strlen(text), NULL, &json));
	options.schema = schema;
	ck_ok(crashinfo_validator_create(context, &options, &validator));
	error = crashinfo_validator_run(validator, json, false, &findings);
	crashinfo_findings_destroy(findings);
	crashinfo_validator_destroy(validator);
	crashinfo_json_destroy(json);
	crashinfo_schema_destroy(schema);
	return error;
}

START_TEST(test_limits)
{
	/* three ways to hold at each level: 3^n at depth n */
	static const char union_schema[] =
		"{\"items\":{\"allOf\":[{\"anyOf\":[{\"$ref\":\"#\"},{\"not\":{\"$ref\":\"#\"}}]},"
		"{\"$ref\":\"#\"}]}}";
	static const char pattern_schema[] = "{\"pattern\":\"^(a|aa)+$\"}";
	static const char deep[] = "[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]";
	struct crashinfo_context context = crashinfo_context_default();

	ck_ok(validate_within(&context, pattern_schema, "\"aaaaaaaaaab\""));
	context.limits.pattern_steps = 10;
	ck_fails(validate_within(&context, pattern_schema, "\"aaaaaaaaaab\""),
		 CRASHINFO_ERROR_LIMIT);
	context.limits.schema_steps = 10;
	ck_fails(validate_within(&context, union_schema, deep), CRASHINFO_ERROR_LIMIT);
	ck_ok(validate_within(&context, union_schema, "[[[]]]"));
}
END_TEST

/* --- large documents --- */

#define LARGE_ELEMENTS 60000
static const char large_schema[] =
	"{\"items\":{\"properties\":{\"a\":{\"type\":\"integer\"},"
	"\"b\":{\"items\":{\"anyOf\":[{\"type\":\"string\"},{\"items\":{\"type\":\"null\"}}]}}}}}";

/* An array whose every thousandth element is wrong in its own way, one has a name twice. */
static struct crashinfo_json *parse_large(struct strbuf *text)
{
	static const char *const wrong[] = {"{\"a\":1.5}", "{\"b\":[1,\"\",[null,0]]}",
					    "{\"a\":1,\"a\":2}", "{\"a\":\"\",\"b\":[{}]}"};
	struct crashinfo_json *json = NULL;

	for (size_t i = 0; i < LARGE_ELEMENTS; i++)
		strbuf_addf(text, "%c%s\n", i ? ',' : '[',
			    i % 1000 ? "{\"a\":1,\"b\":[\"x\"]}" : wrong[i / 1000 % 4]);
	strbuf_adds(text, "]");
	ck_ok(crashinfo_json_parse(NULL, text->data, text->size, NULL, &json));
	return json;
}

static struct crashinfo_findings *findings_of(const struct crashinfo_json *json, size_t max)
{
	struct crashinfo_validator_options options = {.max_findings = max};
	struct crashinfo_findings *findings = NULL;
	struct crashinfo_validator *validator = NULL;
	struct crashinfo_schema *schema = NULL;

	ck_ok(crashinfo_schema_create(NULL, large_schema, strlen(large_schema), NULL, NULL, 0,
				      &schema));
	options.schema = schema;
	ck_ok(crashinfo_validator_create(NULL, &options, &validator));
	ck_ok(crashinfo_validator_run(validator, json, false, &findings));
	crashinfo_validator_destroy(validator);
	crashinfo_schema_destroy(schema);
	return findings;
}

/* The same with one processor, where there is no second thread. */
static struct crashinfo_findings *findings_of_one_thread(const struct crashinfo_json *json,
							 size_t max)
{
	struct crashinfo_findings *findings;
	cpu_set_t all, one;
	int cpu = 0;

	ck_assert(!sched_getaffinity(0, sizeof(all), &all));
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ck_assert(!sched_setaffinity(0, sizeof(one), &one));
	findings = findings_of(json, max);
	ck_assert(!sched_setaffinity(0, sizeof(all), &all));
	return findings;
}

static void assert_same(const struct crashinfo_findings *a, const struct crashinfo_findings *b)
{
	ck_assert_uint_eq(a->errors, b->errors);
	ck_assert_uint_eq(a->warnings, b->warnings);
	ck_assert_uint_eq(a->count, b->count);
	ck_assert_uint_eq(a->left_out, b->left_out);
	for (size_t i = 0; i < a->count; i++) {
		ck_assert_str_eq(a->items[i].pointer, b->items[i].pointer);
		ck_assert_str_eq(a->items[i].message, b->items[i].message);
		ck_assert_uint_eq(a->items[i].line, b->items[i].line);
		ck_assert_uint_eq(a->items[i].column, b->items[i].column);
	}
}

START_TEST(test_two_threads)
{
	/* none left out, some of the first half, some of both */
	static const size_t most[] = {0, 5, 40};
	struct strbuf text = {0};
	struct crashinfo_json *json = parse_large(&text);

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		struct crashinfo_findings *two = findings_of(json, most[i]);
		struct crashinfo_findings *one = findings_of_one_thread(json, most[i]);

		/* of four kinds, each 15 times, all but the one with a name twice have an error */
		ck_assert_uint_eq(two->errors, 45);
		ck_assert_uint_eq(two->warnings, 15);
		assert_same(two, one);
		if (!most[i])
			ck_assert_str_eq(two->items[59].pointer, "/59000/a");
		crashinfo_findings_destroy(two);
		crashinfo_findings_destroy(one);
	}
	crashinfo_json_destroy(json);
	strbuf_deinit(&text);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, test_two_threads);
	tcase_add_test(tests, test_decimal_compare);
	tcase_add_test(tests, test_decimal_integer);
	tcase_add_test(tests, test_decimal_multiple);
	tcase_add_test(tests, test_decimal_too_long);
	tcase_add_test(tests, test_uri_resolve);
	tcase_add_test(tests, test_regex);
	tcase_add_test(tests, test_names);
	tcase_add_test(tests, test_suggest);
	tcase_add_test(tests, test_builtin);
	tcase_add_test(tests, test_interface);
	tcase_add_test(tests, test_limits);
}

int main(void)
{
	return suite_run("schema", add);
}
