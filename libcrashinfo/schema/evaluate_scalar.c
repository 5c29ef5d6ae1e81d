/* SPDX-License-Identifier: Apache-2.0 */
/* What concerns one value alone: enum and const, numbers, strings. */
#include "schema/evaluate.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "schema/content.h"
#include "schema/equal.h"

static bool is_one_of(struct evaluation *e, const struct value_rules *rules,
		      crashinfo_json_node node)
{
	bool equal = false;

	if (json_type(&e->json->nodes[node]) == CRASHINFO_JSON_STRING) {
		struct crashinfo_slice text = evaluation_text(e, node);

		return names_find(&rules->strings, text.data, text.size) != NAMES_NONE;
	}
	for (size_t i = 0; i < rules->other_count && !equal; i++) {
		struct crashinfo_error *error =
			value_equal((struct value){e->json, node}, rules->others[i], &equal);

		if (error) {
			evaluation_fail(e, error);
			return true;
		}
	}
	return equal;
}

void evaluation_check_values(struct evaluation *e, const struct subschema *schema,
			     crashinfo_json_node node)
{
	for (uint32_t i = 0; i < schema->value_count && !evaluation_interrupted(e); i++)
		if (!is_one_of(e, &schema->values[i], node))
			evaluation_fault(e, schema, schema->values[i].keyword, node, i);
}

/* --- numbers --- */

static bool breaks_multiple(struct evaluation *e, const struct number_rules *rules,
			    const struct decimal *value)
{
	struct crashinfo_error *error;
	bool multiple = true;

	if (!rules->multiple_of.present)
		return false;
	error = decimal_is_multiple(value, &rules->multiple_of.value, &multiple);
	if (error)
		evaluation_fail(e, error);
	return !multiple;
}

/* Whether the bounds hold for a number of few digits, without regard to anything else. */
static bool is_small_and_within(const struct number_rules *rules, const struct json_node *node,
				struct crashinfo_slice text)
{
	int64_t value;

	return rules->small && !(node->info & JSON_FLAG) &&
	       parse_dec_i64(text.data, text.size, &value) && value >= rules->least &&
	       value <= rules->most;
}

void evaluation_check_number(struct evaluation *e, const struct subschema *schema,
			     crashinfo_json_node node)
{
	const struct number_rules *rules = schema->numbers;
	struct crashinfo_slice text = json_node_text(e->json, &e->json->nodes[node]);
	struct decimal value;

	if (is_small_and_within(rules, &e->json->nodes[node], text))
		return;
	value = decimal_parse(text.data, text.size);
	if (rules->minimum.present && decimal_compare(&value, &rules->minimum.value) < 0)
		evaluation_fault(e, schema, KEYWORD_MINIMUM, node, 0);
	if (rules->exclusive_minimum.present &&
	    decimal_compare(&value, &rules->exclusive_minimum.value) <= 0)
		evaluation_fault(e, schema, KEYWORD_EXCLUSIVE_MINIMUM, node, 0);
	if (rules->maximum.present && decimal_compare(&value, &rules->maximum.value) > 0)
		evaluation_fault(e, schema, KEYWORD_MAXIMUM, node, 0);
	if (rules->exclusive_maximum.present &&
	    decimal_compare(&value, &rules->exclusive_maximum.value) >= 0)
		evaluation_fault(e, schema, KEYWORD_EXCLUSIVE_MAXIMUM, node, 0);
	if (breaks_multiple(e, rules, &value))
		evaluation_fault(e, schema, KEYWORD_MULTIPLE_OF, node, 0);
}

/* --- strings --- */

/* Code points of valid UTF-8: each has one byte that does not continue another. */
static uint64_t count_code_points(struct crashinfo_slice text)
{
	uint64_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += (text.data[i] & 0xc0) != 0x80;
	return count;
}

static void check_content(struct evaluation *e, const struct subschema *schema,
			  crashinfo_json_node node, struct crashinfo_slice text)
{
	const struct string_rules *rules = schema->strings;
	_strbuf_ struct strbuf decoded = {0};

	if (rules->base64) {
		if (!content_decode_base64(&decoded, text.data, text.size)) {
			evaluation_fault(e, schema, KEYWORD_CONTENT_ENCODING, node, 0);
			return;
		}
		text = (struct crashinfo_slice){decoded.data, decoded.size};
	}
	if (decoded.failed)
		evaluation_fail(e, crashinfo_error_no_memory());
	else if (rules->media_json && !content_is_json(text.data, text.size))
		evaluation_fault(e, schema, KEYWORD_CONTENT_MEDIA_TYPE, node, 0);
}

void evaluation_check_string(struct evaluation *e, const struct subschema *schema,
			     crashinfo_json_node node)
{
	const struct string_rules *rules = schema->strings;
	struct crashinfo_slice text = evaluation_text(e, node);

	if (rules->length.min || rules->length.max != UINT64_MAX) {
		uint64_t length = count_code_points(text);

		if (length < rules->length.min)
			evaluation_fault(e, schema, KEYWORD_MIN_LENGTH, node, 0);
		if (length > rules->length.max)
			evaluation_fault(e, schema, KEYWORD_MAX_LENGTH, node, 0);
	}
	if (rules->pattern && !evaluation_matches(e, rules->pattern, text) && !e->error)
		evaluation_fault(e, schema, KEYWORD_PATTERN, node, 0);
	if (rules->format && !rules->format->check(text.data, text.size))
		evaluation_fault(e, schema, KEYWORD_FORMAT, node, 0);
	if (rules->base64 || rules->media_json)
		check_content(e, schema, node, text);
}
