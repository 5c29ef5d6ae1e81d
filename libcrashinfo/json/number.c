/* SPDX-License-Identifier: Apache-2.0 */
/* Exact integers out of JSON numbers of any notation. */
#include <crashinfo/json.h>

#include <string.h>

#include "base/number.h"
#include "json/document.h"

/* A number as sign, digits without zeros at either end, and the power of ten behind them. */
struct decimal {
	bool negative;
	const char *digits, *end; /* may hold one '.' between digits */
	int64_t exponent;
};

/* Far above any that matters and far below overflow when text sizes are added. */
#define EXPONENT_MAX ((int64_t)1 << 40)

static int64_t parse_exponent(const char *at, const char *end)
{
	bool negative = *at == '-';
	int64_t value = 0;

	for (at += *at == '-' || *at == '+'; at < end; at++)
		if (value < EXPONENT_MAX)
			value = value * 10 + (*at - '0');
	return negative ? -value : value;
}

static struct decimal decimal_parse(const char *at, const char *end)
{
	struct decimal d = {.negative = *at == '-'};
	const char *mark = at, *point;

	at += d.negative;
	while (mark < end && (*mark | 0x20) != 'e')
		mark++;
	if (mark < end)
		d.exponent = parse_exponent(mark + 1, end);
	point = memchr(at, '.', (size_t)(mark - at));
	while (at < mark && (*at == '0' || *at == '.'))
		at++;
	d.digits = at;
	d.end = mark;
	while (d.end > at && (d.end[-1] == '0' || d.end[-1] == '.'))
		d.end--;
	/* the last digit counts 10^exponent: move the point there */
	if (point && d.end > point)
		d.exponent -= d.end - point - 1;
	else
		d.exponent += (point ? point : mark) - d.end;
	return d;
}

/* The absolute value, when it is integral and fits. */
static bool decimal_magnitude(const struct decimal *d, uint64_t *ret)
{
	uint64_t value = 0;

	if (d->digits == d->end) {
		*ret = 0;
		return true;
	}
	/* 2^64 has 20 digits; the '.' makes one more byte */
	if (d->exponent < 0 || d->exponent > 20 || d->end - d->digits > 21)
		return false;
	for (const char *at = d->digits; at < d->end; at++) {
		if (*at != '.' && (__builtin_mul_overflow(value, 10, &value) ||
				   __builtin_add_overflow(value, (unsigned)(*at - '0'), &value)))
			return false;
	}
	for (int64_t i = 0; i < d->exponent; i++)
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
	*ret = value;
	return true;
}

/* Sign and absolute value of a number node. */
static bool number_integer(const struct crashinfo_json *json, crashinfo_json_node node,
			   bool *negative, uint64_t *magnitude)
{
	struct crashinfo_slice raw = crashinfo_json_raw(json, node);
	struct decimal d;

	if (crashinfo_json_type(json, node) != CRASHINFO_JSON_NUMBER)
		return false;
	if (!(json->nodes[node].info & JSON_FLAG)) {
		*negative = raw.data[0] == '-';
		return parse_dec_u64(raw.data + *negative, raw.size - *negative, magnitude);
	}
	d = decimal_parse(raw.data, raw.data + raw.size);
	*negative = d.negative;
	return decimal_magnitude(&d, magnitude);
}

bool crashinfo_json_uint64(const struct crashinfo_json *json, crashinfo_json_node node,
			   uint64_t *ret)
{
	uint64_t magnitude;
	bool negative;

	if (!number_integer(json, node, &negative, &magnitude) || (negative && magnitude))
		return false;
	*ret = magnitude;
	return true;
}

bool crashinfo_json_int64(const struct crashinfo_json *json, crashinfo_json_node node, int64_t *ret)
{
	uint64_t magnitude;
	bool negative;

	if (!number_integer(json, node, &negative, &magnitude) ||
	    magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}
