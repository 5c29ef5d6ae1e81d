/* SPDX-License-Identifier: Apache-2.0 */
/* Strings without libc. */
#ifndef COLLECTOR_BYTES_H
#define COLLECTOR_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
/* Whether `text` of `size` bytes begins with `prefix`. */
bool text_begins(const char *text, size_t size, const char *prefix);
bool text_ends(const char *text, size_t size, const char *suffix);

/* Parse a number in base 10 or 16 at *at, not going beyond `end`, and move *at behind it. False
 * when there is no digit or the number does not fit. */
bool text_number(const char **at, const char *end, unsigned base, uint64_t *ret);

/* Where `c` is first, or `size`. */
size_t text_find(const char *text, size_t size, char c);
/* Bytes of the ASCII characters that `text` begins with. */
size_t text_ascii(const char *text, size_t size);

/* Bytes of the valid UTF-8 sequence that `text` begins with, 0 when it begins with none. */
unsigned utf8_sequence(const char *text, size_t size);

/* At most `size` without the beginning of a UTF-8 sequence that `size` cuts. */
size_t text_whole(const char *text, size_t size);

#endif
