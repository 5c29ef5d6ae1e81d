/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_POSITION_H
#define JSON_POSITION_H

#include <stddef.h>
#include <stdint.h>

/*
 * Line and column (from 1, code points) of byte `offset` of `text`. A byte order mark at the start
 * takes no column.
 */
void json_text_position(const char *text, size_t offset, uint32_t *line_ret, uint32_t *column_ret);

#endif
