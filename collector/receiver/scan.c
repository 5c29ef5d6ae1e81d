/* SPDX-License-Identifier: Apache-2.0 */
#include "receiver/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/markers.h"

/* A stream of a process with 100,000 mappings has 10 MiB. */
#define TEXT_MAX   ((size_t)32 << 20)
#define TEXT_FIRST ((size_t)64 << 10)

static const char *const names[] = {
	STREAM_ADDITIONAL_TAGS,
	STREAM_CONFIG,
	STREAM_COUNTERS,
	STREAM_FILE,
	STREAM_KIND,
	STREAM_LOG_MESSAGES,
	STREAM_MESSAGE,
	STREAM_METADATA,
	STREAM_OS_INFO,
	STREAM_PROCESSINFO,
	STREAM_RUNTIME_STACK_FRAME,
	STREAM_RUNTIME_STACK_STRING,
	STREAM_SIGINFO,
	STREAM_SPAN_IDS,
	STREAM_STACKTRACE,
	STREAM_THREADS,
	STREAM_TRACE_IDS,
	STREAM_UCONTEXT,
	STREAM_WHOLE_STACKTRACE,
};

#define MAPS_FILE STREAM_BEGIN(STREAM_FILE) " /proc/self/maps"

static bool begins(const char *line, size_t size, const char *prefix)
{
	size_t length = strlen(prefix);

	return size >= length && !memcmp(line, prefix, length);
}

/* Whether the line is PREFIX NAME of a marker. */
static bool is_marker(const char *line, size_t size, const char *prefix, const char *name)
{
	size_t length = strlen(prefix);

	return begins(line, size, prefix) && begins(line + length, size - length, name);
}

static void begin_section(struct scan *scan, const char *line, size_t size)
{
	if (!begins(line, size, STREAM_MARKER_PREFIX))
		return;
	if (begins(line, size, STREAM_DONE)) {
		scan->done = true;
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!is_marker(line, size, STREAM_BEGIN(""), names[i]))
			continue;
		scan->section = names[i];
		scan->section_at = scan->line;
		scan->payload_at = scan->line + size + 1;
	}
}

/* The first one counts: text of the application may pass for another. */
static void set(struct scan_part *part, size_t at, size_t size)
{
	if (!part->size)
		*part = (struct scan_part){at, size};
}

static bool is_section(const struct scan *scan, const char *name)
{
	return !strcmp(scan->section, name);
}

static bool is_maps(const struct scan *scan)
{
	return scan->section && is_section(scan, STREAM_FILE) &&
	       begins(scan->text + scan->section_at, scan->payload_at - scan->section_at,
		      MAPS_FILE);
}

struct scan_part scan_maps(const struct scan *scan)
{
	if (!scan->maps.size && is_maps(scan))
		return (struct scan_part){scan->payload_at, scan->line - scan->payload_at};
	return scan->maps;
}

static void end_section(struct scan *scan)
{
	size_t size = scan->line - scan->payload_at;

	if (is_section(scan, STREAM_STACKTRACE)) {
		set(&scan->frames, scan->payload_at, size);
		scan->has_stack |= size != 0;
	} else if (is_section(scan, STREAM_WHOLE_STACKTRACE)) {
		scan->has_stack |= size != 0;
	} else if (is_maps(scan)) {
		set(&scan->maps, scan->payload_at, size);
	}
	scan->section = NULL;
}

static void take_payload(struct scan *scan, size_t size)
{
	if (is_section(scan, STREAM_CONFIG) && !scan->process.size)
		set(&scan->config, scan->line, size);
	else if (is_section(scan, STREAM_PROCESSINFO))
		set(&scan->process, scan->line, size);
	else if (is_section(scan, STREAM_UCONTEXT))
		set(&scan->context, scan->line, size);
}

static void take_line(struct scan *scan, const char *line, size_t size)
{
	if (!scan->section)
		begin_section(scan, line, size);
	else if (is_marker(line, size, STREAM_END(""), scan->section))
		end_section(scan);
	else
		take_payload(scan, size);
}

static bool make_room(struct scan *scan, size_t size)
{
	size_t wanted = scan->capacity ? scan->capacity : TEXT_FIRST;
	char *text;

	if (size > TEXT_MAX - scan->size)
		return false;
	while (wanted < scan->size + size)
		wanted *= 2;
	if (wanted == scan->capacity)
		return true;
	text = realloc(scan->text, wanted);
	if (!text)
		return false;
	scan->text = text;
	scan->capacity = wanted;
	return true;
}

bool scan_feed(struct scan *scan, const char *bytes, size_t size)
{
	const char *newline;

	if (!make_room(scan, size))
		return false;
	memcpy(scan->text + scan->size, bytes, size);
	scan->size += size;
	while (!scan->done &&
	       (newline = memchr(scan->text + scan->line, '\n', scan->size - scan->line))) {
		const char *line = scan->text + scan->line;

		take_line(scan, line, (size_t)(newline - line));
		if (!scan->done)
			scan->line = (size_t)(newline + 1 - scan->text);
	}
	/* What follows the end does not count. */
	if (scan->done)
		scan->size = scan->line;
	return true;
}

const char *scan_end(struct scan *scan)
{
	const char *section = scan->section;
	char end[64];

	scan->size = scan->line;
	if (!section)
		return NULL;
	if (is_section(scan, STREAM_STACKTRACE)) {
		if (scan->line > scan->payload_at)
			set(&scan->cut_stack, scan->section_at, scan->line - scan->section_at);
		scan->size = scan->line = scan->section_at;
		scan->section = NULL;
		return section;
	}
	if (is_section(scan, STREAM_FILE) || scan->size > scan->payload_at) {
		int size = snprintf(end, sizeof(end), STREAM_END("%s") "\n", section);

		scan_feed(scan, end, (size_t)size);
	}
	scan->section = NULL;
	return section;
}

void scan_deinit(struct scan *scan)
{
	free(scan->text);
	*scan = (struct scan){NULL};
}
