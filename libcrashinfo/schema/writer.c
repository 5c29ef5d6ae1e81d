/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/writer.h"

#include <stdlib.h>
#include <string.h>

#include "json/write.h"

static const struct writer_format *const formats[] = {
	[CRASHINFO_FINDINGS_TEXT] = &writer_text,     [CRASHINFO_FINDINGS_JSON] = &writer_json,
	[CRASHINFO_FINDINGS_NDJSON] = &writer_ndjson, [CRASHINFO_FINDINGS_GITHUB] = &writer_github,
	[CRASHINFO_FINDINGS_GITLAB] = &writer_gitlab, [CRASHINFO_FINDINGS_SARIF] = &writer_sarif,
	[CRASHINFO_FINDINGS_JUNIT] = &writer_junit,
};

struct crashinfo_error *crashinfo_findings_writer_create(
	const struct crashinfo_findings_writer_options *options,
	struct crashinfo_findings_writer **ret)
{
	struct crashinfo_findings_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return crashinfo_error_no_memory();
	writer->options = *options;
	writer->format = formats[options->format];
	writer->format->begin(writer);
	*ret = writer;
	return NULL;
}

void crashinfo_findings_writer_destroy(struct crashinfo_findings_writer *writer)
{
	if (!writer)
		return;
	strbuf_deinit(&writer->out);
	strbuf_deinit(&writer->taken);
	strbuf_deinit(&writer->held);
	free(writer);
}

static bool is_invalid(const struct crashinfo_findings *findings, enum crashinfo_severity fail_on)
{
	return findings->errors || (fail_on >= CRASHINFO_SEVERITY_WARNING && findings->warnings) ||
	       (fail_on >= CRASHINFO_SEVERITY_INFO && findings->infos);
}

struct crashinfo_error *crashinfo_findings_writer_add(struct crashinfo_findings_writer *writer,
						      const char *name, size_t index,
						      const struct crashinfo_findings *findings,
						      const struct crashinfo_error *failure)
{
	struct writer_document d = {name, index, findings, failure, false};

	if (findings) {
		d.invalid = is_invalid(findings, writer->options.fail_on);
		writer->errors += findings->errors;
		writer->warnings += findings->warnings;
		writer->infos += findings->infos;
		writer->left_out += findings->left_out;
	} else {
		writer->failures++;
	}
	writer->invalid += d.invalid;
	writer->format->add(writer, &d);
	writer->documents++;
	return strbuf_error(&writer->out);
}

struct crashinfo_error *crashinfo_findings_writer_finish(struct crashinfo_findings_writer *writer)
{
	writer->format->finish(writer);
	return strbuf_error(&writer->out);
}

struct crashinfo_slice crashinfo_findings_writer_take(struct crashinfo_findings_writer *writer)
{
	struct strbuf taken = writer->out;

	/* the other buffer is what comes next is written to */
	writer->out = writer->taken;
	writer->taken = taken;
	strbuf_clear(&writer->out);
	return (struct crashinfo_slice){taken.data ? taken.data : "", taken.size};
}

/* --- what several formats need --- */

void writer_add_sentence(struct strbuf *out, const struct crashinfo_finding *finding)
{
	const char *between = " (";

	strbuf_adds(out, finding->message);
	if (finding->expected) {
		strbuf_addf(out, "%sexpected %s", between, finding->expected);
		between = ", ";
	}
	if (finding->got) {
		strbuf_addf(out, "%sgot %s", between, finding->got);
		between = "; ";
	}
	if (finding->expected || finding->got)
		strbuf_addc(out, ')');
	if (finding->suggestion)
		strbuf_addf(out, "; did you mean \"%s\"?", finding->suggestion);
}

void writer_add_member(struct strbuf *out, const char *name, const char *text)
{
	if (!text)
		return;
	strbuf_addf(out, "\"%s\":", name);
	json_add_string(out, text, strlen(text));
	strbuf_addc(out, ',');
}

void writer_add_number(struct strbuf *out, const char *name, uint64_t number)
{
	strbuf_addf(out, "\"%s\":%llu,", name, (unsigned long long)number);
}

void writer_drop_comma(struct strbuf *out)
{
	if (out->size && out->data[out->size - 1] == ',')
		out->data[--out->size] = '\0';
}

void writer_separate(struct crashinfo_findings_writer *w)
{
	if (w->entries++)
		strbuf_addc(&w->out, ',');
}

struct crashinfo_finding writer_failure(const struct crashinfo_error *failure)
{
	uint32_t line = failure->line ? failure->line : 1;
	uint32_t column = failure->column ? failure->column : 1;

	return (struct crashinfo_finding){
		.severity = CRASHINFO_SEVERITY_ERROR,
		.rule = WRITER_FAILURE_RULE,
		.pointer = "",
		.offset = failure->offset,
		.line = line,
		.column = column,
		.end_line = line,
		.end_column = column,
		.message = failure->message,
	};
}
