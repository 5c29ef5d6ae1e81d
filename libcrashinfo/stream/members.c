/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/members.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A list of ids can have a fault in each; the first ones tell. */
#define FAULTS_BYTES 512

typedef bool fits_fn(const struct members_check *check, const struct members *row,
		     crashinfo_json_node node);

static bool is_type(const struct members_check *check, crashinfo_json_node node,
		    enum crashinfo_json_type type)
{
	return crashinfo_json_type(check->json, node) == type;
}

static bool fits_string(const struct members_check *check, const struct members *row,
			crashinfo_json_node node)
{
	(void)row;
	return is_type(check, node, CRASHINFO_JSON_STRING);
}

static bool fits_bool(const struct members_check *check, const struct members *row,
		      crashinfo_json_node node)
{
	(void)row;
	return is_type(check, node, CRASHINFO_JSON_TRUE) ||
	       is_type(check, node, CRASHINFO_JSON_FALSE);
}

/* The upstream receiver takes 1.0 for no integer; to JSON Schema it is one. */
static bool is_notation_allowed(const struct members_check *check, crashinfo_json_node node)
{
	struct crashinfo_slice text = crashinfo_json_raw(check->json, node);

	return !check->strict ||
	       (!memchr(text.data, '.', text.size) && !memchr(text.data, 'e', text.size) &&
		!memchr(text.data, 'E', text.size));
}

static bool fits_signed(const struct members_check *check, crashinfo_json_node node, int64_t min,
			int64_t max)
{
	int64_t value;

	return crashinfo_json_int64(check->json, node, &value) && value >= min && value <= max &&
	       is_notation_allowed(check, node);
}

static bool fits_unsigned(const struct members_check *check, crashinfo_json_node node, uint64_t max)
{
	uint64_t value;

	return crashinfo_json_uint64(check->json, node, &value) && value <= max &&
	       is_notation_allowed(check, node);
}

static bool fits_int32(const struct members_check *check, const struct members *row,
		       crashinfo_json_node node)
{
	(void)row;
	return fits_signed(check, node, INT32_MIN, INT32_MAX);
}

static bool fits_int64(const struct members_check *check, const struct members *row,
		       crashinfo_json_node node)
{
	(void)row;
	return fits_signed(check, node, INT64_MIN, INT64_MAX);
}

static bool fits_uint32(const struct members_check *check, const struct members *row,
			crashinfo_json_node node)
{
	(void)row;
	return fits_unsigned(check, node, UINT32_MAX);
}

static bool fits_uint64(const struct members_check *check, const struct members *row,
			crashinfo_json_node node)
{
	(void)row;
	return fits_unsigned(check, node, UINT64_MAX);
}

static bool fits_name(const struct members_check *check, const struct members *row,
		      crashinfo_json_node node)
{
	for (const char *const *name = row->names; *name; name++)
		if (crashinfo_json_string_equals(check->json, node, *name))
			return true;
	return false;
}

static bool is_byte(const struct members_check *check, const struct members *row,
		    crashinfo_json_node node)
{
	(void)row;
	return fits_unsigned(check, node, UINT8_MAX);
}

/* Whether `node` is a container of `type` with values that all fit. */
static bool fits_all(const struct members_check *check, crashinfo_json_node node,
		     enum crashinfo_json_type type, fits_fn *fits)
{
	const struct crashinfo_json *json = check->json;

	if (crashinfo_json_type(json, node) != type)
		return false;
	for (crashinfo_json_node at = crashinfo_json_first(json, node); at != CRASHINFO_JSON_NONE;
	     at = crashinfo_json_next(json, node, at))
		if (!fits(check, NULL,
			  type == CRASHINFO_JSON_OBJECT ? crashinfo_json_value(at) : at))
			return false;
	return true;
}

static bool fits_strings(const struct members_check *check, const struct members *row,
			 crashinfo_json_node node)
{
	(void)row;
	return fits_all(check, node, CRASHINFO_JSON_ARRAY, fits_string);
}

static bool fits_string_map(const struct members_check *check, const struct members *row,
			    crashinfo_json_node node)
{
	(void)row;
	return fits_all(check, node, CRASHINFO_JSON_OBJECT, fits_string);
}

static bool fits_integers(const struct members_check *check, const struct members *row,
			  crashinfo_json_node node)
{
	(void)row;
	return fits_all(check, node, CRASHINFO_JSON_ARRAY, fits_int64);
}

static bool fits_bytes(const struct members_check *check, const struct members *row,
		       crashinfo_json_node node)
{
	if (!check->strict && fits_string(check, row, node))
		return true;
	return fits_all(check, node, CRASHINFO_JSON_ARRAY, is_byte);
}

static bool fits_array(const struct members_check *check, const struct members *row,
		       crashinfo_json_node node)
{
	(void)row;
	return is_type(check, node, CRASHINFO_JSON_ARRAY);
}

static bool fits_object(const struct members_check *check, const struct members *row,
			crashinfo_json_node node)
{
	(void)row;
	return is_type(check, node, CRASHINFO_JSON_OBJECT);
}

static bool fits_anything(const struct members_check *check, const struct members *row,
			  crashinfo_json_node node)
{
	(void)check, (void)row, (void)node;
	return true;
}

static const struct {
	fits_fn *fits;
	const char *what;
} types[] = {
	[MEMBERS_STRING] = {fits_string, "a string"},
	[MEMBERS_BOOL] = {fits_bool, "true or false"},
	[MEMBERS_INT32] = {fits_int32, "a 32-bit integer"},
	[MEMBERS_INT64] = {fits_int64, "a 64-bit integer"},
	[MEMBERS_UINT32] = {fits_uint32, "an unsigned 32-bit integer"},
	[MEMBERS_UINT64] = {fits_uint64, "an unsigned 64-bit integer"},
	[MEMBERS_NAME] = {fits_name, "one of the schema's names"},
	[MEMBERS_STRINGS] = {fits_strings, "an array of strings"},
	[MEMBERS_STRING_MAP] = {fits_string_map, "an object of strings"},
	[MEMBERS_INTEGERS] = {fits_integers, "an array of integers"},
	[MEMBERS_BYTES] = {fits_bytes, "an array of bytes"},
	[MEMBERS_ARRAY] = {fits_array, "an array"},
	[MEMBERS_OBJECT] = {fits_object, "an object"},
	[MEMBERS_TRANSPORT] = {fits_anything, "anything"},
};

bool members_fits(const struct members_check *check, const struct members *row,
		  crashinfo_json_node node)
{
	if (row->nullable && is_type(check, node, CRASHINFO_JSON_NULL))
		return true;
	return types[row->type].fits(check, row, node);
}

static struct crashinfo_error *apply_fallback(struct members_check *check,
					      crashinfo_json_node object, const struct members *row)
{
	if (!row->fallback)
		return crashinfo_json_edits_remove(check->edits, object, row->name);
	return crashinfo_json_edits_set(check->edits, object, row->name, row->fallback,
					strlen(row->fallback));
}

/* Mend `row` of `object`, of which `what` is wrong, or say that it cannot be. */
static struct crashinfo_error *mend(struct members_check *check, crashinfo_json_node object,
				    const struct members *row, const char *what)
{
	if (check->strict || (row->required && !row->fallback))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "member %s: %s", row->name,
					      what);
	if (check->faults.size < FAULTS_BYTES)
		strbuf_addf(&check->faults, "%smember %s: %s", check->faults.size ? "; " : "",
			    row->name, what);
	return apply_fallback(check, object, row);
}

static struct crashinfo_error *check_row(struct members_check *check, crashinfo_json_node object,
					 const struct members *row)
{
	crashinfo_json_node node = crashinfo_json_member(check->json, object, row->name);
	char what[64];

	if (node == CRASHINFO_JSON_NONE)
		return row->required ? mend(check, object, row, "missing") : NULL;
	if (row->type == MEMBERS_TRANSPORT)
		return crashinfo_json_edits_remove(check->edits, object, row->name);
	if (members_fits(check, row, node)) {
		bool nested = row->members && is_type(check, node, CRASHINFO_JSON_OBJECT);

		return nested ? members_apply(check, row->members, node) : NULL;
	}
	snprintf(what, sizeof(what), "expected %s", types[row->type].what);
	return mend(check, object, row, what);
}

/* Upstream refuses a repeated member; else the last one counts, as in all look-ups. */
static struct crashinfo_error *check_repeats(const struct members_check *check,
					     const struct members *table,
					     crashinfo_json_node object)
{
	const struct crashinfo_json *json = check->json;
	uint64_t seen = 0;

	for (crashinfo_json_node name = crashinfo_json_first(json, object);
	     name != CRASHINFO_JSON_NONE; name = crashinfo_json_next(json, object, name)) {
		for (size_t i = 0; table[i].name; i++) {
			if (!crashinfo_json_string_equals(json, name, table[i].name))
				continue;
			if (seen >> i & 1)
				return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
							      "member %s: repeated", table[i].name);
			seen |= (uint64_t)1 << i;
		}
	}
	return NULL;
}

struct crashinfo_error *members_apply(struct members_check *check, const struct members *table,
				      crashinfo_json_node node)
{
	struct crashinfo_error *error = NULL;

	if (!is_type(check, node, CRASHINFO_JSON_OBJECT))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "expected an object");
	if (check->strict)
		error = check_repeats(check, table, node);
	for (const struct members *row = table; row->name && !error; row++)
		error = check_row(check, node, row);
	return error ? error : strbuf_error(&check->faults);
}
