/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON object can be shown, and what comes out is UTF-8 that no terminal acts on. */
#include <crashinfo/render.h>

#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void render(struct crashinfo_report *report, enum crashinfo_render_format format,
		   const struct crashinfo_render_options *options)
{
	char *text;
	size_t size;

	check(!crashinfo_render(report, format, options, &text, &size));
	check(utf8_valid_prefix(text, size) == size);
	check(size && text[size - 1] == '\n');
	for (size_t i = 0; i < size; i++)
		check((unsigned char)text[i] >= ' ' || text[i] == '\n');
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct crashinfo_render_options options[] = {
		{0},
		{.verbose = true},
		{.width = 20},
	};
	struct crashinfo_error *error;
	struct crashinfo_report *report;
	struct crashinfo_json *json;

	error = crashinfo_json_parse(NULL, (const char *)data, size, NULL, &json);
	if (!error)
		error = crashinfo_report_create(NULL, json, &report);
	if (error) {
		crashinfo_error_destroy(error);
		return 0;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		render(report, CRASHINFO_RENDER_TEXT, &options[i]);
	render(report, CRASHINFO_RENDER_MARKDOWN, NULL);
	render(report, CRASHINFO_RENDER_HTML, &options[1]);
	crashinfo_report_destroy(report);
	return 0;
}
