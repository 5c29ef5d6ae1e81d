/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of an evaluation in words. */
#ifndef SCHEMA_EXPLAIN_H
#define SCHEMA_EXPLAIN_H

#include "schema/evaluate.h"
#include "schema/findings.h"

/* The name of a keyword as schemas write it; for rules of findings. */
const char *keyword_name(enum keyword keyword);
/* One line on what it asks for. */
const char *keyword_summary(enum keyword keyword);

/* Add all faults that were recorded, and count those that were not. */
struct crashinfo_error *explain_faults(struct gatherer *g, struct evaluation *e);

#endif
