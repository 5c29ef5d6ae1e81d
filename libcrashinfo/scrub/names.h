/* SPDX-License-Identifier: Apache-2.0 */
/* New names of members, which must differ within an object. */
#ifndef SCRUB_NAMES_H
#define SCRUB_NAMES_H

#include "scrub/rules.h"

/*
 * Take `name` (the inside of a JSON string) as the new name of a member of `object`; when another
 * member has it, a number goes behind it. Lives as long as the result.
 */
struct crashinfo_error *scrub_names_add(struct crashinfo_scrubber *s, crashinfo_json_node object,
					const struct strbuf *name, const char **ret);
/* At the end of a document. */
void scrub_names_clear(struct crashinfo_scrubber *s);

#endif
