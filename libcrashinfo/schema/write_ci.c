/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations of GitHub's workflow commands and code quality reports of GitLab. */
#include <string.h>

#include "base/utf8.h"
#include "schema/writer.h"

static void begin_github(struct crashinfo_findings_writer *w)
{
	(void)w;
}

/* Percent escapes of workflow commands: properties end at ':' and ',', the message does not. */
static void add_command_text(struct strbuf *out, const char *text, bool property)
{
	_strbuf_ struct strbuf safe = {0};

	utf8_add_printable(&safe, text, strlen(text));
	out->failed |= safe.failed;
	for (size_t i = 0; i < safe.size; i++) {
		char c = safe.data[i];

		if (c == '%' || (property && (c == ':' || c == ',')))
			strbuf_addf(out, "%%%02X", (unsigned char)c);
		else
			strbuf_addc(out, c);
	}
}

static void add_command(struct strbuf *out, const char *name, const struct crashinfo_finding *f)
{
	static const char *const commands[] = {"error", "warning", "notice"};
	_strbuf_ struct strbuf sentence = {0};

	writer_add_sentence(&sentence, f);
	strbuf_addf(out, "::%s file=", commands[f->severity]);
	add_command_text(out, name, true);
	strbuf_addf(out, ",line=%u,endLine=%u", f->line, f->end_line);
	/* columns are only taken within one line */
	if (f->line == f->end_line)
		strbuf_addf(out, ",col=%u,endColumn=%u", f->column, f->end_column);
	strbuf_addf(out, ",title=ddcrash-validate %s::", f->rule);
	if (*f->pointer) {
		add_command_text(out, f->pointer, false);
		strbuf_adds(out, " ");
	}
	add_command_text(out, sentence.data ? sentence.data : "", false);
	strbuf_addc(out, '\n');
	out->failed |= sentence.failed;
}

static void add_github(struct crashinfo_findings_writer *w, const struct writer_document *d)
{
	if (!d->findings) {
		struct crashinfo_finding failure = writer_failure(d->failure);

		add_command(&w->out, d->name, &failure);
		return;
	}
	for (size_t i = 0; i < d->findings->count; i++)
		add_command(&w->out, d->name, &d->findings->items[i]);
}

/* --- GitLab --- */

/* Stays the same while a finding does, wherever its line moves to. */
static uint64_t fingerprint(const char *name, size_t index, const struct crashinfo_finding *f)
{
	const char *const texts[] = {name, f->rule, f->pointer, f->message};
	uint64_t hash = 0xcbf29ce484222325u ^ index;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *c = texts[i];; c++) {
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
			if (!*c)
				break;
		}
	return hash;
}

static void add_issue(struct crashinfo_findings_writer *w, const struct writer_document *d,
		      const struct crashinfo_finding *f)
{
	static const char *const severities[] = {"major", "minor", "info"};
	_strbuf_ struct strbuf sentence = {0};

	if (*f->pointer)
		strbuf_addf(&sentence, "%s: ", f->pointer);
	writer_add_sentence(&sentence, f);
	w->out.failed |= sentence.failed;
	writer_separate(w);
	strbuf_addc(&w->out, '{');
	writer_add_member(&w->out, "description", sentence.data ? sentence.data : "");
	writer_add_member(&w->out, "check_name", f->rule);
	strbuf_addf(&w->out, "\"fingerprint\":\"%016llx\",",
		    (unsigned long long)fingerprint(d->name, d->index, f));
	writer_add_member(&w->out, "severity", severities[f->severity]);
	strbuf_adds(&w->out, "\"location\":{");
	writer_add_member(&w->out, "path", d->name);
	strbuf_addf(&w->out, "\"lines\":{\"begin\":%u,\"end\":%u}}}", f->line, f->end_line);
}

static void begin_gitlab(struct crashinfo_findings_writer *w)
{
	strbuf_addc(&w->out, '[');
}

static void add_gitlab(struct crashinfo_findings_writer *w, const struct writer_document *d)
{
	if (!d->findings) {
		struct crashinfo_finding failure = writer_failure(d->failure);

		add_issue(w, d, &failure);
		return;
	}
	for (size_t i = 0; i < d->findings->count; i++)
		add_issue(w, d, &d->findings->items[i]);
}

static void finish_gitlab(struct crashinfo_findings_writer *w)
{
	strbuf_adds(&w->out, "]");
}

const struct writer_format writer_github = {begin_github, add_github, begin_github};
const struct writer_format writer_gitlab = {begin_gitlab, add_gitlab, finish_gitlab};
