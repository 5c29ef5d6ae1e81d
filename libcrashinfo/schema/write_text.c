/* SPDX-License-Identifier: Apache-2.0 */
/* For people: one line a finding as compilers print them, editors jump there. */
#include <string.h>

#include "base/utf8.h"
#include "schema/writer.h"

static const char *const colors[] = {"\033[1;31m", "\033[1;33m", "\033[1;36m"};
#define COLOR_END "\033[0m"

static void begin(struct crashinfo_findings_writer *w)
{
	(void)w;
}

/* A report may hold anything; a terminal must not obey it. */
static void add_escaped(struct strbuf *out, const char *text)
{
	utf8_add_printable(out, text, strlen(text));
}

static void add_finding(struct crashinfo_findings_writer *w, const char *name,
			const struct crashinfo_finding *f)
{
	_strbuf_ struct strbuf sentence = {0};
	bool color = w->options.color;

	writer_add_sentence(&sentence, f);
	add_escaped(&w->out, name);
	strbuf_addf(&w->out, ":%u:%u: %s%s%s: ", f->line, f->column,
		    color ? colors[f->severity] : "", crashinfo_severity_name(f->severity),
		    color ? COLOR_END : "");
	if (*f->pointer) {
		add_escaped(&w->out, f->pointer);
		strbuf_adds(&w->out, ": ");
	}
	add_escaped(&w->out, sentence.data ? sentence.data : "");
	strbuf_addf(&w->out, " [%s]\n", f->rule);
	w->out.failed |= sentence.failed;
}

static void add(struct crashinfo_findings_writer *w, const struct writer_document *d)
{
	/* the tool prints failures as it prints all errors */
	if (!d->findings)
		return;
	for (size_t i = 0; i < d->findings->count; i++)
		add_finding(w, d->name, &d->findings->items[i]);
	if (d->findings->left_out) {
		add_escaped(&w->out, d->name);
		strbuf_addf(&w->out, ": %zu more findings, see --max-errors\n",
			    d->findings->left_out);
	}
	if (w->options.verbose && !d->invalid) {
		add_escaped(&w->out, d->name);
		strbuf_adds(&w->out, ": valid (");
		add_escaped(&w->out, d->findings->schema ? d->findings->schema : "");
		strbuf_adds(&w->out, ")\n");
	}
}

static void add_count(struct strbuf *out, size_t count, const char *what)
{
	strbuf_addf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void finish(struct crashinfo_findings_writer *w)
{
	if (w->options.quiet || (w->documents < 2 && !w->options.verbose))
		return;
	add_count(&w->out, w->documents, "document");
	strbuf_addf(&w->out, ", %zu invalid, %zu unreadable: ", w->invalid, w->failures);
	add_count(&w->out, w->errors, "error");
	strbuf_adds(&w->out, ", ");
	add_count(&w->out, w->warnings, "warning");
	strbuf_adds(&w->out, ", ");
	add_count(&w->out, w->infos, "note");
	strbuf_addc(&w->out, '\n');
}

const struct writer_format writer_text = {begin, add, finish};
