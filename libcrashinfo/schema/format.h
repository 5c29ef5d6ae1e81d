/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats of draft-07 (validation, section 7.3). A check is given the unescaped text of a
 * string, which may hold NUL bytes, and says whether all of it has the format.
 */
#ifndef SCHEMA_FORMAT_H
#define SCHEMA_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

typedef bool schema_format_fn(const char *text, size_t size);

struct schema_format {
	const char *name;
	const char *expected; /* "a date such as 2026-01-31", for messages */
	schema_format_fn *check;
};

/* NULL for a name that draft-07 does not define: such formats are annotations. */
const struct schema_format *schema_format_find(const char *name, size_t size);

/* format_time.c: RFC 3339 */
bool format_date(const char *text, size_t size);
bool format_time(const char *text, size_t size);
bool format_date_time(const char *text, size_t size);

/* format_host.c */
bool format_ipv4(const char *text, size_t size);
bool format_ipv6(const char *text, size_t size);
bool format_hostname(const char *text, size_t size);
bool format_idn_hostname(const char *text, size_t size);

/* format_email.c */
bool format_email(const char *text, size_t size);
bool format_idn_email(const char *text, size_t size);

/* format_uri.c */
bool format_uri(const char *text, size_t size);
bool format_uri_reference(const char *text, size_t size);
bool format_iri(const char *text, size_t size);
bool format_iri_reference(const char *text, size_t size);

/* format_text.c */
bool format_uri_template(const char *text, size_t size);
bool format_json_pointer(const char *text, size_t size);
bool format_relative_json_pointer(const char *text, size_t size);

/* regex_translate.c */
bool format_regex(const char *text, size_t size);

#endif
