/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar members of a report, whatever its dialect calls them. */
#include <stddef.h>

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

	summary->has_signal_number = number_at(json, &summary->signal_number, "sig_info.si_signo",
					       "sig_info.signum", "siginfo.signum");
	summary->has_signal_code =
		number_at(json, &summary->signal_code, "sig_info.si_code", NULL, NULL);
	summary->pid = id_at(json, "proc_info.pid");
	summary->tid = id_at(json, "proc_info.tid");
	summary->incomplete = is_true(json, "incomplete");
	/* older forms had crashes only */
	summary->is_crash = crash == CRASHINFO_JSON_NONE || is_true(json, "error.is_crash");
	return summarize_texts(report);
}
