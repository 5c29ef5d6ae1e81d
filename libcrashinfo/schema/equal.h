/* SPDX-License-Identifier: Apache-2.0 */
/* Equality of JSON values: numbers by value, objects without regard to order. */
#ifndef SCHEMA_EQUAL_H
#define SCHEMA_EQUAL_H

#include "schema/program.h"

/* Whether two values, perhaps of different documents, are equal. */
struct crashinfo_error *value_equal(struct value a, struct value b, bool *ret);

/* Whether no two elements of an array are equal; `*first_ret` is one that repeats another. */
struct crashinfo_error *value_unique(struct value array, bool *ret, crashinfo_json_node *first_ret);

#endif
