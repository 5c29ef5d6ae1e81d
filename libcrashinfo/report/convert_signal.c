/* SPDX-License-Identifier: Apache-2.0 */
/* sig_info: other names in RFC 0002, few names of signals in 1.0 and 1.1. */
#include <string.h>

#include <crashinfo/report.h>

#include "report/convert.h"

#define SIGNALS "SignalNames"
#define CODES   "SiCodes"

/* Members of RFC 0002 and of 1.x that say the same. */
static const char *const renamed[][2] = {
	{"faulting_address", "si_addr"},
	{"signame", "si_signo_human_readable"},
	{"signum", "si_signo"},
};

/* Give the member `old` the name `name`; one of that name that is there already stays. */
static struct crashinfo_error *rename_member(struct converter *c, const struct convert_member *m,
					     const char *old, const char *name)
{
	crashinfo_json_node value = convert_get(c, m->value, old);
	struct convert_place place = {m->place, old, 0};
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_error *error;

	if (value == CRASHINFO_JSON_NONE)
		return NULL;
	if (convert_is(c, value, CRASHINFO_JSON_NULL) ||
	    convert_get(c, m->value, name) != CRASHINFO_JSON_NONE) {
		error = crashinfo_json_edits_remove(c->edits, m->value, old);
		if (error || convert_is(c, value, CRASHINFO_JSON_NULL))
			return error;
		return convert_lose(c, &place, "there is a %s too", name);
	}
	strbuf_addf(&json, "\"%s\"", name);
	/* the name stands right before its value */
	return json.failed ? crashinfo_error_no_memory() : convert_replace(c, value - 1, json.data);
}

static struct crashinfo_error *to_rfc0002(struct converter *c, const struct convert_member *m)
{
	static const char *const lost[] = {"si_code", "si_code_human_readable"};
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]) && !error; i++)
		error = rename_member(c, m, renamed[i][1], renamed[i][0]);
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]) && !error; i++) {
		struct convert_place place = {m->place, lost[i], 0};

		if (convert_get(c, m->value, lost[i]) == CRASHINFO_JSON_NONE)
			continue;
		error = crashinfo_json_edits_remove(c->edits, m->value, lost[i]);
		if (!error)
			error = convert_lose(c, &place, "no such member");
	}
	return error;
}

/* A member by its name in 1.x or in RFC 0002. */
static crashinfo_json_node either(const struct converter *c, crashinfo_json_node object,
				  const char *name)
{
	crashinfo_json_node node = convert_get(c, object, name);

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (node == CRASHINFO_JSON_NONE && c->from & REPORT_RFC0002 &&
		    !strcmp(renamed[i][1], name))
			node = convert_get(c, object, renamed[i][0]);
	return node;
}

static bool enum_has(const struct converter *c, const char *enumeration, const char *value)
{
	for (size_t i = 0; i < report_enum_value_count; i++)
		if (convert_to(c, report_enum_values[i].in) &&
		    !strcmp(report_enum_values[i].enumeration, enumeration) &&
		    !strcmp(report_enum_values[i].value, value))
			return true;
	return false;
}

/* The version cannot do with the signal: it goes as a whole, and 1.0 misses it. */
static struct crashinfo_error *drop_signal(struct converter *c, const struct convert_member *m,
					   const char *reason)
{
	struct crashinfo_error *error = convert_drop(c, m, reason);

	if (error || !convert_to(c, m->rule->to->required))
		return error;
	c->result->lacks = m->rule->name;
	return convert_set_incomplete(c);
}

/* Faults come from the kernel, which is the next best that 1.0 and 1.1 can say. */
static bool is_fault(int64_t number)
{
	static const char *const faults[] = {"SIGSEGV", "SIGBUS", "SIGILL",
					     "SIGFPE",  "SIGSYS", "SIGTRAP"};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!strcmp(crashinfo_signal_name(number), faults[i]))
			return true;
	return false;
}

/* Without UNKNOWN the nearest code stands in; the report says so nowhere, the loss does. */
static struct crashinfo_error *nearest_code(struct converter *c, const struct convert_member *m,
					    int64_t number)
{
	bool fault = is_fault(number);
	const char *name = fault ? "SI_KERNEL" : "SI_USER";
	struct convert_place place = {m->place, "si_code", 0};
	struct crashinfo_error *error;

	error = convert_set(c, m->value, "si_code", fault ? "128" : "0");
	if (!error)
		error = convert_set(c, m->value, "si_code_human_readable",
				    fault ? "\"SI_KERNEL\"" : "\"SI_USER\"");
	return error ? error : convert_lose(c, &place, "no such value, now %s", name);
}

static struct crashinfo_error *convert_code(struct converter *c, const struct convert_member *m,
					    int64_t number)
{
	crashinfo_json_node name = convert_get(c, m->value, "si_code_human_readable");
	crashinfo_json_node code = convert_get(c, m->value, "si_code");
	struct convert_place place = {m->place, "si_code_human_readable", 0};
	struct crashinfo_error *error = NULL;

	if (name != CRASHINFO_JSON_NONE && code != CRASHINFO_JSON_NONE &&
	    (!convert_is(c, name, CRASHINFO_JSON_STRING) || convert_in_enum(c, CODES, name)))
		return NULL;
	if (!enum_has(c, CODES, "UNKNOWN"))
		return nearest_code(c, m, number);
	if (code == CRASHINFO_JSON_NONE)
		error = convert_set(c, m->value, "si_code", "0");
	if (!error)
		error = convert_set(c, m->value, "si_code_human_readable", "\"UNKNOWN\"");
	/* RFC 0002 has no code to lose */
	if (error || name == CRASHINFO_JSON_NONE)
		return error;
	return convert_lose(c, &place, "no such value, now UNKNOWN");
}

/* `*gone` when sig_info had to go because its signal has no name. */
static struct crashinfo_error *convert_signal_name(struct converter *c,
						   const struct convert_member *m,
						   crashinfo_json_node name, int64_t number,
						   bool *gone)
{
	const char *known = crashinfo_signal_name(number);
	struct convert_place place = {
		m->place,
		convert_get(c, m->value, "signame") == name ? "signame" : "si_signo_human_readable",
		0};
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_error *error;

	if (!convert_is(c, name, CRASHINFO_JSON_STRING) || convert_in_enum(c, SIGNALS, name))
		return NULL;
	if (!enum_has(c, SIGNALS, known))
		known = "UNKNOWN";
	if (!enum_has(c, SIGNALS, known)) {
		*gone = true;
		return drop_signal(c, m, "no name for this signal");
	}
	strbuf_addf(&json, "\"%s\"", known);
	error = json.failed ? crashinfo_error_no_memory() : convert_replace(c, name, json.data);
	return error ? error : convert_lose(c, &place, "no such value, now %s", known);
}

static struct crashinfo_error *to_1_x(struct converter *c, const struct convert_member *m)
{
	crashinfo_json_node number_node = either(c, m->value, "si_signo");
	int64_t number = 0;
	bool gone = false;
	struct crashinfo_error *error;

	if (number_node != CRASHINFO_JSON_NONE &&
	    !crashinfo_json_int64(c->json, number_node, &number))
		number = 0;
	error = convert_signal_name(c, m, either(c, m->value, "si_signo_human_readable"), number,
				    &gone);
	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]) && !error && !gone; i++)
		if (c->from & REPORT_RFC0002)
			error = rename_member(c, m, renamed[i][0], renamed[i][1]);
	return error || gone ? error : convert_code(c, m, number);
}

struct crashinfo_error *convert_sig_info(struct converter *c, const struct convert_member *m)
{
	bool null = convert_is(c, m->value, CRASHINFO_JSON_NULL);

	if (m->value == CRASHINFO_JSON_NONE || null) {
		if (convert_to(c, m->rule->to->required) && !(m->rule->from->required & c->from))
			return drop_signal(c, m, "");
		return null && !convert_to(c, m->rule->to->nullable) ? convert_remove(c, m) : NULL;
	}
	if (!convert_is(c, m->value, CRASHINFO_JSON_OBJECT))
		return NULL;
	return convert_to(c, REPORT_RFC0002) ? to_rfc0002(c, m) : to_1_x(c, m);
}
