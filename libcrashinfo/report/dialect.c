/* SPDX-License-Identifier: Apache-2.0 */
/* Which form a report has; the first test that fits decides. */
#include <crashinfo/report.h>

#include <string.h>

#include "base/number.h"
#include "report/report.h"

static bool has(const struct crashinfo_json *json, const char *path)
{
	return report_at(json, 0, path) != CRASHINFO_JSON_NONE;
}

static bool text_is(const struct crashinfo_json *json, const char *path, const char *text)
{
	crashinfo_json_node node = report_at(json, 0, path);

	return node != CRASHINFO_JSON_NONE && crashinfo_json_string_equals(json, node, text);
}

/* RFC 0002 writes span ids as strings, later schemas as objects. */
static bool first_span_is_text(const struct crashinfo_json *json)
{
	crashinfo_json_node spans = report_at(json, 0, "span_ids");
	crashinfo_json_node first;

	if (spans == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(json, spans) != CRASHINFO_JSON_ARRAY)
		return false;
	first = crashinfo_json_first(json, spans);
	return first != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, first) == CRASHINFO_JSON_STRING;
}

enum crashinfo_dialect report_dialect_detect(const struct crashinfo_json *json)
{
	if (has(json, "version_id") || has(json, "error.stack.trace"))
		return CRASHINFO_DIALECT_DRAFT0002;
	if (has(json, "siginfo") || has(json, "stacktrace"))
		return CRASHINFO_DIALECT_LEGACY_2024;
	if (has(json, "sig_info.signum") || has(json, "sig_info.signame") ||
	    text_is(json, "error.stack.format", "CrashTrackerV1") ||
	    text_is(json, "error.source_type", "crashtracking") || first_span_is_text(json))
		return CRASHINFO_DIALECT_RFC0002;
	return CRASHINFO_DIALECT_1_X;
}

const char *crashinfo_dialect_name(enum crashinfo_dialect dialect)
{
	switch (dialect) {
	case CRASHINFO_DIALECT_1_X: return "1.x";
	case CRASHINFO_DIALECT_RFC0002: return "rfc0002";
	case CRASHINFO_DIALECT_DRAFT0002: return "draft-0002";
	case CRASHINFO_DIALECT_LEGACY_2024: return "legacy-2024";
	}
	return "unknown";
}

bool crashinfo_report_version(const struct crashinfo_report *report, unsigned *major_ret,
			      unsigned *minor_ret)
{
	const char *text = report->summary.schema_version;
	const char *dot = text ? strchr(text, '.') : NULL;
	uint64_t major, minor;
	size_t minor_size;

	if (!dot)
		return false;
	minor_size = strcspn(dot + 1, ".");
	if (!parse_dec_u64(text, (size_t)(dot - text), &major) ||
	    !parse_dec_u64(dot + 1, minor_size, &minor) || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	*major_ret = (unsigned)major;
	*minor_ret = (unsigned)minor;
	return true;
}
