/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of compiling, validating and writing findings fails once. */
#include <assert.h>
#include <string.h>

#include <crashinfo/schema.h>

#include "tests/alloc.h"
#include "tests/suite.h"

struct work {
	const char *schema; /* NULL: a built-in one and all rules */
	const char *document;
};

static const struct work works[] = {
	{"{\"$id\":\"http://x/y\",\"properties\":{\"a\":{\"$ref\":\"#/definitions/d~1e\"},\"b\":{"
	 "\"pattern\":\"^(?<n>a)$\",\"format\":\"idn-hostname\"}},\"required\":[\"ab\",\"c\"],"
	 "\"patternProperties\":{\"^z\":false},\"additionalProperties\":{\"type\":\"null\"},"
	 "\"dependencies\":{\"a\":[\"q\"]},\"definitions\":{\"d/e\":{\"enum\":[\"one\",{\"k\":[1]}]"
	 "}}}",
	 "{\"a\":\"\\u006fnne\",\"b\":\"xn--x\",\"ba\":1,\"zz\":2,\"a\":{\"k\":[1.0]}}"},
	{"{\"items\":{\"oneOf\":[{\"type\":\"array\",\"uniqueItems\":true,\"contains\":{\"const\":"
	 "3}},"
	 "{\"type\":\"array\",\"maxItems\":1},{\"not\":{\"type\":\"array\"}}],\"multipleOf\":"
	 "123456789012345678901}}",
	 "[[1,1.0,{\"a\":1}],{},246913578024691357802e3]"},
	{NULL,
	 "{\"data_schema_version\":\"1.8\",\"error\":{\"kind\":\"UnixSignel\",\"stack\":{"
	 "\"frames\":["
	 "{\"ip\":\"0x401136\",\"relative_address\":\"0x1137\",\"path\":\"/p\",\"build_id\":\"ab\","
	 "\"mangled_name\":\"x\"},{\"sp\":\"zz\"}]},\"threads\":[{\"name\":\"w\",\"stack\":{"
	 "\"frames\":[]}}]},\"files\":{\"/proc/self/maps\":[\"400000-402000 r-xp 00000000 08:01 7 "
	 "/q\"]},\"metadata\":{\"tags\":[\"a:b\",\"a:c,d\"]},\"span_ids\":[\"1\",\"1\"],\"sig_"
	 "info\":{"
	 "\"si_signo\":11,\"si_signo_human_readable\":\"SIGBUS\"},\"uuid\":\"x\",\"timestamp\":"
	 "\"2026-01-02 03:04:05 UTC\",\"log_messages\":[\"\\u0000\"]}"},
};

static struct crashinfo_error *write_findings(const struct crashinfo_findings *findings)
{
	struct crashinfo_error *error = NULL;

	for (int format = 0; format <= CRASHINFO_FINDINGS_JUNIT && !error; format++) {
		struct crashinfo_findings_writer_options options = {
			.format = (enum crashinfo_findings_format)format};
		struct crashinfo_findings_writer *writer = NULL;

		error = crashinfo_findings_writer_create(&options, &writer);
		if (!error)
			error = crashinfo_findings_writer_add(writer, "name", 0, findings, NULL);
		if (!error)
			error = crashinfo_findings_writer_finish(writer);
		crashinfo_findings_writer_destroy(writer);
	}
	return error;
}

static struct crashinfo_error *run(const struct crashinfo_validator_options *options,
				   const struct crashinfo_json *json)
{
	struct crashinfo_validator *validator = NULL;
	struct crashinfo_findings *findings = NULL;
	struct crashinfo_error *error;

	error = crashinfo_validator_create(NULL, options, &validator);
	if (!error)
		error = crashinfo_validator_run(validator, json, false, &findings);
	assert(error ? !findings : findings->errors > 0);
	if (!error)
		error = write_findings(findings);
	crashinfo_findings_destroy(findings);
	crashinfo_validator_destroy(validator);
	return error;
}

static struct crashinfo_error *validate(void *argument)
{
	const struct work *work = argument;
	struct crashinfo_validator_options options = {.lint = !work->schema,
						      .lint_level = CRASHINFO_SEVERITY_INFO};
	struct crashinfo_schema *schema = NULL;
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error = NULL;

	if (work->schema)
		error = crashinfo_schema_create(NULL, work->schema, strlen(work->schema), NULL,
						NULL, 0, &schema);
	options.schema = schema;
	if (!error)
		error = crashinfo_json_parse(NULL, work->document, strlen(work->document), NULL,
					     &json);
	if (!error)
		error = run(&options, json);
	crashinfo_json_destroy(json);
	crashinfo_schema_destroy(schema);
	return error;
}

START_TEST(test_each)
{
	ck_assert_uint_gt(alloc_fail_each(validate, (void *)&works[_i]), 20);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_loop_test(tests, test_each, 0, sizeof(works) / sizeof(works[0]));
}

int main(void)
{
	return suite_run("schema_memory", add);
}
