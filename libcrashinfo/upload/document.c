/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/report.h"
#include "upload/trim.h"

struct crashinfo_error *upload_document_init(struct upload_document *document,
					     const struct crashinfo_context *context, char *text,
					     size_t size)
{
	struct crashinfo_report *report;
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(context, text, size, NULL, &json);
	if (!error)
		error = crashinfo_report_create(context, json, &report);
	if (error) {
		free(text);
		return error;
	}
	*document = (struct upload_document){report, text};
	return NULL;
}

void upload_document_deinit(struct upload_document *document)
{
	crashinfo_report_destroy(document->report);
	free(document->text);
}

struct crashinfo_error *upload_document_identify(const struct crashinfo_context *context,
						 struct crashinfo_report *report,
						 struct upload_document *ret)
{
	struct crashinfo_slice raw = crashinfo_json_raw(report->json, 0);
	struct crashinfo_json_edits *edits = NULL;
	char uuid[37], value[40], *text;
	size_t size;
	struct crashinfo_error *error;

	if (report->summary.uuid)
		return NULL;
	error = crashinfo_uuid_of_content(raw.data, raw.size, uuid);
	if (!error)
		error = crashinfo_json_edits_create(report->json, &edits);
	if (error)
		return error;
	snprintf(value, sizeof(value), "\"%s\"", uuid);
	error = crashinfo_json_edits_set(edits, 0, "uuid", value, strlen(value));
	if (!error)
		error = crashinfo_json_edits_apply(edits, &text, &size);
	crashinfo_json_edits_destroy(edits);
	return error ? error : upload_document_init(ret, context, text, size);
}

/* Trim `document` by one step, beginning with `report`; false in `*done_ret` when it had nothing.
 */
static struct crashinfo_error *trim(const struct crashinfo_context *context,
				    struct crashinfo_report *report,
				    struct upload_document *document, enum trim_step step,
				    size_t excess, bool *done_ret)
{
	struct upload_document trimmed;
	size_t size = 0;
	char *text;
	struct crashinfo_error *error;

	error = trim_report(document->report ? document->report : report, step, excess, &text,
			    &size);
	*done_ret = false;
	if (error || !text)
		return error;
	error = upload_document_init(&trimmed, context, text, size);
	if (error)
		return error;
	upload_document_deinit(document);
	*document = trimmed;
	*done_ret = true;
	return NULL;
}

static struct crashinfo_error *too_large(size_t size, uint64_t max_size, bool may_trim)
{
	return crashinfo_error_create(
		CRASHINFO_ERROR_LIMIT, "%zu bytes are more than the limit of %ju%s", size,
		(uintmax_t)max_size, may_trim ? ", though all that may be left out is" : "");
}

struct crashinfo_error *upload_document_payload(const struct crashinfo_context *context,
						struct crashinfo_report *report,
						const struct crashinfo_payload_options *options,
						uint64_t max_size, bool may_trim, char **ret,
						size_t *size_ret, bool *trimmed_ret)
{
	_upload_document_ struct upload_document document = {0};
	_free_ char *body = NULL;
	size_t size = 0;
	enum trim_step step = TRIM_FILES;
	struct crashinfo_error *error;

	error = crashinfo_payload_create(report, options, &body, &size);
	/* a step is done again until it has nothing left: what it removed may have been blanks */
	while (!error && max_size && size > max_size) {
		bool trimmed;

		if (!may_trim || step == TRIM_STEPS)
			return too_large(size, max_size, may_trim);
		error = trim(context, report, &document, step, (size_t)(size - max_size), &trimmed);
		if (!error && !trimmed)
			step++;
		if (error || !trimmed)
			continue;
		free(steal_ptr(body));
		error = crashinfo_payload_create(document.report, options, &body, &size);
	}
	if (error)
		return error;
	*ret = steal_ptr(body);
	*size_ret = size;
	*trimmed_ret = document.report != NULL;
	return NULL;
}
