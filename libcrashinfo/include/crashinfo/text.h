/* SPDX-License-Identifier: Apache-2.0 */
/* Text that goes to people and numbers that come from them. */
#ifndef CRASHINFO_TEXT_H
#define CRASHINFO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * `text` made safe for a terminal or a log: ill-formed UTF-8, control characters (newline and tab
 * too) and bidirectional overrides become \xNN or \u{NNNN}. malloc'd, NUL-terminated.
 */
struct crashinfo_error *crashinfo_text_escape(const char *text, size_t size, char **ret);

/* Decimal digits only, no sign or blanks; false when it is something else or does not fit. */
bool crashinfo_text_to_uint64(const char *text, uint64_t *ret);
/* Bytes, with an optional suffix K, M, G or T for powers of 1024: "512M". */
bool crashinfo_text_to_size(const char *text, uint64_t *ret);
/* 1 to 16 hex digits of either case after an optional "0x". */
bool crashinfo_text_to_address(const char *text, uint64_t *ret);

#ifdef __cplusplus
}
#endif
#endif
