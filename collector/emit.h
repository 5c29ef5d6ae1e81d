/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the stream: buffered, formatted by hand, escaped. */
#ifndef COLLECTOR_EMIT_H
#define COLLECTOR_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begin a stream to `fd`, which must stay open until emit_flush() was called last. */
void emit_begin(int fd);
/* Write what is buffered. After a failed write nothing more is written. */
void emit_flush(void);
bool emit_failed(void);

void emit_text(const char *text);
void emit_bytes(const char *data, size_t size);
void emit_decimal(int64_t value);
/* "0x" and as many digits as it takes, or at least `digits` with leading zeros. */
void emit_hex(uint64_t value, unsigned digits);
void emit_hex_bytes(const uint8_t *data, size_t size);
/* A JSON string with its quotes. */
void emit_string(const char *text);

/* As emit_bytes(), with a space put in front of each line that looks like a marker. */
void emit_guarded(const char *data, size_t size);

#endif
