/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of reading, editing and laying out fails once. */
#include <crashinfo/json.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "suite.h"

/* Larger than what nodes are first given room for. */
static struct strbuf text;

static void make_text(void)
{
	strbuf_adds(&text, "{\"s\":\"a\\u0000b\",\"s\":{},\"list\":[[]");
	for (int i = 0; i < 3000; i++)
		strbuf_adds(&text, ",1");
	strbuf_adds(&text, "],\"large\":{\"\":0");
	for (int i = 0; i < 100; i++)
		strbuf_addf(&text, ",\"m%d\":%d", i / 2, i);
	strbuf_adds(&text, "}}");
	ck_assert(!text.failed);
}

static void remove_text(void)
{
	strbuf_deinit(&text);
}

static struct crashinfo_error *read_string(const struct crashinfo_json *json)
{
	struct crashinfo_slice slice;
	struct crashinfo_error *error;
	char *storage = NULL;

	error = crashinfo_json_string(json, 2, &slice, &storage);
	free(storage);
	return error;
}

static struct crashinfo_error *find_duplicates(const struct crashinfo_json *json)
{
	crashinfo_json_node *nodes = NULL;
	struct crashinfo_error *error;
	size_t count = 0;

	error = crashinfo_json_duplicates(json, &nodes, &count);
	assert(count == (error ? 0 : 51));
	free(nodes);
	return error;
}

static struct crashinfo_error *work_on_json(void *argument)
{
	bool sequence = argument;
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;
	size_t offset = 0;

	error = sequence
			? crashinfo_json_parse_next(NULL, text.data, text.size, "x", &offset, &json)
			: crashinfo_json_parse(NULL, text.data, text.size, "x", &json);
	assert(!error == !!json && (!error || !offset));
	if (!error)
		error = read_string(json);
	if (!error)
		error = find_duplicates(json);
	crashinfo_json_destroy(json);
	return error;
}

START_TEST(test_read)
{
	ck_assert_uint_ge(alloc_fail_each(work_on_json, NULL), 6);
	ck_assert_uint_ge(alloc_fail_each(work_on_json, (void *)1), 8);
}
END_TEST

static struct crashinfo_error *refuse(void *argument)
{
	struct crashinfo_json *json;
	struct crashinfo_error *error = crashinfo_json_parse(NULL, "[x", 2, "source", &json);

	(void)argument;
	assert(error);
	if (error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	/* the position is kept even without memory for the name of the source */
	assert(error->code == CRASHINFO_ERROR_SYNTAX);
	assert(error->column == 2);
	crashinfo_error_destroy(error);
	return NULL;
}

START_TEST(test_refuse)
{
	ck_assert_uint_ge(alloc_fail_each(refuse, NULL), 4);
}
END_TEST

static struct crashinfo_error *add_edits(struct crashinfo_json_edits *edits,
					 const struct crashinfo_json *json)
{
	crashinfo_json_node list = crashinfo_json_member(json, 0, "list");
	struct crashinfo_error *error = crashinfo_json_edits_remove(edits, 0, "s");

	for (int i = 0; !error && i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "new%d", i);
		error = crashinfo_json_edits_set(edits, 0, name, "[]", 2);
		if (!error)
			error = crashinfo_json_edits_append(edits, list, "7", 1);
		if (!error)
			error = crashinfo_json_edits_replace(edits, list + 2 + (unsigned)i, "8", 1);
	}
	if (!error)
		error = crashinfo_json_edits_insert_before(edits, list + 1, "9", 1);
	if (!error)
		error = crashinfo_json_edits_insert_after(edits, list + 1, "9", 1);
	return error;
}

static struct crashinfo_error *edit_json(void *json)
{
	struct crashinfo_json_edits *edits = NULL;
	struct crashinfo_error *error = crashinfo_json_edits_create(json, &edits);
	char *got = NULL, *again = NULL;
	size_t size = 0;

	if (!error)
		error = add_edits(edits, json);
	if (!error)
		error = crashinfo_json_edits_apply(edits, &got, &size);
	if (!error)
		error = crashinfo_json_layout(got, size, CRASHINFO_JSON_PRETTY, &again, &size);
	assert(!again == !!error);
	free(again);
	free(got);
	crashinfo_json_edits_destroy(edits);
	return error;
}

START_TEST(test_edit)
{
	struct crashinfo_json *json;

	ck_ok(crashinfo_json_parse(NULL, text.data, text.size, NULL, &json));
	ck_assert_uint_ge(alloc_fail_each(edit_json, json), 10);
	crashinfo_json_destroy(json);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_text, remove_text);
	tcase_add_test(tests, test_read);
	tcase_add_test(tests, test_refuse);
	tcase_add_test(tests, test_edit);
}

int main(void)
{
	return suite_run("json_memory", add_tests);
}
