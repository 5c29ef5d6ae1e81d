/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * Length of the sequence at `text` (1 to 4), 0 when it is not valid. `*bad` then is the length of
 * the maximal ill-formed subpart (at least 1), which is what one U+FFFD stands for.
 */
size_t utf8_sequence(const char *text, size_t size, size_t *bad);

/* Bytes of `text` that are valid from its start; `size` when all are. */
size_t utf8_valid_prefix(const char *text, size_t size);

/*
 * The code point that `text`, which is not empty, begins with, and the bytes it takes; U+FFFD for
 * an ill-formed subpart.
 */
uint32_t utf8_next(const char *text, size_t size, size_t *length_ret);

/* Add `text`, each maximal ill-formed subpart replaced by U+FFFD. */
void utf8_add_lossy(struct strbuf *buf, const char *text, size_t size);

/* Write the code point `c` (must be a scalar value); the number of bytes, 1 to 4. */
size_t utf8_encode(uint32_t c, char ret[4]);
void utf8_add(struct strbuf *buf, uint32_t c);

/*
 * Add `text` so that it is safe on a terminal or in a log: ill-formed bytes, C0 and C1 controls,
 * DEL and the bidirectional overrides become \xNN or \u{NNNN}; newline and tab too.
 */
void utf8_add_printable(struct strbuf *buf, const char *text, size_t size);

/* Code points in the first `size` bytes; ill-formed bytes count one each. */
size_t utf8_length(const char *text, size_t size);

#endif
