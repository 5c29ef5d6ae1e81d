/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_POSITION_H
#define JSON_POSITION_H

#include <stddef.h>
#include <stdint.h>

/*
 * A place in a text and its line and column (from 1, code points). Moved forward, it costs one pass
 * for many places; backward, it begins anew. A byte order mark at the start takes no column. The
 * text is valid UTF-8 up to the places asked for.
 */
struct json_cursor {
	const char *text;
	size_t offset;
	uint32_t line, column;
};

struct json_cursor json_cursor_make(const char *text);
/* To byte `offset`. */
void json_cursor_move(struct json_cursor *cursor, size_t offset);

/* Line and column of byte `offset` of `text`. */
void json_text_position(const char *text, size_t offset, uint32_t *line_ret, uint32_t *column_ret);

#endif
