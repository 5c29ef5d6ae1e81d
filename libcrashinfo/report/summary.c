/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar members of a report, whatever its dialect calls them. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "report/report.h"

/* Paths that mean the same member in some dialect or version; the first that is there counts. */
#define SUMMARY_PATHS 3

struct text_member {
	size_t offset;
	const char *paths[SUMMARY_PATHS];
};

#define TEXT(member, ...)                                          \
	{                                                          \
		offsetof(struct crashinfo_report_summary, member), \
		{                                                  \
			__VA_ARGS__                                \
		}                                                  \
	}

static const struct text_member texts[] = {
	TEXT(uuid, "uuid"),
	TEXT(timestamp, "timestamp"),
	TEXT(schema_version, "data_schema_version"),
	TEXT(kind, "error.kind"),
	TEXT(message, "error.message"),
	TEXT(thread_name, "error.thread_name"),
	TEXT(signal_name, "sig_info.si_signo_human_readable", "sig_info.signame",
	     "siginfo.signame"),
	TEXT(signal_code_name, "sig_info.si_code_human_readable"),
	/* the RFC texts misspell it */
	TEXT(fault_address, "sig_info.si_addr", "sig_info.sid_addr", "sig_info.faulting_address"),
	TEXT(library_name, "metadata.library_name", "metadata.profiling_library_name"),
	TEXT(library_version, "metadata.library_version", "metadata.profiling_library_version"),
	TEXT(family, "metadata.family"),
	TEXT(os_type, "os_info.os_type"),
	TEXT(os_version, "os_info.version"),
	TEXT(architecture, "os_info.architecture"),
};

static crashinfo_json_node first_of(const struct crashinfo_json *json, const char *const *paths)
{
	for (size_t i = 0; i < SUMMARY_PATHS && paths[i]; i++) {
		crashinfo_json_node node = report_at(json, 0, paths[i]);

		if (node != CRASHINFO_JSON_NONE)
			return node;
	}
	return CRASHINFO_JSON_NONE;
}

static bool number_at(const struct crashinfo_json *json, int64_t *ret, const char *path,
		      const char *second, const char *third)
{
	const char *paths[SUMMARY_PATHS] = {path, second, third};
	crashinfo_json_node node = first_of(json, paths);

	return node != CRASHINFO_JSON_NONE && crashinfo_json_int64(json, node, ret);
}

static uint64_t id_at(const struct crashinfo_json *json, const char *path)
{
	crashinfo_json_node node = report_at(json, 0, path);
	uint64_t id;

	return node != CRASHINFO_JSON_NONE && crashinfo_json_uint64(json, node, &id) ? id : 0;
}

static bool is_true(const struct crashinfo_json *json, const char *path)
{
	crashinfo_json_node node = report_at(json, 0, path);

	return node != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, node) == CRASHINFO_JSON_TRUE;
}

/* In 2024 the address was a number. */
static struct crashinfo_error *read_fault_number(struct crashinfo_report *report)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node node = report_at(json, 0, "siginfo.faulting_address");
	uint64_t address;
	char text[24];

	if (report->summary.fault_address || node == CRASHINFO_JSON_NONE ||
	    !crashinfo_json_uint64(json, node, &address))
		return NULL;
	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	report->summary.fault_address = arena_strdup(&report->arena, text);
	return report->summary.fault_address ? NULL : crashinfo_error_no_memory();
}

/* The numbers of an array with dots between. */
static void add_dotted(const struct crashinfo_json *json, crashinfo_json_node array,
		       struct strbuf *text)
{
	crashinfo_json_node node = crashinfo_json_first(json, array);

	for (; node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(json, array, node)) {
		struct crashinfo_slice raw = crashinfo_json_raw(json, node);

		if (crashinfo_json_type(json, node) != CRASHINFO_JSON_NUMBER)
			continue;
		strbuf_adds(text, text->size ? "." : "");
		strbuf_add(text, raw.data, raw.size);
	}
}

static struct crashinfo_error *add_rolling(struct crashinfo_report *report,
					   crashinfo_json_node rolling, struct strbuf *text)
{
	const char *date;
	struct crashinfo_error *error = report_text(report, rolling, &date);

	strbuf_adds(text, "Rolling Release");
	if (!error && date)
		strbuf_addf(text, " (%s)", date);
	return error;
}

/* The older draft writes {"Semantic":[14,5,0]}, {"Rolling":"date" or null} or {"Custom":"text"}. */
static struct crashinfo_error *read_draft_version(struct crashinfo_report *report)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node numbers = report_at(json, 0, "os_info.version.Semantic");
	crashinfo_json_node rolling = report_at(json, 0, "os_info.version.Rolling");
	struct strbuf text _strbuf_ = {0};
	struct crashinfo_error *error = NULL;

	if (report->summary.os_version)
		return NULL;
	if (numbers != CRASHINFO_JSON_NONE &&
	    crashinfo_json_type(json, numbers) == CRASHINFO_JSON_ARRAY)
		add_dotted(json, numbers, &text);
	else if (rolling != CRASHINFO_JSON_NONE)
		error = add_rolling(report, rolling, &text);
	else
		return report_text(report, report_at(json, 0, "os_info.version.Custom"),
				   &report->summary.os_version);
	if (!error)
		error = strbuf_error(&text);
	if (error || !text.size)
		return error;
	report->summary.os_version = arena_memdup(&report->arena, text.data, text.size);
	return report->summary.os_version ? NULL : crashinfo_error_no_memory();
}

static struct crashinfo_error *summarize_texts(struct crashinfo_report *report)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		crashinfo_json_node node = first_of(report->json, texts[i].paths);
		struct crashinfo_error *error = report_text(
			report, node, (const char **)((char *)&report->summary + texts[i].offset));

		if (error)
			return error;
	}
	return NULL;
}

struct crashinfo_error *report_summarize(struct crashinfo_report *report)
{
	struct crashinfo_report_summary *summary = &report->summary;
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node crash = report_at(json, 0, "error.is_crash");
	struct crashinfo_error *error;

	summary->has_signal_number = number_at(json, &summary->signal_number, "sig_info.si_signo",
					       "sig_info.signum", "siginfo.signum");
	summary->has_signal_code =
		number_at(json, &summary->signal_code, "sig_info.si_code", NULL, NULL);
	summary->pid = id_at(json, "proc_info.pid");
	summary->tid = id_at(json, "proc_info.tid");
	summary->incomplete = is_true(json, "incomplete");
	/* older forms had crashes only */
	summary->is_crash = crash == CRASHINFO_JSON_NONE || is_true(json, "error.is_crash");
	error = summarize_texts(report);
	if (!error && report->dialect == CRASHINFO_DIALECT_LEGACY_2024)
		error = read_fault_number(report);
	if (!error && report->dialect == CRASHINFO_DIALECT_DRAFT0002)
		error = read_draft_version(report);
	return error;
}
