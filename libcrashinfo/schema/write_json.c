/* SPDX-License-Identifier: Apache-2.0 */
/* For programs: one object, or one line for each document. */
#include "schema/writer.h"

static void add_finding(struct strbuf *out, const struct crashinfo_finding *f)
{
	strbuf_addc(out, '{');
	writer_add_member(out, "severity", crashinfo_severity_name(f->severity));
	writer_add_member(out, "rule", f->rule);
	writer_add_member(out, "pointer", f->pointer);
	writer_add_number(out, "line", f->line);
	writer_add_number(out, "column", f->column);
	writer_add_number(out, "end_line", f->end_line);
	writer_add_number(out, "end_column", f->end_column);
	writer_add_number(out, "offset", f->offset);
	writer_add_member(out, "message", f->message);
	writer_add_member(out, "expected", f->expected);
	writer_add_member(out, "got", f->got);
	writer_add_member(out, "suggestion", f->suggestion);
	writer_drop_comma(out);
	strbuf_adds(out, "},");
}

static void add_findings(struct strbuf *out, const struct crashinfo_findings *findings)
{
	writer_add_member(out, "schema", findings->schema);
	writer_add_number(out, "errors", findings->errors);
	writer_add_number(out, "warnings", findings->warnings);
	writer_add_number(out, "infos", findings->infos);
	if (findings->left_out)
		writer_add_number(out, "left_out", findings->left_out);
	strbuf_adds(out, "\"findings\":[");
	for (size_t i = 0; i < findings->count; i++)
		add_finding(out, &findings->items[i]);
	writer_drop_comma(out);
	strbuf_addc(out, ']');
}

static void add_failure(struct strbuf *out, const struct crashinfo_error *failure)
{
	strbuf_adds(out, "\"failure\":{");
	writer_add_member(out, "message", failure->message);
	if (failure->line) {
		writer_add_number(out, "line", failure->line);
		writer_add_number(out, "column", failure->column);
	}
	writer_drop_comma(out);
	strbuf_addc(out, '}');
}

static void add_document(struct strbuf *out, const struct writer_document *d)
{
	strbuf_addc(out, '{');
	writer_add_member(out, "file", d->name);
	writer_add_number(out, "document", d->index);
	if (d->findings) {
		strbuf_addf(out, "\"valid\":%s,", d->invalid ? "false" : "true");
		add_findings(out, d->findings);
	} else {
		add_failure(out, d->failure);
	}
	strbuf_addc(out, '}');
}

static void begin_json(struct crashinfo_findings_writer *w)
{
	strbuf_adds(&w->out, "{\"documents\":[");
}

static void add_json(struct crashinfo_findings_writer *w, const struct writer_document *d)
{
	writer_separate(w);
	add_document(&w->out, d);
}

static void finish_json(struct crashinfo_findings_writer *w)
{
	strbuf_adds(&w->out, "],\"summary\":{");
	writer_add_number(&w->out, "documents", w->documents);
	writer_add_number(&w->out, "invalid", w->invalid);
	writer_add_number(&w->out, "unreadable", w->failures);
	writer_add_number(&w->out, "errors", w->errors);
	writer_add_number(&w->out, "warnings", w->warnings);
	writer_add_number(&w->out, "infos", w->infos);
	writer_drop_comma(&w->out);
	strbuf_adds(&w->out, "}}");
}

static void begin_ndjson(struct crashinfo_findings_writer *w)
{
	(void)w;
}

static void add_ndjson(struct crashinfo_findings_writer *w, const struct writer_document *d)
{
	add_document(&w->out, d);
	strbuf_addc(&w->out, '\n');
}

const struct writer_format writer_json = {begin_json, add_json, finish_json};
const struct writer_format writer_ndjson = {begin_ndjson, add_ndjson, begin_ndjson};
