/* SPDX-License-Identifier: Apache-2.0 */
/* From inputs to the uploader: reports as they are, streams made reports of. */
#include <stdlib.h>

#include <crashinfo/stream.h>

#include "upload.h"

/* One read of a stream; pipes give no more at once. */
#define READ_BYTES (64 * 1024)

static struct crashinfo_error *print_description(void *user, const char *json, size_t size)
{
	struct upload *upload = user;

	tool_json(&upload->tool, json, size);
	return NULL;
}

/* A document of the older forms has other members; anything else without an error is no report. */
static bool is_report(const struct crashinfo_report *report)
{
	return crashinfo_report_dialect(report) != CRASHINFO_DIALECT_1_X ||
	       crashinfo_json_member(crashinfo_report_json(report), 0, "error") !=
		       CRASHINFO_JSON_NONE;
}

/* False when there is no use in going on. */
static bool send_clean(struct upload *upload, const struct crashinfo_input *input,
		       struct crashinfo_report *report)
{
	struct crashinfo_error *error;

	if (upload->options.dry_run)
		error = crashinfo_uploader_describe(upload->uploader, input->name, input->index,
						    report, print_description, upload);
	else
		error = crashinfo_uploader_add(upload->uploader, input->name, input->index, report);
	if (!error)
		return true;
	bool fatal = error->code == CRASHINFO_ERROR_OS || error->code == CRASHINFO_ERROR_NO_MEMORY;

	if (!fatal)
		error = crashinfo_error_at(error, input->name, 0, 0, 0);
	tool_failed(&upload->tool, error);
	upload->broken = fatal;
	return !fatal;
}

/* What --scrub=check finds something in is held back, and what cannot be scrubbed too. */
static bool send_scrubbed(struct upload *upload, const struct crashinfo_input *input,
			  struct crashinfo_report *report)
{
	struct crashinfo_report *scrubbed = NULL;
	bool found = false, go_on = true;
	char *text = NULL;
	size_t size;

	if (tool_failed(&upload->tool, tool_scrub_report(&upload->tool, upload->scrub, input->name,
							 report, &found, &text, &size, &scrubbed)))
		return true;
	if (found && tool_scrub_checks(upload->scrub))
		upload->held_back++;
	else
		go_on = send_clean(upload, input, scrubbed ? scrubbed : report);
	crashinfo_report_destroy(scrubbed);
	free(text);
	return go_on;
}

static bool send_report(struct upload *upload, const struct crashinfo_input *input,
			struct crashinfo_report *report)
{
	if (!is_report(report)) {
		tool_error(&upload->tool, "%s: document %zu is no crash report: it has no error",
			   input->name, input->index + 1);
		return true;
	}
	upload->reports++;
	return upload->scrub ? send_scrubbed(upload, input, report)
			     : send_clean(upload, input, report);
}

static struct crashinfo_error *feed(struct upload *upload, struct crashinfo_stream *stream)
{
	char buffer[READ_BYTES];
	struct crashinfo_error *error = NULL;
	size_t size = 1;

	while (!error && size && !crashinfo_stream_is_done(stream)) {
		error = crashinfo_inputs_read(upload->inputs, buffer, sizeof(buffer), &size);
		if (!error)
			error = crashinfo_stream_feed(stream, buffer, size);
	}
	return error;
}

static struct crashinfo_error *read_stream(struct upload *upload,
					   const struct crashinfo_input *input, char **ret,
					   size_t *size_ret)
{
	struct crashinfo_stream_options how = {
		.source = input->name,
		.timestamp = *input->modified ? input->modified : NULL,
	};
	struct crashinfo_stream *stream = NULL;
	struct crashinfo_error *error;

	error = crashinfo_stream_create(&upload->tool.context, &how, &stream);
	if (!error)
		error = feed(upload, stream);
	if (!error)
		error = crashinfo_stream_finish(stream, ret, size_ret);
	crashinfo_stream_destroy(stream);
	return error;
}

static bool send_stream(struct upload *upload, const struct crashinfo_input *input)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json;
	char *text = NULL;
	size_t size;
	bool go_on = true;
	struct crashinfo_error *error = read_stream(upload, input, &text, &size);

	if (!error)
		error = crashinfo_json_parse(&upload->tool.context, text, size, input->name, &json);
	if (!error)
		error = crashinfo_report_create(&upload->tool.context, json, &report);
	if (!tool_failed(&upload->tool, error))
		go_on = send_report(upload, input, report);
	crashinfo_report_destroy(report);
	free(text);
	return go_on;
}

static bool send_document(struct upload *upload, const struct crashinfo_input *input)
{
	struct crashinfo_report *report;
	struct crashinfo_error *error;
	bool go_on;

	error = crashinfo_report_create(&upload->tool.context, input->json, &report);
	if (tool_failed(&upload->tool, crashinfo_error_at(error, input->name, 0, 0, 0)))
		return true;
	go_on = send_report(upload, input, report);
	crashinfo_report_destroy(report);
	return go_on;
}

void upload_reports(struct upload *upload)
{
	bool done = false, go_on = true;

	while (go_on && !tool_out_failed(&upload->tool) && !upload_is_interrupted()) {
		struct crashinfo_input input;

		if (tool_failed(&upload->tool,
				crashinfo_inputs_next(upload->inputs, &input, &done)))
			continue;
		if (done)
			break;
		go_on = input.kind == CRASHINFO_INPUT_JSON ? send_document(upload, &input)
							   : send_stream(upload, &input);
	}
}
