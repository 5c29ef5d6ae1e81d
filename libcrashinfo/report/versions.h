/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each version of the report format has: its objects with their members, and its enumerations.
 * Schemas are made of these tables, and rules look up in them what is newer than a label.
 */
#ifndef REPORT_VERSIONS_H
#define REPORT_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of versions: a bit for each minor of 1.x, and one for RFC 0002. */
typedef uint16_t report_versions;

#define REPORT_MINOR_MAX 8
#define REPORT_MINOR(n)  ((report_versions)(1u << (n)))
/* From 1.`first` to 1.`last`. */
#define REPORT_MINORS(first, last) ((report_versions)((2u << (last)) - (1u << (first))))
#define REPORT_ALL_MINORS          REPORT_MINORS(0, REPORT_MINOR_MAX)
#define REPORT_RFC0002             ((report_versions)(1u << (REPORT_MINOR_MAX + 1)))

/*
 * A member of an object. `type` is "string", "boolean", "object", "uint", "uint32", "int32",
 * "int64", the name of an object or enumeration below, or "array|object"; "[]" behind it makes an
 * array and
 * "{}" a map of such values.
 */
struct report_member {
	const char *object;
	const char *name;
	const char *type;
	report_versions in;       /* versions that have it */
	report_versions required; /* of them, those that require it */
	report_versions nullable; /* and those that allow null */
	const char *text;         /* what it means */
};
extern const struct report_member report_members[];
extern const size_t report_member_count;

/* The object that a whole report is. */
#define REPORT_ROOT_OBJECT "CrashInfo"

/* A value of an enumeration; those with the same name stand together. */
struct report_enum_value {
	const char *enumeration;
	const char *value;
	report_versions in;
};
extern const struct report_enum_value report_enum_values[];
extern const size_t report_enum_value_count;

bool report_is_enum(const char *type, size_t size);

/* "1.0" to "1.8" and "rfc0002" as the bit of one version; 0 for any other text. */
report_versions report_version_bit(const char *name);
/* The same name in static storage; NULL for any other text. */
const char *report_version_known(const char *name);
/* The name of version number `index`, NULL behind the last. */
const char *report_version_name(size_t index);

/* The member `name` of `object` in any of `versions`; NULL when they do not have it. */
const struct report_member *report_member_find(const char *object, const char *name, size_t size,
					       report_versions versions);

#endif
