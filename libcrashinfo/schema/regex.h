/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions of ECMA-262 with Unicode semantics, carried out by PCRE2. A pattern is
 * translated token by token, so what the two languages spell alike but mean differently (`$`, `.`,
 * `\s`, `\v`, `[^]`…) means what ECMA-262 says.
 */
#ifndef SCHEMA_REGEX_H
#define SCHEMA_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/error.h>

#include "base/strbuf.h"

struct schema_regex;

/* Room to match in; one for each thread. */
struct schema_matcher;

/*
 * Add `pattern`, valid UTF-8, in the language of PCRE2 to `buf`. SYNTAX when it is none of
 * ECMA-262; the error's offset is a byte of the pattern.
 */
struct crashinfo_error *schema_regex_translate(const char *pattern, size_t size,
					       struct strbuf *buf);

/* SYNTAX as above; UNSUPPORTED for what PCRE2 cannot do. */
struct crashinfo_error *schema_regex_create(const char *pattern, size_t size,
					    struct schema_regex **ret);
void schema_regex_destroy(struct schema_regex *regex);

/* `steps` is the most that one match may take. */
struct crashinfo_error *schema_matcher_create(size_t steps, struct schema_matcher **ret);
void schema_matcher_destroy(struct schema_matcher *matcher);

/*
 * Whether `text`, valid UTF-8, has a match anywhere. LIMIT when finding out takes more steps than
 * any pattern meant well.
 */
struct crashinfo_error *schema_regex_match(const struct schema_regex *regex,
					   struct schema_matcher *matcher, const char *text,
					   size_t size, bool *ret);

#endif
