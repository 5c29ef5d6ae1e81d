/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions: the version a report has, the passes over it, and what comes of them. */
#include <stdlib.h>
#include <string.h>

#include "report/convert.h"

/* The version in whose form the report is, 0 when no table has it; `*labelled`: as it says. */
static report_versions version_of(const struct crashinfo_report *report, bool *labelled)
{
	enum crashinfo_dialect dialect = crashinfo_report_dialect(report);
	unsigned major = 0, minor = 0;
	bool known = crashinfo_report_version(report, &major, &minor);

	*labelled = known && minor <= REPORT_MINOR_MAX;
	if (dialect == CRASHINFO_DIALECT_DRAFT0002 || dialect == CRASHINFO_DIALECT_LEGACY_2024 ||
	    (known && major != 1))
		return 0;
	/* RFC 0002 is labelled 1.0; other versions may have members of its names */
	if (dialect == CRASHINFO_DIALECT_RFC0002 && (!known || !minor))
		return REPORT_RFC0002;
	return REPORT_MINOR(*labelled ? minor : REPORT_MINOR_MAX);
}

static struct crashinfo_error *set_label(struct converter *c, const char *version)
{
	struct strbuf json _strbuf_ = {0};

	/* RFC 0002 calls itself that */
	strbuf_addf(&json, "\"%s\"", convert_to(c, REPORT_RFC0002) ? "1.0" : version);
	return json.failed ? crashinfo_error_no_memory()
			   : convert_set(c, 0, "data_schema_version", json.data);
}

/* Apply the edits and keep the text as the result. */
static struct crashinfo_error *apply(struct converter *c)
{
	char *text;
	size_t size;
	struct crashinfo_error *error = crashinfo_json_edits_apply(c->edits, &text, &size);

	if (error)
		return error;
	free(c->result->text);
	c->result->text = text;
	c->result->size = size;
	return NULL;
}

static struct crashinfo_error *first_pass(struct converter *c, const char *version, bool same)
{
	struct crashinfo_error *error = crashinfo_json_edits_create(c->json, &c->edits);

	if (!error && !same)
		error = set_label(c, version);
	if (!error && !same)
		error = convert_root(c);
	if (!error)
		error = apply(c);
	crashinfo_json_edits_destroy(c->edits);
	return error;
}

/* Over the text that the first pass made. */
static struct crashinfo_error *second_pass(struct converter *c)
{
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;
	char *text = c->result->text;

	c->edits = NULL;
	error = crashinfo_json_parse(c->context, text, c->result->size, NULL, &json);
	if (error)
		return error;
	c->json = json;
	error = crashinfo_json_edits_create(json, &c->edits);
	if (!error)
		error = convert_threads(c);
	if (!error)
		error = apply(c);
	crashinfo_json_edits_destroy(c->edits);
	crashinfo_json_destroy(json);
	return error;
}

static struct crashinfo_error *unsupported(const struct crashinfo_report *report)
{
	const char *version = crashinfo_report_summary(report)->schema_version;

	return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
				      "reports of this form cannot be converted (dialect %s, "
				      "version %s)",
				      crashinfo_dialect_name(crashinfo_report_dialect(report)),
				      version ? version : "unknown");
}

/* A report that already has the version stays as it is, whatever it holds. */
static struct crashinfo_error *convert(struct converter *c, const char *version, bool same)
{
	struct crashinfo_error *error = first_pass(c, version, same);

	if (!error && !same && convert_needs_threads(c))
		error = second_pass(c);
	free(c->rules);
	free(c->kinds.data);
	return error;
}

struct crashinfo_error *crashinfo_conversion_create(const struct crashinfo_context *context,
						    const struct crashinfo_report *report,
						    const char *version,
						    struct crashinfo_conversion **ret)
{
	struct converter c = {.context = context, .json = crashinfo_report_json(report)};
	struct crashinfo_error *error;
	bool labelled;

	c.to = report_version_bit(version);
	c.from = version_of(report, &labelled);
	if (!c.to)
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
					      "unknown schema version %s", version);
	if (!c.from)
		return unsupported(report);
	c.result = calloc(1, sizeof(*c.result));
	if (!c.result)
		return crashinfo_error_no_memory();
	arena_init(&c.result->arena);
	error = convert(&c, version, labelled && c.from == c.to);
	if (error)
		crashinfo_conversion_destroy(c.result);
	else
		*ret = c.result;
	return error;
}

void crashinfo_conversion_destroy(struct crashinfo_conversion *conversion)
{
	if (!conversion)
		return;
	arena_deinit(&conversion->arena);
	free(conversion->losses.data);
	free(conversion->text);
	free(conversion);
}

struct crashinfo_slice crashinfo_conversion_text(const struct crashinfo_conversion *conversion)
{
	return (struct crashinfo_slice){conversion->text, conversion->size};
}

const struct crashinfo_loss *crashinfo_conversion_loss(
	const struct crashinfo_conversion *conversion, size_t index)
{
	return index < conversion->losses.size ? &conversion->losses.data[index] : NULL;
}

const char *crashinfo_conversion_lacks(const struct crashinfo_conversion *conversion)
{
	return conversion->lacks;
}
