/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of scrubbing: rules, and where in a document they are. */
#ifndef SCRUB_RULES_H
#define SCRUB_RULES_H

#include <stdbool.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <crashinfo/scrub.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "json/document.h"

/* What stands for a secret; no rule finds it. */
#define SCRUB_REDACTED "REDACTED"
/* Groups of a pattern that a replacement can name, and the whole match. */
#define SCRUB_GROUPS 10
/* Longest text that a rule of a user may write. */
#define SCRUB_REPLACEMENT_MAX 256

/* A built-in rule. */
struct scrub_builtin {
	struct crashinfo_scrub_rule rule;
	const char *pattern;     /* of PCRE2; what it matches, from \K on, is replaced */
	const char *replacement; /* NULL: SCRUB_REDACTED */
	const char *needs;       /* a string without all of these characters cannot match */
	const char *hint;        /* nor one without this text; NULL: no such text */
	uint8_t min;             /* nor a shorter one */
	bool names;              /* member names too */
	bool tags;               /* in lists of tags only */
};
extern const struct scrub_builtin scrub_builtins[];
extern const size_t scrub_builtin_count;

/* Rules that are about more than one string, by the id of their row. */
#define SCRUB_PRIVATE_KEY "private-key"    /* its lines may be elements of an array */
#define SCRUB_OPTION      "command-option" /* its argument may be the next element */
#define SCRUB_MEMBER      "secret-member"  /* a string or strings of a member of such a name */
#define SCRUB_STACK       "stack-memory"   /* a member as a whole: what is in it cannot be read */

/* An option that stands alone; a name of a member whose strings are secret. */
extern const char scrub_option_pattern[], scrub_member_pattern[];
extern const char scrub_key_pattern[];     /* a private key, or as much as is there */
extern const char scrub_key_end_pattern[]; /* up to its end */

struct scrub_rule {
	const char *id;
	pcre2_code *code;
	const char *replacement;
	size_t replacement_size;
	uint8_t needs; /* see scrub_characters() */
	const char *hint;
	uint8_t hint_size, min;
	bool names, tags;
	bool careful; /* the pattern is a user's */
	/* JSON pointers with * for any name and a last ** for any rest; none: anywhere */
	const char *const *where;
	size_t where_count;
};

/* What is around a node: from the root to its container, see scrub_place(). */
struct scrub_level {
	crashinfo_json_node node; /* of the container */
	uint32_t end;             /* the node behind it */
	uint32_t index;           /* of the element that is next or at hand */
	bool object, name_next;
	crashinfo_json_node name;        /* of the member at hand */
	struct crashinfo_slice new_name; /* what it is called now; NULL data: as it was */
	/* the strings that come next */
	bool secret, option, key;
};

struct crashinfo_scrubber {
	const struct crashinfo_limits *limits;
	struct crashinfo_limits own_limits;
	struct arena arena; /* texts of rules */
	VEC(struct scrub_rule) rules;
	bool secrets; /* the rules over several strings are in use */
	bool stack;   /* copies of memory are removed */
	pcre2_code *option, *member, *key, *key_end;
	pcre2_match_data *match;
	pcre2_match_context *match_context;
	size_t groups; /* of the last match */
	/* of the document at hand */
	const struct crashinfo_json *json;
	struct crashinfo_json_edits *edits;
	struct scrubbed *result;
	VEC(struct scrub_level) levels;
	void *names; /* see names.h */
	struct strbuf raw, next, content;
	VEC(uint32_t) map;
};

/* A result with the memory behind it. */
struct scrubbed {
	struct crashinfo_scrubbed public;
	struct arena arena;
	VEC(struct crashinfo_removal) removals;
};

/* Compile `pattern`; errors name the rule. */
struct crashinfo_error *scrub_compile(const char *id, const char *pattern, size_t size,
				      bool careful, pcre2_code **ret);
/* Which of the characters that rules need are in `text`, as bits. */
uint8_t scrub_characters(const char *text, size_t size);

/* Where `code` is found in `content` from `start` on; false when nowhere. */
struct crashinfo_error *scrub_find(struct crashinfo_scrubber *s, const pcre2_code *code,
				   const char *id, struct crashinfo_slice content, size_t start,
				   bool *ret);

/*
 * The same for a rule. `*deadline` is 0 at the start of a string; LIMIT when one of a user's rules
 * takes longer on it than limits.scrub_milliseconds.
 */
struct crashinfo_error *scrub_find_by(struct crashinfo_scrubber *s, const struct scrub_rule *rule,
				      struct crashinfo_slice content, size_t start,
				      int64_t *deadline, bool *ret);

/* Whether the rule is for strings (or names) at this place. */
bool scrub_applies(const struct crashinfo_scrubber *s, const struct scrub_rule *rule, bool name);
/* The pointer of the string at hand; malloc'd in the result's arena. */
struct crashinfo_error *scrub_pointer(struct crashinfo_scrubber *s, const char **ret);
/* Note `count` removals at the string at hand. */
struct crashinfo_error *scrub_note(struct crashinfo_scrubber *s, const char *id, size_t count);

/*
 * Apply the rules to the string `raw` (without its quotes) until nothing changes; `*changed` and
 * s->raw then hold the new one.
 */
struct crashinfo_error *scrub_string(struct crashinfo_scrubber *s, struct crashinfo_slice raw,
				     bool name, bool *changed);
/* The content of a raw string, in s->content when it has escapes, with s->map. */
struct crashinfo_error *scrub_decode(struct crashinfo_scrubber *s, struct crashinfo_slice raw,
				     struct crashinfo_slice *ret);

#endif
