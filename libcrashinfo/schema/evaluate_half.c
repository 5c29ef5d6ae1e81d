/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elements of a large array in two threads. What is found is put together in the order that one
 * thread would have found it in, so that nobody can tell.
 */
#include "schema/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "base/side.h"

/* From here on an array is worth a thread: some milliseconds. */
#define HALF_NODES (1u << 17)

struct evaluation_half {
	struct side side;
	struct evaluation evaluation;
	uint32_t task;  /* of the first half */
	uint32_t split; /* the second half begins with the first element that is not before this */
};

static void run_half(void *argument)
{
	struct evaluation_half *half = argument;
	struct evaluation *e = &half->evaluation;
	struct task *task = &e->tasks.data[0];

	for (; task->child < half->split; task->index++)
		task->child = e->json->nodes[task->child].next;
	evaluation_go(e);
}

static struct evaluation_half *make_half(const struct evaluation *e, const struct task *task)
{
	struct evaluation_half *half = calloc(1, sizeof(*half));
	struct evaluation *other;

	if (!half)
		return NULL;
	other = &half->evaluation;
	other->limits = e->limits;
	other->schema = e->schema;
	other->json = e->json;
	other->max_recorded = e->max_recorded;
	other->max_steps = e->max_steps;
	other->catcher = EVALUATION_NO_CATCHER;
	other->is_half = true;
	if (evaluation_push(other, TASK_ELEMENTS, task->schema, task->node, 0))
		return half;
	evaluation_deinit(other);
	free(half);
	return NULL;
}

static void free_half(struct evaluation_half *half)
{
	evaluation_deinit(&half->evaluation);
	free(half);
}

void evaluation_half_begin(struct evaluation *e, uint32_t task)
{
	const struct task *t = &e->tasks.data[task];
	uint32_t size = e->json->nodes[t->node].next - t->node;
	struct evaluation_half *half;

	/* one that asks whether there is a fault stops at the first */
	if (size < HALF_NODES || e->half || e->is_half || e->catcher != EVALUATION_NO_CATCHER)
		return;
	half = make_half(e, t);
	if (!half)
		return;
	half->task = task;
	half->split = t->node + size / 2;
	if (side_start(&half->side, run_half, half))
		e->half = half;
	else
		free_half(half);
}

static bool is_first_half(const struct evaluation *e, uint32_t task)
{
	return e->half && e->half->task == task;
}

uint32_t evaluation_half_end(const struct evaluation *e, uint32_t task)
{
	return is_first_half(e, task) ? e->half->split
				      : e->json->nodes[e->tasks.data[task].node].next;
}

static void take_faults(struct evaluation *e, const struct evaluation *other)
{
	e->faults += other->faults;
	for (size_t i = 0; i < other->recorded.size && e->recorded.size < e->max_recorded; i++) {
		struct fault *fault = vec_push(&e->recorded);

		if (!fault) {
			evaluation_fail(e, crashinfo_error_no_memory());
			return;
		}
		*fault = other->recorded.data[i];
	}
}

void evaluation_half_take(struct evaluation *e, uint32_t task)
{
	struct evaluation_half *half = e->half;

	if (!is_first_half(e, task))
		return;
	side_wait(&half->side);
	e->half = NULL;
	take_faults(e, &half->evaluation);
	e->steps += half->evaluation.steps;
	if (half->evaluation.error)
		evaluation_fail(e, half->evaluation.error);
	half->evaluation.error = NULL;
	free_half(half);
}

void evaluation_half_drop(struct evaluation *e)
{
	if (!e->half)
		return;
	side_wait(&e->half->side);
	free_half(e->half);
	e->half = NULL;
}
