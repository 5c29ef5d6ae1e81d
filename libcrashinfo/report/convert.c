/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each version cannot hold is in two tables: members that came later and values of
 * enumerations that it does not know. Changes of shape (threads of 1.7, all of RFC 0002) have a
 * function each.
 */
#include "report/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/json.h>
#include <crashinfo/report.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "report/builder.h"
#include "report/report.h"

struct version {
	const char *name;
	unsigned minor; /* of the schema that its members are compared with */
	bool rfc0002;
};

static const struct version versions[] = {
	{"1.0", 0}, {"1.1", 1}, {"1.2", 2}, {"1.3", 3}, {"1.4", 4},
	{"1.5", 5}, {"1.6", 6}, {"1.7", 7}, {"1.8", 8}, {"rfc0002", 0, true},
};

/* Everything one conversion needs. */
struct converter {
	const struct version *version;
	const struct crashinfo_json *json;
	struct crashinfo_json_edits *edits;
	cJSON *losses;
	bool lacks_signal; /* sig_info is not in the result */
};

/* Members that not every version has, by the object they stand in. */
struct newer_member {
	const char *object, *name;
	unsigned since, until; /* minors, both inclusive */
	bool rfc0002;          /* RFC 0002 has it */
};

#define NEWEST 8u

static const struct newer_member newer_members[] = {
	{"", "fingerprint", 0, NEWEST, false},
	{"", "log_messages", 0, NEWEST, false},
	{"", "experimental", 2, NEWEST, false},
	{"", "ucontext", 6, NEWEST, false},
	{"error", "thread_name", 5, NEWEST, false},
	{"experimental", "additional_tags", 3, NEWEST, false},
	{"experimental", "runtime_stack", 5, NEWEST, false},
	{"experimental", "ucontext", 2, 5, false},
	{"proc_info", "tid", 5, NEWEST, false},
	{"stack", "incomplete", 1, NEWEST, false},
	{"frame", "comments", 3, NEWEST, false},
	{"frame", "mangled_name", 4, NEWEST, false},
	{"frame", "type_name", 5, NEWEST, false},
};

/* Values of frame members that some versions do not list. */
struct newer_value {
	const char *name, *value;
	unsigned since, until;
};

static const struct newer_value newer_values[] = {
	{"build_id_type", "PE", 0, 2},
	{"file_type", "PDB", 0, 2},
	{"file_type", "PE", 3, NEWEST},
};

/* Signal and code names by the version that brought them; others came with 1.3. */
static const char *const names_1_0[] = {
	"BUS_ADRALN",  "BUS_ADRERR",  "BUS_MCEERR_AO", "BUS_MCEERR_AR", "BUS_OBJERR", "SEGV_ACCERR",
	"SEGV_BNDERR", "SEGV_MAPERR", "SEGV_PKUERR",   "SI_ASYNCIO",    "SI_KERNEL",  "SI_MESGQ",
	"SI_QUEUE",    "SI_SIGIO",    "SI_TIMER",      "SI_TKILL",      "SI_USER",    "SYS_SECCOMP",
	"SIGABRT",     "SIGBUS",      "SIGSEGV",       "SIGSYS",
};

static const struct version *version_find(const char *name)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (!strcmp(versions[i].name, name))
			return &versions[i];
	return NULL;
}

const char *convert_version_name(const char *version)
{
	const struct version *found = version_find(version);

	return found ? found->name : NULL;
}

static bool in_version(const struct version *version, unsigned since, unsigned until, bool rfc0002)
{
	if (version->rfc0002)
		return rfc0002;
	return version->minor >= since && version->minor <= until;
}

/* Note a loss once. */
static struct crashinfo_error *lose(struct converter *c, const char *path, const char *name)
{
	char loss[128];
	cJSON *item;

	snprintf(loss, sizeof(loss), "%s%s%s", path, *path ? "." : "", name);
	cJSON_ArrayForEach(item, c->losses)
	{
		if (!strcmp(item->valuestring, loss))
			return NULL;
	}
	item = cJSON_CreateString(loss);
	if (item && cJSON_AddItemToArray(c->losses, item))
		return NULL;
	cJSON_Delete(item);
	return crashinfo_error_no_memory();
}

static crashinfo_json_node member(struct converter *c, crashinfo_json_node object, const char *name)
{
	return object == CRASHINFO_JSON_NONE ? object
					     : crashinfo_json_member(c->json, object, name);
}

static bool is_type(struct converter *c, crashinfo_json_node node, enum crashinfo_json_type type)
{
	return node != CRASHINFO_JSON_NONE && crashinfo_json_type(c->json, node) == type;
}

/* `incomplete: false` says what its absence says. */
static bool says_nothing(struct converter *c, const char *name, crashinfo_json_node value)
{
	return !strcmp(name, "incomplete") && is_type(c, value, CRASHINFO_JSON_FALSE);
}

/* Remove what this kind of object cannot hold; `path` is what losses call it. */
static struct crashinfo_error *remove_newer(struct converter *c, const char *kind, const char *path,
					    crashinfo_json_node object)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < sizeof(newer_members) / sizeof(newer_members[0]) && !error; i++) {
		const struct newer_member *row = &newer_members[i];
		crashinfo_json_node value;

		if (strcmp(row->object, kind) ||
		    in_version(c->version, row->since, row->until, row->rfc0002))
			continue;
		value = member(c, object, row->name);
		if (value == CRASHINFO_JSON_NONE)
			continue;
		error = crashinfo_json_edits_remove(c->edits, object, row->name);
		if (!error && !says_nothing(c, row->name, value))
			error = lose(c, path, row->name);
	}
	return error;
}

static struct crashinfo_error *replace(struct converter *c, crashinfo_json_node node,
				       const char *json)
{
	if (node == CRASHINFO_JSON_NONE)
		return NULL;
	return crashinfo_json_edits_replace(c->edits, node, json, strlen(json));
}

static struct crashinfo_error *set(struct converter *c, crashinfo_json_node object,
				   const char *name, const char *json)
{
	return crashinfo_json_edits_set(c->edits, object, name, json, strlen(json));
}

static struct crashinfo_error *convert_frame(struct converter *c, const char *path,
					     crashinfo_json_node frame)
{
	struct crashinfo_error *error = remove_newer(c, "frame", path, frame);

	for (size_t i = 0; i < sizeof(newer_values) / sizeof(newer_values[0]) && !error; i++) {
		const struct newer_value *row = &newer_values[i];
		crashinfo_json_node value = member(c, frame, row->name);

		/* the names are open in RFC 0002 */
		if (value == CRASHINFO_JSON_NONE ||
		    !crashinfo_json_string_equals(c->json, value, row->value) ||
		    in_version(c->version, row->since, row->until, true))
			continue;
		error = crashinfo_json_edits_remove(c->edits, frame, row->name);
		if (!error)
			error = lose(c, path, row->name);
	}
	return error;
}

static struct crashinfo_error *convert_stack(struct converter *c, const char *path,
					     crashinfo_json_node stack)
{
	crashinfo_json_node frames = member(c, stack, "frames");
	struct crashinfo_error *error;
	char frame_path[96];

	if (!is_type(c, stack, CRASHINFO_JSON_OBJECT))
		return NULL;
	error = remove_newer(c, "stack", path, stack);
	if (!error && c->version->rfc0002)
		error = replace(c, member(c, stack, "format"), "\"CrashTrackerV1\"");
	if (!is_type(c, frames, CRASHINFO_JSON_ARRAY))
		return error;
	snprintf(frame_path, sizeof(frame_path), "%s.frames[]", path);
	for (crashinfo_json_node frame = crashinfo_json_first(c->json, frames);
	     frame != CRASHINFO_JSON_NONE && !error;
	     frame = crashinfo_json_next(c->json, frames, frame))
		if (is_type(c, frame, CRASHINFO_JSON_OBJECT))
			error = convert_frame(c, frame_path, frame);
	return error;
}

/* Whether the collection of threads was cut short. */
static bool threads_incomplete(struct converter *c)
{
	crashinfo_json_node counter = report_at(c->json, 0, "counters.threads_incomplete");
	int64_t value;

	return counter != CRASHINFO_JSON_NONE && crashinfo_json_int64(c->json, counter, &value) &&
	       value;
}

/* Schema 1.7 alone wraps the threads in an object, and requires it. */
static struct crashinfo_error *wrap_threads(struct converter *c, crashinfo_json_node error_node,
					    crashinfo_json_node threads)
{
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_slice raw = {"[]", 2};
	size_t count = 0;

	if (is_type(c, threads, CRASHINFO_JSON_ARRAY)) {
		raw = crashinfo_json_raw(c->json, threads);
		count = crashinfo_json_count(c->json, threads);
	}
	strbuf_addf(&json, "{\"count\":%zu,\"incomplete\":%s,\"threads\":%.*s}", count,
		    threads_incomplete(c) ? "true" : "false", (int)raw.size, raw.data);
	if (json.failed)
		return crashinfo_error_no_memory();
	return set(c, error_node, "threads", json.data);
}

static struct crashinfo_error *convert_threads(struct converter *c, crashinfo_json_node error_node)
{
	crashinfo_json_node threads = member(c, error_node, "threads");
	struct crashinfo_error *error = NULL;

	/* no member of a thread's frames is newer than 1.7 */
	if (c->version->minor == 7)
		return wrap_threads(c, error_node, threads);
	if (!is_type(c, threads, CRASHINFO_JSON_ARRAY))
		return NULL;
	for (crashinfo_json_node thread = crashinfo_json_first(c->json, threads);
	     thread != CRASHINFO_JSON_NONE && !error;
	     thread = crashinfo_json_next(c->json, threads, thread))
		error = convert_stack(c, "error.threads[].stack", member(c, thread, "stack"));
	return error;
}

/* RFC 0002 names the signal in the kind of error. */
static struct crashinfo_error *convert_kind(struct converter *c, crashinfo_json_node error_node)
{
	static const char *const kinds[][2] = {
		{"SIGABRT", "\"SigAbort\""},
		{"SIGBUS", "\"SigBus\""},
		{"SIGSEGV", "\"SigSegv\""},
	};
	crashinfo_json_node name = report_at(c->json, 0, "sig_info.si_signo_human_readable");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (name != CRASHINFO_JSON_NONE &&
		    crashinfo_json_string_equals(c->json, name, kinds[i][0]))
			return replace(c, member(c, error_node, "kind"), kinds[i][1]);
	return NULL;
}

static struct crashinfo_error *convert_error(struct converter *c)
{
	crashinfo_json_node node = member(c, 0, "error");
	struct crashinfo_error *error;

	if (!is_type(c, node, CRASHINFO_JSON_OBJECT))
		return NULL;
	error = remove_newer(c, "error", "error", node);
	if (!error && c->version->rfc0002)
		error = replace(c, member(c, node, "source_type"), "\"crashtracking\"");
	if (!error && c->version->rfc0002)
		error = convert_kind(c, node);
	if (!error)
		error = convert_stack(c, "error.stack", member(c, node, "stack"));
	return error ? error : convert_threads(c, node);
}

static bool knows_signal_name(struct converter *c, crashinfo_json_node name)
{
	if (c->version->minor >= 3 || name == CRASHINFO_JSON_NONE)
		return true;
	if (c->version->minor == 2 && crashinfo_json_string_equals(c->json, name, "UNKNOWN"))
		return true;
	for (size_t i = 0; i < sizeof(names_1_0) / sizeof(names_1_0[0]); i++)
		if (crashinfo_json_string_equals(c->json, name, names_1_0[i]))
			return true;
	return false;
}

/* A name that the version does not list is UNKNOWN, or where that is not listed costs sig_info. */
static struct crashinfo_error *convert_signal_names(struct converter *c,
						    crashinfo_json_node sig_info)
{
	static const char *const names[] = {"si_signo_human_readable", "si_code_human_readable"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		crashinfo_json_node name = member(c, sig_info, names[i]);
		struct crashinfo_error *error;

		if (knows_signal_name(c, name))
			continue;
		if (c->version->minor < 2) {
			c->lacks_signal = true;
			error = crashinfo_json_edits_remove(c->edits, 0, "sig_info");
			return error ? error : lose(c, "", "sig_info");
		}
		error = replace(c, name, "\"UNKNOWN\"");
		if (!error)
			error = lose(c, "sig_info", names[i]);
		if (error)
			return error;
	}
	return NULL;
}

/* Append `"name":value` of member `from`, when it is there. */
static void copy_member(struct converter *c, crashinfo_json_node object, const char *from,
			const char *name, struct strbuf *json)
{
	crashinfo_json_node node = member(c, object, from);
	struct crashinfo_slice raw;

	if (node == CRASHINFO_JSON_NONE)
		return;
	raw = crashinfo_json_raw(c->json, node);
	strbuf_addf(json, "%s\"%s\":", json->size > 1 ? "," : "", name);
	strbuf_add(json, raw.data, raw.size);
}

static struct crashinfo_error *convert_sig_info(struct converter *c)
{
	crashinfo_json_node node = member(c, 0, "sig_info");
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_error *error;

	c->lacks_signal = node == CRASHINFO_JSON_NONE;
	if (!is_type(c, node, CRASHINFO_JSON_OBJECT))
		return NULL;
	if (!c->version->rfc0002)
		return convert_signal_names(c, node);
	strbuf_addc(&json, '{');
	copy_member(c, node, "si_addr", "faulting_address", &json);
	copy_member(c, node, "si_signo_human_readable", "signame", &json);
	copy_member(c, node, "si_signo", "signum", &json);
	strbuf_addc(&json, '}');
	if (json.failed)
		return crashinfo_error_no_memory();
	error = replace(c, node, json.data);
	return error ? error : lose(c, "sig_info", "si_code");
}

/* RFC 0002 lists the ids alone. */
static struct crashinfo_error *convert_spans(struct converter *c, const char *name)
{
	crashinfo_json_node array = member(c, 0, name);
	struct crashinfo_error *error = NULL;

	if (!c->version->rfc0002 || !is_type(c, array, CRASHINFO_JSON_ARRAY))
		return NULL;
	for (crashinfo_json_node span = crashinfo_json_first(c->json, array);
	     span != CRASHINFO_JSON_NONE && !error;
	     span = crashinfo_json_next(c->json, array, span)) {
		crashinfo_json_node id = member(c, span, "id");
		struct crashinfo_slice raw;

		if (id == CRASHINFO_JSON_NONE)
			continue;
		raw = crashinfo_json_raw(c->json, id);
		error = crashinfo_json_edits_replace(c->edits, span, raw.data, raw.size);
		if (!error && member(c, span, "thread_name") != CRASHINFO_JSON_NONE)
			error = lose(c, name, "thread_name");
	}
	return error;
}

/* 1.0 cannot do without these two, and what lacks a required member says it is incomplete. */
static struct crashinfo_error *check_required(struct converter *c)
{
	if (c->version->rfc0002 || c->version->minor > 0 ||
	    (member(c, 0, "proc_info") != CRASHINFO_JSON_NONE && !c->lacks_signal))
		return NULL;
	return set(c, 0, "incomplete", "true");
}

static struct crashinfo_error *convert_root(struct converter *c)
{
	crashinfo_json_node experimental = member(c, 0, "experimental");
	char version[16];
	struct crashinfo_error *error;

	snprintf(version, sizeof(version), "\"1.%u\"", c->version->minor);
	error = set(c, 0, "data_schema_version", version);
	if (!error)
		error = remove_newer(c, "", "", 0);
	/* nothing inside of what is removed as a whole is to be edited */
	if (!error && !c->version->rfc0002 && c->version->minor >= 2)
		error = remove_newer(c, "experimental", "experimental", experimental);
	if (!error)
		error = remove_newer(c, "proc_info", "proc_info", member(c, 0, "proc_info"));
	if (!error)
		error = convert_sig_info(c);
	if (!error)
		error = convert_spans(c, "span_ids");
	if (!error)
		error = convert_spans(c, "trace_ids");
	if (!error)
		error = check_required(c);
	return error ? error : convert_error(c);
}

struct crashinfo_error *convert_text(const struct crashinfo_context *context, const char *text,
				     size_t size, const char *version, cJSON *losses, char **ret,
				     size_t *size_ret)
{
	struct converter c = {.version = version_find(version), .losses = losses};
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(context, text, size, NULL, &json);
	if (error)
		return error;
	c.json = json;
	error = crashinfo_json_edits_create(json, &c.edits);
	if (!error)
		error = convert_root(&c);
	if (!error)
		error = crashinfo_json_edits_apply(c.edits, ret, size_ret);
	crashinfo_json_edits_destroy(c.edits);
	crashinfo_json_destroy(json);
	return error;
}
