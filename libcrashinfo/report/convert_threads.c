/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads: an array in all versions but 1.7, which requires an object around it that also says
 * whether threads are missing. The others say that by a counter.
 */
#include <string.h>

#include "report/convert.h"

#define COUNTER "threads_incomplete"

struct crashinfo_error *convert_thread_stacks(struct converter *c, const struct convert_member *m)
{
	struct convert_place inner = {m->place, "threads", 0};

	if (convert_is(c, m->value, CRASHINFO_JSON_OBJECT))
		return convert_elements(c, "ThreadData", convert_get(c, m->value, "threads"),
					&inner);
	if (convert_is(c, m->value, CRASHINFO_JSON_NULL) && !convert_to(c, REPORT_MINOR(7)) &&
	    !(m->rule->to->nullable & c->to))
		return convert_remove(c, m);
	return convert_elements(c, "ThreadData", m->value, m->place);
}

static crashinfo_json_node threads_of(const struct converter *c)
{
	return convert_get(c, convert_get(c, 0, "error"), "threads");
}

bool convert_needs_threads(const struct converter *c)
{
	bool object = convert_is(c, threads_of(c), CRASHINFO_JSON_OBJECT);

	return convert_is(c, convert_get(c, 0, "error"), CRASHINFO_JSON_OBJECT) &&
	       convert_to(c, REPORT_MINOR(7)) != object;
}

/* --- array to object --- */

/* Take the counter, as the object says what it said; another value than 1 says more. */
static struct crashinfo_error *take_counter(struct converter *c, bool *incomplete)
{
	crashinfo_json_node counters = convert_get(c, 0, "counters");
	crashinfo_json_node counter = convert_get(c, counters, COUNTER);
	int64_t value;

	if (counter == CRASHINFO_JSON_NONE || !crashinfo_json_int64(c->json, counter, &value) ||
	    !value)
		return NULL;
	*incomplete = true;
	if (value != 1)
		return NULL;
	if (crashinfo_json_count(c->json, counters) == 1)
		return crashinfo_json_edits_remove(c->edits, 0, "counters");
	return crashinfo_json_edits_remove(c->edits, counters, COUNTER);
}

static struct crashinfo_error *wrap(struct converter *c)
{
	crashinfo_json_node threads = threads_of(c);
	bool array = convert_is(c, threads, CRASHINFO_JSON_ARRAY), incomplete = false;
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_error *error = take_counter(c, &incomplete);

	if (error)
		return error;
	strbuf_addf(&json, "{\"count\":%zu,\"incomplete\":%s",
		    array ? crashinfo_json_count(c->json, threads) : 0,
		    incomplete ? "true" : "false");
	if (array) {
		struct crashinfo_slice raw = crashinfo_json_raw(c->json, threads);

		strbuf_adds(&json, ",\"threads\":");
		strbuf_add(&json, raw.data, raw.size);
	}
	strbuf_addc(&json, '}');
	if (json.failed)
		return crashinfo_error_no_memory();
	return convert_set(c, convert_get(c, 0, "error"), "threads", json.data);
}

/* --- object to array --- */

static struct crashinfo_error *set_counter(struct converter *c)
{
	crashinfo_json_node counters = convert_get(c, 0, "counters");
	crashinfo_json_node counter = convert_get(c, counters, COUNTER);
	int64_t value;

	if (counter != CRASHINFO_JSON_NONE && crashinfo_json_int64(c->json, counter, &value) &&
	    value)
		return NULL;
	if (convert_is(c, counters, CRASHINFO_JSON_OBJECT))
		return convert_set(c, counters, COUNTER, "1");
	return convert_set(c, 0, "counters", "{\"" COUNTER "\":1}");
}

/* What else the object has; its count only when that is not the number of threads. */
static struct crashinfo_error *lose_rest(struct converter *c, crashinfo_json_node object,
					 size_t count)
{
	const char *kept[] = {"threads", "incomplete", NULL, NULL};
	struct convert_place error_place = {NULL, "error", 0};
	struct convert_place place = {&error_place, "threads", 0};
	crashinfo_json_node told = convert_get(c, object, "count");
	uint64_t number;

	if (told != CRASHINFO_JSON_NONE && crashinfo_json_uint64(c->json, told, &number) &&
	    number == count)
		kept[2] = "count";
	return convert_lose_members(c, object, kept, &place);
}

static struct crashinfo_error *unwrap(struct converter *c)
{
	crashinfo_json_node object = threads_of(c);
	crashinfo_json_node array = convert_get(c, object, "threads");
	crashinfo_json_node incomplete = convert_get(c, object, "incomplete");
	struct crashinfo_slice raw;
	size_t count = array == CRASHINFO_JSON_NONE ? 0 : crashinfo_json_count(c->json, array);
	struct crashinfo_error *error = lose_rest(c, object, count);

	if (!error && convert_is(c, incomplete, CRASHINFO_JSON_TRUE))
		error = set_counter(c);
	if (error)
		return error;
	if (!convert_is(c, array, CRASHINFO_JSON_ARRAY))
		return crashinfo_json_edits_remove(c->edits, convert_get(c, 0, "error"), "threads");
	raw = crashinfo_json_raw(c->json, array);
	return crashinfo_json_edits_replace(c->edits, object, raw.data, raw.size);
}

struct crashinfo_error *convert_threads(struct converter *c)
{
	return convert_to(c, REPORT_MINOR(7)) ? wrap(c) : unwrap(c);
}
