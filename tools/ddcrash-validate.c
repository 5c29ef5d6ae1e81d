/* SPDX-License-Identifier: Apache-2.0 */
/* Documents against schemas and rules; findings in the format that the reader wants. */
#include <stdlib.h>
#include <string.h>

#include <crashinfo/input.h>
#include <crashinfo/json.h>
#include <crashinfo/schema.h>

#include "tool.h"

/* Where relative references of test suites and many examples point. */
#define DEFAULT_BASE_URL "http://localhost:1234/"

enum lint_option { LINT_ERROR, LINT_WARNING, LINT_INFO, LINT_OFF };

struct validate_options {
	enum crashinfo_findings_format format;
	enum crashinfo_severity fail_on;
	enum lint_option lint;
	const char *schema, *schema_version, *explain, *print_schema;
	struct tool_list schema_dirs;
	uint64_t max_errors;
	bool strict, expect_invalid, list_rules;
};

static const struct tool_option options[] = {
	{"schema-version", 0, "VERSION", "hold reports against this built-in schema",
	 TOOL_STRING(struct validate_options, schema_version),
	 .choices = "auto|1.0|1.1|1.2|1.3|1.4|1.5|1.6|1.7|1.8|rfc0002|superset", .fallback = "auto",
	 .group = "Checks"},
	{"schema", 0, "FILE", "hold any JSON against this schema of draft-07",
	 TOOL_STRING(struct validate_options, schema), .complete = TOOL_FILES},
	{"schema-dir", 0, "[URL=]DIR",
	 "where references of --schema are found; the URL is " DEFAULT_BASE_URL " if not given",
	 TOOL_LIST(struct validate_options, schema_dirs), .complete = TOOL_DIRS},
	{"lint", 0, "SEVERITY", "check what reports say, too; leave out what is less severe",
	 TOOL_CHOICE(struct validate_options, lint), .choices = "error|warning|info",
	 .implied = "warning"},
	{"strict", 0, NULL, "take duplicate names and versions that are too new for errors",
	 TOOL_FLAG(struct validate_options, strict)},
	{"fail-on", 0, "SEVERITY", "the least severe findings that make a document invalid",
	 TOOL_CHOICE(struct validate_options, fail_on), .choices = "error|warning|info",
	 .fallback = "error", .group = "Verdict"},
	{"expect-invalid", 0, NULL, "exit 0 when all documents are invalid, 1 when one is valid",
	 TOOL_FLAG(struct validate_options, expect_invalid)},
	{"format", 0, "FORMAT", "what to write", TOOL_CHOICE(struct validate_options, format),
	 .choices = "text|json|ndjson|github|gitlab|sarif|junit", .fallback = "text",
	 .group = "Output"},
	{"json", 0, NULL, "short for --format json",
	 TOOL_SET(struct validate_options, format, CRASHINFO_FINDINGS_JSON)},
	{"max-errors", 0, "N", "findings written of one document, 0 for all",
	 TOOL_NUMBER(struct validate_options, max_errors), .fallback = "100"},
	{"list-rules", 0, NULL, "list the rules of --lint",
	 TOOL_FLAG(struct validate_options, list_rules), .group = "Help on rules and schemas"},
	{"explain", 0, "RULE", "say why a rule matters and what to do",
	 TOOL_STRING(struct validate_options, explain)},
	{"print-schema", 0, "VERSION", "print a built-in schema",
	 TOOL_STRING(struct validate_options, print_schema),
	 .choices = "1.0|1.1|1.2|1.3|1.4|1.5|1.6|1.7|1.8|rfc0002|superset"},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-validate",
	.summary = "Validate crash reports, or any JSON with --schema.",
	.operands = "INPUT...",
	.complete = TOOL_FILES,
	.options = options,
	.common = TOOL_HAS_OUTPUT | TOOL_HAS_LAYOUT | TOOL_HAS_VERBOSE | TOOL_HAS_COLOR |
		  TOOL_HAS_PROGRESS,
};

struct validate {
	struct tool tool;
	struct validate_options options;
	struct crashinfo_schema *schema;
	struct crashinfo_validator *validator;
	struct crashinfo_findings_writer *writer;
	size_t invalid, valid;
};

/* --- rules and schemas --- */

static void list_rules(struct tool *tool)
{
	for (size_t i = 0; crashinfo_lint_rule(i); i++) {
		const struct crashinfo_lint_rule *rule = crashinfo_lint_rule(i);

		fprintf(tool_out(tool), "%-13s %-7s %s\n", rule->id,
			crashinfo_severity_name(rule->severity), rule->summary);
	}
}

static void explain_rule(struct tool *tool, const char *id)
{
	for (size_t i = 0; crashinfo_lint_rule(i); i++) {
		const struct crashinfo_lint_rule *rule = crashinfo_lint_rule(i);

		if (strcmp(rule->id, id))
			continue;
		fprintf(tool_out(tool), "%s (%s): %s\n\n%s\n", rule->id,
			crashinfo_severity_name(rule->severity), rule->summary, rule->explanation);
		return;
	}
	tool_usage(tool, "there is no rule %s, see --list-rules", id);
}

static void print_schema(struct tool *tool, const char *name)
{
	char *text = NULL;
	size_t size;

	if (tool_failed(tool, crashinfo_schema_builtin_text(name, &text, &size)))
		return;
	tool_json(tool, text, size);
	free(text);
}

/* --- validating --- */

/* "URL=DIR" or "DIR"; the text, an argument of the command line, is cut in two. */
static struct crashinfo_schema_base read_base(char *text)
{
	char *colon = strchr(text, ':'), *equals = strrchr(text, '=');

	if (!colon || !equals || colon > equals)
		return (struct crashinfo_schema_base){DEFAULT_BASE_URL, text};
	*equals = '\0';
	return (struct crashinfo_schema_base){text, equals + 1};
}

static struct crashinfo_error *load_schema(struct validate *v)
{
	const struct tool_list *dirs = &v->options.schema_dirs;
	struct crashinfo_schema_base *bases = calloc(dirs->count + 1, sizeof(*bases));
	struct crashinfo_error *error;

	if (!bases)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < dirs->count; i++)
		bases[i] = read_base((char *)dirs->data[i]);
	error = crashinfo_schema_load(&v->tool.context, v->options.schema, bases, dirs->count,
				      &v->schema);
	free(bases);
	return error;
}

static struct crashinfo_error *prepare(struct validate *v)
{
	const struct validate_options *o = &v->options;
	struct crashinfo_validator_options validator = {
		.schema_version = o->schema_version,
		.schema_name = o->schema,
		.lint = o->lint != LINT_OFF,
		.lint_level = (enum crashinfo_severity)o->lint,
		.strict = o->strict,
		.max_findings = o->max_errors,
	};
	struct crashinfo_findings_writer_options writer = {
		.format = o->format,
		.fail_on = o->fail_on,
		.color = tool_color(&v->tool),
		.quiet = v->tool.verbosity<0, .verbose = v->tool.verbosity> 0,
	};
	struct crashinfo_error *error = NULL;

	if (o->schema)
		error = load_schema(v);
	validator.schema = v->schema;
	if (!error)
		error = crashinfo_validator_create(&v->tool.context, &validator, &v->validator);
	return error ? error : crashinfo_findings_writer_create(&writer, &v->writer);
}

/* A format that is one JSON document is laid out as a whole. */
static bool is_one_document(const struct validate *v)
{
	return v->options.format == CRASHINFO_FINDINGS_JSON ||
	       v->options.format == CRASHINFO_FINDINGS_GITLAB ||
	       v->options.format == CRASHINFO_FINDINGS_SARIF;
}

static void write_out(struct validate *v, bool finished)
{
	struct crashinfo_slice text;

	if (is_one_document(v) && !finished)
		return;
	text = crashinfo_findings_writer_take(v->writer);
	if (is_one_document(v))
		tool_json(&v->tool, text.data, text.size);
	else if (text.size)
		fwrite(text.data, 1, text.size, tool_out(&v->tool));
}

static bool is_invalid(const struct validate *v, const struct crashinfo_findings *findings)
{
	size_t counts[] = {findings->errors, findings->warnings, findings->infos};
	size_t sum = 0;

	for (int i = 0; i <= (int)v->options.fail_on; i++)
		sum += counts[i];
	return sum;
}

/* An input that gives no verdict. The error is reported here and in the output. */
static void add_failure(struct validate *v, const char *name, size_t index,
			struct crashinfo_error *error)
{
	const char *source = name ? name : error->source ? error->source : "-";

	tool_failed(&v->tool, crashinfo_findings_writer_add(v->writer, source, index, NULL, error));
	write_out(v, false);
	tool_failed(&v->tool, error);
}

static void validate_document(struct validate *v, struct crashinfo_input *input, bool same_text)
{
	struct crashinfo_findings *findings = NULL;
	struct crashinfo_error *error;

	error = crashinfo_validator_run(v->validator, input->json, same_text, &findings);
	if (error) {
		error = crashinfo_error_at(error, input->name, error->offset, error->line,
					   error->column);
		add_failure(v, input->name, input->index, error);
		return;
	}
	if (is_invalid(v, findings))
		v->invalid++;
	else
		v->valid++;
	tool_failed(&v->tool, crashinfo_findings_writer_add(v->writer, input->name, input->index,
							    findings, NULL));
	write_out(v, false);
	crashinfo_findings_destroy(findings);
}

static void refuse_stream(struct validate *v, const struct crashinfo_input *input)
{
	struct crashinfo_error *error = crashinfo_error_create(
		CRASHINFO_ERROR_FORMAT, "this is a collector stream, which ddcrash-parse turns "
					"into a report");

	add_failure(v, input->name, input->index, crashinfo_error_at(error, input->name, 0, 1, 1));
}

static void validate_all(struct validate *v)
{
	struct crashinfo_inputs *inputs = NULL;
	bool done = false, same_text = false;
	uint64_t documents = 0;

	if (tool_failed(&v->tool, crashinfo_inputs_create(&v->tool.context, v->tool.operands.data,
							  v->tool.operands.count, &inputs)))
		return;
	while (!tool_out_failed(&v->tool)) {
		struct crashinfo_input input;
		struct crashinfo_error *error;

		error = crashinfo_inputs_next(inputs, &input, &done);
		if (!error && done)
			break;
		if (error) {
			add_failure(v, NULL, 0, error);
			same_text = false;
			continue;
		}
		tool_progress(&v->tool, "documents", ++documents, 0);
		if (input.kind == CRASHINFO_INPUT_STREAM) {
			if (!input.index)
				refuse_stream(v, &input);
			same_text = false;
			continue;
		}
		validate_document(v, &input, same_text && input.index);
		crashinfo_json_destroy(input.json);
		same_text = true;
	}
	crashinfo_inputs_destroy(inputs);
}

static enum tool_status run(struct validate *v)
{
	if (tool_failed(&v->tool, prepare(v)))
		return TOOL_FAILED;
	validate_all(v);
	if (!tool_failed(&v->tool, crashinfo_findings_writer_finish(v->writer)))
		write_out(v, true);
	if (v->options.expect_invalid)
		return v->valid ? TOOL_NEGATIVE : TOOL_OK;
	return v->invalid ? TOOL_NEGATIVE : TOOL_OK;
}

int main(int argc, char **argv)
{
	struct validate v = {.options = {.lint = LINT_OFF, .max_errors = 100}};
	enum tool_status status = TOOL_OK;

	tool_start(&v.tool, &program, argc, argv, &v.options);
	if (v.options.schema && v.options.schema_version)
		tool_usage(&v.tool, "--schema and --schema-version exclude each other");
	if (v.options.schema_dirs.count && !v.options.schema)
		tool_usage(&v.tool, "--schema-dir needs --schema");
	if (v.options.list_rules)
		list_rules(&v.tool);
	else if (v.options.explain)
		explain_rule(&v.tool, v.options.explain);
	else if (v.options.print_schema)
		print_schema(&v.tool, v.options.print_schema);
	else if (!v.tool.operands.count)
		tool_usage(&v.tool, "an INPUT is needed; - is standard input");
	else
		status = run(&v);
	crashinfo_findings_writer_destroy(v.writer);
	crashinfo_validator_destroy(v.validator);
	crashinfo_schema_destroy(v.schema);
	return tool_finish(&v.tool, status);
}
