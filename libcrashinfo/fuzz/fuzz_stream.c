/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes, fed whole and in pieces, salvaged and strictly: the same report comes out, and it is
 * strict JSON.
 */
#include <crashinfo/stream.h>

#include <stdlib.h>
#include <string.h>

#include <crashinfo/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* Small, so that inputs of a few KiB reach them. */
static struct crashinfo_context tight_context(void)
{
	struct crashinfo_context context = crashinfo_context_default();

	context.limits.stream_line_bytes = 300;
	context.limits.stream_frames = 4;
	context.limits.stream_entries = 8;
	context.limits.stream_report_bytes = 4096;
	return context;
}

static size_t piece_size(size_t left, uint32_t *state)
{
	size_t size;

	*state = *state * 1664525 + 1013904223;
	size = 1 + (*state >> 24) % 64;
	return size < left ? size : left;
}

/* The report, NULL when there is none. */
static char *read_stream(const struct crashinfo_context *context, bool strict, const uint8_t *data,
			 size_t size, bool in_pieces)
{
	struct crashinfo_stream_options options = {.strict = strict, .timestamp = "now"};
	struct crashinfo_stream *stream = NULL;
	struct crashinfo_json *json = NULL;
	uint32_t state = (uint32_t)size;
	size_t text_size;
	char *text = NULL;

	check(!crashinfo_stream_create(context, &options, &stream));
	for (size_t at = 0, piece; at < size; at += piece) {
		piece = in_pieces ? piece_size(size - at, &state) : size;
		check(!crashinfo_stream_feed(stream, (const char *)data + at, piece));
	}
	crashinfo_error_destroy(crashinfo_stream_finish(stream, &text, &text_size));
	crashinfo_stream_destroy(stream);
	if (text) {
		check(strlen(text) == text_size);
		check(!crashinfo_json_parse(NULL, text, text_size, NULL, &json));
		crashinfo_json_destroy(json);
	}
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashinfo_context tight = tight_context();
	char *whole, *pieces;

	for (unsigned i = 0; i < 4; i++) {
		const struct crashinfo_context *context = i & 1 ? &tight : NULL;

		whole = read_stream(context, i & 2, data, size, false);
		pieces = read_stream(context, i & 2, data, size, true);
		check(!whole == !pieces && (!whole || !strcmp(whole, pieces)));
		free(whole);
		free(pieces);
	}
	crashinfo_stream_sniff((const char *)data, size);
	return 0;
}
