/* SPDX-License-Identifier: Apache-2.0 */
/* Faults while a report was received: messages of the report that telemetry gets by themselves. */
#ifndef UPLOAD_ISSUES_H
#define UPLOAD_ISSUES_H

#include "base/strbuf.h"
#include "upload/payload.h"

/* Behind the log of the report one for each of its log_messages that ends with a tag of
 * <stream/markers.h>, the first ones of many: level WARN, no crash. */
void issues_add(const struct payload *payload, struct strbuf *buf);

#endif
