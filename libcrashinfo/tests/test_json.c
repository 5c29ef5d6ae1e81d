/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/json.h>

#include <stdio.h>
#include <string.h>

#include "suite.h"

/* --- the grammar ------------------------------------------------------------------------------ */

struct sample {
	const char *text;
	size_t size;
};
#define T(literal)                              \
	{                                       \
		literal, sizeof("" literal) - 1 \
	}

static const struct sample accepted[] = {
	T("null"),
	T("true"),
	T("false"),
	T("0"),
	T("-0"),
	T("-0.0"),
	T("0.0"),
	T("0e0"),
	T("0E+0"),
	T("1e400"),
	T("-1E-400"),
	T("1.0"),
	T("123.456e-7"),
	T("18446744073709551615"),
	T("9007199254740993"),
	T("123456789012345678901234567890"),
	T("\"\""),
	T("\"a\\u0000b\""),
	T("\"\\ud800\""),
	T("\"\\udc00\\ud800\""),
	T("\"\\ud83d\\ude00\""),
	T("\"\\uD83D\\uDE00\""),
	T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	T("\"\x7f\""),
	T("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
	T("\"\xed\x9f\xbf\xee\x80\x80\""),
	T("\"\xe2\x80\xa8\xe2\x80\xa9\""),
	T("\"a long string without anything that needs care in it\""),
	T("\"0123456789abcde\\n0123456789abcdef\""),
	T("[]"),
	T("[[]]"),
	T("[[],[[]],{}]"),
	T("{}"),
	T("{\"\":{}}"),
	T("{\"a\":1,\"a\":2}"),
	T("{\"a\":[1,2,{\"b\":null}],\"c\":\"d\"}"),
	T(" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n"),
	T(" { \"a\" : 1 , \"b\" : [ ] } "),
	T("{\"a\":\n                                        1}"),
	T("\xef\xbb\xbf{}"),
	T("\xef\xbb\xbf 1 "),
};

/* Each with the byte offset of what breaks the grammar. */
static const struct {
	struct sample text;
	size_t offset;
} refused[] = {
	{T(""), 0},
	{T(" "), 1},
	{T("\xef\xbb\xbf"), 3},
	{T("\xef\xbb"), 0},
	{T("\xef\xbb\xbf\xef\xbb\xbf{}"), 3},
	{T("{}\xef\xbb\xbf"), 2},
	{T("nul"), 3},
	{T("nulL"), 3},
	{T("Null"), 0},
	{T("truE"), 3},
	{T("falsey"), 5},
	{T("nan"), 1},
	{T("NaN"), 0},
	{T("Infinity"), 0},
	{T("-Infinity"), 1},
	{T("undefined"), 0},
	{T("+1"), 0},
	{T("01"), 1},
	{T("00"), 1},
	{T("-01"), 2},
	{T("-"), 1},
	{T("--1"), 1},
	{T("- 1"), 1},
	{T(".5"), 0},
	{T("-.5"), 1},
	{T("1."), 2},
	{T("1.e1"), 2},
	{T("1.5."), 3},
	{T("1e"), 2},
	{T("1e+"), 3},
	{T("1e-x"), 3},
	{T("1e1.5"), 3},
	{T("0x10"), 1},
	{T("1_000"), 1},
	{T("1 2"), 2},
	{T("[1 2]"), 3},
	{T("1,"), 1},
	{T("\xd9\xa1"), 0},
	{T("\""), 1},
	{T("\"abc"), 4},
	{T("'a'"), 0},
	{T("\"a\"b"), 3},
	{T("\"\\"), 2},
	{T("\"\\\""), 3},
	{T("\"\\x41\""), 2},
	{T("\"\\'\""), 2},
	{T("\"\\0\""), 2},
	{T("\"\\\0\""), 2},
	{T("\"\\U0041\""), 2},
	{T("\"\\u\""), 3},
	{T("\"\\u12\""), 5},
	{T("\"\\u12G4\""), 5},
	{T("\"\\u-123\""), 3},
	{T("\"\\u 123\""), 3},
	{T("\"\\u123"), 6},
	{T("\"\\ud800\\u\""), 9},
	{T("\"\0\""), 1},
	{T("\"\n\""), 1},
	{T("\"\t\""), 1},
	{T("\"0123456789abcdef0123\x1f\""), 21},
	{T("\"\x80\""), 1},
	{T("\"\xc0\x80\""), 1},
	{T("\"\xc1\xbf\""), 1},
	{T("\"\xc2\""), 1},
	{T("\"\xe0\x9f\xbf\""), 1},
	{T("\"\xed\xa0\x80\""), 1},
	{T("\"\xe2\x82\""), 1},
	{T("\"\xe2\x82"), 1},
	{T("\"\xf0\x8f\xbf\xbf\""), 1},
	{T("\"\xf4\x90\x80\x80\""), 1},
	{T("\"\xf5\x80\x80\x80\""), 1},
	{T("\"\xf0\x90\x80\""), 1},
	{T("\"\xff\""), 1},
	{T("\"a fine beginning, then \xfe\""), 24},
	{T("["), 1},
	{T("[1"), 2},
	{T("[1,"), 3},
	{T("[1,]"), 3},
	{T("[,1]"), 1},
	{T("[1,,2]"), 3},
	{T("[1}"), 2},
	{T("[1:2]"), 2},
	{T("[}"), 1},
	{T("]"), 0},
	{T("[]]"), 2},
	{T("[][]"), 2},
	{T("[a]"), 1},
	{T("{"), 1},
	{T("{1:2}"), 1},
	{T("{a:1}"), 1},
	{T("{'a':1}"), 1},
	{T("{\"a\"}"), 4},
	{T("{\"a\" 1}"), 5},
	{T("{\"a\":}"), 5},
	{T("{\"a\":1"), 6},
	{T("{\"a\":1,"), 7},
	{T("{\"a\":1,}"), 7},
	{T("{\"a\":1 \"b\":2}"), 7},
	{T("{\"a\"::1}"), 5},
	{T("{\"a\":1]"), 6},
	{T("{,}"), 1},
	{T("{\"a\":1,,\"b\":2}"), 7},
	{T("{[]:1}"), 1},
	{T("{null:1}"), 1},
	{T("}"), 0},
	{T("{}}"), 2},
	{T("{} {}"), 3},
	{T("// c\n{}"), 0},
	{T("{/**/}"), 1},
	{T("[1]#"), 3},
	{T("[1\f]"), 2},
	{T("[\v1]"), 1},
	{T("[1\xc2\xa0]"), 2},
	{T("[1]\0"), 3},
	{T("\0"), 0},
	{T("\x1e{}"), 0},
	{T("{}\x04"), 2},
};

/* A copy of just its size, so that a sanitizer sees a byte read past the text. */
static char *exact_copy(struct sample sample)
{
	char *copy = malloc(sample.size ? sample.size : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, sample.text, sample.size);
	return copy;
}

START_TEST(test_accepts)
{
	struct sample sample = accepted[_i];
	char *text = exact_copy(sample);
	struct crashinfo_json *json;

	ck_ok(crashinfo_json_parse(NULL, text, sample.size, NULL, &json));
	crashinfo_json_destroy(json);
	free(text);
}
END_TEST

START_TEST(test_refuses)
{
	struct sample sample = refused[_i].text;
	char *text = exact_copy(sample);
	struct crashinfo_json *json = (struct crashinfo_json *)text;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(NULL, text, sample.size, "x.json", &json);
	ck_assert_msg(error != NULL, "accepted: %s", sample.text);
	ck_assert_int_eq(error->code, CRASHINFO_ERROR_SYNTAX);
	ck_assert_msg(error->offset == refused[_i].offset, "%s: offset %d: %s", sample.text,
		      (int)error->offset, error->message);
	ck_assert_str_eq(error->source, "x.json");
	ck_assert_uint_eq(error->line, 1 + (memchr(text, '\n', error->offset) != NULL));
	ck_assert_ptr_eq(json, text);
	crashinfo_error_destroy(error);
	free(text);
}
END_TEST

/* --- positions -------------------------------------------------------------------------------- */

static void expect_error(const char *text, uint64_t offset, uint32_t line, uint32_t column,
			 const char *message)
{
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(NULL, text, strlen(text), NULL, &json);
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, message);
	ck_assert_ptr_null(error->source);
	ck_assert_uint_eq(error->offset, offset);
	ck_assert_uint_eq(error->line, line);
	ck_assert_uint_eq(error->column, column);
	crashinfo_error_destroy(error);
}

START_TEST(test_error_positions)
{
	expect_error("{\n  \"a\": 01\n}", 10, 2, 9, "numbers have no leading zeros, got '1'");
	expect_error("[\"\xc3\xa9\xf0\x9f\x98\x80\", x]", 11, 1, 8, "expected a value, got 'x'");
	expect_error("\xef\xbb\xbf[1,]", 6, 1, 4, "expected a value, got ']'");
	expect_error("[\r\n\"\x01\"", 4, 2, 2,
		     "control characters in strings must be escaped, got byte 0x01");
	expect_error("[1]\n\n x", 6, 3, 2, "expected nothing more behind the document, got 'x'");
	expect_error("{\"a\":1", 6, 1, 7, "expected ',' or '}', got the end");
	expect_error("[\"\xff\"]", 2, 1, 3, "strings must be valid UTF-8, got byte 0xff");
}
END_TEST

START_TEST(test_position_in_long_text)
{
	enum { LINES = 10000 };
	char *text = malloc(LINES * 4 + 8);
	struct crashinfo_json *json;
	uint32_t line, column;
	size_t size = 0;

	text[size++] = '[';
	for (int i = 0; i < LINES; i++)
		size += (size_t)sprintf(text + size, "%s1\n", i ? "," : " ");
	text[size++] = ']';
	ck_ok(crashinfo_json_parse(NULL, text, size, NULL, &json));
	crashinfo_json_position(json, size - 1, &line, &column);
	ck_assert_uint_eq(line, LINES + 1);
	ck_assert_uint_eq(column, 1);
	crashinfo_json_position(json, crashinfo_json_offset(json, 5000), &line, &column);
	ck_assert_uint_eq(line, 5000);
	ck_assert_uint_eq(column, 2);
	crashinfo_json_position(json, 0, &line, &column);
	ck_assert_uint_eq(line, 1);
	ck_assert_uint_eq(column, 1);
	crashinfo_json_destroy(json);
	free(text);
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

static void expect_limit(const struct crashinfo_context *context, const char *text, size_t size,
			 uint64_t offset)
{
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(context, text, size, NULL, &json);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, CRASHINFO_ERROR_LIMIT);
	ck_assert_uint_eq(error->offset, offset);
	ck_assert_uint_eq(error->line, 1);
	ck_assert_uint_eq(error->column, offset + 1);
	crashinfo_error_destroy(error);
}

START_TEST(test_depth_limit)
{
	enum { DEPTH = 1000000 };
	struct crashinfo_context context = crashinfo_context_default();
	char *text = malloc(DEPTH * 2);
	struct crashinfo_json *json;

	memset(text, '[', DEPTH);
	memset(text + DEPTH, ']', DEPTH);
	expect_limit(NULL, text, DEPTH * 2, context.limits.json_depth);
	expect_limit(NULL, text, DEPTH, context.limits.json_depth);
	context.limits.json_depth = 3;
	ck_ok(crashinfo_json_parse(&context, "[[[]],[[]],{}]", 14, NULL, &json));
	crashinfo_json_destroy(json);
	expect_limit(&context, "[[[{}]]]", 8, 3);
	context.limits.json_depth = SIZE_MAX;
	ck_ok(crashinfo_json_parse(&context, text, DEPTH * 2, NULL, &json));
	ck_assert_uint_eq(crashinfo_json_raw(json, DEPTH / 2).size, DEPTH);
	crashinfo_json_destroy(json);
	free(text);
}
END_TEST

START_TEST(test_node_limit)
{
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_json *json;

	context.limits.json_nodes = 4;
	ck_ok(crashinfo_json_parse(&context, "{\"a\":[1]}", 9, NULL, &json));
	crashinfo_json_destroy(json);
	expect_limit(&context, "{\"a\":[1,2]}", 11, 8);
	context.limits.json_nodes = 0;
	expect_limit(&context, "1", 1, 0);
}
END_TEST

/* --- what was read ---------------------------------------------------------------------------- */

static struct crashinfo_json *parse(const char *text)
{
	struct crashinfo_json *json;

	ck_ok(crashinfo_json_parse(NULL, text, strlen(text), NULL, &json));
	return json;
}

static void expect_raw(const struct crashinfo_json *json, crashinfo_json_node node,
		       const char *expected)
{
	struct crashinfo_slice raw = crashinfo_json_raw(json, node);

	ck_assert_uint_ne(node, CRASHINFO_JSON_NONE);
	ck_assert_msg(raw.size == strlen(expected) && !memcmp(raw.data, expected, raw.size),
		      "%.*s is not %s", (int)raw.size, raw.data, expected);
}

START_TEST(test_walk)
{
	struct crashinfo_json *json =
		parse(" {\"a\" : [1, {\"x\":[]} ,\"s\"],\"b\":{}, \"c\":null} ");
	crashinfo_json_node name = crashinfo_json_first(json, 0), array, child;

	ck_assert_int_eq(crashinfo_json_type(json, 0), CRASHINFO_JSON_OBJECT);
	ck_assert_uint_eq(crashinfo_json_count(json, 0), 3);
	ck_assert_uint_eq(crashinfo_json_offset(json, 0), 1);
	expect_raw(json, name, "\"a\"");
	array = crashinfo_json_value(name);
	ck_assert_int_eq(crashinfo_json_type(json, array), CRASHINFO_JSON_ARRAY);
	ck_assert_uint_eq(crashinfo_json_count(json, array), 3);
	expect_raw(json, array, "[1, {\"x\":[]} ,\"s\"]");
	child = crashinfo_json_first(json, array);
	expect_raw(json, child, "1");
	child = crashinfo_json_next(json, array, child);
	expect_raw(json, child, "{\"x\":[]}");
	child = crashinfo_json_next(json, array, child);
	expect_raw(json, child, "\"s\"");
	ck_assert_uint_eq(crashinfo_json_next(json, array, child), CRASHINFO_JSON_NONE);
	name = crashinfo_json_next(json, 0, name);
	expect_raw(json, name, "\"b\"");
	child = crashinfo_json_value(name);
	ck_assert_uint_eq(crashinfo_json_first(json, child), CRASHINFO_JSON_NONE);
	name = crashinfo_json_next(json, 0, name);
	expect_raw(json, crashinfo_json_value(name), "null");
	ck_assert_uint_eq(crashinfo_json_first(json, crashinfo_json_value(name)),
			  CRASHINFO_JSON_NONE);
	ck_assert_uint_eq(crashinfo_json_next(json, 0, name), CRASHINFO_JSON_NONE);
	crashinfo_json_destroy(json);
}
END_TEST

START_TEST(test_member)
{
	struct crashinfo_json *json = parse("{\"a\":1,\"\\u0061\":2,\"b\\u0000\":3,\"\":4,\"A\":5,"
					    "\"\\ud83d\\ude00\":6,\"ab\":7}");

	expect_raw(json, crashinfo_json_member(json, 0, "a"), "2");
	expect_raw(json, crashinfo_json_member(json, 0, "A"), "5");
	expect_raw(json, crashinfo_json_member(json, 0, ""), "4");
	expect_raw(json, crashinfo_json_member(json, 0, "\xf0\x9f\x98\x80"), "6");
	ck_assert_uint_eq(crashinfo_json_member(json, 0, "b"), CRASHINFO_JSON_NONE);
	ck_assert_uint_eq(crashinfo_json_member(json, 1, "a"), CRASHINFO_JSON_NONE);
	crashinfo_json_destroy(json);
}
END_TEST

static void expect_string(const char *text, const char *expected, size_t size, bool stored)
{
	struct crashinfo_json *json = parse(text);
	struct crashinfo_slice slice;
	char *storage;

	ck_ok(crashinfo_json_string(json, 0, &slice, &storage));
	ck_assert_uint_eq(slice.size, size);
	ck_assert_mem_eq(slice.data, expected, size);
	ck_assert(stored == (storage != NULL));
	if (!memchr(expected, 0, size))
		ck_assert(crashinfo_json_string_equals(json, 0, expected));
	ck_assert(!crashinfo_json_string_equals(json, 0, "other"));
	free(storage);
	crashinfo_json_destroy(json);
}

START_TEST(test_strings)
{
	struct crashinfo_slice slice;
	char *storage = NULL;
	struct crashinfo_json *json = parse("[1]");

	expect_string("\"\"", "", 0, false);
	expect_string("\"plain \xc3\xa9\"", "plain \xc3\xa9", 8, false);
	expect_string("\"a\\u0000b\"", "a\0b", 3, true);
	expect_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8, true);
	expect_string("\"x\\u00e9\\u20ac\\ud83d\\ude00y\"",
		      "x\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80y", 11, true);
	/* lone surrogates: a high one, a low one, both the wrong way round, one before a pair */
	expect_string("\"\\ud800\"", "\xef\xbf\xbd", 3, true);
	expect_string("\"\\udfffz\"", "\xef\xbf\xbdz", 4, true);
	expect_string("\"\\udc00\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd", 6, true);
	expect_string("\"\\ud800\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7, true);
	expect_string("\"\\ud800\\n\"", "\xef\xbf\xbd\n", 4, true);
	expect_string("\"\\ud800\\u0041\"",
		      "\xef\xbf\xbd"
		      "A",
		      4, true);
	ck_fails(crashinfo_json_string(json, 1, &slice, &storage),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_assert(!crashinfo_json_string_equals(json, 1, "1"));
	crashinfo_json_destroy(json);
}
END_TEST

static const struct {
	const char *text;
	bool is_int64, is_uint64;
	int64_t value;
	uint64_t uvalue;
} integers[] = {
	{"0", true, true, 0, 0},
	{"-0", true, true, 0, 0},
	{"-0.0", true, true, 0, 0},
	{"0e999999999999999999999", true, true, 0, 0},
	{"0.000e-5", true, true, 0, 0},
	{"1.0", true, true, 1, 1},
	{"1.5", false, false, 0, 0},
	{"1.5e1", true, true, 15, 15},
	{"0.015e3", true, true, 15, 15},
	{"0.015e2", false, false, 0, 0},
	{"1e2", true, true, 100, 100},
	{"100e-2", true, true, 1, 1},
	{"1200.00e-2", true, true, 12, 12},
	{"1200.00e-3", false, false, 0, 0},
	{"-1E2", true, false, -100, 0},
	{"9007199254740993", true, true, 9007199254740993, 9007199254740993},
	{"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
	{"9223372036854775808", false, true, 0, (uint64_t)INT64_MAX + 1},
	{"-9223372036854775808", true, false, INT64_MIN, 0},
	{"-9223372036854775808.0", true, false, INT64_MIN, 0},
	{"-9223372036854775809", false, false, 0, 0},
	{"18446744073709551615", false, true, 0, UINT64_MAX},
	{"1844674407370955161.5e1", false, true, 0, UINT64_MAX},
	{"18446744073709551616", false, false, 0, 0},
	{"1.8446744073709551616e19", false, false, 0, 0},
	{"1e19", false, true, 0, 10000000000000000000u},
	{"1e20", false, false, 0, 0},
	{"1e400", false, false, 0, 0},
	{"1e-400", false, false, 0, 0},
	{"1e99999999999999999999", false, false, 0, 0},
	{"1e-99999999999999999999", false, false, 0, 0},
	{"true", false, false, 0, 0},
	{"\"1\"", false, false, 0, 0},
};

START_TEST(test_integers)
{
	struct crashinfo_json *json = parse(integers[_i].text);
	uint64_t uvalue = 0;
	int64_t value = 0;

	ck_assert(crashinfo_json_int64(json, 0, &value) == integers[_i].is_int64);
	ck_assert(crashinfo_json_uint64(json, 0, &uvalue) == integers[_i].is_uint64);
	ck_assert_int_eq(value, integers[_i].value);
	ck_assert_uint_eq(uvalue, integers[_i].uvalue);
	crashinfo_json_destroy(json);
}
END_TEST

/* --- sequences -------------------------------------------------------------------------------- */

/* The documents of `text`, each followed by '|'; what ends them: "" or an error message. */
static void expect_sequence(const char *text, const char *documents, const char *message)
{
	struct crashinfo_error *error;
	char got[256] = "";
	size_t offset = 0, size = strlen(text), before;
	struct crashinfo_json *json;

	for (;;) {
		before = offset;
		error = crashinfo_json_parse_next(NULL, text, size, NULL, &offset, &json);
		if (error || !json)
			break;
		struct crashinfo_slice raw = crashinfo_json_raw(json, 0);

		ck_assert_ptr_eq(raw.data, text + crashinfo_json_offset(json, 0));
		ck_assert_ptr_eq(raw.data + raw.size, text + offset);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s|", (int)raw.size,
			 raw.data);
		crashinfo_json_destroy(json);
	}
	ck_assert_str_eq(got, documents);
	ck_assert_str_eq(error ? error->message : "", message);
	ck_assert_uint_eq(offset, error ? before : size);
	crashinfo_error_destroy(error);
}

START_TEST(test_sequences)
{
	expect_sequence("", "", "");
	expect_sequence(" \n", "", "");
	expect_sequence("\xef\xbb\xbf", "", "");
	expect_sequence("{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}|{\"a\":2}|", "");
	expect_sequence("{}{}[] []", "{}|{}|[]|[]|", "");
	expect_sequence("\xef\xbb\xbf{}\r\n\r\n{}", "{}|{}|", "");
	expect_sequence("1 -2\ttrue\nnull", "1|-2|true|null|", "");
	expect_sequence("1{}true[]false\"a\"\"b\"2", "1|{}|true|[]|false|\"a\"|\"b\"|2|", "");
	expect_sequence("1-2", "", "expected a blank or another document, got '-'");
	expect_sequence("{}truefalse", "{}|", "expected a blank or another document, got 'f'");
	expect_sequence("{},{}", "{}|", "expected a value, got ','");
	expect_sequence("{} {\"a\":", "{}|", "expected a value, got the end");
}
END_TEST

START_TEST(test_sequence_position)
{
	const char *text = "{}\n{\n \"a\":x}";
	struct crashinfo_json *json;
	struct crashinfo_error *error;
	size_t offset = 0;
	uint32_t line, column;

	ck_ok(crashinfo_json_parse_next(NULL, text, strlen(text), "in", &offset, &json));
	crashinfo_json_destroy(json);
	error = crashinfo_json_parse_next(NULL, text, strlen(text), "in", &offset, &json);
	ck_assert_ptr_nonnull(error);
	ck_assert_uint_eq(error->offset, 10);
	ck_assert_uint_eq(error->line, 3);
	ck_assert_uint_eq(error->column, 6);
	ck_assert_str_eq(error->source, "in");
	crashinfo_error_destroy(error);
	offset = 2;
	text = "{}\n{\n \"a\":1}";
	ck_ok(crashinfo_json_parse_next(NULL, text, strlen(text), "in", &offset, &json));
	ck_assert_uint_eq(crashinfo_json_offset(json, 1), 6);
	crashinfo_json_position(json, 6, &line, &column);
	ck_assert_uint_eq(line, 3);
	ck_assert_uint_eq(column, 2);
	crashinfo_json_destroy(json);
}
END_TEST

/* --- duplicate names -------------------------------------------------------------------------- */

static void expect_duplicates(const char *text, const char *expected)
{
	struct crashinfo_json *json = parse(text);
	crashinfo_json_node *nodes;
	char got[256] = "";
	size_t count;

	ck_ok(crashinfo_json_duplicates(json, &nodes, &count));
	ck_assert((count != 0) == (nodes != NULL));
	for (size_t i = 0; i < count; i++)
		sprintf(got + strlen(got), "%zu ", crashinfo_json_offset(json, nodes[i]));
	ck_assert_str_eq(got, expected);
	free(nodes);
	crashinfo_json_destroy(json);
}

START_TEST(test_duplicates)
{
	expect_duplicates("1", "");
	expect_duplicates("{\"a\":1,\"b\":2}", "");
	expect_duplicates("{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "");
	expect_duplicates("{\"a\":1,\"b\":2,\"a\":3,\"a\":4}", "13 19 ");
	expect_duplicates("[{\"a\":{\"x\":1,\"x\":2},\"a\":3}]", "13 20 ");
	expect_duplicates("{\"ab\":1,\"\\u0061b\":2}", "8 ");
	expect_duplicates("{\"\":1,\"\":2,\"\\u0000\":3}", "6 ");
}
END_TEST

START_TEST(test_many_duplicates)
{
	enum { MEMBERS = 1000000 };
	char *text = malloc(MEMBERS * 20);
	crashinfo_json_node *nodes;
	struct crashinfo_json *json;
	size_t size = 0, count;

	/* every tenth name is the one before it, once written with an escape */
	for (int i = 0; i < MEMBERS; i++)
		size += (size_t)sprintf(text + size, "%c\"%s%d\":0", i ? ',' : '{',
					i % 20 == 19 ? "\\u006e" : "n", i - (i % 10 == 9));
	text[size++] = '}';
	ck_ok(crashinfo_json_parse(NULL, text, size, NULL, &json));
	ck_ok(crashinfo_json_duplicates(json, &nodes, &count));
	ck_assert_uint_eq(count, MEMBERS / 10);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(nodes[i], 1 + 2 * (10 * i + 9));
	free(nodes);
	crashinfo_json_destroy(json);
	free(text);
}
END_TEST

/* --- layout ----------------------------------------------------------------------------------- */

static void expect_layout(const char *text, enum crashinfo_json_layout layout, const char *expected)
{
	size_t size;
	char *got;

	ck_ok(crashinfo_json_layout(text, strlen(text), layout, &got, &size));
	ck_assert_str_eq(got, expected);
	ck_assert_uint_eq(size, strlen(expected));
	free(got);
}

START_TEST(test_layout)
{
	const char *text = " {\"a\" : [ 1,2.50 ,{ } ,[ ] ] ,\n\"b \\\" ,\":\"\\u0041 { \", "
			   "\"c\":{\"d\":-0.0}}\n";

	expect_layout(text, CRASHINFO_JSON_COMPACT,
		      "{\"a\":[1,2.50,{},[]],\"b \\\" ,\":\"\\u0041 { \",\"c\":{\"d\":-0.0}}");
	expect_layout(text, CRASHINFO_JSON_PRETTY,
		      "{\n  \"a\": [\n    1,\n    2.50,\n    {},\n    []\n  ],\n"
		      "  \"b \\\" ,\": \"\\u0041 { \",\n  \"c\": {\n    \"d\": -0.0\n  }\n}");
	expect_layout(" 1e400 ", CRASHINFO_JSON_PRETTY, "1e400");
	expect_layout("[ \n]", CRASHINFO_JSON_PRETTY, "[]");
	expect_layout("[ \n]", CRASHINFO_JSON_COMPACT, "[]");
	expect_layout("[{\"a\":1}]", CRASHINFO_JSON_COMPACT, "[{\"a\":1}]");
	expect_layout("[ \"a \\\" b\" , 1 , { } ]\n", CRASHINFO_JSON_COMPACT,
		      "[\"a \\\" b\",1,{}]");
	expect_layout("\xef\xbb\xbf[\"\xc3\xa9 \"]", CRASHINFO_JSON_COMPACT, "[\"\xc3\xa9 \"]");
}
END_TEST

/* Blanks that hostile nesting asks for must not grow with its square. */
START_TEST(test_layout_of_deep_nesting)
{
	enum { DEPTH = 10000 };
	char *text = malloc(DEPTH * 2), *pretty, *compact;
	size_t pretty_size, compact_size;

	memset(text, '[', DEPTH);
	memset(text + DEPTH, ']', DEPTH);
	ck_ok(crashinfo_json_layout(text, DEPTH * 2, CRASHINFO_JSON_PRETTY, &pretty, &pretty_size));
	ck_assert_uint_lt(pretty_size, DEPTH * 2 * 200);
	ck_ok(crashinfo_json_layout(pretty, pretty_size, CRASHINFO_JSON_COMPACT, &compact,
				    &compact_size));
	ck_assert_uint_eq(compact_size, DEPTH * 2);
	ck_assert_mem_eq(compact, text, DEPTH * 2);
	free(compact);
	free(pretty);
	free(text);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, test_accepts, 0, COUNT(accepted));
	tcase_add_loop_test(tests, test_refuses, 0, COUNT(refused));
	tcase_add_test(tests, test_error_positions);
	tcase_add_test(tests, test_position_in_long_text);
	tcase_add_test(tests, test_depth_limit);
	tcase_add_test(tests, test_node_limit);
	tcase_add_test(tests, test_walk);
	tcase_add_test(tests, test_member);
	tcase_add_test(tests, test_strings);
	tcase_add_loop_test(tests, test_integers, 0, COUNT(integers));
	tcase_add_test(tests, test_sequences);
	tcase_add_test(tests, test_sequence_position);
	tcase_add_test(tests, test_duplicates);
	tcase_add_test(tests, test_many_duplicates);
	tcase_add_test(tests, test_layout);
	tcase_add_test(tests, test_layout_of_deep_nesting);
}

int main(void)
{
	return suite_run("json", add_tests);
}
