/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report is converted to every version: the result is a report that is valid when the input was,
 * and converting it again changes nothing.
 */
#include <crashinfo/convert.h>
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

static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3", "1.4",
				       "1.5", "1.6", "1.7", "1.8", "rfc0002"};
#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

static struct crashinfo_validator *validators[VERSIONS];

static bool is_valid(size_t version, const struct crashinfo_json *json)
{
	struct crashinfo_findings *findings = NULL;
	struct crashinfo_error *error;
	bool valid;

	if (!validators[version]) {
		struct crashinfo_validator_options options = {.schema_version = versions[version],
							      .max_findings = 1};

		check(!crashinfo_validator_create(NULL, &options, &validators[version]));
	}
	error = crashinfo_validator_run(validators[version], json, false, &findings);
	valid = !error && !findings->errors;
	crashinfo_error_destroy(error);
	crashinfo_findings_destroy(findings);
	return valid;
}

static struct crashinfo_report *parse(const char *text, size_t size)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json;
	struct crashinfo_error *error = crashinfo_json_parse(NULL, text, size, NULL, &json);

	if (!error)
		error = crashinfo_report_create(NULL, json, &report);
	crashinfo_error_destroy(error);
	return report;
}

static void check_losses(const struct crashinfo_conversion *conversion)
{
	const struct crashinfo_loss *loss;

	for (size_t i = 0; (loss = crashinfo_conversion_loss(conversion, i)); i++) {
		check(*loss->pointer == '/' && *loss->reason);
		check(!strchr(loss->reason, '\n'));
	}
}

/* The second time nothing is lost and nothing changes. */
static void check_again(const struct crashinfo_report *report, const char *version,
			struct crashinfo_slice text)
{
	struct crashinfo_conversion *conversion;
	struct crashinfo_error *error;

	error = crashinfo_conversion_create(NULL, report, version, &conversion);
	/* members that RFC 0002 or older forms name can come out of what was unknown */
	check(!error || error->code == CRASHINFO_ERROR_UNSUPPORTED);
	if (!error && crashinfo_report_dialect(report) == CRASHINFO_DIALECT_1_X) {
		struct crashinfo_slice again = crashinfo_conversion_text(conversion);

		check(!crashinfo_conversion_loss(conversion, 0) || !strcmp(version, "rfc0002"));
		check(again.size == text.size || !strcmp(version, "rfc0002"));
	}
	if (!error)
		crashinfo_conversion_destroy(conversion);
	crashinfo_error_destroy(error);
}

static void convert(const struct crashinfo_report *report, size_t version, bool valid)
{
	struct crashinfo_conversion *conversion;
	struct crashinfo_report *converted;
	struct crashinfo_slice text;
	struct crashinfo_error *error;

	error = crashinfo_conversion_create(NULL, report, versions[version], &conversion);
	if (error) {
		check(error->code == CRASHINFO_ERROR_UNSUPPORTED);
		crashinfo_error_destroy(error);
		return;
	}
	check_losses(conversion);
	text = crashinfo_conversion_text(conversion);
	converted = parse(text.data, text.size);
	check(converted);
	if (valid && !crashinfo_conversion_lacks(conversion))
		check(is_valid(version, crashinfo_report_json(converted)));
	check_again(converted, versions[version], text);
	crashinfo_report_destroy(converted);
	crashinfo_conversion_destroy(conversion);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashinfo_report *report = parse((const char *)data, size);
	unsigned major, minor;
	bool rfc0002, valid;

	if (!report)
		return 0;
	rfc0002 = crashinfo_report_dialect(report) == CRASHINFO_DIALECT_RFC0002;
	valid = crashinfo_report_version(report, &major, &minor) && major == 1 &&
		minor < VERSIONS - 1;
	rfc0002 = rfc0002 && valid && !minor;
	valid = valid && is_valid(rfc0002 ? VERSIONS - 1 : minor, crashinfo_report_json(report));
	for (size_t i = 0; i < VERSIONS; i++)
		convert(report, i, valid);
	crashinfo_report_destroy(report);
	return 0;
}
