/* SPDX-License-Identifier: Apache-2.0 */
/* The formats that findings are written in: each is a few functions over a text that grows. */
#ifndef SCHEMA_WRITER_H
#define SCHEMA_WRITER_H

#include <crashinfo/schema.h>

#include "base/strbuf.h"

struct crashinfo_findings_writer {
	struct crashinfo_findings_writer_options options;
	const struct writer_format *format;
	struct strbuf out, taken;
	struct strbuf held; /* what a format writes at the end only */
	size_t documents;   /* added so far */
	size_t entries;     /* written of the innermost list, for commas */
	/* of all documents */
	size_t errors, warnings, infos, failures, invalid, left_out;
};

/* One document as a format sees it. */
struct writer_document {
	const char *name;
	size_t index;
	const struct crashinfo_findings *findings; /* NULL: there is a failure */
	const struct crashinfo_error *failure;
	bool invalid; /* findings as grave as fail_on */
};

struct writer_format {
	void (*begin)(struct crashinfo_findings_writer *w);
	void (*add)(struct crashinfo_findings_writer *w, const struct writer_document *d);
	void (*finish)(struct crashinfo_findings_writer *w);
};

extern const struct writer_format writer_text, writer_json, writer_ndjson, writer_github,
	writer_gitlab, writer_sarif, writer_junit;

/* "message (expected A, got B; did you mean C?)" */
void writer_add_sentence(struct strbuf *out, const struct crashinfo_finding *finding);

/* `"name":"text",`; nothing for NULL. */
void writer_add_member(struct strbuf *out, const char *name, const char *text);
/* `"name":number,` */
void writer_add_number(struct strbuf *out, const char *name, uint64_t number);
/* Remove the comma that the last of a list left. */
void writer_drop_comma(struct strbuf *out);
/* "," before all entries of a list but the first. */
void writer_separate(struct crashinfo_findings_writer *w);

/* Where a failure is, as findings have it: line and column are 1 when it has no place. */
struct crashinfo_finding writer_failure(const struct crashinfo_error *failure);
#define WRITER_FAILURE_RULE "unreadable"

#endif
