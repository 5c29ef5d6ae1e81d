/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on threads, ids, tags, counters and files. */
#include <stdlib.h>
#include <string.h>

#include "schema/lint.h"
#include "json/string.h"

/* Linux: TASK_COMM_LEN less the NUL, and the most that pid_max can be. */
#define THREAD_NAME_MAX 15
#define PID_MAX         4194304

/* --- threads --- */

/* The array of threads in either shape. */
static crashinfo_json_node threads_of(const struct lint *l)
{
	crashinfo_json_node threads = lint_at(l, "error.threads");

	if (lint_is(l, threads, CRASHINFO_JSON_OBJECT))
		threads = lint_member(l, threads, "threads");
	return lint_is(l, threads, CRASHINFO_JSON_ARRAY) ? threads : CRASHINFO_JSON_NONE;
}

static void check_thread_count(struct lint *l, const char *id)
{
	crashinfo_json_node count = lint_at(l, "error.threads.count"), threads = threads_of(l);
	size_t length = threads == CRASHINFO_JSON_NONE ? 0 : crashinfo_json_count(l->json, threads);
	int64_t value;

	if (lint_integer(l, count, &value) && value != (int64_t)length)
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, count,
			 "count is not the number of threads, %zu", length);
}

/* A counter that says threads are missing, where there are none or the value says nothing. */
static void check_threads_counter(struct lint *l, const char *id)
{
	crashinfo_json_node counter = lint_member(l, lint_at(l, "counters"), "threads_incomplete");
	int64_t value;

	if (lint_integer(l, counter, &value) && value == 1 && threads_of(l) == CRASHINFO_JSON_NONE)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, counter,
			 "threads_incomplete without threads");
}

static void check_crashed_threads(struct lint *l, const char *id)
{
	crashinfo_json_node threads = threads_of(l), thread = CRASHINFO_JSON_NONE;
	crashinfo_json_node own_name = lint_at(l, "error.thread_name"), name;
	struct crashinfo_slice expected = lint_text(l, own_name);
	size_t crashed = 0;

	while ((thread = lint_next(l, threads, thread)) != CRASHINFO_JSON_NONE) {
		if (!lint_is(l, lint_member(l, thread, "crashed"), CRASHINFO_JSON_TRUE))
			continue;
		if (++crashed == 2)
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, thread,
				 "another thread has crashed, too");
		name = lint_string_member(l, thread, "name");
		if (name != CRASHINFO_JSON_NONE && expected.size &&
		    !lint_equals(l, name, expected.data))
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, name,
				 "the thread that crashed is called %s in error.thread_name",
				 gatherer_show(l->g, l->json, own_name));
	}
}

void lint_thread_counts(struct lint *l, const char *id)
{
	check_thread_count(l, id);
	check_threads_counter(l, id);
	check_crashed_threads(l, id);
}

static void check_thread_name(struct lint *l, const char *id, crashinfo_json_node node)
{
	if (node != CRASHINFO_JSON_NONE && lint_text(l, node).size > THREAD_NAME_MAX)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "longer than the 15 bytes of thread names on Linux");
}

/* Systems whose names of threads may be longer. */
static bool is_other_system(struct lint *l)
{
	crashinfo_json_node os = lint_at(l, "os_info.os_type");

	return lint_equals(l, os, "Windows") || lint_equals(l, os, "Mac OS");
}

void lint_thread_names(struct lint *l, const char *id)
{
	crashinfo_json_node threads = threads_of(l), thread = CRASHINFO_JSON_NONE;

	if (is_other_system(l))
		return;
	check_thread_name(l, id, lint_string_member(l, lint_at(l, "error"), "thread_name"));
	while ((thread = lint_next(l, threads, thread)) != CRASHINFO_JSON_NONE) {
		crashinfo_json_node state = lint_string_member(l, thread, "state");
		struct crashinfo_slice text = lint_text(l, state);

		check_thread_name(l, id, lint_string_member(l, thread, "name"));
		if (state != CRASHINFO_JSON_NONE &&
		    (text.size != 1 || (text.data[0] | 0x20) < 'a' || (text.data[0] | 0x20) > 'z'))
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, state,
				 "state is not a single letter");
	}
}

/* --- L-32: spans and traces --- */

/* A decimal number below 2^128. */
static bool is_decimal_id(struct crashinfo_slice text)
{
	unsigned __int128 value = 0;

	for (size_t i = 0; i < text.size; i++) {
		unsigned digit = (unsigned char)text.data[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	return text.size;
}

static int compare_ids(const void *a, const void *b, void *json)
{
	const crashinfo_json_node *x = a, *y = b;
	const struct crashinfo_json *j = json;
	int order = json_string_compare(j, &j->nodes[*x], &j->nodes[*y]);

	return order ? order : (*x > *y) - (*x < *y);
}

static void check_id(struct lint *l, const char *rule, crashinfo_json_node node)
{
	struct crashinfo_slice text = lint_text(l, node);

	if (!is_decimal_id(text))
		lint_add(l, rule, CRASHINFO_SEVERITY_WARNING, node,
			 "not a decimal number below 2^128");
	else if (strspn(text.data, "0") == text.size)
		lint_add(l, rule, CRASHINFO_SEVERITY_WARNING, node, "ids are never 0");
}

static void check_ids(struct lint *l, const char *rule, const char *member)
{
	crashinfo_json_node spans = lint_at(l, member), span = CRASHINFO_JSON_NONE;
	VEC(crashinfo_json_node) ids = {0};

	while ((span = lint_next(l, spans, span)) != CRASHINFO_JSON_NONE &&
	       lint_is(l, spans, CRASHINFO_JSON_ARRAY)) {
		bool bare = lint_is(l, span, CRASHINFO_JSON_STRING);
		crashinfo_json_node node = bare ? span : lint_string_member(l, span, "id");
		crashinfo_json_node *id;

		if (node == CRASHINFO_JSON_NONE)
			continue;
		check_id(l, rule, node);
		id = vec_push(&ids);
		if (!id)
			break;
		*id = node;
	}
	if (ids.size)
		qsort_r(ids.data, ids.size, sizeof(*ids.data), compare_ids, (void *)l->json);
	for (size_t i = 1; i < ids.size; i++)
		if (!json_string_compare(l->json, &l->json->nodes[ids.data[i]],
					 &l->json->nodes[ids.data[i - 1]]))
			lint_add(l, rule, CRASHINFO_SEVERITY_WARNING, ids.data[i],
				 "the id occurs twice");
	free(ids.data);
}

void lint_ids(struct lint *l, const char *id)
{
	check_ids(l, id, "span_ids");
	check_ids(l, id, "trace_ids");
}

/* --- L-33, L-34: tags --- */

static void check_tag(struct lint *l, const char *id, crashinfo_json_node node)
{
	struct crashinfo_slice text = lint_text(l, node);
	const char *colon = memchr(text.data, ':', text.size);

	if (!colon)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "a tag is \"key:value\"");
	else if (colon == text.data || colon == text.data + text.size - 1)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "the tag has no %s",
			 colon == text.data ? "key" : "value");
	else if (text.data[text.size - 1] == ':')
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "the tag ends with a colon");
	if (memchr(text.data, ',', text.size))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "a comma cuts the tag in two when it is sent");
}

/* A tag's key, with where it stands. */
struct tag_key {
	struct crashinfo_slice text;
	crashinfo_json_node node;
};

static int compare_keys(const void *a, const void *b)
{
	const struct tag_key *x = a, *y = b;
	size_t shared = x->text.size < y->text.size ? x->text.size : y->text.size;
	int order = shared ? memcmp(x->text.data, y->text.data, shared) : 0;

	if (!order)
		order = (x->text.size > y->text.size) - (x->text.size < y->text.size);
	return order ? order : (x->node > y->node) - (x->node < y->node);
}

static void check_tag_keys(struct lint *l, const char *id, struct tag_key *keys, size_t count)
{
	if (count)
		qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (keys[i].text.size == keys[i - 1].text.size &&
		    !memcmp(keys[i].text.data, keys[i - 1].text.data, keys[i].text.size))
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, keys[i].node,
				 "another tag has the same key");
}

static crashinfo_json_node tags_of(const struct lint *l)
{
	crashinfo_json_node tags = lint_at(l, "metadata.tags");

	return lint_is(l, tags, CRASHINFO_JSON_ARRAY) ? tags : CRASHINFO_JSON_NONE;
}

void lint_tags(struct lint *l, const char *id)
{
	crashinfo_json_node tags = tags_of(l), tag = CRASHINFO_JSON_NONE;
	VEC(struct tag_key) keys = {0};

	while ((tag = lint_next(l, tags, tag)) != CRASHINFO_JSON_NONE) {
		struct crashinfo_slice text = lint_text(l, tag);
		const char *colon = memchr(text.data, ':', text.size);
		struct tag_key *key;

		if (!lint_is(l, tag, CRASHINFO_JSON_STRING))
			continue;
		check_tag(l, id, tag);
		key = colon ? vec_push(&keys) : NULL;
		if (key)
			*key = (struct tag_key){{text.data, (size_t)(colon - text.data)}, tag};
	}
	check_tag_keys(l, id, keys.data, keys.size);
	free(keys.data);
}

static bool has_tag(struct lint *l, crashinfo_json_node tags, const char *key)
{
	crashinfo_json_node tag = CRASHINFO_JSON_NONE;
	size_t size = strlen(key);

	while ((tag = lint_next(l, tags, tag)) != CRASHINFO_JSON_NONE) {
		struct crashinfo_slice text = lint_text(l, tag);

		if (text.size > size && !memcmp(text.data, key, size) && text.data[size] == ':')
			return true;
	}
	return false;
}

void lint_tag_keys(struct lint *l, const char *id)
{
	static const char *const keys[] = {"service", "language", "library_version", "runtime-id"};
	crashinfo_json_node tags = tags_of(l), metadata = lint_at(l, "metadata");
	const char *missing = "", *between = "";

	if (!lint_is(l, metadata, CRASHINFO_JSON_OBJECT))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (has_tag(l, tags, keys[i]))
			continue;
		missing = gatherer_text(l->g, "%s%s%s", missing, between, keys[i]);
		between = ", ";
	}
	if (*missing) {
		bool at_tags = tags != CRASHINFO_JSON_NONE;
		struct note *note =
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, at_tags ? tags : metadata,
				 "there are no tags %s", missing);

		if (note)
			note->at_name = true;
	}
}

/* --- L-35, L-36 --- */

static void check_counter(struct lint *l, const char *id, crashinfo_json_node name)
{
	struct crashinfo_slice text = lint_text(l, name);
	int64_t value;

	if (!text.size || memchr(text.data, ',', text.size) || memchr(text.data, ':', text.size))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, name,
			 text.size ? "a counter's name holds a comma or colon"
				   : "the counter has no name");
	if (!lint_integer(l, name + 1, &value))
		return;
	if (value < 0)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, name + 1, "the counter is below 0");
	else if (value > 1 && lint_equals(l, name, "threads_incomplete"))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, name + 1,
			 "threads_incomplete is 0 or 1");
}

void lint_counters(struct lint *l, const char *id)
{
	crashinfo_json_node counters = lint_at(l, "counters"), name = CRASHINFO_JSON_NONE;

	if (!lint_is(l, counters, CRASHINFO_JSON_OBJECT))
		return;
	while ((name = lint_next(l, counters, name)) != CRASHINFO_JSON_NONE)
		check_counter(l, id, name);
}

static void check_line(struct lint *l, const char *id, crashinfo_json_node line)
{
	struct crashinfo_slice raw = crashinfo_json_raw(l->json, line);

	if (!lint_is(l, line, CRASHINFO_JSON_STRING))
		return;
	if (memmem(raw.data, raw.size, "DD_API_KEY=", 11))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, line, "the line holds an API key");
	else if (memmem(raw.data, raw.size, "\\n", 2) && strchr(lint_text(l, line).data, '\n'))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, line, "the line holds a newline");
}

void lint_files(struct lint *l, const char *id)
{
	crashinfo_json_node files = lint_at(l, "files"), name = CRASHINFO_JSON_NONE;

	if (!lint_is(l, files, CRASHINFO_JSON_OBJECT))
		return;
	while ((name = lint_next(l, files, name)) != CRASHINFO_JSON_NONE) {
		crashinfo_json_node line = CRASHINFO_JSON_NONE;

		if (lint_equals(l, name, "/proc/self/maps") && l->maps && l->maps->bad_lines)
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, name,
				 "%zu lines are no entries of maps", l->maps->bad_lines);
		if (!lint_is(l, name + 1, CRASHINFO_JSON_ARRAY))
			continue;
		while ((line = lint_next(l, name + 1, line)) != CRASHINFO_JSON_NONE)
			check_line(l, id, line);
	}
}

/* --- L-38, L-39 --- */

void lint_formats(struct lint *l, const char *id)
{
	for (size_t i = 0; i < l->stack_count; i++) {
		crashinfo_json_node format = lint_string_member(l, l->stacks[i].node, "format");
		bool runtime = l->stacks[i].role == CRASHINFO_STACK_RUNTIME;

		if (format == CRASHINFO_JSON_NONE ||
		    lint_equals(l, format,
				runtime ? "Datadog Runtime Callback 1.0"
					: "Datadog Crashtracker 1.0") ||
		    (!runtime && lint_equals(l, format, "CrashTrackerV1")))
			continue;
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, format,
			 "the format of the stack is not known");
	}
}

static bool is_odd_process_id(int64_t id)
{
	return id <= 0 || id > PID_MAX;
}

void lint_process(struct lint *l, const char *id)
{
	crashinfo_json_node proc_info = lint_at(l, "proc_info");
	crashinfo_json_node pid = lint_member(l, proc_info, "pid");
	crashinfo_json_node tid = lint_member(l, proc_info, "tid");
	int64_t value;

	if (lint_integer(l, pid, &value) && is_odd_process_id(value))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, pid, "not a process id of Linux");
	if (lint_integer(l, tid, &value) && is_odd_process_id(value))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, tid, "not a thread id of Linux");
	if (lint_is(l, proc_info, CRASHINFO_JSON_OBJECT) && tid == CRASHINFO_JSON_NONE &&
	    l->minor >= 5 &&
	    lint_next(l, threads_of(l), CRASHINFO_JSON_NONE) != CRASHINFO_JSON_NONE)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, proc_info,
			 "tid is missing though there are threads");
}
