/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an input: archives in archives, compressed files, manifests, streams, documents,
 * read whole and through a window: limits hold.
 */
#include <crashinfo/input.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* Inputs of a few KiB must not take seconds. */
static struct crashinfo_context tight_context(void)
{
	struct crashinfo_context context = crashinfo_context_default();

	context.limits.member_bytes = 1u << 20;
	context.limits.archive_members = 200;
	context.limits.archive_bytes = 8u << 20;
	context.limits.archive_depth = 4;
	context.limits.input_errors = 10;
	return context;
}

static struct crashinfo_error *read_stream(struct crashinfo_inputs *inputs, size_t *bytes)
{
	struct crashinfo_error *error = NULL;
	char buffer[1000];
	size_t size = 1;

	while (!error && size) {
		error = crashinfo_inputs_read(inputs, buffer, sizeof(buffer), &size);
		check(error || size <= sizeof(buffer));
		*bytes += error ? 0 : size;
	}
	return error;
}

/* How many documents and streams there are. */
static size_t read_inputs(const struct crashinfo_context *context, const char *path, bool window)
{
	struct crashinfo_inputs *inputs = NULL;
	struct crashinfo_input input;
	size_t count = 0, bytes = 0;
	bool done = false;

	check(!crashinfo_inputs_create(context, &path, 1, &inputs));
	if (window)
		crashinfo_inputs_set_windowed(inputs);
	while (!done) {
		struct crashinfo_error *error = crashinfo_inputs_next(inputs, &input, &done);

		if (!error && !done) {
			count++;
			check(!strncmp(input.name, path, strlen(path)));
			if (input.kind == CRASHINFO_INPUT_JSON)
				crashinfo_json_destroy(input.json);
			else
				error = read_stream(inputs, &bytes);
		}
		crashinfo_error_destroy(error);
	}
	crashinfo_inputs_destroy(inputs);
	/* each byte at most once */
	check(bytes <= context->limits.archive_bytes + (2u << 20));
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashinfo_context context = tight_context();
	int fd = memfd_create("input", MFD_CLOEXEC);
	char path[64];

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_inputs(&context, path, false);
	read_inputs(&context, path, true);
	close(fd);
	return 0;
}
