/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allOf, anyOf, oneOf, not, if. Branches that cannot be meant, as the value is of another type, are
 * not tried; of those that fail the one that fits best is reported.
 */
#include "schema/evaluate.h"

#include <string.h>

/* What a fault says against a branch being the one that was meant. */
#define COST_WRONG_VALUE \
	1000 /* the value itself has the wrong type or is not one of those listed */
#define COST_DISCRIMINATOR 100 /* a member is not the constant that tells the branches apart */
#define COST_MEMBERS       10  /* members are missing or too many */
#define COST_BELOW         1   /* something else within the value */

static uint32_t fault_cost(const struct fault *fault, crashinfo_json_node node)
{
	bool own = fault->node == node;

	if (fault->keyword == KEYWORD_FALSE || fault->keyword == KEYWORD_TYPE)
		return own ? COST_WRONG_VALUE : COST_MEMBERS;
	if (fault->keyword == KEYWORD_ENUM || fault->keyword == KEYWORD_CONST)
		return own ? COST_WRONG_VALUE : COST_DISCRIMINATOR;
	if (fault->keyword == KEYWORD_REQUIRED || fault->keyword == KEYWORD_ADDITIONAL_PROPERTIES)
		return COST_MEMBERS;
	return COST_BELOW;
}

static uint32_t branch_cost(const struct evaluation *e, const struct task *task)
{
	uint32_t cost = 0;

	for (size_t i = task->recorded_before; i < e->recorded.size; i++) {
		uint32_t more = fault_cost(&e->recorded.data[i], task->node);

		cost = cost > UINT32_MAX - more ? UINT32_MAX : cost + more;
	}
	return cost;
}

static void start_branch(struct evaluation *e, uint32_t task, const struct subschema *branch,
			 bool verdict_only)
{
	struct task *t = &e->tasks.data[task];

	t->running = true;
	t->recorded_before = e->recorded.size;
	t->faults_before = e->faults;
	t->catcher_before = e->catcher;
	if (verdict_only || e->catcher != EVALUATION_NO_CATCHER)
		evaluation_catch(e, task);
	evaluation_apply(e, branch, t->node, t->nesting + 1);
}

/* The faults of the branch that failed, kept when it is the best so far. */
static void keep_best(struct evaluation *e, struct task *t, size_t faults)
{
	size_t count = e->recorded.size - t->recorded_before;
	uint32_t cost = branch_cost(e, t);

	if (t->best_faults && cost >= t->best_cost) {
		e->recorded.size = t->recorded_before;
		return;
	}
	/* over the faults of the one that was best before */
	if (count && t->best_recorded)
		memmove(&e->recorded.data[t->recorded_before - t->best_recorded],
			&e->recorded.data[t->recorded_before], count * sizeof(*e->recorded.data));
	e->recorded.size -= t->best_recorded;
	t->best_recorded = count;
	t->best_faults = faults;
	t->best_cost = cost;
}

/* After a branch of anyOf or oneOf. */
static void judge_branch(struct evaluation *e, uint32_t task)
{
	struct task *t = &e->tasks.data[task];
	size_t faults = e->faults - t->faults_before;

	t->running = false;
	e->catcher = t->catcher_before;
	e->faults = t->faults_before;
	if (faults)
		keep_best(e, t, faults);
	else
		t->passed++;
}

static void next_rule(struct task *t)
{
	t->index++;
	t->branch = 0;
	t->passed = 0;
	t->decided = false;
	t->best_recorded = 0;
	t->best_faults = 0;
}

/* A union that no branch holds for, or oneOf with more than one. */
static void settle_union(struct evaluation *e, struct task *t, const struct combine_rule *rule)
{
	bool one = rule->kind == COMBINE_ONE;
	enum keyword keyword = one ? KEYWORD_ONE_OF : KEYWORD_ANY_OF;

	if (t->passed) {
		e->recorded.size -= t->best_recorded;
		if (one && t->passed > 1)
			evaluation_fault(e, t->schema, keyword, t->node, t->index);
		return;
	}
	if (!t->best_faults) {
		/* no branch was tried */
		evaluation_fault(e, t->schema, keyword, t->node, t->index);
		return;
	}
	e->faults += t->best_faults;
	e->caught = e->catcher != EVALUATION_NO_CATCHER;
}

/* The next branch from `first` on that may hold for the value; `count` when there is none. */
static size_t next_branch(const struct evaluation *e, const struct task *t,
			  const struct combine_rule *rule, size_t first)
{
	uint8_t type = type_bit(e->json, &e->json->nodes[t->node]);

	while (first < rule->count && !(rule->types[first] & type))
		first++;
	return first;
}

/* True when the rule is done, false when a branch has been started. */
static bool step_union(struct evaluation *e, uint32_t task, const struct combine_rule *rule)
{
	struct task *t = &e->tasks.data[task];
	size_t branch, after;

	if (t->running)
		judge_branch(e, task);
	branch = next_branch(e, t, rule, t->branch);
	if ((rule->kind == COMBINE_ANY && t->passed) || t->passed > 1 || branch == rule->count) {
		if (!t->decided)
			settle_union(e, t, rule);
		return true;
	}
	after = next_branch(e, t, rule, branch + 1);
	t->branch = (uint32_t)after;
	if (after == rule->count && !t->passed && !t->best_faults) {
		/* the only one that may hold: its faults are those of the union */
		t->decided = true;
		evaluation_apply(e, rule->branches[branch], t->node, t->nesting + 1);
	} else {
		start_branch(e, task, rule->branches[branch], false);
	}
	return false;
}

static bool step_not(struct evaluation *e, uint32_t task, const struct combine_rule *rule)
{
	struct task *t = &e->tasks.data[task];

	if (!t->running) {
		start_branch(e, task, rule->branches[0], true);
		return false;
	}
	t->running = false;
	if (evaluation_release(e, task))
		evaluation_fault(e, t->schema, KEYWORD_NOT, t->node, t->index);
	return true;
}

static bool step_if(struct evaluation *e, uint32_t task, const struct combine_rule *rule)
{
	struct task *t = &e->tasks.data[task];
	const struct subschema *next;

	if (t->decided)
		return true;
	if (!t->running) {
		start_branch(e, task, rule->branches[0], true);
		return false;
	}
	t->running = false;
	t->decided = true;
	next = rule->branches[evaluation_release(e, task) ? 1 : 2];
	if (!next)
		return true;
	evaluation_apply(e, next, t->node, t->nesting + 1);
	return false;
}

static bool step_all(struct evaluation *e, uint32_t task, const struct combine_rule *rule)
{
	struct task *t = &e->tasks.data[task];

	if (t->branch == rule->count)
		return true;
	evaluation_apply(e, rule->branches[t->branch++], t->node, t->nesting + 1);
	return false;
}

static bool step_rule(struct evaluation *e, uint32_t task, const struct combine_rule *rule)
{
	switch (rule->kind) {
	case COMBINE_ALL: return step_all(e, task, rule);
	case COMBINE_ANY:
	case COMBINE_ONE: return step_union(e, task, rule);
	case COMBINE_NOT: return step_not(e, task, rule);
	case COMBINE_IF: return step_if(e, task, rule);
	}
	return true;
}

bool evaluation_step_combine(struct evaluation *e, uint32_t task)
{
	for (;;) {
		struct task *t = &e->tasks.data[task];

		if (t->index == t->schema->combine_count)
			return true;
		if (step_rule(e, task, &t->schema->combines[t->index]))
			next_rule(&e->tasks.data[task]);
		/* what was caught by this task itself is judged at once */
		if (e->caught && e->catcher == task && e->tasks.size == task + 1)
			e->caught = false;
		if (e->tasks.size > task + 1 || evaluation_interrupted(e))
			return false;
	}
}
