/* SPDX-License-Identifier: Apache-2.0 */
/* Members of objects and elements of arrays. */
#include "schema/evaluate.h"

#include "schema/equal.h"

/* --- which names an object has --- */

static size_t words_beyond_64(const struct object_rules *rules)
{
	return rules->names.count > 64 ? (rules->names.count - 1) / 64 : 0;
}

static void mark_seen(struct evaluation *e, struct task *task, uint32_t name)
{
	if (name < 64)
		task->seen |= UINT64_C(1) << name;
	else
		e->bits.data[task->more_seen + name / 64 - 1] |= UINT64_C(1) << name % 64;
}

static bool was_seen(const struct evaluation *e, const struct task *task, uint32_t name)
{
	uint64_t word = name < 64 ? task->seen : e->bits.data[task->more_seen + name / 64 - 1];

	return word >> name % 64 & 1;
}

static bool reserve_bits(struct evaluation *e, size_t words)
{
	while (words--) {
		uint64_t *word = vec_push(&e->bits);

		if (!word) {
			evaluation_fail(e, crashinfo_error_no_memory());
			return false;
		}
		*word = 0;
	}
	return true;
}

/* --- members --- */

void evaluation_begin_members(struct evaluation *e, const struct subschema *schema,
			      crashinfo_json_node node, uint32_t nesting)
{
	const struct object_rules *rules = schema->objects;
	uint32_t count = json_count(&e->json->nodes[node]);

	if (count < rules->count.min)
		evaluation_fault(e, schema, KEYWORD_MIN_PROPERTIES, node, 0);
	if (count > rules->count.max)
		evaluation_fault(e, schema, KEYWORD_MAX_PROPERTIES, node, 0);
	if (!evaluation_interrupted(e) && evaluation_push(e, TASK_MEMBERS, schema, node, nesting))
		reserve_bits(e, words_beyond_64(rules));
}

/* What patternProperties say of a member; whether any of them is about it. */
static bool apply_patterns(struct evaluation *e, const struct object_rules *rules,
			   crashinfo_json_node name)
{
	bool any = false;

	for (size_t i = 0; i < rules->pattern_count && !evaluation_interrupted(e); i++) {
		if (!evaluation_matches(e, rules->patterns[i].pattern, evaluation_text(e, name)))
			continue;
		any = true;
		evaluation_apply(e, rules->patterns[i].schema, name + 1, 0);
	}
	return any;
}

static void apply_additional(struct evaluation *e, const struct subschema *schema,
			     crashinfo_json_node name)
{
	const struct subschema *additional = schema->objects->additional;

	if (!additional)
		return;
	if ((additional->target ? additional->target : additional)->never)
		evaluation_fault(e, schema, KEYWORD_ADDITIONAL_PROPERTIES, name, 0);
	else
		evaluation_apply(e, additional, name + 1, 0);
}

static void apply_member(struct evaluation *e, uint32_t task, const struct subschema *schema,
			 crashinfo_json_node name)
{
	const struct object_rules *rules = schema->objects;
	struct crashinfo_slice text = evaluation_text(e, name);
	uint32_t index = names_find(&rules->names, text.data, text.size);
	bool described;

	if (index != NAMES_NONE) {
		mark_seen(e, &e->tasks.data[task], index);
		if (rules->properties[index])
			evaluation_apply(e, rules->properties[index], name + 1, 0);
	}
	described = index != NAMES_NONE && rules->properties[index];
	if (rules->pattern_count && !evaluation_interrupted(e))
		described |= apply_patterns(e, rules, name);
	if (!described && !evaluation_interrupted(e))
		apply_additional(e, schema, name);
	if (rules->property_names && !evaluation_interrupted(e))
		evaluation_apply(e, rules->property_names, name, 0);
}

static void check_required(struct evaluation *e, const struct task *task)
{
	const struct object_rules *rules = task->schema->objects;

	if ((task->seen & rules->required_bits) == rules->required_bits && rules->names.count <= 64)
		return;
	for (size_t i = 0; i < rules->required_count; i++)
		if (!was_seen(e, task, rules->required[i]))
			evaluation_fault(e, task->schema, KEYWORD_REQUIRED, task->node,
					 rules->required[i]);
}

static void check_dependency(struct evaluation *e, uint32_t task, uint32_t index)
{
	struct task t = e->tasks.data[task];
	const struct dependency *dependency = &t.schema->objects->dependencies[index];

	if (!was_seen(e, &t, dependency->name))
		return;
	for (size_t i = 0; i < dependency->required_count && !evaluation_interrupted(e); i++)
		if (!was_seen(e, &t, dependency->required[i]))
			evaluation_record(e, (struct fault){t.schema, t.node, index, (uint32_t)i,
							    KEYWORD_DEPENDENCIES});
	if (dependency->schema && !evaluation_interrupted(e))
		evaluation_apply(e, dependency->schema, t.node, t.nesting + 1);
}

bool evaluation_step_members(struct evaluation *e, uint32_t task)
{
	const struct subschema *schema = e->tasks.data[task].schema;
	uint32_t end = e->json->nodes[e->tasks.data[task].node].next;

	while (e->tasks.data[task].child < end) {
		uint32_t name = e->tasks.data[task].child;

		e->tasks.data[task].child = e->json->nodes[name + 1].next;
		apply_member(e, task, schema, name);
		if (e->tasks.size > task + 1 || evaluation_interrupted(e))
			return false;
	}
	if (!e->tasks.data[task].running) {
		e->tasks.data[task].running = true;
		check_required(e, &e->tasks.data[task]);
	}
	while (e->tasks.data[task].index < schema->objects->dependency_count) {
		check_dependency(e, task, e->tasks.data[task].index++);
		if (e->tasks.size > task + 1 || evaluation_interrupted(e))
			return false;
	}
	return true;
}

/* --- elements --- */

static void check_unique(struct evaluation *e, const struct subschema *schema,
			 crashinfo_json_node node)
{
	crashinfo_json_node repeated = CRASHINFO_JSON_NONE;
	struct crashinfo_error *error;
	bool unique = true;

	error = value_unique((struct value){e->json, node}, &unique, &repeated);
	if (error)
		evaluation_fail(e, error);
	if (!unique)
		evaluation_fault(e, schema, KEYWORD_UNIQUE_ITEMS, repeated, node);
}

void evaluation_begin_elements(struct evaluation *e, const struct subschema *schema,
			       crashinfo_json_node node)
{
	const struct array_rules *rules = schema->arrays;
	uint32_t count = json_count(&e->json->nodes[node]);

	if (count < rules->count.min)
		evaluation_fault(e, schema, KEYWORD_MIN_ITEMS, node, 0);
	if (count > rules->count.max)
		evaluation_fault(e, schema, KEYWORD_MAX_ITEMS, node, 0);
	if (rules->unique && !evaluation_interrupted(e))
		check_unique(e, schema, node);
	if (rules->contains && !evaluation_interrupted(e))
		evaluation_push(e, TASK_CONTAINS, schema, node, 0);
	if ((rules->tuple_count || rules->rest) && !evaluation_interrupted(e) &&
	    evaluation_push(e, TASK_ELEMENTS, schema, node, 0))
		evaluation_half_begin(e, (uint32_t)e->tasks.size - 1);
}

static void apply_element(struct evaluation *e, const struct subschema *schema, uint32_t index,
			  crashinfo_json_node element)
{
	const struct array_rules *rules = schema->arrays;
	const struct subschema *item =
		index < rules->tuple_count ? rules->tuple[index] : rules->rest;

	if (!item)
		return;
	if (index >= rules->tuple_count && rules->rest_is_additional &&
	    (item->target ? item->target : item)->never)
		evaluation_fault(e, schema, KEYWORD_ADDITIONAL_ITEMS, element, index);
	else
		evaluation_apply(e, item, element, 0);
}

bool evaluation_step_elements(struct evaluation *e, uint32_t task)
{
	const struct subschema *schema = e->tasks.data[task].schema;
	uint32_t end = evaluation_half_end(e, task);

	while (e->tasks.data[task].child < end) {
		uint32_t element = e->tasks.data[task].child;

		e->tasks.data[task].child = e->json->nodes[element].next;
		apply_element(e, schema, e->tasks.data[task].index++, element);
		if (e->tasks.size > task + 1 || evaluation_interrupted(e))
			return false;
	}
	evaluation_half_take(e, task);
	return true;
}

bool evaluation_step_contains(struct evaluation *e, uint32_t task)
{
	const struct subschema *schema = e->tasks.data[task].schema;
	uint32_t node = e->tasks.data[task].node, end = e->json->nodes[node].next;

	for (;;) {
		uint32_t element;

		if (e->tasks.data[task].running) {
			e->tasks.data[task].running = false;
			if (evaluation_release(e, task))
				return true;
		}
		element = e->tasks.data[task].child;
		if (element >= end)
			break;
		e->tasks.data[task].child = e->json->nodes[element].next;
		e->tasks.data[task].running = true;
		evaluation_catch(e, task);
		evaluation_apply(e, schema->arrays->contains, element, 0);
		if (e->tasks.size > task + 1 || evaluation_interrupted(e))
			return false;
	}
	evaluation_fault(e, schema, KEYWORD_CONTAINS, node, 0);
	return true;
}
