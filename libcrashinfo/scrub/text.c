/* SPDX-License-Identifier: Apache-2.0 */
/* One string: matched as its content, changed as the JSON text it is. */
#include <string.h>

#include "scrub/rules.h"
#include "json/string.h"
#include "json/write.h"

/* Rules change what others left; more rounds than this means that they feed each other. */
#define ROUNDS_MAX 8

/* The offset in the raw string of byte `at` of the content. */
static size_t raw_offset(const struct crashinfo_scrubber *s, bool mapped, size_t at)
{
	return mapped ? s->map.data[at] : at;
}

struct crashinfo_error *scrub_decode(struct crashinfo_scrubber *s, struct crashinfo_slice raw,
				     struct crashinfo_slice *ret)
{
	struct json_bytes bytes = {.at = raw.data, .end = raw.data + raw.size};
	uint32_t start = 0;

	*ret = raw;
	if (!memchr(raw.data, '\\', raw.size))
		return NULL;
	strbuf_clear(&s->content);
	s->map.size = 0;
	strbuf_reserve(&s->content, raw.size);
	for (;;) {
		/* bytes of one escape all begin where it does */
		bool fresh = bytes.given == bytes.held;
		uint32_t *offset = vec_push(&s->map);
		int c;

		if (fresh)
			start = (uint32_t)(bytes.at - raw.data);
		if (!offset)
			return crashinfo_error_no_memory();
		*offset = start;
		c = json_bytes_next(&bytes);
		if (c < 0)
			break;
		strbuf_addc(&s->content, (char)c);
	}
	*ret = (struct crashinfo_slice){s->content.data, s->content.size};
	return strbuf_error(&s->content);
}

/* --- replacing --- */

/* The replacement of a match with $1 to $9 filled in; $$ is a dollar. */
static void expand(const struct crashinfo_scrubber *s, const struct scrub_rule *rule,
		   struct crashinfo_slice content, struct strbuf *out)
{
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);

	for (size_t i = 0; i < rule->replacement_size; i++) {
		char c = rule->replacement[i];
		char next = i + 1 < rule->replacement_size ? rule->replacement[i + 1] : 0;
		size_t group = (size_t)(next - '0');

		if (c != '$' || ((next < '1' || next > '9') && next != '$')) {
			strbuf_addc(out, c);
			continue;
		}
		i++;
		if (next == '$')
			strbuf_addc(out, '$');
		else if (group < s->groups && found[2 * group] != PCRE2_UNSET &&
			 found[2 * group] <= found[2 * group + 1])
			strbuf_add(out, content.data + found[2 * group],
				   found[2 * group + 1] - found[2 * group]);
	}
}

/* The inside of the JSON string of `text`. */
static void add_escaped(struct strbuf *out, const struct strbuf *text)
{
	_strbuf_ struct strbuf quoted = {0};

	json_add_string(&quoted, text->data, text->size);
	if (quoted.failed)
		out->failed = true;
	else
		strbuf_add(out, quoted.data + 1, quoted.size - 2);
}

/* Whether the match changes anything; its raw text then goes to s->next, from `*done` on. */
static bool replace_match(struct crashinfo_scrubber *s, const struct scrub_rule *rule,
			  struct crashinfo_slice raw, struct crashinfo_slice content, size_t *done)
{
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);
	bool mapped = content.data != raw.data;
	size_t size = found[1] - found[0];
	_strbuf_ struct strbuf text = {0};

	expand(s, rule, content, &text);
	if (text.failed) {
		s->next.failed = true;
		return false;
	}
	if (text.size == size && (!size || !memcmp(text.data, content.data + found[0], size)))
		return false;
	strbuf_add(&s->next, raw.data + *done, raw_offset(s, mapped, found[0]) - *done);
	add_escaped(&s->next, &text);
	*done = raw_offset(s, mapped, found[1]);
	return true;
}

/* All matches of a rule; with any change s->next is the new raw string up to `*done` of the old. */
static struct crashinfo_error *apply(struct crashinfo_scrubber *s, const struct scrub_rule *rule,
				     struct crashinfo_slice raw, struct crashinfo_slice content,
				     size_t *count, size_t *done)
{
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);
	int64_t deadline = 0;
	size_t start = 0;

	strbuf_clear(&s->next);
	*count = *done = 0;
	while (start <= content.size) {
		bool any;
		struct crashinfo_error *error =
			scrub_find_by(s, rule, content, start, &deadline, &any);

		if (error || !any)
			return error;
		/* a match of nothing, or one turned around by \K in a lookahead, removes nothing */
		if (found[1] > found[0] && found[0] >= start)
			*count += replace_match(s, rule, raw, content, done);
		if (s->next.failed)
			return crashinfo_error_no_memory();
		if (s->next.size > s->limits->input_bytes)
			return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
						      "rule %s: a string grows too long", rule->id);
		start = found[1] > start ? found[1] : start + 1;
		while (start < content.size && ((unsigned char)content.data[start] & 0xc0) == 0x80)
			start++;
	}
	return NULL;
}

static struct crashinfo_error *apply_rule(struct crashinfo_scrubber *s,
					  const struct scrub_rule *rule,
					  struct crashinfo_slice *raw,
					  struct crashinfo_slice *content, bool *changed)
{
	struct strbuf taken;
	size_t done, count;
	struct crashinfo_error *error = apply(s, rule, *raw, *content, &count, &done);

	if (error || !count)
		return error;
	/* what follows the last match that changed something */
	strbuf_add(&s->next, raw->data + done, raw->size - done);
	if (s->next.failed)
		return crashinfo_error_no_memory();
	taken = s->raw;
	s->raw = s->next;
	s->next = taken;
	*raw = (struct crashinfo_slice){s->raw.data ? s->raw.data : "", s->raw.size};
	*changed = true;
	error = scrub_note(s, rule->id, count);
	return error ? error : scrub_decode(s, *raw, content);
}

static bool may_match(const struct scrub_rule *rule, struct crashinfo_slice content,
		      uint8_t characters)
{
	return (rule->needs & characters) == rule->needs && content.size >= rule->min &&
	       (!rule->hint || memmem(content.data, content.size, rule->hint, rule->hint_size));
}

struct crashinfo_error *scrub_string(struct crashinfo_scrubber *s, struct crashinfo_slice raw,
				     bool name, bool *changed)
{
	struct crashinfo_slice content;
	struct crashinfo_error *error = scrub_decode(s, raw, &content);
	bool again = true;

	*changed = false;
	for (int round = 0; again && !error; round++) {
		uint8_t characters = scrub_characters(content.data, content.size);

		if (round == ROUNDS_MAX)
			return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
						      "rules find without end what other rules, or "
						      "they themselves, have written");
		again = false;
		for (size_t i = 0; i < s->rules.size && !error; i++) {
			const struct scrub_rule *rule = &s->rules.data[i];
			bool matched = false;

			if (!may_match(rule, content, characters) || !scrub_applies(s, rule, name))
				continue;
			error = apply_rule(s, rule, &raw, &content, &matched);
			if (matched)
				characters = scrub_characters(content.data, content.size);
			again |= matched;
		}
		*changed |= again;
	}
	return error;
}
