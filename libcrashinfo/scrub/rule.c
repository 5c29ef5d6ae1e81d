/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: compiling and matching them within limits, and the rules that are in use. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "scrub/rules.h"

/* What matching may hold on the heap. */
#define HEAP_KIB (64 * 1024)
/* Steps for each byte of a string on top of the limit of steps; patterns meant well need few. */
#define STEPS_PER_BYTE 64

uint8_t scrub_characters(const char *text, size_t size)
{
	static const uint8_t bit_of[256] = {['@'] = 1,  ['.'] = 2,  ['/'] = 4,  ['-'] = 8,
					    ['='] = 16, [':'] = 32, ['_'] = 64, [' '] = 128};
	uint8_t bits = 0;

	for (size_t i = 0; i < size; i++)
		bits |= bit_of[(unsigned char)text[i]];
	return bits;
}

struct crashinfo_error *scrub_compile(const char *id, const char *pattern, size_t size,
				      bool careful, pcre2_code **ret)
{
	/* start optimizations lose matches behind a lookahead; built-in patterns know that */
	uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C |
			   (careful ? PCRE2_NO_START_OPTIMIZE | PCRE2_USE_OFFSET_LIMIT : 0);
	PCRE2_UCHAR reason[128] = "";
	PCRE2_SIZE offset;
	int status;

	*ret = pcre2_compile((PCRE2_SPTR)pattern, size, options, &status, &offset, NULL);
	if (!*ret) {
		if (status == PCRE2_ERROR_HEAP_FAILED)
			return crashinfo_error_no_memory();
		pcre2_get_error_message(status, reason, sizeof(reason));
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "rule %s: pattern, character %zu: %s", id,
					      (size_t)offset + 1, (const char *)reason);
	}
	/* without it matching is slower and means the same */
	(void)pcre2_jit_compile(*ret, PCRE2_JIT_COMPLETE);
	return NULL;
}

struct crashinfo_error *scrub_find(struct crashinfo_scrubber *s, const pcre2_code *code,
				   const char *id, struct crashinfo_slice content, size_t start,
				   bool *ret)
{
	uint64_t steps = s->limits->pattern_steps + (uint64_t)content.size * STEPS_PER_BYTE;
	int status;

	pcre2_set_match_limit(s->match_context, steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX);
	status = pcre2_match(code, (PCRE2_SPTR)content.data, content.size, start,
			     PCRE2_NO_UTF_CHECK, s->match, s->match_context);
	if (status == PCRE2_ERROR_JIT_STACKLIMIT)
		status = pcre2_match(code, (PCRE2_SPTR)content.data, content.size, start,
				     PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, s->match, s->match_context);
	if (status < 0 && status != PCRE2_ERROR_NOMATCH)
		return crashinfo_error_create(status == PCRE2_ERROR_NOMEMORY
						      ? CRASHINFO_ERROR_NO_MEMORY
						      : CRASHINFO_ERROR_LIMIT,
					      "rule %s: matching takes too many steps", id);
	*ret = status >= 0;
	/* more groups than there is room for are 0; those behind the last that is set are garbage
	 */
	s->groups = status > 0 ? (size_t)status : SCRUB_GROUPS;
	return NULL;
}

/*
 * Steps are counted anew from each start of a match, and those of a repeated character are not, so
 * a careless pattern can take the square of a string's length without reaching the limit: between
 * pieces of the string the clock is looked at.
 */
#define STARTS_AT_ONCE 1024

static int64_t cpu_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct crashinfo_error *scrub_find_by(struct crashinfo_scrubber *s, const struct scrub_rule *rule,
				      struct crashinfo_slice content, size_t start,
				      int64_t *deadline, bool *ret)
{
	struct crashinfo_error *error = NULL;

	if (!rule->careful)
		return scrub_find(s, rule->code, rule->id, content, start, ret);
	if (!*deadline)
		*deadline = cpu_milliseconds() + (int64_t)s->limits->scrub_milliseconds;
	for (*ret = false; !error && !*ret && start <= content.size;) {
		pcre2_set_offset_limit(s->match_context, start + STARTS_AT_ONCE - 1);
		error = scrub_find(s, rule->code, rule->id, content, start, ret);
		start += STARTS_AT_ONCE;
		while (start < content.size && ((unsigned char)content.data[start] & 0xc0) == 0x80)
			start++;
		if (!error && start <= content.size && cpu_milliseconds() > *deadline)
			error = crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
						       "rule %s: matching takes too long",
						       rule->id);
	}
	pcre2_set_offset_limit(s->match_context, PCRE2_UNSET);
	return error;
}

/* --- rules in use --- */

static struct crashinfo_error *add_builtin(struct crashinfo_scrubber *s,
					   const struct scrub_builtin *builtin)
{
	const char *replacement = builtin->replacement ? builtin->replacement : SCRUB_REDACTED;
	pcre2_code *code;
	struct scrub_rule *rule;
	struct crashinfo_error *error;

	if (!builtin->pattern)
		return NULL;
	error = scrub_compile(builtin->rule.id, builtin->pattern, strlen(builtin->pattern), false,
			      &code);
	if (error)
		return error;
	rule = vec_push(&s->rules);
	if (!rule) {
		pcre2_code_free(code);
		return crashinfo_error_no_memory();
	}
	*rule = (struct scrub_rule){
		.id = builtin->rule.id,
		.code = code,
		.replacement = replacement,
		.replacement_size = strlen(replacement),
		.needs = scrub_characters(builtin->needs ?: "", strlen(builtin->needs ?: "")),
		.hint = builtin->hint,
		.hint_size = (uint8_t)strlen(builtin->hint ?: ""),
		.min = builtin->min,
		.names = builtin->names,
		.tags = builtin->tags};
	return NULL;
}

static struct crashinfo_error *compile_fixed(const char *id, const char *pattern, pcre2_code **ret)
{
	return *ret ? NULL : scrub_compile(id, pattern, strlen(pattern), false, ret);
}

struct crashinfo_error *crashinfo_scrubber_add_set(struct crashinfo_scrubber *s, const char *set)
{
	bool all = !strcmp(set, "all"), found = false;
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < scrub_builtin_count && !error; i++) {
		if (!all && strcmp(scrub_builtins[i].rule.set, set))
			continue;
		found = true;
		s->stack |= !strcmp(scrub_builtins[i].rule.id, SCRUB_STACK);
		error = add_builtin(s, &scrub_builtins[i]);
	}
	if (!found)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND,
					      "no rules are called %s (secrets, personal, network, "
					      "all)",
					      set);
	if (error || (!all && strcmp(set, "secrets")))
		return error;
	s->secrets = true;
	error = compile_fixed(SCRUB_OPTION, scrub_option_pattern, &s->option);
	if (!error)
		error = compile_fixed(SCRUB_MEMBER, scrub_member_pattern, &s->member);
	if (!error)
		error = compile_fixed(SCRUB_PRIVATE_KEY, scrub_key_pattern, &s->key);
	return error ? error : compile_fixed(SCRUB_PRIVATE_KEY, scrub_key_end_pattern, &s->key_end);
}

struct crashinfo_error *crashinfo_scrubber_create(const struct crashinfo_context *context,
						  struct crashinfo_scrubber **ret)
{
	struct crashinfo_scrubber *s = calloc(1, sizeof(*s));

	if (!s)
		return crashinfo_error_no_memory();
	s->own_limits = *limits_of(context);
	s->limits = &s->own_limits;
	arena_init(&s->arena);
	s->match = pcre2_match_data_create(SCRUB_GROUPS, NULL);
	s->match_context = pcre2_match_context_create(NULL);
	if (!s->match || !s->match_context) {
		crashinfo_scrubber_destroy(s);
		return crashinfo_error_no_memory();
	}
	pcre2_set_heap_limit(s->match_context, HEAP_KIB);
	*ret = s;
	return NULL;
}

void crashinfo_scrubber_destroy(struct crashinfo_scrubber *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->rules.size; i++)
		pcre2_code_free(s->rules.data[i].code);
	free(s->rules.data);
	pcre2_code_free(s->option);
	pcre2_code_free(s->member);
	pcre2_code_free(s->key);
	pcre2_code_free(s->key_end);
	pcre2_match_data_free(s->match);
	pcre2_match_context_free(s->match_context);
	free(s->levels.data);
	free(s->map.data);
	strbuf_deinit(&s->raw);
	strbuf_deinit(&s->next);
	strbuf_deinit(&s->content);
	arena_deinit(&s->arena);
	free(s);
}
