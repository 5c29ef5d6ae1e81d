/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/json.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "suite.h"

struct editing {
	struct crashinfo_json *json;
	struct crashinfo_json_edits *edits;
};

static struct editing begin(const char *text)
{
	struct editing e;

	ck_ok(crashinfo_json_parse(NULL, text, strlen(text), NULL, &e.json));
	ck_ok(crashinfo_json_edits_create(e.json, &e.edits));
	return e;
}

static void end(struct editing *e, const char *expected)
{
	size_t size;
	char *got;

	ck_ok(crashinfo_json_edits_apply(e->edits, &got, &size));
	ck_assert_str_eq(got, expected);
	ck_assert_uint_eq(size, strlen(expected));
	free(got);
	crashinfo_json_edits_destroy(e->edits);
	crashinfo_json_destroy(e->json);
}

static void end_overlapping(struct editing *e)
{
	char *got = NULL;
	size_t size;

	ck_fails(crashinfo_json_edits_apply(e->edits, &got, &size),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_assert_ptr_null(got);
	crashinfo_json_edits_destroy(e->edits);
	crashinfo_json_destroy(e->json);
}

static void set(struct editing *e, crashinfo_json_node object, const char *name, const char *value)
{
	ck_ok(crashinfo_json_edits_set(e->edits, object, name, value, strlen(value)));
}

static void append(struct editing *e, crashinfo_json_node array, const char *value)
{
	ck_ok(crashinfo_json_edits_append(e->edits, array, value, strlen(value)));
}

static void replace(struct editing *e, crashinfo_json_node node, const char *value)
{
	ck_ok(crashinfo_json_edits_replace(e->edits, node, value, strlen(value)));
}

static crashinfo_json_node member(struct editing *e, const char *name)
{
	crashinfo_json_node node = crashinfo_json_member(e->json, 0, name);

	ck_assert_uint_ne(node, CRASHINFO_JSON_NONE);
	return node;
}

/* What no edit touches: odd numbers, escapes, lone surrogates, repeated names, blanks. */
#define ODD                                                                         \
	"\"n\" : [18446744073709551615,9007199254740993 , 1e400,1.0,-0.0],\t\"s\":" \
	"\"a\\u0000b \\ud800 \\/\",\r\n \"dup\":1,\"dup\" :2, \"unknown \xc3\xa9\": { } "

START_TEST(test_untouched_bytes)
{
	struct editing e = begin(" { " ODD "} \n");

	end(&e, "{ " ODD "}");
	e = begin("{ " ODD "}");
	set(&e, 0, "new", "true");
	end(&e, "{ \"n\" : [18446744073709551615,9007199254740993 , 1e400,1.0,-0.0],\t\"s\":"
		"\"a\\u0000b \\ud800 \\/\",\r\n \"dup\":1,\"dup\" :2, \"unknown \xc3\xa9\": { }"
		",\"new\":true }");
	e = begin("{\"edit\":0," ODD "}");
	set(&e, 0, "edit", "[1]");
	end(&e, "{\"edit\":[1]," ODD "}");
}
END_TEST

START_TEST(test_set)
{
	struct editing e = begin("{}");

	set(&e, 0, "a", "1");
	set(&e, 0, "q\"\n\xc3\xa9", "{}");
	set(&e, 0, "", "null");
	end(&e, "{\"a\":1,\"q\\\"\\n\xc3\xa9\":{},\"\":null}");
	e = begin("{\"a\":1,\"\\u0061\": 2 }");
	set(&e, 0, "a", "3");
	end(&e, "{\"a\":1,\"\\u0061\": 3 }");
}
END_TEST

START_TEST(test_append_members)
{
	struct editing e = begin("[{},{ \"a\":1 },{\"b\":2}]");
	crashinfo_json_node first = crashinfo_json_first(e.json, 0);
	crashinfo_json_node second = crashinfo_json_next(e.json, 0, first);
	crashinfo_json_node third = crashinfo_json_next(e.json, 0, second);

	ck_ok(crashinfo_json_edits_append_members(e.edits, first, "\"x\":1,\"y\":[2]", 13));
	ck_ok(crashinfo_json_edits_append_members(e.edits, second, "\"x\":1,\"y\":[2]", 13));
	ck_ok(crashinfo_json_edits_remove(e.edits, third, "b"));
	ck_ok(crashinfo_json_edits_append_members(e.edits, third, "\"x\":3", 5));
	set(&e, third, "z", "4");
	ck_fails(crashinfo_json_edits_append_members(e.edits, 0, "\"x\":3", 5),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	end(&e, "[{\"x\":1,\"y\":[2]},{ \"a\":1,\"x\":1,\"y\":[2] },{\"x\":3,\"z\":4}]");
}
END_TEST

/* The text that the document was read from goes, and the document is edited as before. */
START_TEST(test_keep)
{
	char text[] = " 1 {\"a\": [1, 2]} \"next\"";
	struct editing e;
	uint32_t line, column;
	size_t offset = 0;

	ck_ok(crashinfo_json_parse_next(NULL, text, strlen(text), NULL, &offset, &e.json));
	crashinfo_json_destroy(e.json);
	ck_ok(crashinfo_json_parse_next(NULL, text, strlen(text), NULL, &offset, &e.json));
	ck_ok(crashinfo_json_keep(e.json));
	ck_ok(crashinfo_json_keep(e.json));
	memset(text, '#', sizeof(text));
	ck_assert_uint_eq(crashinfo_json_offset(e.json, member(&e, "a")), 6);
	crashinfo_json_position(e.json, crashinfo_json_offset(e.json, member(&e, "a")), &line,
				&column);
	ck_assert_uint_eq(line, 1);
	ck_assert_uint_eq(column, 7);
	ck_ok(crashinfo_json_edits_create(e.json, &e.edits));
	set(&e, 0, "b", "3");
	end(&e, "{\"a\": [1, 2],\"b\":3}");
}
END_TEST

START_TEST(test_remove)
{
	struct editing e = begin("{\"a\":1 , \"b\":2 , \"a\":3}");

	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "a"));
	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "absent"));
	end(&e, "{\"b\":2}");
	e = begin("{\"a\":1,\"b\":2}");
	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "a"));
	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "b"));
	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "a"));
	set(&e, 0, "", "1");
	set(&e, 0, "c", "2");
	end(&e, "{\"\":1,\"c\":2}");
}
END_TEST

START_TEST(test_insert)
{
	struct editing e = begin("[1, 2]");

	ck_ok(crashinfo_json_edits_insert_before(e.edits, 1, "a,b", 3));
	ck_ok(crashinfo_json_edits_insert_before(e.edits, 1, "c", 1));
	append(&e, 0, "z");
	ck_ok(crashinfo_json_edits_insert_after(e.edits, 2, "x", 1));
	ck_ok(crashinfo_json_edits_insert_after(e.edits, 2, "y", 1));
	replace(&e, 1, "9");
	replace(&e, 2, "8");
	end(&e, "[a,b,c,9, 8,x,y,z]");
}
END_TEST

START_TEST(test_document_of_a_sequence)
{
	const char *text = "[0] {\"a\":1} {}";
	struct editing e;
	size_t offset = 3;

	ck_ok(crashinfo_json_parse_next(NULL, text, strlen(text), NULL, &offset, &e.json));
	ck_ok(crashinfo_json_edits_create(e.json, &e.edits));
	set(&e, 0, "a", "2");
	end(&e, "{\"a\":2}");
}
END_TEST

START_TEST(test_overlaps)
{
	struct editing e = begin("{\"a\":1,\"b\":[2],\"c\":{}}");

	set(&e, 0, "a", "1");
	set(&e, 0, "a", "2");
	end_overlapping(&e);
	e = begin("{\"a\":1,\"b\":[2],\"c\":{}}");
	set(&e, 0, "new", "1");
	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "c"));
	set(&e, 0, "new", "2");
	end_overlapping(&e);
	e = begin("{\"a\":1,\"b\":[2],\"c\":{}}");
	set(&e, 0, "a", "1");
	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "a"));
	end_overlapping(&e);
	e = begin("{\"a\":1,\"b\":[2],\"c\":{}}");
	append(&e, member(&e, "b"), "3");
	replace(&e, member(&e, "b"), "[]");
	end_overlapping(&e);
	e = begin("{\"a\":1,\"b\":[2],\"c\":{}}");
	set(&e, member(&e, "c"), "x", "1");
	ck_ok(crashinfo_json_edits_remove(e.edits, 0, "c"));
	end_overlapping(&e);
	e = begin("{\"a\":1,\"b\":[2],\"c\":{}}");
	replace(&e, 0, "1");
	replace(&e, member(&e, "b") + 1, "1");
	end_overlapping(&e);
}
END_TEST

START_TEST(test_wrong_nodes)
{
	struct editing e = begin("[1,{}]");

	ck_fails(crashinfo_json_edits_set(e.edits, 0, "a", "1", 1),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_fails(crashinfo_json_edits_remove(e.edits, 1, "a"), CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_fails(crashinfo_json_edits_append(e.edits, 2, "1", 1), CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_fails(crashinfo_json_edits_replace(e.edits, 3, "1", 1),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_fails(crashinfo_json_edits_insert_before(e.edits, 0, "1", 1),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	ck_fails(crashinfo_json_edits_insert_after(e.edits, CRASHINFO_JSON_NONE, "1", 1),
		 CRASHINFO_ERROR_INVALID_ARGUMENT);
	end(&e, "[1,{}]");
}
END_TEST

/* --- random documents against a model --------------------------------------------------------- */

/*
 * A generator writes a document with random blanks, the edits it plans, and beside it the compact
 * text that should come out of them.
 */
enum { MAX_PLANS = 512 };

struct plan {
	enum { REPLACE, SET, REMOVE, BEFORE, AFTER, APPEND } kind;
	bool late; /* made in the second of two rounds */
	crashinfo_json_node node;
	char name[16], value[16];
};

struct model {
	uint64_t seed;
	struct strbuf text, expected;
	struct plan plans[MAX_PLANS];
	int plan_count;
	crashinfo_json_node nodes;
	unsigned fresh; /* makes new names and values differ */
};

static unsigned pick(struct model *m, unsigned below)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->seed >> 33) % below;
}

static void blanks(struct model *m)
{
	static const char *const choices[] = {"", "", "", " ", "\n  ", "\t\r\n"};

	strbuf_adds(&m->text, choices[pick(m, 6)]);
}

static struct plan *plan(struct model *m, int kind, bool late, crashinfo_json_node node)
{
	struct plan *p;

	if (m->plan_count == MAX_PLANS)
		return NULL;
	p = &m->plans[m->plan_count++];
	*p = (struct plan){.late = late, .node = node};
	p->kind = (__typeof__(p->kind))kind;
	snprintf(p->name, sizeof(p->name), "new%u", m->fresh);
	snprintf(p->value, sizeof(p->value), "%u", 1000 + m->fresh++);
	return p;
}

/* Add to the expected text an element or member, with a comma when it is not the first. */
static void expect(struct model *m, bool *first, const char *name, const char *value)
{
	if (!*first)
		strbuf_addc(&m->expected, ',');
	*first = false;
	if (name)
		strbuf_addf(&m->expected, "\"%s\":", name);
	strbuf_adds(&m->expected, value);
}

static void add_both(struct model *m, const char *token, bool dead)
{
	strbuf_adds(&m->text, token);
	if (!dead)
		strbuf_adds(&m->expected, token);
}

static void make_value(struct model *m, int depth, bool dead);

/* A value that may be replaced; `dead` when it is inside something that goes. */
static void make_slot(struct model *m, int depth, bool dead)
{
	struct plan *p = !dead && !pick(m, 6) ? plan(m, REPLACE, pick(m, 2), m->nodes) : NULL;

	if (p)
		strbuf_adds(&m->expected, p->value);
	make_value(m, depth, dead || p);
}

static void make_member(struct model *m, int depth, bool dead, bool late, uint32_t object, int i,
			bool *first)
{
	bool removed = !dead && !pick(m, 3) && plan(m, REMOVE, late, object);
	char name[16];

	snprintf(name, sizeof(name), "m%d", i);
	if (removed)
		strcpy(m->plans[m->plan_count - 1].name, name);
	strbuf_addf(&m->text, "\"%s\"", name);
	m->nodes++;
	blanks(m);
	strbuf_addc(&m->text, ':');
	blanks(m);
	if (!dead && !removed)
		expect(m, first, name, "");
	make_slot(m, depth, dead || removed);
}

static void make_element(struct model *m, int depth, bool dead, bool late, bool *first)
{
	crashinfo_json_node element = m->nodes;
	struct plan *p;

	while (!dead && !pick(m, 6) && (p = plan(m, BEFORE, late, element)))
		expect(m, first, NULL, p->value);
	if (!dead)
		expect(m, first, NULL, "");
	make_slot(m, depth, dead);
	while (!dead && !pick(m, 6) && (p = plan(m, AFTER, late, element)))
		expect(m, first, NULL, p->value);
}

static void make_container(struct model *m, int depth, bool dead)
{
	bool object = pick(m, 2), first = true, late = pick(m, 2);
	crashinfo_json_node node = m->nodes++;
	int count = (int)pick(m, 5);
	struct plan *p;

	add_both(m, object ? "{" : "[", dead);
	blanks(m);
	for (int i = 0; i < count; i++) {
		if (i)
			strbuf_addc(&m->text, ',');
		blanks(m);
		if (object)
			make_member(m, depth - 1, dead, late, node, i, &first);
		else
			make_element(m, depth - 1, dead, late, &first);
		blanks(m);
	}
	while (!dead && !pick(m, 3) && (p = plan(m, object ? SET : APPEND, late, node)))
		expect(m, &first, object ? p->name : NULL, p->value);
	add_both(m, object ? "}" : "]", dead);
}

static void make_value(struct model *m, int depth, bool dead)
{
	static const char *const scalars[] = {"1.0",         "-0.0", "\"x\"",
					      "\"\\ud800\"", "null", "1e400"};

	if (depth > 0 && pick(m, 3)) {
		make_container(m, depth, dead);
		return;
	}
	m->nodes++;
	add_both(m, scalars[pick(m, 6)], dead);
}

static struct crashinfo_error *carry_out(struct crashinfo_json_edits *edits, const struct plan *p)
{
	size_t size = strlen(p->value);

	switch (p->kind) {
	case REPLACE: return crashinfo_json_edits_replace(edits, p->node, p->value, size);
	case SET: return crashinfo_json_edits_set(edits, p->node, p->name, p->value, size);
	case REMOVE: return crashinfo_json_edits_remove(edits, p->node, p->name);
	case BEFORE: return crashinfo_json_edits_insert_before(edits, p->node, p->value, size);
	case AFTER: return crashinfo_json_edits_insert_after(edits, p->node, p->value, size);
	case APPEND: return crashinfo_json_edits_append(edits, p->node, p->value, size);
	}
	return NULL;
}

static void check_model(struct model *m)
{
	struct editing e = begin(m->text.data);
	_free_ char *got = NULL, *compact = NULL;
	struct crashinfo_json *again;
	size_t size;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < m->plan_count; i++)
			if (m->plans[i].late == round)
				ck_ok(carry_out(e.edits, &m->plans[i]));
	ck_ok(crashinfo_json_edits_apply(e.edits, &got, &size));
	ck_ok(crashinfo_json_parse(NULL, got, size, NULL, &again));
	ck_ok(crashinfo_json_layout(got, size, CRASHINFO_JSON_COMPACT, &compact, &size));
	ck_assert_msg(!strcmp(compact, m->expected.data), "%s\nbecame   %s\ninstead of %s",
		      m->text.data, compact, m->expected.data);
	crashinfo_json_destroy(again);
	crashinfo_json_edits_destroy(e.edits);
	crashinfo_json_destroy(e.json);
}

START_TEST(test_random_edits)
{
	static struct model m;

	for (unsigned seed = 1; seed <= 20000; seed++) {
		m.seed = seed;
		m.plan_count = 0;
		m.nodes = m.fresh = 0;
		make_container(&m, 3, false);
		check_model(&m);
		strbuf_clear(&m.text);
		strbuf_clear(&m.expected);
	}
	strbuf_deinit(&m.text);
	strbuf_deinit(&m.expected);
}
END_TEST

/* Many edits of one document: time must not grow with their square. */
START_TEST(test_many_edits)
{
	enum { ELEMENTS = 200000 };
	_strbuf_ struct strbuf text = {0};
	struct editing e;
	struct crashinfo_json *again;
	crashinfo_json_node node;
	size_t size;
	char *got;

	for (int i = 0; i < ELEMENTS; i++)
		strbuf_adds(&text, i ? ",{\"a\":1}" : "[{\"a\":1}");
	strbuf_addc(&text, ']');
	e = begin(text.data);
	node = crashinfo_json_first(e.json, 0);
	for (; node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(e.json, 0, node)) {
		set(&e, node, "b", "2");
		append(&e, 0, "3");
	}
	ck_ok(crashinfo_json_edits_apply(e.edits, &got, &size));
	ck_ok(crashinfo_json_parse(NULL, got, size, NULL, &again));
	ck_assert_uint_eq(crashinfo_json_count(again, 0), 2 * ELEMENTS);
	crashinfo_json_destroy(again);
	free(got);
	crashinfo_json_edits_destroy(e.edits);
	crashinfo_json_destroy(e.json);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_untouched_bytes);
	tcase_add_test(tests, test_set);
	tcase_add_test(tests, test_append_members);
	tcase_add_test(tests, test_keep);
	tcase_add_test(tests, test_remove);
	tcase_add_test(tests, test_insert);
	tcase_add_test(tests, test_document_of_a_sequence);
	tcase_add_test(tests, test_overlaps);
	tcase_add_test(tests, test_wrong_nodes);
	tcase_add_test(tests, test_random_edits);
	tcase_add_test(tests, test_many_edits);
}

int main(void)
{
	return suite_run("json_edits", add_tests);
}
