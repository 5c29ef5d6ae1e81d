/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ddcrash-upload. */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <crashinfo/file.h>
#include <crashinfo/input.h>
#include <crashinfo/upload.h>

#include "tool.h"

struct upload_options {
	const char *endpoint, *targets, *key_file;
	const char *journal, *summary;
	const char *cacert, *proxy, *test_token;
	enum crashinfo_http_version http_version;
	int bare_array; /* index of the choice */
	uint64_t concurrency, retries, timeout_ms, deadline, rate, max_payload;
	bool direct, ping, no_journal, replace_existing, gzip, no_trim, truncate;
	bool dry_run, allow_failure;
	struct tool_scrub_options scrub;
};

struct upload {
	struct tool tool;
	struct upload_options options;
	struct crashinfo_endpoint *endpoints[CRASHINFO_UPLOAD_TARGETS];
	struct crashinfo_uploader *uploader;
	struct crashinfo_inputs *inputs;
	struct tool_scrub *scrub; /* with --scrub */
	uint64_t held_back;       /* reports in which --scrub=check has found something */

	/* results, see upload_results.c */
	uint64_t counts[CRASHINFO_UPLOAD_OUTCOMES];
	uint64_t reports, possible_duplicates, trimmed, answered;
	bool unreachable;
	bool broken; /* nothing more can be sent or recorded, which has been said */
	/* why sending to a target has stopped: that is not printed over and over */
	char *stopped[CRASHINFO_UPLOAD_TARGETS];
	FILE *summary;
	struct crashinfo_file *summary_file;
	bool summary_begun, summary_failed;
};

/* A signal asked to end; what is under way still comes to its end. */
bool upload_is_interrupted(void);

/* --- upload_reports.c --- */

/* Give all reports of the inputs to the uploader, or print what it would do. */
void upload_reports(struct upload *upload);

/* --- upload_results.c --- */

/* Count and print a result; for struct crashinfo_uploader_options. */
void upload_result(void *user, const struct crashinfo_upload_result *result);
/* Create the file of --summary. */
void upload_summary_begin(struct upload *upload);
/* Print what it came to and complete the summary; the status of the program. */
enum tool_status upload_summary_end(struct upload *upload);

#endif
