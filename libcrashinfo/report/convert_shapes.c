/* SPDX-License-Identifier: Apache-2.0 */
/* Members that the forms of RFC 0002 and of 1.x shape in their own way. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "report/convert.h"
#include "report/report.h"

/* The content of a string without escapes; empty for anything else. */
static struct crashinfo_slice plain_text(const struct converter *c, crashinfo_json_node node)
{
	struct crashinfo_slice raw = {"", 0};

	if (!convert_is(c, node, CRASHINFO_JSON_STRING))
		return raw;
	raw = crashinfo_json_raw(c->json, node);
	return (struct crashinfo_slice){raw.data + 1, raw.size - 2};
}

static struct crashinfo_error *replace_with(struct converter *c, crashinfo_json_node node,
					    const struct strbuf *json)
{
	return json->failed ? crashinfo_error_no_memory() : convert_replace(c, node, json->data);
}

/* --- kind of error: RFC 0002 names the signal in it --- */

/* SIGSEGV is SigSegv. */
static bool add_signal_kind(struct strbuf *out, struct crashinfo_slice name)
{
	if (name.size < 4 || strncmp(name.data, "SIG", 3))
		return false;
	for (size_t i = 3; i < name.size; i++)
		if (!isupper((unsigned char)name.data[i]) && !isdigit((unsigned char)name.data[i]))
			return false;
	strbuf_adds(out, "\"Sig");
	for (size_t i = 3; i < name.size; i++)
		strbuf_addc(out, i > 3 ? (char)tolower((unsigned char)name.data[i]) : name.data[i]);
	strbuf_addc(out, '"');
	return true;
}

static struct crashinfo_error *kind_to_rfc0002(struct converter *c, const struct convert_member *m)
{
	crashinfo_json_node name = report_at(c->json, 0, "sig_info.si_signo_human_readable");
	struct strbuf json _strbuf_ = {0};

	if (!crashinfo_json_string_equals(c->json, m->value, "UnixSignal") ||
	    !add_signal_kind(&json, plain_text(c, name)))
		return NULL;
	return replace_with(c, m->value, &json);
}

/* Whether the signal's name says what the kind did. */
static bool signal_says(const struct converter *c, struct crashinfo_slice kind)
{
	struct crashinfo_slice name = plain_text(c, report_at(c->json, 0, "sig_info.signame"));

	if (!name.size)
		name = plain_text(c, report_at(c->json, 0, "sig_info.si_signo_human_readable"));
	return name.size == kind.size && !strncasecmp(name.data, kind.data, kind.size);
}

struct crashinfo_error *convert_kind(struct converter *c, const struct convert_member *m)
{
	struct crashinfo_slice kind = plain_text(c, m->value);
	const char *value;
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_error *error;

	if (convert_to(c, REPORT_RFC0002))
		return kind.size ? kind_to_rfc0002(c, m) : NULL;
	if (!convert_is(c, m->value, CRASHINFO_JSON_STRING) ||
	    convert_in_enum(c, "ErrorKind", m->value))
		return NULL;
	value = convert_enum_value(c, "ErrorKind", m->value);
	if (!value)
		value = kind.size > 3 && !strncasecmp(kind.data, "Sig", 3) ? "UnixSignal"
									   : "UnhandledException";
	strbuf_addf(&json, "\"%s\"", value);
	error = replace_with(c, m->value, &json);
	if (error || signal_says(c, kind) || convert_enum_value(c, "ErrorKind", m->value))
		return error;
	return convert_lose(c, m->place, "no such value, now %s", value);
}

struct crashinfo_error *convert_source_type(struct converter *c, const struct convert_member *m)
{
	bool rfc0002 = convert_to(c, REPORT_RFC0002);
	bool known = convert_enum_value(c, "SourceType", m->value) != NULL;
	struct crashinfo_error *error;

	if (!convert_is(c, m->value, CRASHINFO_JSON_STRING) ||
	    convert_in_enum(c, "SourceType", m->value))
		return NULL;
	error = convert_replace(c, m->value, rfc0002 ? "\"crashtracking\"" : "\"Crashtracking\"");
	/* the two names differ in case only */
	return error || known ? error : convert_lose(c, m->place, "no such value");
}

struct crashinfo_error *convert_stack_format(struct converter *c, const struct convert_member *m)
{
	static const char *const formats[] = {"Datadog Crashtracker 1.0", "CrashTrackerV1"};
	bool rfc0002 = convert_to(c, REPORT_RFC0002);

	if (!convert_to(c, REPORT_RFC0002) && !(c->from & REPORT_RFC0002))
		return NULL;
	/* the name is open, so others stay */
	if (m->value == CRASHINFO_JSON_NONE ||
	    !crashinfo_json_string_equals(c->json, m->value, formats[!rfc0002]))
		return NULL;
	return convert_replace(c, m->value,
			       rfc0002 ? "\"CrashTrackerV1\"" : "\"Datadog Crashtracker 1.0\"");
}

/* --- spans: RFC 0002 lists the ids alone --- */

static struct crashinfo_error *span_to_rfc0002(struct converter *c, crashinfo_json_node span,
					       const struct convert_place *place)
{
	static const char *const kept[] = {"id", NULL};
	crashinfo_json_node id = convert_get(c, span, "id");
	struct crashinfo_slice raw;
	struct crashinfo_error *error;

	if (!convert_is(c, id, CRASHINFO_JSON_STRING))
		return NULL;
	raw = crashinfo_json_raw(c->json, id);
	error = crashinfo_json_edits_replace(c->edits, span, raw.data, raw.size);
	return error ? error : convert_lose_members(c, span, kept, place);
}

static struct crashinfo_error *span_to_1_x(struct converter *c, crashinfo_json_node span)
{
	struct crashinfo_slice raw = crashinfo_json_raw(c->json, span);
	struct strbuf json _strbuf_ = {0};

	if (!convert_is(c, span, CRASHINFO_JSON_STRING))
		return NULL;
	strbuf_adds(&json, "{\"id\":");
	strbuf_add(&json, raw.data, raw.size);
	strbuf_addc(&json, '}');
	return replace_with(c, span, &json);
}

struct crashinfo_error *convert_spans(struct converter *c, const struct convert_member *m)
{
	bool rfc0002 = convert_to(c, REPORT_RFC0002);
	struct convert_place place = {m->place, NULL, 0};
	struct crashinfo_error *error = NULL;

	if (!convert_is(c, m->value, CRASHINFO_JSON_ARRAY) ||
	    (!rfc0002 && !(c->from & REPORT_RFC0002)))
		return NULL;
	for (crashinfo_json_node span = crashinfo_json_first(c->json, m->value);
	     span != CRASHINFO_JSON_NONE && !error;
	     span = crashinfo_json_next(c->json, m->value, span), place.index++)
		error = rfc0002 ? span_to_rfc0002(c, span, &place) : span_to_1_x(c, span);
	return error;
}

/* --- tags: RFC 0002 leaves open what a set of keys and values is --- */

struct tag {
	struct crashinfo_slice key; /* content of the JSON string, escapes as they stand */
	crashinfo_json_node value;
};

static int compare_tags(const void *a, const void *b)
{
	const struct tag *l = a, *r = b;
	size_t shorter = l->key.size < r->key.size ? l->key.size : r->key.size;
	int order = shorter ? memcmp(l->key.data, r->key.data, shorter) : 0;

	if (!order)
		order = (l->key.size > r->key.size) - (l->key.size < r->key.size);
	/* those of one key stay in order */
	return order ? order : (l->value > r->value) - (l->value < r->value);
}

/* "key:value"; a value that is no string is its JSON text. */
static void add_tag(const struct converter *c, struct strbuf *out, const struct tag *tag)
{
	struct crashinfo_slice raw = crashinfo_json_raw(c->json, tag->value);

	strbuf_addc(out, '"');
	strbuf_add(out, tag->key.data, tag->key.size);
	strbuf_addc(out, ':');
	if (*raw.data == '"') {
		strbuf_add(out, raw.data + 1, raw.size - 2);
	} else {
		for (size_t i = 0; i < raw.size; i++) {
			if (strchr("\"\\", raw.data[i]))
				strbuf_addc(out, '\\');
			/* blanks between tokens may be line ends */
			strbuf_addc(out, isspace((unsigned char)raw.data[i]) ? ' ' : raw.data[i]);
		}
	}
	strbuf_addc(out, '"');
}

static struct crashinfo_error *tag_list(struct converter *c, const struct convert_member *m)
{
	size_t count = crashinfo_json_count(c->json, m->value), i = 0;
	_free_ struct tag *tags = calloc(count + 1, sizeof(*tags));
	struct strbuf json _strbuf_ = {0};

	if (!tags)
		return crashinfo_error_no_memory();
	for (crashinfo_json_node name = crashinfo_json_first(c->json, m->value);
	     name != CRASHINFO_JSON_NONE; name = crashinfo_json_next(c->json, m->value, name))
		tags[i++] = (struct tag){plain_text(c, name), crashinfo_json_value(name)};
	qsort(tags, count, sizeof(*tags), compare_tags);
	strbuf_addc(&json, '[');
	for (i = 0; i < count; i++) {
		if (i)
			strbuf_addc(&json, ',');
		add_tag(c, &json, &tags[i]);
	}
	strbuf_addc(&json, ']');
	return replace_with(c, m->value, &json);
}

struct crashinfo_error *convert_tags(struct converter *c, const struct convert_member *m)
{
	struct convert_place place = {m->place, NULL, 0};
	struct crashinfo_error *error = NULL;

	if (!(c->from & REPORT_RFC0002) || m->value == CRASHINFO_JSON_NONE)
		return NULL;
	if (convert_is(c, m->value, CRASHINFO_JSON_OBJECT))
		return tag_list(c, m);
	for (crashinfo_json_node tag = crashinfo_json_first(c->json, m->value);
	     tag != CRASHINFO_JSON_NONE && !error;
	     tag = crashinfo_json_next(c->json, m->value, tag), place.index++) {
		if (convert_is(c, tag, CRASHINFO_JSON_STRING))
			continue;
		error = crashinfo_json_edits_remove_element(c->edits, m->value, tag);
		if (!error)
			error = convert_lose(c, &place, "no text");
	}
	return error;
}

/* --- the registers' context: text in experimental up to 1.5, an object of its own since --- */

static struct crashinfo_error *set_context_text(struct converter *c, struct crashinfo_slice raw)
{
	crashinfo_json_node experimental = convert_get(c, 0, "experimental");
	struct strbuf json _strbuf_ = {0};

	if (convert_is(c, experimental, CRASHINFO_JSON_OBJECT))
		return crashinfo_json_edits_set(c->edits, experimental, "ucontext", raw.data,
						raw.size);
	strbuf_adds(&json, "{\"ucontext\":");
	strbuf_add(&json, raw.data, raw.size);
	strbuf_addc(&json, '}');
	return json.failed ? crashinfo_error_no_memory()
			   : convert_set(c, 0, "experimental", json.data);
}

static bool is_architecture(const struct converter *c, crashinfo_json_node arch)
{
	struct crashinfo_slice a = plain_text(c, arch);
	struct crashinfo_slice b = plain_text(c, report_at(c->json, 0, "os_info.architecture"));

	return a.size == b.size && !memcmp(a.data, b.data, a.size);
}

static bool is_empty(const struct converter *c, crashinfo_json_node object)
{
	return convert_is(c, object, CRASHINFO_JSON_OBJECT) &&
	       !crashinfo_json_count(c->json, object);
}

/* Its text moves, its registers are lost. */
static struct crashinfo_error *context_to_text(struct converter *c, const struct convert_member *m,
					       crashinfo_json_node raw)
{
	const char *kept[] = {"raw", NULL, NULL, NULL};
	size_t count = 1;
	struct crashinfo_error *error;

	if (is_architecture(c, convert_get(c, m->value, "arch")))
		kept[count++] = "arch";
	if (is_empty(c, convert_get(c, m->value, "registers")))
		kept[count++] = "registers";
	error = convert_remove(c, m);
	if (!error)
		error = convert_lose_members(c, m->value, kept, m->place);
	return error ? error : set_context_text(c, crashinfo_json_raw(c->json, raw));
}

struct crashinfo_error *convert_context(struct converter *c, const struct convert_member *m)
{
	bool takes_text = convert_to(c, REPORT_MINORS(2, 5));
	crashinfo_json_node raw = convert_get(c, m->value, "raw");
	crashinfo_json_node other = report_at(c->json, 0, "experimental.ucontext");

	if (!m->rule->to && takes_text && convert_is(c, raw, CRASHINFO_JSON_STRING) &&
	    (other == CRASHINFO_JSON_NONE))
		return context_to_text(c, m, raw);
	return convert_plain_member(c, m);
}

struct crashinfo_error *convert_context_text(struct converter *c, const struct convert_member *m)
{
	crashinfo_json_node arch = report_at(c->json, 0, "os_info.architecture");
	crashinfo_json_node other = convert_get(c, 0, "ucontext");
	struct crashinfo_slice name = plain_text(c, arch);
	struct crashinfo_slice text;
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_error *error;

	if (m->rule->to || !convert_is(c, m->value, CRASHINFO_JSON_STRING) ||
	    other != CRASHINFO_JSON_NONE)
		return convert_plain_member(c, m);
	text = crashinfo_json_raw(c->json, m->value);
	strbuf_adds(&json, "{\"arch\":\"");
	strbuf_add(&json, name.data, name.size);
	strbuf_adds(&json, "\",\"raw\":");
	strbuf_add(&json, text.data, text.size);
	strbuf_adds(&json, ",\"registers\":{}}");
	if (json.failed)
		return crashinfo_error_no_memory();
	error = convert_remove(c, m);
	return error ? error : convert_set(c, 0, "ucontext", json.data);
}
