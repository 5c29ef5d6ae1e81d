/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the JSON payloads of a stream must look like: tables of members and the check against them.
 */
#ifndef STREAM_MEMBERS_H
#define STREAM_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/json.h>

#include "base/strbuf.h"

enum members_type {
	MEMBERS_STRING,
	MEMBERS_BOOL,
	MEMBERS_INT32,
	MEMBERS_INT64,
	MEMBERS_UINT32,
	MEMBERS_UINT64,
	MEMBERS_NAME,       /* a string among `names` */
	MEMBERS_STRINGS,    /* array of strings */
	MEMBERS_STRING_MAP, /* object whose values are strings */
	MEMBERS_INTEGERS,   /* array of integers */
	MEMBERS_BYTES,      /* array of byte values, or a string */
	MEMBERS_ARRAY,      /* its elements are checked elsewhere */
	MEMBERS_OBJECT,     /* has `members` */
	MEMBERS_TRANSPORT,  /* anything, and not for the report: removed */
};

struct members {
	const char *name; /* NULL ends a table */
	enum members_type type;
	bool required;
	bool nullable;
	const char *fallback;     /* JSON for a required one that is missing or bad; may be NULL */
	const char *const *names; /* of a NAME, NULL-terminated */
	const struct members *members; /* of an OBJECT */
};

extern const struct members members_of_config[];
extern const struct members members_of_frame[];
extern const struct members members_of_metadata[];
extern const struct members members_of_os_info[];
extern const struct members members_of_process[];
extern const struct members members_of_runtime_frame[];
extern const struct members members_of_signal[];
extern const struct members members_of_span[];
extern const struct members members_of_stack[];
extern const struct members members_of_thread[];
extern const struct members members_of_ucontext[];

/* The kinds of errors, as `names` of a NAME. */
extern const char *const members_error_kinds[];

/* An object of a payload while it is checked and mended. */
struct members_check {
	const struct crashinfo_json *json;
	struct crashinfo_json_edits *edits; /* may be NULL when strict and no member is TRANSPORT */
	bool strict;                        /* the first fault is an error */
	struct strbuf faults;               /* what was mended, separated by "; " */
};

/* Whether `node` has the type of `row`. */
bool members_fits(const struct members_check *check, const struct members *row,
		  crashinfo_json_node node);

/*
 * Check the value `node` against `table`. Faults that can be mended are: the member is left out, or
 * gets its fallback. FORMAT for those that cannot, and for all when strict.
 */
struct crashinfo_error *members_apply(struct members_check *check, const struct members *table,
				      crashinfo_json_node node);

#endif
