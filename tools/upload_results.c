/* SPDX-License-Identifier: Apache-2.0 */
/* What became of payloads: messages, counts, the summary, the exit status. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "upload.h"

/* Intakes elsewhere take no more than this. */
#define LARGE_BYTES (5u * 1024 * 1024)

static bool is_fine(enum crashinfo_upload_outcome outcome)
{
	return outcome == CRASHINFO_UPLOAD_SENT || outcome == CRASHINFO_UPLOAD_ALREADY_SENT;
}

/* --- the summary: results that are worth a word as they come, counts at the end --- */

void upload_summary_begin(struct upload *upload)
{
	const char *path = upload->options.summary;
	int fd;

	if (!path)
		return;
	if (!strcmp(path, "-")) {
		upload->summary = tool_out(&upload->tool);
	} else {
		if (tool_failed(&upload->tool, crashinfo_file_create(path, &upload->summary_file)))
			exit(tool_finish(&upload->tool, TOOL_FAILED));
		fd = dup(crashinfo_file_descriptor(upload->summary_file));
		upload->summary = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (upload->summary)
		fputs("{\"results\":[", upload->summary);
	else
		upload->summary_failed = true;
}

static void add_to_summary(struct upload *upload, const struct crashinfo_upload_result *result)
{
	struct crashinfo_error *error;
	size_t size;
	char *json;

	if (!upload->summary || (result->outcome == CRASHINFO_UPLOAD_SENT &&
				 !result->possible_duplicate && !result->trimmed))
		return;
	if (result->outcome == CRASHINFO_UPLOAD_ALREADY_SENT && !result->possible_duplicate)
		return;
	error = crashinfo_upload_result_json(result, &json, &size);
	if (error) {
		upload->summary_failed = true;
		crashinfo_error_destroy(error);
		return;
	}
	fprintf(upload->summary, "%s\n%s", upload->summary_begun ? "," : "", json);
	upload->summary_begun = true;
	free(json);
}

static void add_counts(struct upload *upload)
{
	FILE *f = upload->summary;

	fprintf(f, "],\n\"reports\":%ju", (uintmax_t)upload->reports);
	for (int i = 0; i < CRASHINFO_UPLOAD_OUTCOMES; i++) {
		const char *name = crashinfo_upload_outcome_name((enum crashinfo_upload_outcome)i);

		fputs(",\"", f);
		for (; *name; name++)
			fputc(*name == ' ' ? '_' : *name, f);
		fprintf(f, "\":%ju", (uintmax_t)upload->counts[i]);
	}
	fprintf(f, ",\"possible_duplicates\":%ju,\"trimmed\":%ju,\"inputs_failed\":%s}\n",
		(uintmax_t)upload->possible_duplicates, (uintmax_t)upload->trimmed,
		upload->tool.failed ? "true" : "false");
}

static void finish_summary(struct upload *upload)
{
	bool is_file = upload->summary_file;

	if (upload->summary)
		add_counts(upload);
	if (upload->summary && is_file && (ferror(upload->summary) | fclose(upload->summary)))
		upload->summary_failed = true;
	if (upload->summary_failed) {
		tool_error(&upload->tool, "cannot write the summary");
		crashinfo_file_destroy(upload->summary_file);
	} else if (is_file) {
		tool_failed(&upload->tool, crashinfo_file_commit(upload->summary_file, true));
	}
}

/* --- messages --- */

static void print_failure(struct upload *upload, const struct crashinfo_upload_result *result)
{
	const char *message = result->message ? result->message : "no reason given";
	char **stopped = &upload->stopped[result->target];

	if (result->outcome != CRASHINFO_UPLOAD_NOT_SENT) {
		tool_warning(&upload->tool, "%s: %s of %s to %s %s: %s", result->input,
			     crashinfo_upload_kind_name(result->kind), result->uuid,
			     crashinfo_upload_target_name(result->target),
			     crashinfo_upload_outcome_name(result->outcome), message);
		return;
	}
	/* one line for all that sending stopped before */
	if (*stopped && !strcmp(*stopped, message))
		return;
	free(*stopped);
	*stopped = strdup(message);
	tool_warning(&upload->tool, "%s", message);
}

static void print_remarks(struct upload *upload, const struct crashinfo_upload_result *result)
{
	const char *kind = crashinfo_upload_kind_name(result->kind);
	const char *target = crashinfo_upload_target_name(result->target);

	if (result->possible_duplicate)
		tool_warning(&upload->tool,
			     "%s: %s of %s to %s may have arrived twice: an answer was lost",
			     result->input, kind, result->uuid, target);
	if (result->outcome != CRASHINFO_UPLOAD_SENT)
		return;
	if (result->trimmed)
		tool_warning(&upload->tool, "%s: %s of %s to %s was trimmed to %ju bytes",
			     result->input, kind, result->uuid, target, (uintmax_t)result->bytes);
	else if (result->bytes > LARGE_BYTES)
		tool_warning(&upload->tool,
			     "%s: %s of %s to %s has %ju bytes, which not every intake takes",
			     result->input, kind, result->uuid, target, (uintmax_t)result->bytes);
	tool_detail(&upload->tool, "%s: %s of %s to %s sent%s", result->input, kind, result->uuid,
		    target, result->attempts > 1 ? " after retries" : "");
}

void upload_result(void *user, const struct crashinfo_upload_result *result)
{
	struct upload *upload = user;
	uint64_t done = 0;

	upload->counts[result->outcome]++;
	upload->possible_duplicates += result->possible_duplicate;
	upload->trimmed += result->trimmed && result->outcome == CRASHINFO_UPLOAD_SENT;
	upload->answered += result->status != 0 || result->outcome == CRASHINFO_UPLOAD_SENT;
	upload->unreachable |= result->unreachable;
	if (!is_fine(result->outcome))
		print_failure(upload, result);
	print_remarks(upload, result);
	add_to_summary(upload, result);
	for (int i = 0; i < CRASHINFO_UPLOAD_OUTCOMES; i++)
		done += upload->counts[i];
	tool_progress(&upload->tool, "payloads done", done, 0);
}

static void print_counts(struct upload *upload)
{
	char text[256] = "";
	size_t at = 0;

	for (int i = 0; i < CRASHINFO_UPLOAD_OUTCOMES; i++)
		if (upload->counts[i] && at < sizeof(text))
			at += (size_t)snprintf(
				text + at, sizeof(text) - at, "%s%ju %s", at ? ", " : "",
				(uintmax_t)upload->counts[i],
				crashinfo_upload_outcome_name((enum crashinfo_upload_outcome)i));
	tool_note(&upload->tool, "%ju report%s: %s", (uintmax_t)upload->reports,
		  upload->reports == 1 ? "" : "s", at ? text : "nothing to send");
}

enum tool_status upload_summary_end(struct upload *upload)
{
	bool negative = upload_is_interrupted();

	tool_progress_end(&upload->tool);
	if (negative)
		tool_warning(&upload->tool, "interrupted; the same command sends the rest");
	negative |= upload->held_back > 0;
	for (int i = 0; i < CRASHINFO_UPLOAD_OUTCOMES; i++)
		negative |= upload->counts[i] && !is_fine((enum crashinfo_upload_outcome)i);
	if (!upload->options.dry_run)
		print_counts(upload);
	finish_summary(upload);
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++)
		free(upload->stopped[i]);
	if (!negative || upload->options.allow_failure)
		return TOOL_OK;
	/* nobody said no, there was nobody */
	return upload->unreachable && !upload->answered ? TOOL_FAILED : TOOL_NEGATIVE;
}
