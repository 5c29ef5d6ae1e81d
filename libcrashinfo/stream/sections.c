/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/stream.h"

#include <string.h>

#include "stream/markers.h"

#define SECTION(n) .name = (n), .begin = STREAM_BEGIN(n), .end = STREAM_END(n)

static const struct stream_section sections[] = {
	{SECTION(STREAM_ADDITIONAL_TAGS), .line = stream_tags_line,
	 .target = "experimental.additional_tags"},
	{SECTION(STREAM_CONFIG), .line = stream_config_line, .members = members_of_config,
	 .is_secret = true},
	{SECTION(STREAM_COUNTERS), .line = stream_counter_line},
	{SECTION(STREAM_FILE), .open = stream_file_open, .line = stream_text_line,
	 .close = stream_file_close, .keeps_partial = true},
	{SECTION(STREAM_KIND), .line = stream_kind_line, .target = "error.kind"},
	{SECTION(STREAM_LOG_MESSAGES), .line = stream_log_message_line},
	{SECTION(STREAM_MESSAGE), .line = stream_message_line, .target = "error.message"},
	{SECTION(STREAM_METADATA), .line = stream_object_line, .members = members_of_metadata,
	 .target = "metadata"},
	{SECTION(STREAM_OS_INFO), .line = stream_object_line, .members = members_of_os_info,
	 .target = "os_info"},
	{SECTION(STREAM_PROCESSINFO), .line = stream_process_line, .members = members_of_process,
	 .target = "proc_info"},
	{SECTION(STREAM_RUNTIME_STACK_FRAME), .line = stream_runtime_frame_line,
	 .close = stream_runtime_frame_close, .keeps_partial = true,
	 .target = "experimental.runtime_stack"},
	{SECTION(STREAM_RUNTIME_STACK_STRING), .line = stream_text_line,
	 .close = stream_runtime_string_close, .keeps_partial = true,
	 .target = "experimental.runtime_stack"},
	{SECTION(STREAM_SIGINFO), .line = stream_signal_line, .members = members_of_signal,
	 .target = "sig_info"},
	{SECTION(STREAM_SPAN_IDS), .line = stream_ids_line, .target = "span_ids"},
	{SECTION(STREAM_STACKTRACE), .line = stream_stack_line, .close = stream_stack_close},
	{SECTION(STREAM_THREADS), .line = stream_thread_line, .target = "error.thread_name"},
	{SECTION(STREAM_TRACE_IDS), .line = stream_ids_line, .target = "trace_ids"},
	{SECTION(STREAM_UCONTEXT), .line = stream_ucontext_line, .members = members_of_ucontext,
	 .target = "ucontext"},
	{SECTION(STREAM_WHOLE_STACKTRACE), .line = stream_whole_stack_line,
	 .target = "error.stack"},
};

bool stream_has_prefix(struct crashinfo_slice line, const char *marker)
{
	size_t size = strlen(marker);

	return line.size >= size && !memcmp(line.data, marker, size);
}

const struct stream_section *stream_section_find(struct crashinfo_slice line)
{
	if (!stream_has_prefix(line, STREAM_MARKER_PREFIX))
		return NULL;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (stream_has_prefix(line, sections[i].begin))
			return &sections[i];
	return NULL;
}
