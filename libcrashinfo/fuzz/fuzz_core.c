/* SPDX-License-Identifier: Apache-2.0 */
/* A core file of any content: it gives an error, or a report that is JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <crashinfo/core.h>
#include <crashinfo/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("core", MFD_CLOEXEC);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	return fd;
}

static struct crashinfo_context tiny_context(void)
{
	struct crashinfo_context context = crashinfo_context_default();

	/* so that a few hundred bytes reach them */
	context.limits.core_threads = 8;
	context.limits.maps_entries = 16;
	context.limits.stack_frames = 16;
	context.limits.core_note_bytes = 4096;
	return context;
}

static void check_report(char *text, size_t size)
{
	struct crashinfo_json *json;

	if (crashinfo_json_parse(NULL, text, size, NULL, &json))
		abort();
	crashinfo_json_destroy(json);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashinfo_context context = tiny_context();
	struct crashinfo_core_options options = {.exe = "/proc/self/exe", .timestamp = "t"};
	struct crashinfo_error *error;
	int fd = file_of(data, size);
	size_t report_size;
	char *report;

	error = crashinfo_core_report(&context, fd, &options, &report, &report_size, NULL);
	if (!error)
		check_report(report, report_size);
	crashinfo_error_destroy(error);
	close(fd);
	return 0;
}
