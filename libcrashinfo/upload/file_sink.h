/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file:// endpoint: three files instead of requests. For "dir/c.json" these are dir/c.json, to
 * which reports are appended, dir/c.json.telemetry, a line for each request of telemetry, and
 * dir/c.errors, the last request of the errors intake.
 */
#ifndef UPLOAD_FILE_SINK_H
#define UPLOAD_FILE_SINK_H

#include <crashinfo/upload.h>

/* Append to the file of reports. */
struct crashinfo_error *file_sink_report(const char *path, struct crashinfo_report *report);
/* Write what a request would have as its body. */
struct crashinfo_error *file_sink_payload(const char *path, enum crashinfo_upload_target target,
					  const char *body, size_t size);
/* Begin the files of reports and telemetry anew, if they are there. */
struct crashinfo_error *file_sink_truncate(const char *path);

#endif
