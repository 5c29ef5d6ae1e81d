/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime says of an exception that nothing caught. Its memory is read through the kernel:
 * it may be as damaged as any.
 */
#include "exception.h"

#include "bytes.h"
#include "ddcrash.h"
#include "memory.h"
#include "modules.h"

/* Others are left out; as in the stacks of crashes. */
#define FRAMES_MAX 512
/* Longer names are cut. */
#define NAME_MAX_BYTES 2048

static char name[NAME_MAX_BYTES];

/* The size of the copy in `name`. */
static size_t copy_name(struct ddcrash_bytes from)
{
	size_t size = from.data ? from.size : 0;

	if (size > sizeof(name))
		size = sizeof(name);
	if (!memory_read_own(NULL, (uintptr_t)from.data, name, size))
		return 0;
	return size < from.size ? text_whole(name, size) : size;
}

static void write_name(struct writer *w, const char **separator, const char *key,
		       struct ddcrash_bytes from)
{
	size_t size = copy_name(from);

	if (!size)
		return;
	writer_text(w, *separator);
	writer_text(w, key);
	writer_json(w, name, size);
	*separator = ", ";
}

static void write_number(struct writer *w, const char **separator, const char *key, uint32_t value)
{
	if (!value)
		return;
	writer_text(w, *separator);
	writer_text(w, key);
	writer_decimal(w, value);
	*separator = ", ";
}

static void write_address(struct writer *w, const char **separator, const char *key, uint64_t value)
{
	if (!value)
		return;
	writer_text(w, *separator);
	writer_text(w, key);
	writer_text(w, "\"");
	writer_hex(w, value, 1);
	writer_text(w, "\"");
	*separator = ", ";
}

static void write_frame(struct writer *w, const struct ddcrash_frame *frame)
{
	const char *separator = "";

	writer_text(w, "{");
	write_address(w, &separator, "\"ip\": ", frame->ip);
	write_address(w, &separator, "\"sp\": ", frame->sp);
	if (frame->ip)
		report_module(w, frame->ip);
	write_name(w, &separator, "\"function\": ", frame->function);
	write_name(w, &separator, "\"type_name\": ", frame->type_name);
	write_name(w, &separator, "\"file\": ", frame->file);
	write_number(w, &separator, "\"line\": ", frame->line);
	write_number(w, &separator, "\"column\": ", frame->column);
	writer_text(w, "}");
}

/* Whether all of them could be read. */
static bool write_frames(struct writer *w, const struct ddcrash_exception *exception)
{
	struct ddcrash_frame frame;

	for (size_t i = 0; i < exception->frames_count; i++) {
		if (i == FRAMES_MAX ||
		    !memory_read_own(NULL, (uintptr_t)&exception->frames[i], &frame, sizeof(frame)))
			return false;
		if (i)
			writer_text(w, ", ");
		write_frame(w, &frame);
		writer_flush(w);
	}
	return exception->frames_count;
}

bool exception_is(const struct crash *crash)
{
	return crash->exception;
}

void exception_write_stack(struct writer *w, const struct crash *crash)
{
	bool is_whole;

	writer_text(w, "{\"format\":\"Datadog Crashtracker 1.0\",\"frames\":[");
	modules_begin();
	is_whole = write_frames(w, crash->exception) && !crash->exception->is_incomplete;
	modules_end();
	writer_text(w, "],\"incomplete\":");
	writer_text(w, is_whole ? "false}\n" : "true}\n");
}
