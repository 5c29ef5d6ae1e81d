/* SPDX-License-Identifier: Apache-2.0 */
/* Strict number parsing: the whole text must be the number, no signs, blanks or overflow. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1 to n decimal digits. */
bool parse_dec_u64(const char *text, size_t size, uint64_t *ret);
/* 1 to 16 significant hex digits of either case, no prefix; leading zeros are free. */
bool parse_hex_u64(const char *text, size_t size, uint64_t *ret);
/* As parse_hex_u64() after one optional "0x" or "0X". */
bool parse_address(const char *text, size_t size, uint64_t *ret);
/* An optional '-' and decimal digits. */
bool parse_dec_i64(const char *text, size_t size, int64_t *ret);
/* Bytes with an optional suffix K, M, G or T (powers of 1024), as in "512M". */
bool parse_size(const char *text, size_t size, uint64_t *ret);
/* The value of one hex digit, -1 for any other character. */
int hex_digit(char c);

#endif
