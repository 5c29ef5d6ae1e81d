/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing secrets and personal data from reports.
 *
 * Rules are patterns over the strings of a document, wherever they stand, and over member names
 * where a rule says so. What a rule finds is replaced in the text, all else stays byte for byte.
 * Values of enumerations, names of members that schemas know, the version and the uuid are left
 * alone, and a string stays a string, so a valid report stays valid. Rules are applied until none
 * finds anything, so scrubbing again changes nothing; the same rules and report give the same text.
 */
#ifndef CRASHINFO_SCRUB_H
#define CRASHINFO_SCRUB_H

#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/json.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Built-in rule `index`; NULL behind the last. Several have one id. */
struct crashinfo_scrub_rule {
	const char *id;      /* "github-token" */
	const char *set;     /* "secrets", "personal" or "network" */
	const char *summary; /* what it finds */
};
const struct crashinfo_scrub_rule *crashinfo_scrub_rule(size_t index);

/* Rules in use and room to work; for one thread. */
struct crashinfo_scrubber;

struct crashinfo_error *crashinfo_scrubber_create(const struct crashinfo_context *context,
						  struct crashinfo_scrubber **ret);
void crashinfo_scrubber_destroy(struct crashinfo_scrubber *scrubber);

/* Use the built-in rules of a set, or of all sets when it is "all"; NOT_FOUND for other names. */
struct crashinfo_error *crashinfo_scrubber_add_set(struct crashinfo_scrubber *scrubber,
						   const char *set);

/*
 * Use the rules of a JSON text, {"rules": [{"id", "pattern", "where", "replacement", "names"}]}:
 * see ddcrash-parse(1). SYNTAX and FORMAT with the position, LIMIT for more than
 * limits.scrub_rules.
 */
struct crashinfo_error *crashinfo_scrubber_add_rules(struct crashinfo_scrubber *scrubber,
						     const char *text, size_t size,
						     const char *source);

/* The same for a file. */
struct crashinfo_error *crashinfo_scrubber_add_file(struct crashinfo_scrubber *scrubber,
						    const char *path);

/* What was removed, never what it was. */
struct crashinfo_removal {
	const char *rule;
	const char *pointer; /* of the string, in the new document */
	size_t count;
};

struct crashinfo_scrubbed {
	char *text; /* NUL-terminated */
	size_t size;
	struct crashinfo_removal *removals; /* in text order */
	size_t count;
};
void crashinfo_scrubbed_destroy(struct crashinfo_scrubbed *scrubbed);

/*
 * Scrub a document. LIMIT when a pattern takes too many steps or rules feed each other without end:
 * the document must not be passed on then.
 */
struct crashinfo_error *crashinfo_scrubber_run(struct crashinfo_scrubber *scrubber,
					       const struct crashinfo_json *json,
					       struct crashinfo_scrubbed **ret);

/*
 * What was removed as lines of JSON, {"input", "rule", "pointer", "count"}; malloc'd. `input` names
 * the document.
 */
struct crashinfo_error *crashinfo_scrubbed_manifest(const struct crashinfo_scrubbed *scrubbed,
						    const char *input, char **ret,
						    size_t *size_ret);

#ifdef __cplusplus
}
#endif
#endif
