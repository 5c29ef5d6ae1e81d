/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document is scrubbed by all built-in rules: the result is JSON with the same values but for
 * strings, a valid report stays valid, and scrubbing it again removes nothing.
 */
#include <crashinfo/schema.h>
#include <crashinfo/scrub.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static struct crashinfo_scrubber *scrubber;
static struct crashinfo_validator *validator;

static void prepare(void)
{
	struct crashinfo_validator_options options = {.max_findings = 1};

	if (scrubber)
		return;
	check(!crashinfo_scrubber_create(NULL, &scrubber));
	check(!crashinfo_scrubber_add_set(scrubber, "all"));
	check(!crashinfo_validator_create(NULL, &options, &validator));
}

static bool is_valid(const struct crashinfo_json *json)
{
	struct crashinfo_findings *findings = NULL;
	struct crashinfo_error *error;
	bool valid;

	error = crashinfo_validator_run(validator, json, false, &findings);
	valid = !error && !findings->errors;
	crashinfo_error_destroy(error);
	crashinfo_findings_destroy(findings);
	return valid;
}

/* Nodes stand in text order, so that both documents have the same ones. */
static void compare(const struct crashinfo_json *before, const struct crashinfo_json *after,
		    crashinfo_json_node node)
{
	struct crashinfo_slice a = crashinfo_json_raw(before, node);
	struct crashinfo_slice b = crashinfo_json_raw(after, node);
	enum crashinfo_json_type type = crashinfo_json_type(before, node);

	check(crashinfo_json_type(after, node) == type);
	check(crashinfo_json_count(after, node) == crashinfo_json_count(before, node));
	if (type < CRASHINFO_JSON_STRING)
		check(a.size == b.size && !memcmp(a.data, b.data, a.size));
	/* deeper levels are visited by the edits too; two show what is to be seen */
	for (crashinfo_json_node child = crashinfo_json_first(before, node);
	     child != CRASHINFO_JSON_NONE; child = crashinfo_json_next(before, node, child)) {
		crashinfo_json_node value =
			type == CRASHINFO_JSON_OBJECT ? crashinfo_json_value(child) : child;

		check(crashinfo_json_type(after, value) == crashinfo_json_type(before, value));
		check(crashinfo_json_count(after, value) == crashinfo_json_count(before, value));
	}
}

static void check_removals(const struct crashinfo_scrubbed *scrubbed)
{
	for (size_t i = 0; i < scrubbed->count; i++) {
		check(scrubbed->removals[i].count > 0 && *scrubbed->removals[i].rule);
		check(!*scrubbed->removals[i].pointer || *scrubbed->removals[i].pointer == '/');
	}
}

static void check_again(const struct crashinfo_json *before,
			const struct crashinfo_scrubbed *scrubbed)
{
	struct crashinfo_scrubbed *again;
	struct crashinfo_json *after;

	check(!crashinfo_json_parse(NULL, scrubbed->text, scrubbed->size, NULL, &after));
	compare(before, after, 0);
	if (is_valid(before))
		check(is_valid(after));
	check(!crashinfo_scrubber_run(scrubber, after, &again));
	check(!again->count);
	check(again->size == scrubbed->size && !memcmp(again->text, scrubbed->text, again->size));
	crashinfo_scrubbed_destroy(again);
	crashinfo_json_destroy(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashinfo_json *json;
	struct crashinfo_scrubbed *scrubbed;
	struct crashinfo_error *error;

	prepare();
	error = crashinfo_json_parse(NULL, (const char *)data, size, NULL, &json);
	crashinfo_error_destroy(error);
	if (error)
		return 0;
	error = crashinfo_scrubber_run(scrubber, json, &scrubbed);
	check(!error || error->code == CRASHINFO_ERROR_LIMIT);
	if (!error) {
		check_removals(scrubbed);
		check_again(json, scrubbed);
		crashinfo_scrubbed_destroy(scrubbed);
	}
	crashinfo_error_destroy(error);
	crashinfo_json_destroy(json);
	return 0;
}
