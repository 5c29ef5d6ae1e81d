/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <string.h>

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool parse_dec_u64(const char *text, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	if (!size)
		return false;
	for (size_t i = 0; i < size; i++) {
		unsigned digit = (unsigned char)text[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret = value;
	return true;
}

bool parse_hex_u64(const char *text, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	if (!size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0 || value >> 60)
			return false;
		value = value << 4 | (unsigned)digit;
	}
	*ret = value;
	return true;
}

bool parse_address(const char *text, size_t size, uint64_t *ret)
{
	if (size > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		size -= 2;
	}
	return parse_hex_u64(text, size, ret);
}

bool parse_dec_i64(const char *text, size_t size, int64_t *ret)
{
	bool negative = size && text[0] == '-';
	uint64_t value;

	if (!parse_dec_u64(text + negative, size - negative, &value))
		return false;
	if (value > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool parse_size(const char *text, size_t size, uint64_t *ret)
{
	static const char suffixes[] = "KMGT";
	const char *suffix = size ? memchr(suffixes, text[size - 1], 4) : NULL;
	unsigned shift = suffix ? 10u * (unsigned)(suffix - suffixes + 1) : 0;
	uint64_t value;

	if (!parse_dec_u64(text, size - !!suffix, &value) || value > UINT64_MAX >> shift)
		return false;
	*ret = value << shift;
	return true;
}
