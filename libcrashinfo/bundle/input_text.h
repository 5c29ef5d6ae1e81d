/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a source of JSON documents: all of it at once, so that documents and their positions
 * last, or a window that moves over it, so that a file of any size needs no more memory than its
 * largest document.
 */
#ifndef BUNDLE_INPUT_TEXT_H
#define BUNDLE_INPUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/json.h>

#include "base/strbuf.h"
#include "bundle/input_source.h"

struct input_text {
	const struct crashinfo_context *context;
	struct input_source *source; /* NULL: none is open */
	struct strbuf text;
	size_t offset; /* of the next document in it */
	size_t max_bytes;
	bool whole;  /* nothing follows it */
	bool window; /* it moves */
	/* what it has left behind: bytes, lines, and bytes of the line in which it begins */
	uint64_t bytes;
	uint32_t lines, columns;
	size_t errors;
};

/* Begin with `source`, of which at most `max_bytes` are held. */
struct crashinfo_error *input_text_open(struct input_text *text,
					const struct crashinfo_context *context,
					struct input_source *source, size_t max_bytes, bool window);
void input_text_close(struct input_text *text);

/*
 * The next document; NULL at the end. After an error the next call goes on behind the bad document,
 * unless the source cannot be read any further, which sets `*broken_ret`.
 */
struct crashinfo_error *input_text_next(struct input_text *text, struct crashinfo_json **ret,
					bool *broken_ret);

#endif
