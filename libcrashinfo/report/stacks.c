/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks and their frames in all the shapes they have had. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/report.h"

typedef VEC(struct crashinfo_stack) stack_vec;

static bool is_type(const struct crashinfo_json *json, crashinfo_json_node node,
		    enum crashinfo_json_type type)
{
	return node != CRASHINFO_JSON_NONE && crashinfo_json_type(json, node) == type;
}

static bool is_true_member(const struct crashinfo_json *json, crashinfo_json_node object,
			   const char *name)
{
	return is_type(json, crashinfo_json_member(json, object, name), CRASHINFO_JSON_TRUE);
}

/* Where a stack keeps its frames: the stack itself when it is an array (2024). */
static crashinfo_json_node frames_of(const struct crashinfo_json *json, crashinfo_json_node stack)
{
	crashinfo_json_node frames;

	if (is_type(json, stack, CRASHINFO_JSON_ARRAY))
		return stack;
	frames = crashinfo_json_member(json, stack, "frames");
	if (frames == CRASHINFO_JSON_NONE)
		frames = crashinfo_json_member(json, stack, "trace");
	return is_type(json, frames, CRASHINFO_JSON_ARRAY) ? frames : CRASHINFO_JSON_NONE;
}

/* Append the stack at `node`; nothing when it is neither an object nor an array. */
static struct crashinfo_error *add_stack(struct crashinfo_report *report, stack_vec *stacks,
					 enum crashinfo_stack_role role, crashinfo_json_node node,
					 struct crashinfo_stack **ret)
{
	const struct crashinfo_json *json = report->json;
	struct crashinfo_stack *stack;

	*ret = NULL;
	if (!is_type(json, node, CRASHINFO_JSON_OBJECT) &&
	    !is_type(json, node, CRASHINFO_JSON_ARRAY))
		return NULL;
	stack = vec_push(stacks);
	if (!stack)
		return crashinfo_error_no_memory();
	*stack = (struct crashinfo_stack){
		.role = role,
		.node = node,
		.frames = frames_of(json, node),
		.crashed = role == CRASHINFO_STACK_CRASHED,
		.incomplete = is_true_member(json, node, "incomplete"),
	};
	if (stack->frames != CRASHINFO_JSON_NONE)
		stack->frame_count = crashinfo_json_count(json, stack->frames);
	*ret = stack;
	return NULL;
}

/* One element of error.threads. */
static struct crashinfo_error *add_thread(struct crashinfo_report *report, stack_vec *stacks,
					  crashinfo_json_node thread)
{
	const struct crashinfo_json *json = report->json;
	struct crashinfo_stack *stack;
	struct crashinfo_error *error;

	error = add_stack(report, stacks, CRASHINFO_STACK_THREAD,
			  crashinfo_json_member(json, thread, "stack"), &stack);
	if (error || !stack)
		return error;
	stack->crashed = is_true_member(json, thread, "crashed");
	error = report_text(report, crashinfo_json_member(json, thread, "name"),
			    &stack->thread_name);
	if (!error)
		error = report_text(report, crashinfo_json_member(json, thread, "state"),
				    &stack->thread_state);
	return error;
}

static struct crashinfo_error *add_threads(struct crashinfo_report *report, stack_vec *stacks)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node threads = report_at(json, 0, "error.threads");
	struct crashinfo_error *error = NULL;

	/* schema 1.7 wraps the array */
	if (is_type(json, threads, CRASHINFO_JSON_OBJECT))
		threads = crashinfo_json_member(json, threads, "threads");
	if (!is_type(json, threads, CRASHINFO_JSON_ARRAY))
		return NULL;
	for (crashinfo_json_node thread = crashinfo_json_first(json, threads);
	     thread != CRASHINFO_JSON_NONE && !error;
	     thread = crashinfo_json_next(json, threads, thread))
		error = add_thread(report, stacks, thread);
	return error;
}

/* 2024: {"thread name": [frames], ...} beside the crashing stack. */
static struct crashinfo_error *add_additional(struct crashinfo_report *report, stack_vec *stacks)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node object = report_at(json, 0, "additional_stacktraces");
	struct crashinfo_error *error = NULL;

	if (!is_type(json, object, CRASHINFO_JSON_OBJECT))
		return NULL;
	for (crashinfo_json_node name = crashinfo_json_first(json, object);
	     name != CRASHINFO_JSON_NONE && !error;
	     name = crashinfo_json_next(json, object, name)) {
		struct crashinfo_stack *stack;

		error = add_stack(report, stacks, CRASHINFO_STACK_THREAD,
				  crashinfo_json_value(name), &stack);
		if (!error && stack)
			error = report_text(report, name, &stack->thread_name);
	}
	return error;
}

static struct crashinfo_error *add_all(struct crashinfo_report *report, stack_vec *stacks)
{
	bool legacy = report->dialect == CRASHINFO_DIALECT_LEGACY_2024;
	struct crashinfo_stack *stack;
	struct crashinfo_error *error;

	error = add_stack(report, stacks, CRASHINFO_STACK_CRASHED,
			  report_at(report->json, 0, legacy ? "stacktrace" : "error.stack"),
			  &stack);
	if (!error && stack)
		stack->thread_name = report->summary.thread_name;
	if (!error)
		error = legacy ? add_additional(report, stacks) : add_threads(report, stacks);
	if (!error)
		error = add_stack(report, stacks, CRASHINFO_STACK_RUNTIME,
				  report_at(report->json, 0, "experimental.runtime_stack"), &stack);
	return error;
}

struct crashinfo_error *report_find_stacks(struct crashinfo_report *report)
{
	stack_vec stacks = {0};
	struct crashinfo_error *error = add_all(report, &stacks);

	if (!error && stacks.size) {
		report->stacks = arena_calloc(&report->arena, stacks.size, sizeof(*report->stacks));
		report->frames = arena_calloc(&report->arena, stacks.size, sizeof(*report->frames));
		if (!report->stacks || !report->frames) {
			error = crashinfo_error_no_memory();
		} else {
			memcpy(report->stacks, stacks.data, stacks.size * sizeof(*stacks.data));
			report->stack_count = stacks.size;
		}
	}
	free(stacks.data);
	return error;
}
