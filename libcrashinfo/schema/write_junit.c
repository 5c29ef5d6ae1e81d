/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML: a test case for each document. Counts stand in the attributes of what encloses the
 * cases, so those are kept until the end.
 */
#include <string.h>

#include "base/utf8.h"
#include "schema/writer.h"

static void begin(struct crashinfo_findings_writer *w)
{
	(void)w;
}

/* XML 1.0 has no way to write most controls, U+FFFE or U+FFFF. */
static void add_xml(struct strbuf *out, const char *text)
{
	size_t size = strlen(text), length;

	for (size_t i = 0; i < size; i += length) {
		uint32_t code = utf8_next(text + i, size - i, &length);

		if (code == '<' || code == '>' || code == '&' || code == '"' || code == '\'' ||
		    code == '\n' || code == '\t' || code == '\r')
			strbuf_addf(out, "&#%u;", code);
		else if (code < 0x20 || code == 0xfffe || code == 0xffff)
			strbuf_adds(out, "\xef\xbf\xbd");
		else
			utf8_add_lossy(out, text + i, length);
	}
}

static void add_line(struct strbuf *out, const char *name, const struct crashinfo_finding *f)
{
	_strbuf_ struct strbuf sentence = {0};

	writer_add_sentence(&sentence, f);
	add_xml(out, name);
	strbuf_addf(out, ":%u:%u: %s: ", f->line, f->column, crashinfo_severity_name(f->severity));
	add_xml(out, f->pointer);
	strbuf_adds(out, *f->pointer ? ": " : "");
	add_xml(out, sentence.data ? sentence.data : "");
	strbuf_addf(out, " [%s]\n", f->rule);
	out->failed |= sentence.failed;
}

static void add_lines(struct strbuf *out, const struct writer_document *d)
{
	for (size_t i = 0; i < d->findings->count; i++)
		add_line(out, d->name, &d->findings->items[i]);
	if (d->findings->left_out)
		strbuf_addf(out, "%zu more findings\n", d->findings->left_out);
}

static void add(struct crashinfo_findings_writer *w, const struct writer_document *d)
{
	struct strbuf *out = &w->held;

	strbuf_adds(out, "    <testcase classname=\"ddcrash-validate\" name=\"");
	add_xml(out, d->name);
	if (d->index)
		strbuf_addf(out, "#%zu", d->index);
	strbuf_adds(out, "\" file=\"");
	add_xml(out, d->name);
	strbuf_adds(out, "\">\n");
	if (!d->findings) {
		struct crashinfo_finding failure = writer_failure(d->failure);

		strbuf_adds(out, "      <error type=\"" WRITER_FAILURE_RULE "\" message=\"");
		add_xml(out, failure.message);
		strbuf_adds(out, "\">");
		add_line(out, d->name, &failure);
		strbuf_adds(out, "</error>\n");
	} else if (d->invalid) {
		strbuf_addf(out, "      <failure type=\"invalid\" message=\"%zu findings\">",
			    d->findings->count + d->findings->left_out);
		add_lines(out, d);
		strbuf_adds(out, "</failure>\n");
	} else if (d->findings->count) {
		strbuf_adds(out, "      <system-out>");
		add_lines(out, d);
		strbuf_adds(out, "</system-out>\n");
	}
	strbuf_adds(out, "    </testcase>\n");
}

static void finish(struct crashinfo_findings_writer *w)
{
	strbuf_addf(&w->out,
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n"
		    "  <testsuite name=\"ddcrash-validate\" tests=\"%zu\" failures=\"%zu\" "
		    "errors=\"%zu\" skipped=\"0\">\n",
		    w->documents, w->invalid, w->failures, w->documents, w->invalid, w->failures);
	strbuf_add(&w->out, w->held.data, w->held.size);
	strbuf_adds(&w->out, "  </testsuite>\n</testsuites>\n");
	w->out.failed |= w->held.failed;
}

const struct writer_format writer_junit = {begin, add, finish};
