/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding a document against a compiled schema. Nothing recurses: what is left to do is a stack of
 * tasks in memory, as deep as the document is nested.
 */
#ifndef SCHEMA_EVALUATE_H
#define SCHEMA_EVALUATE_H

#include "base/strbuf.h"
#include "base/vec.h"
#include "schema/program.h"

/* One thing that is wrong; `node` is a value, or the name of a member. */
struct fault {
	const struct subschema *schema;
	crashinfo_json_node node;
	uint32_t detail; /* by keyword: index of a name, of a rule, or a node */
	uint32_t other;  /* KEYWORD_DEPENDENCIES: which of those that are asked for */
	uint8_t keyword;
};

enum task_kind { TASK_MEMBERS, TASK_ELEMENTS, TASK_CONTAINS, TASK_COMBINE };

/* A container whose content, or a schema whose combinations, are being looked at. */
struct task {
	const struct subschema *schema;
	crashinfo_json_node node;
	crashinfo_json_node child; /* the next one */
	enum task_kind kind;
	uint32_t index;   /* of the element, or of the combining rule */
	uint32_t branch;  /* of that rule */
	uint32_t nesting; /* schemas applied to this very value before this one */
	bool running;     /* a branch was begun and has not been judged */
	bool decided;     /* COMBINE_IF: the branch to follow was begun */
	uint32_t passed;  /* branches that hold */
	uint64_t seen;    /* TASK_MEMBERS: the first 64 names */
	size_t more_seen; /* where the bits of the others begin in `bits` */
	/* of the branch that runs, and the best one before it */
	size_t faults_before, recorded_before, best_recorded, best_faults;
	uint32_t best_cost;
	uint32_t catcher_before;
	size_t bits_before;
};

struct evaluation_half;

struct evaluation {
	const struct crashinfo_limits *limits;
	const struct crashinfo_schema *schema;
	const struct crashinfo_json *json;
	VEC(struct task) tasks;
	VEC(struct fault) recorded;
	VEC(uint64_t) bits;
	size_t max_recorded;
	size_t faults; /* all of them, those not recorded too */
	/* the task that only asks whether there is a fault: the first one leads back to it */
	uint32_t catcher;
	bool caught;
	uint64_t steps, max_steps;
	struct schema_matcher *matcher;
	struct strbuf text; /* the string at hand, unescaped */
	struct crashinfo_error *error;
	struct evaluation_half *half; /* of an array, in another thread */
	bool is_half;                 /* this is one, and has none itself */
};
#define EVALUATION_NO_CATCHER UINT32_MAX

/*
 * Zeroed memory with its limits set is an evaluation that was never run; what one run allocated
 * serves the next. The faults of a run are in `recorded`, at most `max_recorded` of them, in no
 * order.
 */
struct crashinfo_error *evaluation_run(struct evaluation *e, const struct crashinfo_schema *schema,
				       const struct crashinfo_json *json, size_t max_recorded);
void evaluation_deinit(struct evaluation *e);

/* Parts: see evaluate.c. */

void evaluation_record(struct evaluation *e, struct fault fault);
static inline void evaluation_fault(struct evaluation *e, const struct subschema *schema,
				    enum keyword keyword, crashinfo_json_node node, uint32_t detail)
{
	evaluation_record(e, (struct fault){schema, node, detail, 0, (uint8_t)keyword});
}
/* Remember `error` (taken over) as the end of the run. */
void evaluation_fail(struct evaluation *e, struct crashinfo_error *error);
/* Whether to leave a loop: something was caught or failed. */
static inline bool evaluation_interrupted(const struct evaluation *e)
{
	return e->caught || e->error;
}

/*
 * A value against a schema; what it contains becomes tasks. `nesting` counts the schemas that are
 * being applied to this very value.
 */
void evaluation_apply(struct evaluation *e, const struct subschema *schema,
		      crashinfo_json_node node, uint32_t nesting);
/* NULL when memory is out, which is remembered. */
struct task *evaluation_push(struct evaluation *e, enum task_kind kind,
			     const struct subschema *schema, crashinfo_json_node node,
			     uint32_t nesting);

/* Whether a pattern is found in a text; false also when that fails, which is remembered. */
bool evaluation_matches(struct evaluation *e, const struct schema_regex *pattern,
			struct crashinfo_slice text);

/* The unescaped content of a string, until the next call. */
struct crashinfo_slice evaluation_text(struct evaluation *e, crashinfo_json_node node);

/* evaluate_scalar.c */
void evaluation_check_values(struct evaluation *e, const struct subschema *schema,
			     crashinfo_json_node node);
void evaluation_check_number(struct evaluation *e, const struct subschema *schema,
			     crashinfo_json_node node);
void evaluation_check_string(struct evaluation *e, const struct subschema *schema,
			     crashinfo_json_node node);

/* Take a task up to where it waits for another; true when it is done. `task` is its index. */
bool evaluation_step_members(struct evaluation *e, uint32_t task);
bool evaluation_step_elements(struct evaluation *e, uint32_t task);
bool evaluation_step_contains(struct evaluation *e, uint32_t task);
bool evaluation_step_combine(struct evaluation *e, uint32_t task);
/*
 * evaluate_half.c: give the second half of a large array's elements to another thread, if that can
 * be; take what it found, once the task is through the first half.
 */
void evaluation_half_begin(struct evaluation *e, uint32_t task);
/* Where the task stops. */
uint32_t evaluation_half_end(const struct evaluation *e, uint32_t task);
void evaluation_half_take(struct evaluation *e, uint32_t task);
/* When the run ends before that. */
void evaluation_half_drop(struct evaluation *e);
/* Take all tasks to their end. */
void evaluation_go(struct evaluation *e);
/* Before the members: what can be said at once. */
void evaluation_begin_members(struct evaluation *e, const struct subschema *schema,
			      crashinfo_json_node node, uint32_t nesting);
void evaluation_begin_elements(struct evaluation *e, const struct subschema *schema,
			       crashinfo_json_node node);

/* Run part of a task so that its first fault leads back here; and take the verdict. */
void evaluation_catch(struct evaluation *e, uint32_t task);
bool evaluation_release(struct evaluation *e, uint32_t task);

#endif
