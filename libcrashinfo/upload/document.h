/* SPDX-License-Identifier: Apache-2.0 */
/* The report that is sent, which may be another than the one that was given. */
#ifndef UPLOAD_DOCUMENT_H
#define UPLOAD_DOCUMENT_H

#include <crashinfo/upload.h>

/* A report made here, with the text it points into. */
struct upload_document {
	struct crashinfo_report *report;
	char *text;
};

/* Takes over `text`, also on failure. */
struct crashinfo_error *upload_document_init(struct upload_document *document,
					     const struct crashinfo_context *context, char *text,
					     size_t size);
void upload_document_deinit(struct upload_document *document);
#define _upload_document_ __attribute__((cleanup(upload_document_deinit)))

/* `report` with a uuid made of its content when it has none; else `ret->report` stays NULL. */
struct crashinfo_error *upload_document_identify(const struct crashinfo_context *context,
						 struct crashinfo_report *report,
						 struct upload_document *ret);

/*
 * A payload of at most `max_size` bytes (0: any), for which the report is trimmed if that is
 * allowed. LIMIT when it cannot be made so small.
 */
struct crashinfo_error *upload_document_payload(const struct crashinfo_context *context,
						struct crashinfo_report *report,
						const struct crashinfo_payload_options *options,
						uint64_t max_size, bool may_trim, char **ret,
						size_t *size_ret, bool *trimmed_ret);

#endif
