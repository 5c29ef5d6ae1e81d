/* SPDX-License-Identifier: Apache-2.0 */
/* One document: which schema, what is wrong, in which order. */
#include <crashinfo/schema.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "report/report.h"
#include "report/versions.h"
#include "schema/explain.h"
#include "schema/lint.h"

#define BUILTIN_COUNT 16
/*
 * Faults are not met in the order of the document, and some turn out to be the same: so many more
 * than asked for are kept until they are sorted.
 */
#define SPARE_FAULTS 64

struct crashinfo_validator {
	const struct crashinfo_context *context;
	struct crashinfo_validator_options options;
	struct crashinfo_schema *builtin[BUILTIN_COUNT]; /* compiled when first needed */
	struct evaluation evaluation;
	struct json_cursor cursor;
	struct arena arena;
};

/* What a document is held against. */
struct choice {
	const struct crashinfo_schema *schema; /* NULL: nothing fits */
	const char *name;
	report_versions versions;
	bool version_reported;
};

static size_t builtin_index(const char *name)
{
	size_t i = 0;

	while (crashinfo_schema_builtin_name(i) && strcmp(crashinfo_schema_builtin_name(i), name))
		i++;
	return i;
}

struct crashinfo_error *crashinfo_validator_create(
	const struct crashinfo_context *context, const struct crashinfo_validator_options *options,
	struct crashinfo_validator **ret)
{
	const char *version = options->schema_version;
	struct crashinfo_validator *validator;

	if (version && !strcmp(version, "auto"))
		version = NULL;
	if (version && !crashinfo_schema_builtin_name(builtin_index(version)))
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND, "no schema is called %s",
					      version);
	validator = calloc(1, sizeof(*validator));
	if (!validator)
		return crashinfo_error_no_memory();
	validator->context = context;
	validator->options = *options;
	validator->evaluation.limits = limits_of(context);
	/* the name that lives as long as the library */
	validator->options.schema_version =
		version ? crashinfo_schema_builtin_name(builtin_index(version)) : NULL;
	if (options->schema_name) {
		validator->options.schema_name =
			arena_strdup(&validator->arena, options->schema_name);
		if (!validator->options.schema_name) {
			crashinfo_validator_destroy(validator);
			return crashinfo_error_no_memory();
		}
	}
	*ret = validator;
	return NULL;
}

void crashinfo_validator_destroy(struct crashinfo_validator *validator)
{
	if (!validator)
		return;
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		crashinfo_schema_destroy(validator->builtin[i]);
	evaluation_deinit(&validator->evaluation);
	arena_deinit(&validator->arena);
	free(validator);
}

static struct crashinfo_error *choose_builtin(struct crashinfo_validator *validator,
					      const char *name, struct choice *ret)
{
	size_t index = builtin_index(name), size;
	struct crashinfo_error *error = NULL;
	_free_ char *text = NULL;

	if (!validator->builtin[index]) {
		error = crashinfo_schema_builtin_text(name, &text, &size);
		if (!error)
			error = crashinfo_schema_create(validator->context, text, size, NULL, NULL,
							0, &validator->builtin[index]);
	}
	if (error)
		return error;
	ret->schema = validator->builtin[index];
	ret->name = crashinfo_schema_builtin_name(index);
	ret->versions = report_version_bit(name);
	return NULL;
}

/* Why the label does not choose a schema. */
static void refuse_label(struct gatherer *g, enum lint_label label, unsigned major)
{
	crashinfo_json_node node =
		json_type(&g->json->nodes[0]) == CRASHINFO_JSON_OBJECT
			? crashinfo_json_member(g->json, 0, "data_schema_version")
			: CRASHINFO_JSON_NONE;
	bool absent = node == CRASHINFO_JSON_NONE;
	struct note *note;

	if (json_type(&g->json->nodes[0]) != CRASHINFO_JSON_OBJECT) {
		note = gatherer_add(g, CRASHINFO_SEVERITY_ERROR, "type", 0);
		if (note) {
			note->message = "a crash report is an object";
			note->got = gatherer_show(g, g->json, 0);
		}
		return;
	}
	note = gatherer_add(g, CRASHINFO_SEVERITY_ERROR, LINT_VERSION, absent ? 0 : node);
	if (!note)
		return;
	note->expected = "\"1.0\" to \"1.8\"";
	note->got = absent ? NULL : gatherer_show(g, g->json, node);
	if (label == LABEL_ABSENT)
		note->message = "member \"data_schema_version\" is missing, so no schema is chosen";
	else if (label == LABEL_NO_STRING)
		note->message = "data_schema_version is no string, so no schema is chosen";
	else if (label == LABEL_MALFORMED)
		note->message = "data_schema_version is no version, so no schema is chosen";
	else
		note->message = gatherer_text(g, "there is no schema for major version %u", major);
}

/* The schema that the document says it is for. */
static struct crashinfo_error *choose_by_label(struct crashinfo_validator *validator,
					       struct gatherer *g, struct choice *ret)
{
	unsigned major = 0, minor = 0;
	enum lint_label label = lint_read_label(g->json, &major, &minor);
	struct note *note;

	ret->version_reported = true;
	if (label != LABEL_FINE || major != 1) {
		refuse_label(g, label, major);
		return NULL;
	}
	if (minor > REPORT_MINOR_MAX) {
		crashinfo_json_node node = crashinfo_json_member(g->json, 0, "data_schema_version");

		minor = REPORT_MINOR_MAX;
		note = gatherer_addf(g,
				     validator->options.strict ? CRASHINFO_SEVERITY_ERROR
							       : CRASHINFO_SEVERITY_WARNING,
				     LINT_VERSION, node,
				     "newer than the newest version known, held against %s",
				     report_version_name(minor));
		if (note)
			note->got = gatherer_show(g, g->json, node);
	}
	return choose_builtin(validator, report_version_name(minor), ret);
}

static struct crashinfo_error *choose(struct crashinfo_validator *validator, struct gatherer *g,
				      struct choice *ret)
{
	const struct crashinfo_validator_options *options = &validator->options;

	*ret = (struct choice){.schema = options->schema, .name = options->schema_name};
	if (options->schema)
		return NULL;
	if (options->schema_version)
		return choose_builtin(validator, options->schema_version, ret);
	return choose_by_label(validator, g, ret);
}

/* One whose errors come from its being of another kind altogether. */
static void hint_at_dialect(struct gatherer *g, const struct choice *choice)
{
	enum crashinfo_dialect dialect;
	struct note *note;

	if (json_type(&g->json->nodes[0]) != CRASHINFO_JSON_OBJECT ||
	    !g->counts[CRASHINFO_SEVERITY_ERROR] || choice->versions == REPORT_RFC0002)
		return;
	dialect = report_dialect_detect(g->json);
	if (dialect == CRASHINFO_DIALECT_1_X)
		return;
	note = gatherer_addf(g, CRASHINFO_SEVERITY_INFO, LINT_VERSION, 0,
			     "this looks like a report of the %s form",
			     crashinfo_dialect_name(dialect));
	if (note && dialect == CRASHINFO_DIALECT_RFC0002)
		note->suggestion = "--schema-version rfc0002";
}

static struct crashinfo_error *note_duplicates(struct gatherer *g, bool strict)
{
	enum crashinfo_severity severity =
		strict ? CRASHINFO_SEVERITY_ERROR : CRASHINFO_SEVERITY_WARNING;
	_free_ crashinfo_json_node *names = NULL;
	struct crashinfo_error *error;
	size_t count;

	error = crashinfo_json_duplicates(g->json, &names, &count);
	if (error)
		return error;
	for (size_t i = 0; i < count; i++)
		gatherer_addf(g, severity, LINT_DUPLICATE, names[i],
			      "member %s occurs twice in one object",
			      gatherer_show(g, g->json, names[i]));
	return NULL;
}

static struct crashinfo_error *gather(struct crashinfo_validator *validator, struct gatherer *g,
				      struct choice *choice)
{
	const struct crashinfo_validator_options *options = &validator->options;
	size_t most = options->max_findings ? 2 * options->max_findings + SPARE_FAULTS : SIZE_MAX;
	struct crashinfo_error *error = choose(validator, g, choice);

	if (!error && choice->schema) {
		error = evaluation_run(&validator->evaluation, choice->schema, g->json, most);
		if (!error)
			error = explain_faults(g, &validator->evaluation);
	}
	if (!error && !options->schema)
		hint_at_dialect(g, choice);
	if (!error)
		error = note_duplicates(g, options->strict);
	if (!error && options->lint && json_type(&g->json->nodes[0]) == CRASHINFO_JSON_OBJECT)
		error = lint_run(validator->context, g, choice->versions, options->lint_level,
				 choice->version_reported);
	return error;
}

struct crashinfo_error *crashinfo_validator_run(struct crashinfo_validator *validator,
						const struct crashinfo_json *json, bool same_text,
						struct crashinfo_findings **ret)
{
	_cleanup_(gatherer_deinit) struct gatherer g = {0};
	struct crashinfo_error *error;
	struct choice choice;

	if (!same_text || validator->cursor.text != json->text)
		validator->cursor = json_cursor_make(json->text);
	error = gatherer_init(&g, json, validator->options.max_findings);
	if (!error)
		error = gather(validator, &g, &choice);
	if (error)
		return error;
	g.findings->public.schema = choice.name;
	return gatherer_finish(&g, &validator->cursor, ret);
}
