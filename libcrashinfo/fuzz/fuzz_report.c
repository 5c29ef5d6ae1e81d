/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON object can be asked for everything a report has. */
#include <crashinfo/report.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static size_t length(const char *text)
{
	return text ? strlen(text) : 0;
}

static void read_frames(struct crashinfo_report *report, const struct crashinfo_stack *stack)
{
	const struct crashinfo_frame *frames;
	size_t count, total = length(stack->thread_name) + length(stack->thread_state);

	check(!crashinfo_report_frames(report, stack, &frames, &count));
	check(count == stack->frame_count);
	for (size_t i = 0; i < count; i++) {
		check(frames[i].node != CRASHINFO_JSON_NONE);
		total += length(frames[i].build_id) + length(frames[i].path) +
			 length(frames[i].function) + length(frames[i].file);
		for (size_t n = 0; n < frames[i].comment_count; n++)
			total += strlen(frames[i].comments[n]);
	}
	check(total != SIZE_MAX);
}

static void read_texts(struct crashinfo_report *report)
{
	const struct crashinfo_report_summary *summary = crashinfo_report_summary(report);
	struct crashinfo_error *error;
	unsigned major, minor;
	size_t size;
	char *maps;

	check(length(summary->uuid) + length(summary->message) + length(summary->os_version) +
		      length(summary->fault_address) !=
	      SIZE_MAX);
	check(crashinfo_dialect_name(crashinfo_report_dialect(report)) != NULL);
	crashinfo_report_version(report, &major, &minor);
	error = crashinfo_report_maps_text(report, &maps, &size);
	check(!error || error->code == CRASHINFO_ERROR_NOT_FOUND);
	if (!error)
		free(maps);
	crashinfo_error_destroy(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashinfo_report *report;
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(NULL, (const char *)data, size, NULL, &json);
	if (!error)
		error = crashinfo_report_create(NULL, json, &report);
	if (error) {
		crashinfo_error_destroy(error);
		return 0;
	}
	read_texts(report);
	for (size_t i = 0; i < crashinfo_report_stack_count(report); i++)
		read_frames(report, crashinfo_report_stack(report, i));
	crashinfo_report_destroy(report);
	return 0;
}
