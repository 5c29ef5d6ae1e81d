/* SPDX-License-Identifier: Apache-2.0 */
/* Mutated texts read here and by Python: both must refuse, or see the same values. */
#include <crashinfo/json.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "suite.h"

#define TEXTS     20000
#define MAX_BYTES 128

static const char *const seeds[] = {
	"{\"a\":[1,-2.50,3e+4],\"b\":{\"c\":null}}",
	"[true,false,null,\"x\"]",
	"\"\\u0041\\ud83d\\ude00\\n\\\"\\\\\"",
	"[\"\\ud800\",\"\\udc00\\ud800\",\"\\ud800x\"]",
	"[0,-0,0.0,-0.0,1e5,1E-5,0e0,10]",
	"[\"\xc3\xa9\",\"\xe2\x82\xac\",\"\xf0\x9f\x98\x80\"]",
	"{ \"a\" : [ ] , \"a\" : { } }\n",
	"[[[[1],2],3],{\"\":\"0123456789abcdef0123456789abcdef\"}]",
	"\xef\xbb\xbf[1]",
	"18446744073709551615",
};

/* Bytes that matter to the grammar come more often than others. */
static const char marks[] =
	"{}[]\",:\\/ubfnrt0123456789eE+-. \t\r\n\x1f\x7f\x80\xbf\xc2\xe2\xed\xf0";

struct text {
	char bytes[MAX_BYTES];
	size_t size;
};

static uint64_t seed = 1;

static unsigned pick(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static void insert_byte(struct text *text, size_t at)
{
	if (text->size == MAX_BYTES)
		return;
	memmove(text->bytes + at + 1, text->bytes + at, text->size - at);
	text->bytes[at] = pick(8) ? marks[pick(sizeof(marks))] : (char)pick(256);
	text->size++;
}

static void remove_byte(struct text *text, size_t at)
{
	if (at == text->size)
		return;
	text->size--;
	memmove(text->bytes + at, text->bytes + at + 1, text->size - at);
}

static struct text mutate(void)
{
	const char *base = seeds[pick(sizeof(seeds) / sizeof(seeds[0]))];
	struct text text = {.size = strlen(base)};

	memcpy(text.bytes, base, text.size);
	for (unsigned count = pick(3) + 1; count; count--) {
		size_t at = pick((unsigned)text.size + 1);

		if (pick(3))
			remove_byte(&text, at);
		if (pick(3))
			insert_byte(&text, at);
	}
	return text;
}

static void add_string(const struct crashinfo_json *json, crashinfo_json_node node,
		       struct strbuf *events)
{
	struct crashinfo_slice content;
	_free_ char *storage = NULL;

	ck_ok(crashinfo_json_string(json, node, &content, &storage));
	strbuf_addc(events, 's');
	for (size_t i = 0; i < content.size; i++)
		strbuf_addf(events, "%02x", (unsigned char)content.data[i]);
}

static void add_events(const struct crashinfo_json *json, crashinfo_json_node node,
		       struct strbuf *events)
{
	struct crashinfo_slice raw = crashinfo_json_raw(json, node);
	enum crashinfo_json_type type = crashinfo_json_type(json, node);
	crashinfo_json_node child = crashinfo_json_first(json, node);

	if (type == CRASHINFO_JSON_STRING) {
		add_string(json, node, events);
		return;
	}
	if (type < CRASHINFO_JSON_ARRAY) {
		strbuf_adds(events, type == CRASHINFO_JSON_NUMBER ? "n" : "");
		strbuf_add(events, raw.data, raw.size);
		return;
	}
	strbuf_addc(events, raw.data[0]);
	for (; child != CRASHINFO_JSON_NONE; child = crashinfo_json_next(json, node, child)) {
		add_events(json, child, events);
		if (type == CRASHINFO_JSON_OBJECT) {
			strbuf_addc(events, ':');
			add_events(json, crashinfo_json_value(child), events);
		}
		strbuf_addc(events, ',');
	}
	strbuf_addc(events, raw.data[raw.size - 1]);
}

static void read_text(const struct text *text, struct strbuf *events)
{
	_free_ char *exact = malloc(text->size ? text->size : 1);
	_error_ struct crashinfo_error *error = NULL;
	struct crashinfo_json *json;

	memcpy(exact, text->bytes, text->size);
	error = crashinfo_json_parse(NULL, exact, text->size, NULL, &json);
	if (error) {
		strbuf_adds(events, "refused");
		return;
	}
	add_events(json, 0, events);
	crashinfo_json_destroy(json);
}

static FILE *ask_python(const char *file)
{
	const char *top = getenv("TOP");
	_strbuf_ struct strbuf command = {0};
	FILE *answers;

	strbuf_addf(&command, "python3 '%s/libcrashinfo/tests/json_oracle.py' <'%s'",
		    top ? top : ".", file);
	answers = popen(command.data, "re");
	ck_assert_ptr_nonnull(answers);
	return answers;
}

static void write_question(FILE *questions, const struct text *text)
{
	for (size_t i = 0; i < text->size; i++)
		fprintf(questions, "%02x", (unsigned char)text->bytes[i]);
	fputc('\n', questions);
}

START_TEST(test_like_python)
{
	static struct text texts[TEXTS];
	_strbuf_ struct strbuf events = {0};
	_free_ char *answer = NULL;
	char file[] = "/tmp/json-oracle-XXXXXX";
	FILE *questions = fdopen(mkstemp(file), "w"), *answers;
	size_t room = 0, accepted = 0;

	ck_assert_ptr_nonnull(questions);
	for (int i = 0; i < TEXTS; i++) {
		texts[i] = mutate();
		write_question(questions, &texts[i]);
	}
	fclose(questions);
	answers = ask_python(file);
	for (int i = 0; i < TEXTS; i++) {
		ssize_t length = getline(&answer, &room, answers);

		ck_assert_int_gt(length, 0);
		answer[length - 1] = '\0';
		strbuf_clear(&events);
		read_text(&texts[i], &events);
		ck_assert_msg(!strcmp(events.data, answer), "%.*s\nhere    %s\nPython  %s",
			      (int)texts[i].size, texts[i].bytes, events.data, answer);
		accepted += strcmp(answer, "refused") != 0;
	}
	ck_assert_int_eq(pclose(answers), 0);
	unlink(file);
	/* a generator that breaks all texts, or none, would show little */
	ck_assert_uint_gt(accepted, TEXTS / 10);
	ck_assert_uint_lt(accepted, TEXTS * 9 / 10);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_like_python);
}

int main(void)
{
	return suite_run("json_oracle", add_tests);
}
