/* SPDX-License-Identifier: Apache-2.0 */
/* What a misspelt name was probably meant to be. */
#ifndef SCHEMA_SUGGEST_H
#define SCHEMA_SUGGEST_H

#include <crashinfo/json.h>

/* Start with zeros and `text`, offer candidates, read `best`. */
struct suggestion {
	struct crashinfo_slice text;
	struct crashinfo_slice best; /* data NULL: nothing is near */
	unsigned distance;
};

void suggestion_offer(struct suggestion *s, struct crashinfo_slice candidate);

#endif
