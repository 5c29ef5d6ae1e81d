/* SPDX-License-Identifier: Apache-2.0 */
/* What the payloads of one report have in common. */
#ifndef UPLOAD_PAYLOAD_H
#define UPLOAD_PAYLOAD_H

#include <crashinfo/upload.h>

#include "upload/tags.h"

struct payload {
	struct crashinfo_report *report;
	const struct crashinfo_json *json;
	const struct crashinfo_report_summary *summary;
	const struct crashinfo_payload_options *options;
	struct upload_tags tags;
	char *message;  /* of the error, NULL when nothing says it */
	char *platform; /* target triple of what crashed */
};

#define PAYLOAD_UNKNOWN "unknown"

/* Tags of both targets, in the order that consumers know. */
void payload_add_report_tags(const struct payload *payload, struct upload_tag_list *list);
void payload_add_platform(const struct payload *payload, struct upload_tag_list *list);
void payload_add_signal_names(const struct payload *payload, struct upload_tag_list *list);
/* The member `message` of a ping: what happened, as far as is known. */
void payload_add_ping_message(const struct payload *payload, struct strbuf *buf);
/* Microseconds since 1970 of the crash, of the sending when that is not known or for a ping. */
int64_t payload_time(const struct payload *payload);
const char *payload_uuid(const struct payload *payload);

void payload_telemetry(const struct payload *payload, struct strbuf *buf);
void payload_errors(const struct payload *payload, struct strbuf *buf);

#endif
