/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "json/string.h"

/* Of documents of a few values too, which may be held against large schemas. */
#define STEPS_ANYWAY 10000

void evaluation_fail(struct evaluation *e, struct crashinfo_error *error)
{
	if (e->error)
		crashinfo_error_destroy(error);
	else
		e->error = error;
}

void evaluation_record(struct evaluation *e, struct fault fault)
{
	struct fault *recorded;

	e->faults++;
	if (e->catcher != EVALUATION_NO_CATCHER) {
		e->caught = true;
		return;
	}
	if (e->recorded.size >= e->max_recorded)
		return;
	recorded = vec_push(&e->recorded);
	if (recorded)
		*recorded = fault;
	else
		evaluation_fail(e, crashinfo_error_no_memory());
}

struct crashinfo_slice evaluation_text(struct evaluation *e, crashinfo_json_node node)
{
	const struct json_node *n = &e->json->nodes[node];
	struct json_bytes bytes;

	if (!(n->info & JSON_FLAG))
		return json_quoted(e->json, n);
	bytes = json_bytes_of(e->json, n);
	strbuf_clear(&e->text);
	strbuf_reserve(&e->text, n->end - n->start);
	for (int c = json_bytes_next(&bytes); c >= 0; c = json_bytes_next(&bytes))
		strbuf_addc(&e->text, (char)c);
	if (e->text.failed) {
		evaluation_fail(e, crashinfo_error_no_memory());
		return (struct crashinfo_slice){"", 0};
	}
	return (struct crashinfo_slice){e->text.data, e->text.size};
}

bool evaluation_matches(struct evaluation *e, const struct schema_regex *pattern,
			struct crashinfo_slice text)
{
	struct crashinfo_error *error = NULL;
	bool found = false;

	if (!e->matcher)
		error = schema_matcher_create(e->limits->pattern_steps, &e->matcher);
	if (!error)
		error = schema_regex_match(pattern, e->matcher, text.data, text.size, &found);
	if (error)
		evaluation_fail(e, error);
	return found;
}

struct task *evaluation_push(struct evaluation *e, enum task_kind kind,
			     const struct subschema *schema, crashinfo_json_node node,
			     uint32_t nesting)
{
	struct task *task = vec_push(&e->tasks);

	if (!task) {
		evaluation_fail(e, crashinfo_error_no_memory());
		return NULL;
	}
	/* most tasks are members, which need none of the rest */
	task->schema = schema;
	task->node = node;
	task->child = node + 1;
	task->kind = kind;
	task->index = 0;
	task->nesting = nesting;
	task->running = false;
	task->seen = 0;
	task->more_seen = task->bits_before = e->bits.size;
	return task;
}

static void begin_combine(struct evaluation *e, const struct subschema *schema,
			  crashinfo_json_node node, uint32_t nesting)
{
	struct task *task = evaluation_push(e, TASK_COMBINE, schema, node, nesting);

	if (task) {
		task->branch = 0;
		task->passed = 0;
		task->decided = false;
		task->best_recorded = 0;
		task->best_faults = 0;
	}
}

static void fail_endless(struct evaluation *e, uint32_t nesting)
{
	/* more schemas than there are: one of them is applied within itself */
	if (nesting > e->schema->subschema_count)
		evaluation_fail(e,
				crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
						       "the schema refers to itself without end"));
	else
		evaluation_fail(
			e, crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
						  "the schema has too many alternatives to try"));
}

/* What the schemas for one type of value say. */
static void apply_by_type(struct evaluation *e, const struct subschema *schema,
			  crashinfo_json_node node, uint32_t nesting)
{
	switch (json_type(&e->json->nodes[node])) {
	case CRASHINFO_JSON_NUMBER:
		if (schema->numbers)
			evaluation_check_number(e, schema, node);
		break;
	case CRASHINFO_JSON_STRING:
		if (schema->strings)
			evaluation_check_string(e, schema, node);
		break;
	case CRASHINFO_JSON_ARRAY:
		if (schema->arrays)
			evaluation_begin_elements(e, schema, node);
		break;
	case CRASHINFO_JSON_OBJECT:
		if (schema->objects)
			evaluation_begin_members(e, schema, node, nesting);
		break;
	case CRASHINFO_JSON_NULL:
	case CRASHINFO_JSON_FALSE:
	case CRASHINFO_JSON_TRUE: break;
	}
}

void evaluation_apply(struct evaluation *e, const struct subschema *schema,
		      crashinfo_json_node node, uint32_t nesting)
{
	uint8_t type = type_bit(e->json, &e->json->nodes[node]);

	if (schema->target)
		schema = schema->target;
	while (schema->select && schema->select[__builtin_ctz(type)] &&
	       nesting++ <= e->schema->subschema_count) {
		schema = schema->select[__builtin_ctz(type)];
		if (schema->target)
			schema = schema->target;
	}
	if (++e->steps > e->max_steps || nesting > e->schema->subschema_count) {
		fail_endless(e, nesting);
		return;
	}
	if (!(schema->types & type)) {
		evaluation_fault(e, schema, schema->never ? KEYWORD_FALSE : KEYWORD_TYPE, node, 0);
		return;
	}
	if (schema->value_count)
		evaluation_check_values(e, schema, node);
	if (schema->combine_count && !evaluation_interrupted(e))
		begin_combine(e, schema, node, nesting);
	if (!evaluation_interrupted(e))
		apply_by_type(e, schema, node, nesting);
}

void evaluation_catch(struct evaluation *e, uint32_t index)
{
	struct task *task = &e->tasks.data[index];

	task->catcher_before = e->catcher;
	task->faults_before = e->faults;
	e->catcher = index;
}

bool evaluation_release(struct evaluation *e, uint32_t index)
{
	struct task *task = &e->tasks.data[index];
	bool holds = e->faults == task->faults_before;

	e->catcher = task->catcher_before;
	e->faults = task->faults_before;
	return holds;
}

/* Drop all tasks above the one that asked whether there is a fault. */
static void return_to_catcher(struct evaluation *e)
{
	e->caught = false;
	if (e->tasks.size > e->catcher + 1) {
		e->bits.size = e->tasks.data[e->catcher + 1].bits_before;
		e->tasks.size = e->catcher + 1;
	}
}

static bool step(struct evaluation *e, uint32_t index)
{
	switch (e->tasks.data[index].kind) {
	case TASK_MEMBERS: return evaluation_step_members(e, index);
	case TASK_ELEMENTS: return evaluation_step_elements(e, index);
	case TASK_CONTAINS: return evaluation_step_contains(e, index);
	case TASK_COMBINE: return evaluation_step_combine(e, index);
	}
	return true;
}

void evaluation_go(struct evaluation *e)
{
	while (!e->error) {
		uint32_t top;

		if (e->caught)
			return_to_catcher(e);
		if (!e->tasks.size)
			break;
		top = (uint32_t)e->tasks.size - 1;
		if (step(e, top) && !e->error) {
			e->bits.size = e->tasks.data[top].bits_before;
			e->tasks.size = top;
		}
	}
}

struct crashinfo_error *evaluation_run(struct evaluation *e, const struct crashinfo_schema *schema,
				       const struct crashinfo_json *json, size_t max_recorded)
{
	struct crashinfo_error *error;

	e->schema = schema;
	e->json = json;
	e->tasks.size = e->recorded.size = e->bits.size = 0;
	e->max_recorded = max_recorded;
	e->faults = 0;
	e->steps = 0;
	e->max_steps = ((uint64_t)json->node_count + STEPS_ANYWAY) * e->limits->schema_steps;
	e->catcher = EVALUATION_NO_CATCHER;
	e->caught = false;
	evaluation_apply(e, schema->root, 0, 0);
	evaluation_go(e);
	evaluation_half_drop(e);
	error = e->error;
	e->error = NULL;
	return error;
}

void evaluation_deinit(struct evaluation *e)
{
	free(e->tasks.data);
	free(e->recorded.data);
	free(e->bits.data);
	schema_matcher_destroy(e->matcher);
	strbuf_deinit(&e->text);
	crashinfo_error_destroy(e->error);
}
