/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/file_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <crashinfo/file.h>

#include "base/cleanup.h"
#include "base/io.h"

static char *telemetry_path(const char *path)
{
	char *result;

	return asprintf(&result, "%s.telemetry", path) < 0 ? NULL : result;
}

/* The last extension is replaced; a name that only begins with a dot has none. */
static char *errors_path(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	size_t stem = dot && dot != name ? (size_t)(dot - path) : strlen(path);
	char *result;

	return asprintf(&result, "%.*s.errors", (int)stem, path) < 0 ? NULL : result;
}

static struct crashinfo_error *append(const char *path, const char *text, size_t size)
{
	_close_ int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot open %s", path);
	return crashinfo_error_wrap(io_write_all(fd, text, size), "%s", path);
}

struct crashinfo_error *file_sink_report(const char *path, struct crashinfo_report *report)
{
	struct crashinfo_slice raw = crashinfo_json_raw(crashinfo_report_json(report), 0);
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error;

	error = crashinfo_json_layout(raw.data, raw.size, CRASHINFO_JSON_PRETTY, &text, &size);
	return error ? error : append(path, text, size);
}

static struct crashinfo_error *write_telemetry(const char *path, const char *body, size_t size)
{
	_free_ char *file = telemetry_path(path), *line = malloc(size + 1);

	if (!file || !line)
		return crashinfo_error_no_memory();
	memcpy(line, body, size);
	line[size] = '\n';
	return append(file, line, size + 1);
}

static struct crashinfo_error *write_errors(const char *path, const char *body, size_t size)
{
	_free_ char *file = errors_path(path), *text = NULL;
	size_t text_size;
	struct crashinfo_error *error;

	if (!file)
		return crashinfo_error_no_memory();
	error = crashinfo_json_layout(body, size, CRASHINFO_JSON_PRETTY, &text, &text_size);
	return error ? error : crashinfo_file_write(file, text, text_size);
}

struct crashinfo_error *file_sink_payload(const char *path, enum crashinfo_upload_target target,
					  const char *body, size_t size)
{
	if (target == CRASHINFO_UPLOAD_TELEMETRY)
		return write_telemetry(path, body, size);
	return write_errors(path, body, size);
}

struct crashinfo_error *file_sink_truncate(const char *path)
{
	_free_ char *telemetry = telemetry_path(path);

	if (!telemetry)
		return crashinfo_error_no_memory();
	if (truncate(path, 0) && errno != ENOENT)
		return crashinfo_error_from_errno(errno, "cannot write %s", path);
	if (truncate(telemetry, 0) && errno != ENOENT)
		return crashinfo_error_from_errno(errno, "cannot write %s", telemetry);
	return NULL;
}
