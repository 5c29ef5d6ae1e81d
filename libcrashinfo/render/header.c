/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a report: what happened, in which program, where and when. */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "render/render.h"

/* In front of what goes on in the next line. */
#define ROW_INDENT "            "

/* Add `text` behind `separator` when something is there already. */
static void add_part(struct strbuf *out, const char *separator, const char *text)
{
	if (!text || !*text)
		return;
	if (out->size)
		strbuf_adds(out, separator);
	render_escaped(out, text);
}

/* --- values of the rows below; an empty one is not shown --- */

/* Messages of exceptions have lines. */
static void add_message(const char *message, struct strbuf *out)
{
	size_t lines = 0;

	while (*message && lines++ < RENDER_LINES) {
		size_t size = strcspn(message, "\n");

		if (lines > 1)
			strbuf_adds(out, "\n" ROW_INDENT);
		render_line(out, message, size);
		message += size + (message[size] == '\n');
	}
	if (*message)
		strbuf_addf(out, "\n" ROW_INDENT "... (%zu bytes more)", strlen(message));
}

static void value_message(const struct render *r, struct strbuf *out)
{
	static const char by_default[] = "Process terminated with ";
	const char *message = r->summary->message;

	/* the receiver's own words say what the first line says */
	if (message &&
	    (!r->summary->signal_name || strncmp(message, by_default, strlen(by_default))))
		add_message(message, out);
}

static void value_process(const struct render *r, struct strbuf *out)
{
	if (r->summary->pid)
		strbuf_addf(out, "%" PRIu64, r->summary->pid);
	if (r->summary->tid)
		strbuf_addf(out, "%sthread %" PRIu64, out->size ? ", " : "", r->summary->tid);
	else if (r->summary->thread_name)
		add_part(out, ", ", "thread");
	if (!r->summary->thread_name)
		return;
	strbuf_adds(out, " \"");
	render_escaped(out, r->summary->thread_name);
	strbuf_addc(out, '"');
}

static bool is_known(const char *text)
{
	return text && *text && strcasecmp(text, "unknown");
}

static void value_library(const struct render *r, struct strbuf *out)
{
	const struct crashinfo_report_summary *s = r->summary;

	if (is_known(s->library_name))
		add_part(out, " ", s->library_name);
	if (is_known(s->library_version))
		add_part(out, " ", s->library_version);
	if (!is_known(s->family))
		return;
	strbuf_adds(out, out->size ? " (" : "(");
	render_escaped(out, s->family);
	strbuf_addc(out, ')');
}

/* Tags are a list of "key:value", or an object in RFC 0002. */
static void value_tags(const struct render *r, struct strbuf *out)
{
	crashinfo_json_node tags = render_at(r, "metadata.tags", CRASHINFO_JSON_ARRAY);
	bool object = tags == CRASHINFO_JSON_NONE;
	crashinfo_json_node tag;
	size_t count = 0;

	if (object)
		tags = render_at(r, "metadata.tags", CRASHINFO_JSON_OBJECT);
	if (tags == CRASHINFO_JSON_NONE)
		return;
	for (tag = crashinfo_json_first(r->json, tags);
	     tag != CRASHINFO_JSON_NONE && count < RENDER_NAMES;
	     tag = crashinfo_json_next(r->json, tags, tag), count++) {
		if (count)
			strbuf_adds(out, ", ");
		render_node(r, out, tag);
		if (object) {
			strbuf_addc(out, ':');
			render_node(r, out, crashinfo_json_value(tag));
		}
	}
	if (tag != CRASHINFO_JSON_NONE)
		strbuf_addf(out, " and %zu more", crashinfo_json_count(r->json, tags) - count);
}

static void value_system(const struct render *r, struct strbuf *out)
{
	const struct crashinfo_report_summary *s = r->summary;

	if (is_known(s->os_type))
		add_part(out, " ", s->os_type);
	if (is_known(s->os_version))
		add_part(out, " ", s->os_version);
	if (is_known(s->architecture))
		add_part(out, ", ", s->architecture);
}

static void value_time(const struct render *r, struct strbuf *out)
{
	add_part(out, "", r->summary->timestamp);
}

static void value_report(const struct render *r, struct strbuf *out)
{
	const struct crashinfo_report_summary *s = r->summary;

	add_part(out, "", s->uuid);
	if (!s->schema_version)
		return;
	add_part(out, ", ", "schema");
	strbuf_addc(out, ' ');
	render_escaped(out, s->schema_version);
}

/* Ids are objects with "id", or strings in RFC 0002. */
static void add_ids(const struct render *r, const char *path, struct strbuf *out)
{
	crashinfo_json_node ids = render_at(r, path, CRASHINFO_JSON_ARRAY), id;
	size_t count = 0;

	if (ids == CRASHINFO_JSON_NONE)
		return;
	for (id = crashinfo_json_first(r->json, ids);
	     id != CRASHINFO_JSON_NONE && count < RENDER_NAMES;
	     id = crashinfo_json_next(r->json, ids, id), count++) {
		crashinfo_json_node member = crashinfo_json_member(r->json, id, "id");

		if (count)
			strbuf_adds(out, ", ");
		render_node(r, out, member == CRASHINFO_JSON_NONE ? id : member);
	}
	if (id != CRASHINFO_JSON_NONE)
		strbuf_addf(out, " and %zu more", crashinfo_json_count(r->json, ids) - count);
}

static void value_traces(const struct render *r, struct strbuf *out)
{
	add_ids(r, "trace_ids", out);
}

static void value_spans(const struct render *r, struct strbuf *out)
{
	add_ids(r, "span_ids", out);
}

static void value_counters(const struct render *r, struct strbuf *out)
{
	crashinfo_json_node counters = render_at(r, "counters", CRASHINFO_JSON_OBJECT), name;
	size_t shown = 0;

	if (counters == CRASHINFO_JSON_NONE)
		return;
	for (name = crashinfo_json_first(r->json, counters);
	     name != CRASHINFO_JSON_NONE && shown < RENDER_NAMES;
	     name = crashinfo_json_next(r->json, counters, name)) {
		int64_t value;

		/* what was not going on is of no interest */
		if (!crashinfo_json_int64(r->json, crashinfo_json_value(name), &value) || !value)
			continue;
		if (shown++)
			strbuf_adds(out, ", ");
		render_node(r, out, name);
		strbuf_addf(out, "=%" PRId64, value);
	}
}

static void value_incomplete(const struct render *r, struct strbuf *out)
{
	if (r->summary->incomplete)
		strbuf_adds(out, "the report is incomplete: something could not be collected");
}

static const struct {
	const char *label;
	void (*value)(const struct render *r, struct strbuf *out);
} rows[] = {
	{"message", value_message}, {"process", value_process}, {"library", value_library},
	{"tags", value_tags},       {"system", value_system},   {"time", value_time},
	{"traces", value_traces},   {"spans", value_spans},     {"counters", value_counters},
	{"report", value_report},   {"note", value_incomplete},
};

/* --- the first line --- */

/* The address, where the kernel gives one: not for signals that a process sent. */
static bool has_fault_address(const struct crashinfo_report_summary *s)
{
	static const char *const faults[] = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP"};

	if (!s->fault_address || !s->signal_name ||
	    (s->has_signal_code && (s->signal_code <= 0 || s->signal_code == 0x80)))
		return false;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!strcmp(s->signal_name, faults[i]))
			return true;
	return false;
}

/* Without the zeros in front, when it is an address at all. */
static void add_address(const char *text, struct strbuf *out)
{
	uint64_t address;

	if (parse_address(text, strlen(text), &address))
		strbuf_addf(out, "0x%" PRIx64, address);
	else
		render_escaped(out, text);
}

static void add_signal(const struct render *r, struct strbuf *out)
{
	const struct crashinfo_report_summary *s = r->summary;
	_strbuf_ struct strbuf meaning = {0};

	render_escaped(out, s->signal_name);
	if (is_known(s->signal_code_name)) {
		strbuf_adds(out, " (");
		render_escaped(out, s->signal_code_name);
		strbuf_addc(out, ')');
	} else if (s->has_signal_code) {
		strbuf_addf(out, " (code %" PRId64 ")", s->signal_code);
	}
	if (has_fault_address(s)) {
		strbuf_adds(out, " at ");
		add_address(s->fault_address, out);
	}
	render_signal_meaning(s, &meaning);
	if (meaning.size)
		strbuf_adds(out, ": ");
	strbuf_add(out, meaning.data, meaning.size);
	out->failed |= meaning.failed;
}

static void add_title(const struct render *r, struct strbuf *out)
{
	const struct crashinfo_report_summary *s = r->summary;

	if (s->signal_name)
		add_signal(r, out);
	else if (s->kind)
		render_escaped(out, s->kind);
	else
		strbuf_adds(out, "Error of unknown kind");
	if (!s->is_crash)
		strbuf_adds(out, " (not a crash)");
}

/* What goes on the present line of the header, and how far that is. */
struct wrapped {
	struct strbuf *out;
	size_t column, width; /* width 0: no limit */
};

/* Add a word and the blanks before it, on a new line when it does not fit behind others. */
static void add_word(struct wrapped *line, const char *text, size_t blanks, size_t size)
{
	size_t columns = utf8_length(text, blanks + size);

	if (line->width && blanks && line->column > strlen(ROW_INDENT) &&
	    line->column + columns > line->width) {
		strbuf_adds(line->out, "\n" ROW_INDENT);
		line->column = strlen(ROW_INDENT);
		strbuf_add(line->out, text + blanks, size);
		line->column += columns - blanks;
		return;
	}
	strbuf_add(line->out, text, blanks + size);
	line->column += columns;
}

static void add_wrapped(struct wrapped *line, const char *text)
{
	while (*text) {
		size_t blanks = strspn(text, " "), size = strcspn(text + blanks, " \n");

		add_word(line, text, blanks, size);
		text += blanks + size;
		if (*text == '\n') {
			strbuf_addc(line->out, *text++);
			line->column = 0;
		}
	}
}

void render_header(const struct render *r, struct strbuf *out)
{
	_strbuf_ struct strbuf text = {0}, title = {0};
	struct wrapped line = {&title, 0, r->options->width};

	add_title(r, &text);
	add_wrapped(&line, text.size ? text.data : "");
	render_styled(out, RENDER_ALERT, title.data);
	strbuf_addc(out, '\n');
	line.out = out;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		strbuf_clear(&text);
		rows[i].value(r, &text);
		if (!text.size)
			continue;
		strbuf_addf(out, "  %-9s ", rows[i].label);
		line.column = strlen(ROW_INDENT);
		add_wrapped(&line, text.data);
		strbuf_addc(out, '\n');
	}
	out->failed |= text.failed || title.failed;
}
