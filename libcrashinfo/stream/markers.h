/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The marker lines of a collector stream. Macros only and freestanding: the in-process collector
 * shares this header and nothing else of the library.
 *
 * A section is STREAM_BEGIN(name), its payload lines and STREAM_END(name); a line matches a marker
 * when it begins with it. No marker is a prefix of another.
 */
#ifndef STREAM_MARKERS_H
#define STREAM_MARKERS_H

#define STREAM_MARKER_PREFIX "DD_CRASHTRACK_"
#define STREAM_BEGIN(name)   STREAM_MARKER_PREFIX "BEGIN_" name
#define STREAM_END(name)     STREAM_MARKER_PREFIX "END_" name
#define STREAM_DONE          STREAM_MARKER_PREFIX "DONE"

/* Names as they stand in the markers, for STREAM_BEGIN and STREAM_END. */
#define STREAM_ADDITIONAL_TAGS      "ADDITIONAL_TAGS"
#define STREAM_CONFIG               "CONFIG"
#define STREAM_COUNTERS             "COUNTERS"
#define STREAM_FILE                 "FILE" /* BEGIN has " path" behind it, END " \"path\"" */
#define STREAM_KIND                 "KIND"
#define STREAM_MESSAGE              "MESSAGE"
#define STREAM_METADATA             "METADATA"
#define STREAM_PROCESSINFO          "PROCESSINFO"
#define STREAM_RUNTIME_STACK_FRAME  "RUNTIME_STACK_FRAME"
#define STREAM_RUNTIME_STACK_STRING "RUNTIME_STACK_STRING"
#define STREAM_SIGINFO              "SIGINFO"
#define STREAM_SPAN_IDS             "SPAN_IDS"
#define STREAM_STACKTRACE           "STACKTRACE"
#define STREAM_TRACE_IDS            "TRACE_IDS"
#define STREAM_UCONTEXT             "UCONTEXT"
#define STREAM_WHOLE_STACKTRACE     "WHOLE_STACKTRACE"

/* Sections of ours, written by the receiver; other receivers take their lines for unexpected. */
#define STREAM_LOG_MESSAGES "LOG_MESSAGES" /* a line of text each */
#define STREAM_OS_INFO      "OS_INFO"      /* os_info of the report */
#define STREAM_THREADS      "THREADS"      /* one element of error.threads a line */

/*
 * What a log message ends with that tells of a fault while a report was received, one of these:
 * timeout, io_error, process_line_error, attach_additional_file_error, incomplete_stacktrace,
 * unexpected_line, no_data. Uploads send such messages with the tag.
 */
#define STREAM_ISSUE_KEY    "receiver_issue"
#define STREAM_ISSUE(issue) " (" STREAM_ISSUE_KEY ":" issue ")"

#endif
