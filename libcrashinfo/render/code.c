/* SPDX-License-Identifier: Apache-2.0 */
/* Source lines around the line of a frame. */
#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "render/render.h"

void render_line(struct strbuf *out, const char *text, size_t size)
{
	size_t column = 0, cut = 0;

	if (size > RENDER_TEXT_BYTES) {
		cut = size - RENDER_TEXT_BYTES;
		size = RENDER_TEXT_BYTES;
	}
	for (size_t i = 0; i < size;) {
		const char *tab = memchr(text + i, '\t', size - i);
		size_t plain = tab ? (size_t)(tab - text) - i : size - i;

		utf8_add_printable(out, text + i, plain);
		column += utf8_length(text + i, plain);
		i += plain;
		if (!tab)
			break;
		strbuf_pad(out, ' ', 8 - column % 8);
		column += 8 - column % 8;
		i++;
	}
	if (cut)
		strbuf_addf(out, "... (%zu bytes more)", cut);
}

static void add_source_line(const struct source_file *file, uint64_t number,
			    bool current, struct strbuf *out)
{
	_strbuf_ struct strbuf line = {0};
	const char *text;
	size_t size;

	if (!source_line(file, number, &text, &size))
		return;
	strbuf_addf(&line, RENDER_INDENT "%c%6" PRIu64 " | ", current ? '>' : ' ', number);
	render_line(&line, text, size);
	render_styled(out, current ? RENDER_PLAIN : RENDER_DIM, line.data);
	strbuf_addc(out, '\n');
	out->failed |= line.failed;
}

struct crashinfo_error *render_source(struct render *r, const struct crashinfo_frame *frame,
				      struct strbuf *out)
{
	unsigned context = r->options->context_lines;
	const struct source_file *file;
	struct crashinfo_error *error;
	uint64_t first, last = (uint64_t)frame->line + context;
	const char *text;
	size_t size;

	if (!context || !frame->file || !frame->line)
		return NULL;
	error = source_find(&r->sources, frame->file, &file);
	/* a file that ends before the line is not the one that was compiled */
	if (error || !file || !source_line(file, frame->line, &text, &size))
		return error;
	first = frame->line > context ? frame->line - context : 1;
	for (uint64_t number = first; number <= last; number++)
		add_source_line(file, number, number == frame->line, out);
	return NULL;
}
