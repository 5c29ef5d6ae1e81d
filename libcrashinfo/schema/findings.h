/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings while they are gathered: what is wrong is noted by node, in any order; places are worked
 * out at the end, in one pass over the document, for those that are kept.
 */
#ifndef SCHEMA_FINDINGS_H
#define SCHEMA_FINDINGS_H

#include <crashinfo/schema.h>

#include "base/arena.h"
#include "base/vec.h"
#include "json/document.h"
#include "json/position.h"

/* A finding without its place. Strings are in the gatherer's arena or static. */
struct note {
	crashinfo_json_node node; /* a value, or the name of a member */
	bool at_name;             /* show the name of this value, if it is a member */
	bool about_parent;        /* the pointer is to what contains the node */
	enum crashinfo_severity severity;
	const char *rule, *message, *expected, *got, *suggestion;
};

struct gatherer {
	const struct crashinfo_json *json;
	struct findings *findings;
	size_t max;       /* notes kept of each severity, SIZE_MAX: all */
	size_t counts[3]; /* by severity, those not kept too */
	VEC(struct note) notes;
	bool failed; /* out of memory */
};

/* What a caller is given and what it lives in. */
struct findings {
	struct crashinfo_findings public;
	struct arena arena;
};

struct crashinfo_error *gatherer_init(struct gatherer *g, const struct crashinfo_json *json,
				      size_t max);
void gatherer_deinit(struct gatherer *g);

/*
 * A new note with rule, node and severity, to be completed by the caller; NULL when it is one too
 * many or memory is out.
 */
struct note *gatherer_add(struct gatherer *g, enum crashinfo_severity severity, const char *rule,
			  crashinfo_json_node node);
/* The same with a message as in printf. */
struct note *gatherer_addf(struct gatherer *g, enum crashinfo_severity severity, const char *rule,
			   crashinfo_json_node node, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* A string in the arena as in printf; "" when memory is out, which is remembered. */
const char *gatherer_text(struct gatherer *g, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A value as messages show it: scalars as they stand, cut when long, containers by what they hold.
 */
const char *gatherer_show(struct gatherer *g, const struct crashinfo_json *json,
			  crashinfo_json_node node);

/* The name of a type with its article: "an object". */
const char *type_article(enum crashinfo_json_type type);

/*
 * Sort, drop what says the same twice, find the places and hand out at most `max` findings.
 * `cursor` is in the document's text, not behind it. The gatherer is spent.
 */
struct crashinfo_error *gatherer_finish(struct gatherer *g, struct json_cursor *cursor,
					struct crashinfo_findings **ret);

#endif
