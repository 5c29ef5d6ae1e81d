/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two JSON texts with a NUL between them: a schema and a document. The document is validated
 * against the schema, and, with all rules, against the built-in ones; findings are written in every
 * format.
 */
#include <crashinfo/schema.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void check_findings(const struct crashinfo_findings *findings)
{
	check(findings->count + findings->left_out ==
	      findings->errors + findings->warnings + findings->infos);
	for (size_t i = 0; i < findings->count; i++) {
		const struct crashinfo_finding *f = &findings->items[i];

		check(f->line && f->column && f->end_line >= f->line);
		check(f->rule && f->message && f->pointer);
		check(!i || f->offset >= f[-1].offset);
	}
}

static void write_findings(const struct crashinfo_findings *findings)
{
	for (int format = 0; format <= CRASHINFO_FINDINGS_JUNIT; format++) {
		struct crashinfo_findings_writer_options options = {
			.format = (enum crashinfo_findings_format)format};
		struct crashinfo_findings_writer *writer;
		struct crashinfo_json *json;
		struct crashinfo_slice text;

		check(!crashinfo_findings_writer_create(&options, &writer));
		check(!crashinfo_findings_writer_add(writer, "in,put", 0, findings, NULL));
		check(!crashinfo_findings_writer_finish(writer));
		text = crashinfo_findings_writer_take(writer);
		if (format == CRASHINFO_FINDINGS_JSON || format == CRASHINFO_FINDINGS_SARIF ||
		    format == CRASHINFO_FINDINGS_GITLAB) {
			check(!crashinfo_json_parse(NULL, text.data, text.size, NULL, &json));
			crashinfo_json_destroy(json);
		}
		crashinfo_findings_writer_destroy(writer);
	}
}

static void validate(const struct crashinfo_validator_options *options,
		     const struct crashinfo_json *json)
{
	struct crashinfo_findings *findings = NULL;
	struct crashinfo_validator *validator;
	struct crashinfo_error *error;

	check(!crashinfo_validator_create(NULL, options, &validator));
	error = crashinfo_validator_run(validator, json, false, &findings);
	check(error || findings);
	if (!error) {
		check_findings(findings);
		write_findings(findings);
	}
	crashinfo_error_destroy(error);
	crashinfo_findings_destroy(findings);
	crashinfo_validator_destroy(validator);
}

static void validate_all(const struct crashinfo_schema *schema, const struct crashinfo_json *json)
{
	struct crashinfo_validator_options options = {.schema = schema, .max_findings = 20};

	if (schema)
		validate(&options, json);
	options = (struct crashinfo_validator_options){
		.lint = true, .lint_level = CRASHINFO_SEVERITY_INFO, .max_findings = 20};
	validate(&options, json);
	options.schema_version = "superset";
	validate(&options, json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *nul = size ? memchr(text, 0, size) : NULL;
	struct crashinfo_schema *schema = NULL;
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	if (!nul)
		return 0;
	error = crashinfo_schema_create(NULL, text, (size_t)(nul - text), NULL, NULL, 0, &schema);
	crashinfo_error_destroy(error);
	error = crashinfo_json_parse(NULL, nul + 1, size - (size_t)(nul + 1 - text), NULL, &json);
	if (!error) {
		validate_all(schema, json);
		crashinfo_json_destroy(json);
	}
	crashinfo_error_destroy(error);
	crashinfo_schema_destroy(schema);
	return 0;
}
