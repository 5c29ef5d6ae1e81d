/* SPDX-License-Identifier: Apache-2.0 */
/* SARIF 2.1.0: one run whose rules are the keywords of JSON Schema and the rules on reports. */
#include <string.h>

#include "base/version.h"
#include "schema/explain.h"
#include "schema/writer.h"

static const char *const levels[] = {"error", "warning", "note"};

static void add_rule(struct crashinfo_findings_writer *w, const char *id, const char *summary,
		     const char *explanation, const char *level)
{
	writer_separate(w);
	strbuf_addc(&w->out, '{');
	writer_add_member(&w->out, "id", id);
	strbuf_adds(&w->out, "\"shortDescription\":{");
	writer_add_member(&w->out, "text", summary);
	writer_drop_comma(&w->out);
	strbuf_addc(&w->out, '}');
	if (explanation) {
		strbuf_adds(&w->out, ",\"fullDescription\":{");
		writer_add_member(&w->out, "text", explanation);
		writer_drop_comma(&w->out);
		strbuf_addc(&w->out, '}');
	}
	strbuf_addf(&w->out, ",\"defaultConfiguration\":{\"level\":\"%s\"}}", level);
}

static void begin(struct crashinfo_findings_writer *w)
{
	strbuf_adds(&w->out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
			     "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{"
			     "\"name\":\"ddcrash-validate\",\"version\":\"" DDCRASH_VERSION
			     "\",\"rules\":[");
	for (int i = 0; i < KEYWORD_COUNT; i++)
		add_rule(w, keyword_name((enum keyword)i), keyword_summary((enum keyword)i), NULL,
			 "error");
	for (size_t i = 0; crashinfo_lint_rule(i); i++) {
		const struct crashinfo_lint_rule *rule = crashinfo_lint_rule(i);

		add_rule(w, rule->id, rule->summary, rule->explanation, levels[rule->severity]);
	}
	add_rule(w, WRITER_FAILURE_RULE, "an input can be read", NULL, "error");
	strbuf_adds(&w->out, "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[");
	w->entries = 0;
}

/* A path as a URI reference; one that is absolute becomes a file URI. */
static void add_uri(struct strbuf *out, const char *path)
{
	strbuf_adds(out, "\"uri\":\"");
	if (path[0] == '/')
		strbuf_adds(out, "file://");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || strchr("/-._~", c);

		strbuf_addf(out, plain ? "%c" : "%%%02X", c);
	}
	strbuf_addc(out, '"');
}

static void add_region(struct strbuf *out, const struct crashinfo_finding *f)
{
	strbuf_adds(out, "\"region\":{");
	writer_add_number(out, "startLine", f->line);
	writer_add_number(out, "startColumn", f->column);
	writer_add_number(out, "endLine", f->end_line);
	writer_add_number(out, "endColumn", f->end_column);
	writer_drop_comma(out);
	strbuf_addc(out, '}');
}

static void add_result(struct crashinfo_findings_writer *w, const struct writer_document *d,
		       const struct crashinfo_finding *f)
{
	_strbuf_ struct strbuf sentence = {0};

	writer_add_sentence(&sentence, f);
	w->out.failed |= sentence.failed;
	writer_separate(w);
	strbuf_addc(&w->out, '{');
	writer_add_member(&w->out, "ruleId", f->rule);
	writer_add_member(&w->out, "level", levels[f->severity]);
	strbuf_adds(&w->out, "\"message\":{");
	writer_add_member(&w->out, "text", sentence.data ? sentence.data : "");
	writer_drop_comma(&w->out);
	strbuf_adds(&w->out, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{");
	add_uri(&w->out, d->name);
	strbuf_adds(&w->out, "},");
	add_region(&w->out, f);
	strbuf_addc(&w->out, '}');
	if (*f->pointer) {
		strbuf_adds(&w->out, ",\"logicalLocations\":[{");
		writer_add_member(&w->out, "fullyQualifiedName", f->pointer);
		strbuf_adds(&w->out, "\"kind\":\"value\"}]");
	}
	strbuf_adds(&w->out, "}]}");
}

static void add(struct crashinfo_findings_writer *w, const struct writer_document *d)
{
	if (!d->findings) {
		struct crashinfo_finding failure = writer_failure(d->failure);

		add_result(w, d, &failure);
		return;
	}
	for (size_t i = 0; i < d->findings->count; i++)
		add_result(w, d, &d->findings->items[i]);
}

static void finish(struct crashinfo_findings_writer *w)
{
	strbuf_addf(&w->out, "],\"invocations\":[{\"executionSuccessful\":%s}]}]}",
		    w->failures ? "false" : "true");
}

const struct writer_format writer_sarif = {begin, add, finish};
