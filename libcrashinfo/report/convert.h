/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of conversions. The tables of report/versions.h say which members and values each version
 * has; the walk compares them and removes, keeps or descends. What changes its shape has a function
 * of its own, a convert_member_fn.
 */
#ifndef REPORT_CONVERT_H
#define REPORT_CONVERT_H

#include <stdbool.h>

#include <crashinfo/convert.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "report/versions.h"

struct crashinfo_conversion {
	struct arena arena; /* the losses' texts */
	VEC(struct crashinfo_loss) losses;
	char *text;
	size_t size;
	const char *lacks; /* static */
};

/* A member of a kind of object in the two versions; at least one has it. */
struct convert_rule {
	const char *name;
	const struct report_member *from, *to;
};

/* The rules of one kind of object, those left out that never do anything. */
struct convert_kind {
	const char *object;
	const struct convert_rule *rules;
	size_t count;
};

struct converter {
	const struct crashinfo_context *context;
	const struct crashinfo_json *json;
	struct crashinfo_json_edits *edits;
	struct crashinfo_conversion *result;
	report_versions from, to; /* one version each */
	struct convert_rule *rules;
	VEC(struct convert_kind) kinds;
	bool marked_incomplete;
};

/* Where the walk is; made into a JSON pointer for losses only. */
struct convert_place {
	const struct convert_place *up; /* NULL: the root */
	const char *name;               /* of a member; NULL: an element */
	size_t index;
};

/* A member of an object that is being converted. */
struct convert_member {
	const struct convert_rule *rule;
	crashinfo_json_node object, value; /* value: NONE when it is not there */
	const struct convert_place *place; /* of the value */
};

typedef struct crashinfo_error *convert_member_fn(struct converter *c,
						  const struct convert_member *m);

static inline bool convert_to(const struct converter *c, report_versions versions)
{
	return c->to & versions;
}

/* Note that what is at `place` is lost. */
struct crashinfo_error *convert_lose(struct converter *c, const struct convert_place *place,
				     const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Values; NONE is of no type and has no members. */
crashinfo_json_node convert_get(const struct converter *c, crashinfo_json_node object,
				const char *name);
bool convert_is(const struct converter *c, crashinfo_json_node node, enum crashinfo_json_type type);
/* Whether one of `enumeration` in the version that is converted to equals the string `node`. */
bool convert_in_enum(const struct converter *c, const char *enumeration, crashinfo_json_node node);
/* The same for any case of letters: the value, NULL when there is none. */
const char *convert_enum_value(const struct converter *c, const char *enumeration,
			       crashinfo_json_node node);
/* Whether the version that is converted to takes the value where it wants `type`. */
bool convert_fits(const struct converter *c, const char *type, crashinfo_json_node node);

/* All members of an object are lost but those `kept`, a list that ends with NULL, and nulls. */
struct crashinfo_error *convert_lose_members(struct converter *c, crashinfo_json_node object,
					     const char *const *kept,
					     const struct convert_place *place);

struct crashinfo_error *convert_replace(struct converter *c, crashinfo_json_node node,
					const char *json);
struct crashinfo_error *convert_set(struct converter *c, crashinfo_json_node object,
				    const char *name, const char *json);
struct crashinfo_error *convert_remove(struct converter *c, const struct convert_member *m);
/* The same with a loss, unless the member's absence says what it says. */
struct crashinfo_error *convert_drop(struct converter *c, const struct convert_member *m,
				     const char *reason);
/* The report says that something is missing. */
struct crashinfo_error *convert_set_incomplete(struct converter *c);

/* What every member gets that has no function of its own. */
struct crashinfo_error *convert_plain_member(struct converter *c, const struct convert_member *m);
/* All elements of an array of objects of one kind. */
struct crashinfo_error *convert_elements(struct converter *c, const char *object,
					 crashinfo_json_node array,
					 const struct convert_place *place);
struct crashinfo_error *convert_root(struct converter *c);

convert_member_fn convert_sig_info;
convert_member_fn convert_kind;
convert_member_fn convert_source_type;
convert_member_fn convert_stack_format;
convert_member_fn convert_spans;
convert_member_fn convert_tags;
convert_member_fn convert_context, convert_context_text;
convert_member_fn convert_thread_stacks;

/*
 * The second pass, which begins when the first has been applied, as its edits are within what this
 * one moves: threads between the array and the object of 1.7.
 */
bool convert_needs_threads(const struct converter *c);
struct crashinfo_error *convert_threads(struct converter *c);

#endif
