/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "json/string.h"

/* No member name of any dialect comes near. */
#define REPORT_NAME_BYTES 64

crashinfo_json_node report_at(const struct crashinfo_json *json, crashinfo_json_node node,
			      const char *path)
{
	while (node != CRASHINFO_JSON_NONE && *path) {
		size_t length = strcspn(path, ".");
		char name[REPORT_NAME_BYTES];

		if (length >= sizeof(name))
			return CRASHINFO_JSON_NONE;
		memcpy(name, path, length);
		name[length] = '\0';
		node = crashinfo_json_member(json, node, name);
		path += length + (path[length] == '.');
	}
	return node;
}

/* A C string cannot hold a NUL: show where one was instead of cutting there. */
static struct crashinfo_error *copy_without_nul(struct arena *arena, struct crashinfo_slice text,
						const char **ret)
{
	struct strbuf buf _strbuf_ = {0};
	const char *copy;

	while (text.size) {
		const char *nul = memchr(text.data, '\0', text.size);
		size_t length = nul ? (size_t)(nul - text.data) : text.size;

		strbuf_add(&buf, text.data, length);
		if (nul)
			strbuf_adds(&buf, "\xef\xbf\xbd");
		text.data += length + !!nul;
		text.size -= length + !!nul;
	}
	copy = buf.failed ? NULL : arena_memdup(arena, buf.data, buf.size);
	if (!copy)
		return crashinfo_error_no_memory();
	*ret = copy;
	return NULL;
}

struct crashinfo_error *report_text(struct crashinfo_report *report, crashinfo_json_node node,
				    const char **ret)
{
	struct crashinfo_slice text;
	struct crashinfo_error *error;
	_free_ char *storage = NULL;

	*ret = NULL;
	if (node == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(report->json, node) != CRASHINFO_JSON_STRING)
		return NULL;
	error = crashinfo_json_string(report->json, node, &text, &storage);
	if (error)
		return error;
	if (text.size && memchr(text.data, '\0', text.size))
		return copy_without_nul(&report->arena, text, ret);
	*ret = arena_memdup(&report->arena, text.data, text.size);
	return *ret ? NULL : crashinfo_error_no_memory();
}

/* A string of this size cannot be an address; they have up to 18 characters. */
#define REPORT_ADDRESS_BYTES 64

bool report_address(const struct crashinfo_json *json, crashinfo_json_node node, uint64_t *ret)
{
	char text[REPORT_ADDRESS_BYTES], *at = text;
	struct json_bytes bytes;
	size_t size = 0;

	if (node == CRASHINFO_JSON_NONE)
		return false;
	if (crashinfo_json_type(json, node) == CRASHINFO_JSON_NUMBER)
		return crashinfo_json_uint64(json, node, ret);
	if (crashinfo_json_type(json, node) != CRASHINFO_JSON_STRING)
		return false;
	bytes = json_bytes_of(json, &json->nodes[node]);
	for (int c; (c = json_bytes_next(&bytes)) >= 0; text[size++] = (char)c)
		if (size == sizeof(text))
			return false;
	/* some producers write the prefix twice */
	while (size > 4 && !memcmp(at, "0x0x", 4)) {
		at += 2;
		size -= 2;
	}
	return parse_address(at, size, ret);
}

struct crashinfo_error *crashinfo_report_create(const struct crashinfo_context *context,
						struct crashinfo_json *json,
						struct crashinfo_report **ret)
{
	struct crashinfo_report *report = calloc(1, sizeof(*report));
	struct crashinfo_error *error = NULL;

	(void)context;
	if (!report) {
		crashinfo_json_destroy(json);
		return crashinfo_error_no_memory();
	}
	report->json = json;
	arena_init(&report->arena);
	if (crashinfo_json_type(json, 0) != CRASHINFO_JSON_OBJECT) {
		uint32_t line, column;
		size_t offset = crashinfo_json_offset(json, 0);

		crashinfo_json_position(json, offset, &line, &column);
		error = crashinfo_error_at(crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
								  "a report must be an object"),
					   NULL, offset, line, column);
	}
	if (!error) {
		report->dialect = report_dialect_detect(json);
		error = report_summarize(report);
	}
	if (!error)
		error = report_find_stacks(report);
	if (error) {
		crashinfo_report_destroy(report);
		return error;
	}
	*ret = report;
	return NULL;
}

void crashinfo_report_destroy(struct crashinfo_report *report)
{
	if (!report)
		return;
	crashinfo_json_destroy(report->json);
	arena_deinit(&report->arena);
	free(report);
}

const struct crashinfo_json *crashinfo_report_json(const struct crashinfo_report *report)
{
	return report->json;
}

enum crashinfo_dialect crashinfo_report_dialect(const struct crashinfo_report *report)
{
	return report->dialect;
}

const struct crashinfo_report_summary *crashinfo_report_summary(
	const struct crashinfo_report *report)
{
	return &report->summary;
}

size_t crashinfo_report_stack_count(const struct crashinfo_report *report)
{
	return report->stack_count;
}

const struct crashinfo_stack *crashinfo_report_stack(const struct crashinfo_report *report,
						     size_t index)
{
	return index < report->stack_count ? &report->stacks[index] : NULL;
}
