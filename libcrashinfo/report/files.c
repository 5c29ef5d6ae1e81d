/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a report carries as arrays of lines. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "report/report.h"

static struct crashinfo_error *join_lines(const struct crashinfo_json *json,
					  crashinfo_json_node lines, struct strbuf *buf)
{
	for (crashinfo_json_node node = crashinfo_json_first(json, lines);
	     node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(json, lines, node)) {
		_free_ char *storage = NULL;
		struct crashinfo_slice line;
		struct crashinfo_error *error;

		if (crashinfo_json_type(json, node) != CRASHINFO_JSON_STRING)
			continue;
		error = crashinfo_json_string(json, node, &line, &storage);
		if (error)
			return error;
		strbuf_add(buf, line.data, line.size);
		strbuf_addc(buf, '\n');
	}
	return strbuf_error(buf);
}

struct crashinfo_error *crashinfo_report_file(const struct crashinfo_report *report,
					      const char *name, char **ret, size_t *size_ret)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node files = crashinfo_json_member(json, 0, "files");
	crashinfo_json_node lines = CRASHINFO_JSON_NONE;
	struct strbuf buf _strbuf_ = {0};
	struct crashinfo_error *error;
	size_t size;
	char *text;

	/* a file's name may hold dots, so this is no path */
	if (files != CRASHINFO_JSON_NONE)
		lines = crashinfo_json_member(json, files, name);
	if (lines == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(json, lines) != CRASHINFO_JSON_ARRAY)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND,
					      "the report has no file %s", name);
	error = join_lines(json, lines, &buf);
	if (error)
		return error;
	size = buf.size;
	text = strbuf_steal(&buf);
	if (!text)
		return crashinfo_error_no_memory();
	*size_ret = size;
	*ret = text;
	return NULL;
}

struct crashinfo_error *crashinfo_report_maps_text(const struct crashinfo_report *report,
						   char **ret, size_t *size_ret)
{
	char own[64];
	struct crashinfo_error *error;

	error = crashinfo_report_file(report, "/proc/self/maps", ret, size_ret);
	if (!error || error->code != CRASHINFO_ERROR_NOT_FOUND || !report->summary.pid)
		return error;
	crashinfo_error_destroy(error);
	snprintf(own, sizeof(own), "/proc/%llu/maps", (unsigned long long)report->summary.pid);
	return crashinfo_report_file(report, own, ret, size_ret);
}
