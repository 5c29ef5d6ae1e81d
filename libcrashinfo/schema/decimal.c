/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/decimal.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Digits of one number times limbs of the other; about a second of work. */
#define DECIMAL_WORK_MAX ((size_t)200 * 1000 * 1000)
/* Taking the powers of 2 out of more digits would be as long. */
#define DECIMAL_DIVISOR_DIGITS_MAX 20000

#define LIMB_BASE   1000000000u
#define LIMB_DIGITS 9

static unsigned decimal_digit(const struct decimal *d, size_t index)
{
	return (unsigned)(d->digits[index + (index >= d->point)] - '0');
}

/* The exponent behind 'e', kept within ±DECIMAL_EXPONENT_MAX. */
static int64_t parse_exponent(const char *text, size_t size)
{
	bool negative = size && text[0] == '-';
	int64_t value = 0;

	for (size_t i = negative || (size && text[0] == '+'); i < size; i++) {
		value = value * 10 + (text[i] - '0');
		if (value > DECIMAL_EXPONENT_MAX / 10 - 1)
			value = DECIMAL_EXPONENT_MAX / 10 - 1;
	}
	return negative ? -value : value;
}

/* Cut zeros at both ends; moving the first digit changes the magnitude. */
static void decimal_trim(struct decimal *d)
{
	while (d->size && decimal_digit(d, d->size - 1) == 0)
		d->size--;
	while (d->size && decimal_digit(d, 0) == 0) {
		d->digits++;
		d->size--;
		d->magnitude--;
		if (d->point != SIZE_MAX && --d->point == 0) {
			d->digits++;
			d->point = SIZE_MAX;
		}
	}
}

struct decimal decimal_parse(const char *text, size_t size)
{
	struct decimal d = {.point = SIZE_MAX};
	size_t end = 0;

	if (size && text[0] == '-') {
		d.negative = true;
		text++;
		size--;
	}
	for (; end < size && text[end] != 'e' && text[end] != 'E'; end++)
		if (text[end] == '.')
			d.point = end;
	d.digits = text;
	d.size = end - (d.point != SIZE_MAX);
	d.magnitude = (int64_t)(d.point != SIZE_MAX ? d.point : end);
	if (end < size)
		d.magnitude += parse_exponent(text + end + 1, size - end - 1);
	decimal_trim(&d);
	if (!d.size)
		d.negative = false;
	return d;
}

bool decimal_is_integer(const struct decimal *d)
{
	return !d->size || (d->magnitude > 0 && (uint64_t)d->magnitude >= d->size);
}

static int compare_absolute(const struct decimal *a, const struct decimal *b)
{
	size_t shared = a->size < b->size ? a->size : b->size;

	if (!a->size || !b->size)
		return (a->size > 0) - (b->size > 0);
	if (a->magnitude != b->magnitude)
		return a->magnitude < b->magnitude ? -1 : 1;
	for (size_t i = 0; i < shared; i++) {
		unsigned x = decimal_digit(a, i), y = decimal_digit(b, i);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a->size > b->size) - (a->size < b->size);
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
	int order;

	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	order = compare_absolute(a, b);
	return a->negative ? -order : order;
}

static uint64_t hash_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

uint64_t decimal_hash(const struct decimal *d)
{
	uint64_t hash = hash_mix(hash_mix(1, d->negative), (uint64_t)d->magnitude);

	if (!d->size)
		return 0;
	for (size_t i = 0; i < d->size; i++)
		hash = hash_mix(hash, decimal_digit(d, i));
	return hash;
}

/* A natural number, least significant limb first, no zero limb on top. */
struct natural {
	uint32_t *limbs;
	size_t size;
};

static bool natural_init(struct natural *n, const struct decimal *d)
{
	size_t count = d->size / LIMB_DIGITS + 1;

	n->size = 0;
	n->limbs = calloc(count, sizeof(*n->limbs));
	if (!n->limbs)
		return false;
	for (size_t i = 0; i < d->size; i++) {
		size_t limb = (d->size - 1 - i) / LIMB_DIGITS;

		n->limbs[limb] = n->limbs[limb] * 10 + decimal_digit(d, i);
	}
	for (n->size = count; n->size && !n->limbs[n->size - 1];)
		n->size--;
	return true;
}

/* Divide in place when `by` divides it; false when it does not. */
static bool natural_divide_exact(struct natural *n, uint32_t by)
{
	uint64_t rest = 0;

	for (size_t i = n->size; i-- > 0;)
		rest = (rest * LIMB_BASE + n->limbs[i]) % by;
	if (rest)
		return false;
	for (size_t i = n->size; i-- > 0;) {
		uint64_t value = rest * LIMB_BASE + n->limbs[i];

		n->limbs[i] = (uint32_t)(value / by);
		rest = value % by;
	}
	if (n->size && !n->limbs[n->size - 1])
		n->size--;
	return true;
}

static void natural_remove_factor(struct natural *n, uint32_t factor, int64_t times)
{
	while (times-- > 0 && natural_divide_exact(n, factor))
		;
}

/* rest = rest * 10 + digit; it has room for one limb more than `n`. */
static void rest_shift(uint32_t *rest, size_t size, unsigned digit)
{
	uint64_t carry = digit;

	for (size_t i = 0; i < size; i++) {
		uint64_t value = (uint64_t)rest[i] * 10 + carry;

		rest[i] = (uint32_t)(value % LIMB_BASE);
		carry = value / LIMB_BASE;
	}
}

static bool rest_at_least(const uint32_t *rest, const struct natural *n)
{
	if (rest[n->size])
		return true;
	for (size_t i = n->size; i-- > 0;)
		if (rest[i] != n->limbs[i])
			return rest[i] > n->limbs[i];
	return true;
}

static void rest_subtract(uint32_t *rest, const struct natural *n)
{
	uint32_t borrow = 0;

	for (size_t i = 0; i <= n->size; i++) {
		uint32_t take = (i < n->size ? n->limbs[i] : 0) + borrow;

		borrow = rest[i] < take;
		rest[i] = rest[i] + (borrow ? LIMB_BASE : 0) - take;
	}
}

/* Whether `n` divides the digits of `d` read as one integer; `rest` is zeroed room for one more
 * limb. */
static bool natural_divides(const struct natural *n, const struct decimal *d, uint32_t *rest)
{
	for (size_t i = 0; i < d->size; i++) {
		rest_shift(rest, n->size + 1, decimal_digit(d, i));
		while (rest_at_least(rest, n))
			rest_subtract(rest, n);
	}
	for (size_t i = 0; i < n->size; i++)
		if (rest[i])
			return false;
	return true;
}

static bool small_divides(uint64_t n, const struct decimal *d)
{
	uint64_t rest = 0;

	for (size_t i = 0; i < d->size; i++)
		rest = (rest * 10 + decimal_digit(d, i)) % n;
	return rest == 0;
}

/*
 * a = A × 10^x and b = B × 10^y with integers A, B that do not end in 0. With x < y the multiple
 * would have to end in a zero, which A does not. Otherwise B must divide A × 10^(x-y): powers of
 * 2 and 5 are taken out of B as far as the power of ten has them, and the rest must divide A.
 */
struct crashinfo_error *decimal_is_multiple(const struct decimal *a, const struct decimal *b,
					    bool *ret)
{
	int64_t shift = (a->magnitude - (int64_t)a->size) - (b->magnitude - (int64_t)b->size);
	_free_ uint32_t *limbs = NULL, *rest = NULL;
	struct natural n;

	if (!a->size || shift < 0) {
		*ret = !a->size;
		return NULL;
	}
	if (b->size > DECIMAL_DIVISOR_DIGITS_MAX ||
	    b->size / LIMB_DIGITS + 1 > DECIMAL_WORK_MAX / a->size)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "numbers are too long for multipleOf");
	if (!natural_init(&n, b))
		return crashinfo_error_no_memory();
	limbs = n.limbs;
	natural_remove_factor(&n, 2, shift);
	natural_remove_factor(&n, 5, shift);
	if (n.size <= 2) {
		*ret = small_divides(
			n.limbs[0] + (n.size > 1 ? (uint64_t)n.limbs[1] * LIMB_BASE : 0), a);
		return NULL;
	}
	rest = calloc(n.size + 1, sizeof(*rest));
	if (!rest)
		return crashinfo_error_no_memory();
	*ret = natural_divides(&n, a, rest);
	return NULL;
}
