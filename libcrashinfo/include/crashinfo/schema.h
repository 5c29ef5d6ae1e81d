/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation: schemas of JSON Schema draft-07, the built-in ones of crash reports, and rules on
 * what a report says that no schema can express.
 *
 * What is wrong with a document is data, not an error: validating gives a list of findings, each
 * with its place. Errors mean that there is no verdict.
 */
#ifndef CRASHINFO_SCHEMA_H
#define CRASHINFO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/json.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- schemas --- */

/* A compiled schema. It is never changed, so many threads may validate with it at once. */
struct crashinfo_schema;

/* Where `$ref` finds other documents: a URI below `url` is a file below `folder`. */
struct crashinfo_schema_base {
	const char *url; /* "http://localhost:1234/" */
	const char *folder;
};

/*
 * Compile the draft-07 schema `text`, which is copied. `source` names it in errors (NULL: nothing)
 * and, when it is a path, is the base URI of a schema without `$id`: relative references are files
 * beside it. Documents that `$ref` names are read from the folders of `bases` and, for such a file,
 * from the folder it is in; nothing is fetched. The meta-schema of draft-07 is built in.
 *
 * Errors: SYNTAX for text that is not JSON, FORMAT for what is no schema (with its position),
 * NOT_FOUND for a reference that leads nowhere, UNSUPPORTED for schemas of other drafts and
 * patterns that cannot be carried out, LIMIT, OS.
 */
struct crashinfo_error *crashinfo_schema_create(const struct crashinfo_context *context,
						const char *text, size_t size, const char *source,
						const struct crashinfo_schema_base *bases,
						size_t base_count, struct crashinfo_schema **ret);

/* As above for the file `path`. */
struct crashinfo_error *crashinfo_schema_load(const struct crashinfo_context *context,
					      const char *path,
					      const struct crashinfo_schema_base *bases,
					      size_t base_count, struct crashinfo_schema **ret);

void crashinfo_schema_destroy(struct crashinfo_schema *schema);

/* Built-in schema number `index`: "1.0" to "1.8", "rfc0002", "superset"; NULL behind the last. */
const char *crashinfo_schema_builtin_name(size_t index);

/* The text of built-in schema `name`, malloc'd, NUL-terminated; NOT_FOUND for another name. */
struct crashinfo_error *crashinfo_schema_builtin_text(const char *name, char **ret,
						      size_t *size_ret);

/* --- findings --- */

enum crashinfo_severity {
	CRASHINFO_SEVERITY_ERROR,
	CRASHINFO_SEVERITY_WARNING,
	CRASHINFO_SEVERITY_INFO,
};

/* "error", "warning", "info"; static storage. */
const char *crashinfo_severity_name(enum crashinfo_severity severity);

/* Strings are UTF-8, may hold any character of the document, and live with the findings. */
struct crashinfo_finding {
	enum crashinfo_severity severity;
	const char *rule;    /* a keyword of the schema ("required"), or "L-15", "duplicate-key" */
	const char *pointer; /* JSON Pointer to the value, or to the object that lacks a member */
	/*
	 * A scalar whole, a container by its first byte, a member that is too much by its name, and
	 * an object that lacks one by its own name or that of the member which is misspelt.
	 */
	uint64_t offset, size;         /* bytes of the input */
	uint32_t line, column;         /* from 1, columns in code points */
	uint32_t end_line, end_column; /* just behind it */
	const char *message;           /* one sentence without what follows */
	const char *expected, *got;    /* NULL when the rule has no such */
	const char *suggestion;        /* what was probably meant; NULL when nothing is near */
};

/* What validating one document gave, in the order of the document. */
struct crashinfo_findings {
	struct crashinfo_finding *items;
	size_t count;
	size_t left_out;                /* further ones beyond the most that were asked for */
	size_t errors, warnings, infos; /* those left out included */
	const char *schema; /* what the document was held against: "1.6", or schema_name of the
			       options; NULL: nothing fits. Lives with the validator */
};
void crashinfo_findings_destroy(struct crashinfo_findings *findings);

/* --- validating --- */

struct crashinfo_validator_options {
	const char *schema_version; /* name of a built-in schema; NULL or "auto": as the document
				       says in data_schema_version */
	const struct crashinfo_schema *schema; /* in place of a built-in one; any JSON is a
						  document; must outlive the validator */
	const char *schema_name;               /* what findings call it */
	bool lint;                             /* rules on what a report says, too */
	enum crashinfo_severity lint_level;    /* the least severe findings of rules to keep */
	bool strict;         /* duplicate names and versions that are too new are errors */
	size_t max_findings; /* kept of one document; 0: all */
};

/* Schemas in use and room to work; for one thread. */
struct crashinfo_validator;

/* Strings of `options` are copied. NOT_FOUND for a schema_version that does not exist. */
struct crashinfo_error *crashinfo_validator_create(
	const struct crashinfo_context *context, const struct crashinfo_validator_options *options,
	struct crashinfo_validator **ret);
void crashinfo_validator_destroy(struct crashinfo_validator *validator);

/*
 * Validate `json`. No finding of severity error means valid. `same_text` says that the document
 * comes after that of the last call in the same text, whose lines then need not be counted again.
 * Errors: LIMIT (a pattern, number or schema that takes forever), FORMAT (a schema that refers to
 * itself without end), NO_MEMORY.
 */
struct crashinfo_error *crashinfo_validator_run(struct crashinfo_validator *validator,
						const struct crashinfo_json *json, bool same_text,
						struct crashinfo_findings **ret);

/* --- rules --- */

/* A rule that is no keyword of JSON Schema. */
struct crashinfo_lint_rule {
	const char *id;                   /* "L-15" */
	enum crashinfo_severity severity; /* the gravest that it reports */
	const char *summary;              /* one line */
	const char *explanation;          /* why it matters and what to do */
};

/* Rule number `index`, NULL behind the last; static storage. */
const struct crashinfo_lint_rule *crashinfo_lint_rule(size_t index);

/* --- findings as text --- */

enum crashinfo_findings_format {
	CRASHINFO_FINDINGS_TEXT,   /* for people, safe on a terminal */
	CRASHINFO_FINDINGS_JSON,   /* one document */
	CRASHINFO_FINDINGS_NDJSON, /* one line for each input document */
	CRASHINFO_FINDINGS_GITHUB, /* workflow commands */
	CRASHINFO_FINDINGS_GITLAB, /* code quality report */
	CRASHINFO_FINDINGS_SARIF,  /* 2.1.0 */
	CRASHINFO_FINDINGS_JUNIT,  /* one test case for each input document */
};

/* Writes the findings of many documents as one text, piece by piece. */
struct crashinfo_findings_writer;

struct crashinfo_findings_writer_options {
	enum crashinfo_findings_format format;
	enum crashinfo_severity fail_on; /* findings as grave as this fail a test case */
	bool color;                      /* of TEXT */
	bool quiet;                      /* TEXT has no count at the end */
	bool verbose;                    /* TEXT says which documents are valid, too */
};

struct crashinfo_error *crashinfo_findings_writer_create(
	const struct crashinfo_findings_writer_options *options,
	struct crashinfo_findings_writer **ret);
void crashinfo_findings_writer_destroy(struct crashinfo_findings_writer *writer);

/*
 * Add document number `index` (from 0) of the input `name`: its findings, or the error why there
 * are none (the caller's still).
 */
struct crashinfo_error *crashinfo_findings_writer_add(struct crashinfo_findings_writer *writer,
						      const char *name, size_t index,
						      const struct crashinfo_findings *findings,
						      const struct crashinfo_error *failure);

/* Close what is open; nothing may be added after it. JSON, GITLAB and SARIF end without a newline.
 */
struct crashinfo_error *crashinfo_findings_writer_finish(struct crashinfo_findings_writer *writer);

/* What has been written and not been taken before; it lives until the next call. */
struct crashinfo_slice crashinfo_findings_writer_take(struct crashinfo_findings_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
