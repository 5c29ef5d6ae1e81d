/* SPDX-License-Identifier: Apache-2.0 */
/* Exact arithmetic on JSON numbers as they are written: no rounding, whatever their size. */
#ifndef SCHEMA_DECIMAL_H
#define SCHEMA_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>

/*
 * The number 0.D1D2D3… × 10^magnitude, where D1…Dn are `size` digits without leading or trailing
 * zeros that are read in place from the text; zero has no digits.
 *
 * Exponents are kept within ±DECIMAL_EXPONENT_MAX: numbers beyond are all taken to have that one,
 * so two of them compare by their digits only.
 */
struct decimal {
	const char *digits;
	size_t size;
	size_t point; /* index of a '.' among the digits, to be stepped over; SIZE_MAX: none */
	int64_t magnitude;
	bool negative;
};
#define DECIMAL_EXPONENT_MAX INT64_C(1000000000000000000)

/* Read a number that follows the JSON grammar. */
struct decimal decimal_parse(const char *text, size_t size);

/* Whether the value has no fraction: 1.0 and 1e2 have none. */
bool decimal_is_integer(const struct decimal *d);

/* Below 0, 0 or above 0 as `a` is less than, equal to or greater than `b`. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* Equal numbers have equal hashes. */
uint64_t decimal_hash(const struct decimal *d);

/*
 * Whether `a` is an integer multiple of `b`, which must be above zero. LIMIT when both have so many
 * digits that the answer would take minutes; NO_MEMORY.
 */
struct crashinfo_error *decimal_is_multiple(const struct decimal *a, const struct decimal *b,
					    bool *ret);

#endif
