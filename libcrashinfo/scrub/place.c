/* SPDX-License-Identifier: Apache-2.0 */
/* Where a string is: as a pointer for the list of removals, and for rules about some places. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scrub/rules.h"
#include "json/string.h"

/* --- JSON pointers --- */

/* The content of a raw name, with the escapes of pointers. */
static void add_name(struct strbuf *out, struct crashinfo_slice raw)
{
	struct json_bytes bytes = {.at = raw.data, .end = raw.data + raw.size};

	for (int c = json_bytes_next(&bytes); c >= 0; c = json_bytes_next(&bytes)) {
		if (c == '~' || c == '/')
			strbuf_adds(out, c == '~' ? "~0" : "~1");
		else
			strbuf_addc(out, (char)c);
	}
}

static struct crashinfo_slice name_of(const struct crashinfo_scrubber *s,
				      const struct scrub_level *level)
{
	return level->new_name.data ? level->new_name
				    : json_quoted(s->json, &s->json->nodes[level->name]);
}

struct crashinfo_error *scrub_pointer(struct crashinfo_scrubber *s, const char **ret)
{
	_strbuf_ struct strbuf out = {0};

	for (size_t i = 0; i < s->levels.size; i++) {
		const struct scrub_level *level = &s->levels.data[i];

		strbuf_addc(&out, '/');
		if (level->object)
			add_name(&out, name_of(s, level));
		else
			strbuf_addf(&out, "%u", level->index);
	}
	*ret = out.failed ? NULL
			  : arena_memdup(&s->result->arena, out.data ? out.data : "", out.size);
	return *ret ? NULL : crashinfo_error_no_memory();
}

/* The list is in text order, so the string at hand is the last of it or not in it. */
struct crashinfo_error *scrub_note(struct crashinfo_scrubber *s, const char *id, size_t count)
{
	size_t size = s->result->removals.size;
	struct crashinfo_removal *removal;
	const char *pointer;
	struct crashinfo_error *error = scrub_pointer(s, &pointer);

	if (error)
		return error;
	for (size_t i = size; i && !strcmp(s->result->removals.data[i - 1].pointer, pointer); i--)
		if (!strcmp(s->result->removals.data[i - 1].rule, id)) {
			s->result->removals.data[i - 1].count += count;
			return NULL;
		}
	removal = vec_push(&s->result->removals);
	id = arena_strdup(&s->result->arena, id);
	if (!removal || !id)
		return crashinfo_error_no_memory();
	*removal = (struct crashinfo_removal){id, pointer, count};
	return NULL;
}

/* --- places of rules --- */

/* Whether a segment of a pattern, with its escapes, is this name or index. */
static bool is_segment(const struct crashinfo_scrubber *s, const struct scrub_level *level,
		       const char *segment, size_t size)
{
	_strbuf_ struct strbuf text = {0};

	if (size == 1 && *segment == '*')
		return true;
	if (level->object)
		add_name(&text, json_quoted(s->json, &s->json->nodes[level->name]));
	else
		strbuf_addf(&text, "%u", level->index);
	return text.size == size && !memcmp(text.data ? text.data : "", segment, size);
}

static bool is_at(const struct crashinfo_scrubber *s, const char *where)
{
	size_t depth = 0;

	while (*where == '/') {
		size_t size = strcspn(++where, "/");

		if (size == 2 && !strncmp(where, "**", 2))
			return true;
		if (depth == s->levels.size || !is_segment(s, &s->levels.data[depth], where, size))
			return false;
		where += size;
		depth++;
	}
	return depth == s->levels.size;
}

bool scrub_applies(const struct crashinfo_scrubber *s, const struct scrub_rule *rule, bool name)
{
	if (name && !rule->names)
		return false;
	if (rule->tags)
		return is_at(s, "/metadata/tags/*") || is_at(s, "/experimental/additional_tags/*");
	for (size_t i = 0; i < rule->where_count; i++)
		if (is_at(s, rule->where[i]))
			return true;
	return !rule->where_count;
}
