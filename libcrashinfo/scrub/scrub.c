/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over a document, which lists nodes in text order: strings and names go through the
 * rules, and a few things are told by what stands before or around a string.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/versions.h"
#include "scrub/names.h"
#include "scrub/rules.h"
#include "json/write.h"

/* UnhandledException is the longest value of an enumeration; a test compares. */
#define ENUM_BYTES_MAX 18

/* --- what is left alone --- */

static bool is_text(struct crashinfo_slice raw, const char *text)
{
	return strlen(text) == raw.size && !memcmp(text, raw.data, raw.size);
}

/* What schemas compare, wherever it stands: no secret is spelled so. */
static bool is_enum_value(struct crashinfo_slice raw)
{
	/* most strings can be told from these at a glance */
	if (raw.size > ENUM_BYTES_MAX || !raw.size || (raw.data[0] | 0x20) < 'a')
		return false;
	for (size_t i = 0; i < report_enum_value_count; i++)
		if (is_text(raw, report_enum_values[i].value))
			return true;
	return false;
}

static bool is_identity(const struct crashinfo_scrubber *s, crashinfo_json_node name)
{
	return crashinfo_json_string_equals(s->json, name, "data_schema_version") ||
	       crashinfo_json_string_equals(s->json, name, "uuid");
}

static struct scrub_level *top(struct crashinfo_scrubber *s)
{
	return s->levels.size ? &s->levels.data[s->levels.size - 1] : NULL;
}

static bool is_protected(struct crashinfo_scrubber *s, struct crashinfo_slice raw)
{
	return is_enum_value(raw) ||
	       (s->levels.size == 1 && top(s)->object && is_identity(s, top(s)->name));
}

/* --- strings --- */

static struct crashinfo_error *replace(struct crashinfo_scrubber *s, crashinfo_json_node node,
				       const char *text, size_t size)
{
	_strbuf_ struct strbuf json = {0};

	strbuf_addc(&json, '"');
	strbuf_add(&json, text, size);
	strbuf_addc(&json, '"');
	return json.failed ? crashinfo_error_no_memory()
			   : crashinfo_json_edits_replace(s->edits, node, json.data, json.size);
}

/* The whole string goes. */
static struct crashinfo_error *redact(struct crashinfo_scrubber *s, crashinfo_json_node node,
				      struct crashinfo_slice raw, const char *id)
{
	struct crashinfo_error *error;

	if (!raw.size || is_text(raw, SCRUB_REDACTED))
		return NULL;
	error = scrub_note(s, id, 1);
	return error ? error : replace(s, node, SCRUB_REDACTED, strlen(SCRUB_REDACTED));
}

/* A line within a private key that began in an element before; the last one may go on. */
static struct crashinfo_error *scrub_key_line(struct crashinfo_scrubber *s,
					      crashinfo_json_node node, struct crashinfo_slice raw)
{
	struct crashinfo_slice content;
	struct crashinfo_error *error = scrub_decode(s, raw, &content);
	bool end = false;

	if (!error)
		error = scrub_find(s, s->key_end, SCRUB_PRIVATE_KEY, content, 0, &end);
	if (end)
		top(s)->key = false;
	return error ? error : redact(s, node, raw, SCRUB_PRIVATE_KEY);
}

/* Whether a private key begins in the string and goes on in the next. */
static struct crashinfo_error *begins_key(struct crashinfo_scrubber *s, struct crashinfo_slice raw,
					  bool *ret)
{
	static const char hint[] = "PRIVATE KEY-----";
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
	struct crashinfo_slice content;
	bool found = true, ended = true;
	struct crashinfo_error *error;

	*ret = false;
	if (!memmem(raw.data, raw.size, hint, strlen(hint)))
		return NULL;
	error = scrub_decode(s, raw, &content);
	while (!error && found && ended && content.size) {
		struct crashinfo_slice key;

		error = scrub_find(s, s->key, SCRUB_PRIVATE_KEY, content, 0, &found);
		if (error || !found)
			break;
		key = (struct crashinfo_slice){content.data + at[0], at[1] - at[0]};
		content = (struct crashinfo_slice){content.data + at[1], content.size - at[1]};
		error = scrub_find(s, s->key_end, SCRUB_PRIVATE_KEY, key, 0, &ended);
	}
	*ret = !ended;
	return error;
}

/* What the string says of those behind it. */
static struct crashinfo_error *look_ahead(struct crashinfo_scrubber *s, struct crashinfo_slice raw)
{
	struct scrub_level *level = top(s);
	bool option = false;
	struct crashinfo_error *error;

	if (!s->secrets || !level || level->object)
		return NULL;
	error = begins_key(s, raw, &level->key);
	if (!error && raw.size && *raw.data == '-')
		error = scrub_find(s, s->option, SCRUB_OPTION, raw, 0, &option);
	level->option = option;
	return error;
}

/* A string that is secret because of what stands before or around it; `*done` when it is. */
static struct crashinfo_error *scrub_by_place(struct crashinfo_scrubber *s,
					      crashinfo_json_node node, struct crashinfo_slice raw,
					      bool option, bool *done)
{
	const struct scrub_level *level = top(s);

	*done = true;
	if (level && level->key)
		return scrub_key_line(s, node, raw);
	if (level && level->secret)
		return redact(s, node, raw, SCRUB_MEMBER);
	if (option && (!raw.size || *raw.data != '-'))
		return redact(s, node, raw, SCRUB_OPTION);
	/* no member that has such values is in such a place */
	*done = is_protected(s, raw);
	return NULL;
}

static struct crashinfo_error *scrub_value(struct crashinfo_scrubber *s, crashinfo_json_node node,
					   bool option)
{
	struct crashinfo_slice raw = json_quoted(s->json, &s->json->nodes[node]);
	bool changed, done;
	struct crashinfo_error *error = scrub_by_place(s, node, raw, option, &done);

	if (error || done)
		return error;
	error = look_ahead(s, raw);
	if (!error)
		error = scrub_string(s, raw, false, &changed);
	return error || !changed ? error : replace(s, node, s->raw.data, s->raw.size);
}

/* --- memory --- */

/*
 * The collector's copy of a stack, in base64. It may hold whatever the program had in its hands,
 * and no pattern finds that.
 */
static bool is_memory(const struct crashinfo_scrubber *s)
{
	const struct scrub_level *levels = s->levels.data;

	return s->stack && s->levels.size == 2 && levels[0].object && levels[1].object &&
	       crashinfo_json_string_equals(s->json, levels[0].name, "files") &&
	       crashinfo_json_string_equals(s->json, levels[1].name, "ddcrash/stack");
}

/* Its lines go at once, one removal for all of them. */
static struct crashinfo_error *remove_lines(struct crashinfo_scrubber *s, crashinfo_json_node node)
{
	struct crashinfo_error *error;

	if (!crashinfo_json_count(s->json, node))
		return NULL;
	error = scrub_note(s, SCRUB_STACK, 1);
	return error ? error
		     : crashinfo_json_edits_replace(
			       s->edits, node,
			       json_type(&s->json->nodes[node]) == CRASHINFO_JSON_OBJECT ? "{}"
											 : "[]",
			       2);
}

/* --- names --- */

static struct crashinfo_error *is_secret_name(struct crashinfo_scrubber *s,
					      struct crashinfo_slice raw, bool *ret)
{
	*ret = false;
	return s->secrets ? scrub_find(s, s->member, SCRUB_MEMBER, raw, 0, ret) : NULL;
}

/* Names that schemas know are nobody's, and a report cannot do without some of them. */
static bool is_known_name(struct crashinfo_slice raw)
{
	for (size_t i = 0; i < report_member_count; i++)
		if (is_text(raw, report_members[i].name))
			return true;
	return false;
}

static struct crashinfo_error *scrub_name(struct crashinfo_scrubber *s, crashinfo_json_node node)
{
	struct crashinfo_slice raw = json_quoted(s->json, &s->json->nodes[node]);
	struct scrub_level *level = top(s);
	size_t before = s->result->removals.size;
	const char *name;
	bool changed;
	struct crashinfo_error *error;

	level->name = node;
	level->new_name = (struct crashinfo_slice){NULL, 0};
	error = is_secret_name(s, raw, &level->secret);
	if (!error)
		error = scrub_string(s, raw, true, &changed);
	if (!error && changed && is_known_name(raw)) {
		s->result->removals.size = before;
		return NULL;
	}
	if (error || !changed)
		return error;
	error = scrub_names_add(s, level->node, &s->raw, &name);
	if (error)
		return error;
	level->new_name = (struct crashinfo_slice){name, strlen(name)};
	/* the list must not tell the name that was removed */
	for (size_t i = before; i < s->result->removals.size && !error; i++)
		error = scrub_pointer(s, &s->result->removals.data[i].pointer);
	return error ? error : replace(s, node, name, strlen(name));
}

/* --- the walk --- */

static struct crashinfo_error *enter(struct crashinfo_scrubber *s, crashinfo_json_node node)
{
	const struct json_node *n = &s->json->nodes[node];
	bool object = json_type(n) == CRASHINFO_JSON_OBJECT;
	/* the strings of an array belong to the member that the array is */
	bool secret = !object && top(s) && top(s)->secret;
	struct scrub_level *level = vec_push(&s->levels);

	if (!level)
		return crashinfo_error_no_memory();
	*level = (struct scrub_level){.node = node,
				      .end = n->next,
				      .index = UINT32_MAX, /* before the first */
				      .object = object,
				      .name_next = object,
				      .secret = secret};
	return NULL;
}

/* `*next_ret` is the node to go on with, when it is not the next. */
static struct crashinfo_error *visit(struct crashinfo_scrubber *s, crashinfo_json_node node,
				     uint32_t *next_ret)
{
	struct scrub_level *level = top(s);
	bool option = level && level->option;

	if (level && level->object && level->name_next) {
		level->name_next = false;
		return scrub_name(s, node);
	}
	if (level) {
		level->name_next = level->object;
		level->option = false; /* it was for this element */
	}
	if (json_is_container(&s->json->nodes[node]) && is_memory(s)) {
		*next_ret = s->json->nodes[node].next;
		return remove_lines(s, node);
	}
	if (json_is_container(&s->json->nodes[node]))
		return enter(s, node);
	if (json_type(&s->json->nodes[node]) != CRASHINFO_JSON_STRING)
		return NULL;
	return is_memory(s)
		       ? redact(s, node, json_quoted(s->json, &s->json->nodes[node]), SCRUB_STACK)
		       : scrub_value(s, node, option);
}

/* An element or a member's value is done. */
static void leave(struct crashinfo_scrubber *s, uint32_t next)
{
	while (s->levels.size && top(s)->end <= next)
		s->levels.size--;
}

static struct crashinfo_error *walk(struct crashinfo_scrubber *s)
{
	struct crashinfo_error *error = NULL;

	for (uint32_t node = 0, next; node < s->json->node_count && !error; node = next) {
		struct scrub_level *level;

		next = node + 1;
		leave(s, node);
		level = top(s);
		if (level && !level->object)
			level->index++;
		error = visit(s, node, &next);
	}
	return error;
}

static struct crashinfo_error *run(struct crashinfo_scrubber *s, struct scrubbed *result)
{
	struct crashinfo_error *error = crashinfo_json_edits_create(s->json, &s->edits);

	if (!error)
		error = walk(s);
	if (!error)
		error = crashinfo_json_edits_apply(s->edits, &result->public.text,
						   &result->public.size);
	crashinfo_json_edits_destroy(s->edits);
	s->edits = NULL;
	result->public.removals = result->removals.data;
	result->public.count = result->removals.size;
	return error;
}

struct crashinfo_error *crashinfo_scrubber_run(struct crashinfo_scrubber *s,
					       const struct crashinfo_json *json,
					       struct crashinfo_scrubbed **ret)
{
	struct scrubbed *result = calloc(1, sizeof(*result));
	struct crashinfo_error *error;

	if (!result)
		return crashinfo_error_no_memory();
	arena_init(&result->arena);
	s->json = json;
	s->result = result;
	s->levels.size = 0;
	error = run(s, result);
	scrub_names_clear(s);
	if (error)
		crashinfo_scrubbed_destroy(&result->public);
	else
		*ret = &result->public;
	return error;
}

void crashinfo_scrubbed_destroy(struct crashinfo_scrubbed *scrubbed)
{
	struct scrubbed *result = (struct scrubbed *)scrubbed; /* its first member */

	if (!result)
		return;
	free(result->public.text);
	free(result->removals.data);
	arena_deinit(&result->arena);
	free(result);
}

static void add_member(struct strbuf *out, const char *name, const char *text)
{
	strbuf_addf(out, "\"%s\":", name);
	json_add_string(out, text, strlen(text));
	strbuf_addc(out, ',');
}

struct crashinfo_error *crashinfo_scrubbed_manifest(const struct crashinfo_scrubbed *scrubbed,
						    const char *input, char **ret, size_t *size_ret)
{
	_strbuf_ struct strbuf out = {0};
	char *text;
	size_t size;

	for (size_t i = 0; i < scrubbed->count; i++) {
		strbuf_addc(&out, '{');
		add_member(&out, "input", input);
		add_member(&out, "rule", scrubbed->removals[i].rule);
		add_member(&out, "pointer", scrubbed->removals[i].pointer);
		strbuf_addf(&out, "\"count\":%zu}\n", scrubbed->removals[i].count);
	}
	size = out.size;
	text = strbuf_steal(&out);
	if (!text)
		return crashinfo_error_no_memory();
	*ret = text;
	*size_ret = size;
	return NULL;
}
