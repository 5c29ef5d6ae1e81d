/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/regex.h"

#include <stdint.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/cleanup.h"
#include "schema/format.h"

/* Memory for the ways back of one match. */
#define REGEX_HEAP_KIB 65536

struct schema_regex {
	pcre2_code *code;
};

struct schema_matcher {
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static void cleanup_code(pcre2_code **code)
{
	pcre2_code_free(*code);
}

/* The pattern in the language of PCRE2; its error code when that cannot take it. */
static int compile_translated(const struct strbuf *translated, pcre2_code **ret)
{
	PCRE2_SIZE offset;
	int code = 0;

	*ret = pcre2_compile((PCRE2_SPTR)translated->data, translated->size,
			     PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
				     PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C |
				     PCRE2_NO_START_OPTIMIZE,
			     &code, &offset, NULL);
	return *ret ? 0 : code;
}

struct crashinfo_error *schema_regex_create(const char *pattern, size_t size,
					    struct schema_regex **ret)
{
	_cleanup_(cleanup_code) pcre2_code *code = NULL;
	_strbuf_ struct strbuf translated = {0};
	struct crashinfo_error *error;
	int status;

	strbuf_reserve(&translated, size);
	error = schema_regex_translate(pattern, size, &translated);
	if (!error)
		error = strbuf_error(&translated);
	if (error)
		return error;
	status = compile_translated(&translated, &code);
	if (status) {
		PCRE2_UCHAR reason[128] = "";

		pcre2_get_error_message(status, reason, sizeof(reason));
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED, "%s",
					      (const char *)reason);
	}
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return crashinfo_error_no_memory();
	(*ret)->code = steal_ptr(code);
	return NULL;
}

void schema_regex_destroy(struct schema_regex *regex)
{
	if (regex)
		pcre2_code_free(regex->code);
	free(regex);
}

struct crashinfo_error *schema_matcher_create(size_t steps, struct schema_matcher **ret)
{
	struct schema_matcher *matcher = calloc(1, sizeof(*matcher));

	if (matcher) {
		matcher->data = pcre2_match_data_create(1, NULL);
		matcher->context = pcre2_match_context_create(NULL);
	}
	if (!matcher || !matcher->data || !matcher->context) {
		schema_matcher_destroy(matcher);
		return crashinfo_error_no_memory();
	}
	pcre2_set_match_limit(matcher->context, steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX);
	pcre2_set_heap_limit(matcher->context, REGEX_HEAP_KIB);
	*ret = matcher;
	return NULL;
}

void schema_matcher_destroy(struct schema_matcher *matcher)
{
	if (!matcher)
		return;
	pcre2_match_data_free(matcher->data);
	pcre2_match_context_free(matcher->context);
	free(matcher);
}

struct crashinfo_error *schema_regex_match(const struct schema_regex *regex,
					   struct schema_matcher *matcher, const char *text,
					   size_t size, bool *ret)
{
	int status = pcre2_match(regex->code, (PCRE2_SPTR)text, size, 0, PCRE2_NO_UTF_CHECK,
				 matcher->data, matcher->context);

	if (status < 0 && status != PCRE2_ERROR_NOMATCH)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "matching a pattern takes too many steps");
	*ret = status >= 0;
	return NULL;
}

/* What PCRE2 cannot carry out may still be an expression of ECMA-262. */
static bool is_restriction_of_pcre2(int status)
{
	return status == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH ||
	       status == PCRE2_ERROR_LOOKBEHIND_TOO_COMPLICATED ||
	       status == PCRE2_ERROR_LOOKBEHIND_TOO_LONG ||
	       status == PCRE2_ERROR_PATTERN_TOO_LARGE ||
	       status == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP ||
	       status == PCRE2_ERROR_QUANTIFIER_TOO_BIG;
}

bool format_regex(const char *text, size_t size)
{
	_cleanup_(cleanup_code) pcre2_code *code = NULL;
	_strbuf_ struct strbuf translated = {0};
	_error_ struct crashinfo_error *error = NULL;
	int status;

	strbuf_reserve(&translated, size);
	error = schema_regex_translate(text, size, &translated);
	if (error || translated.failed)
		return false;
	status = compile_translated(&translated, &code);
	return !status || is_restriction_of_pcre2(status);
}
