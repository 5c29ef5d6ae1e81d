/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of one stream, and what its sections need of it. */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

#include <crashinfo/json.h>
#include <crashinfo/report.h>
#include <crashinfo/stream.h>

#include "base/strbuf.h"
#include "stream/lines.h"
#include "stream/members.h"

/*
 * Handlers of sections. Their errors say what is wrong with the line at hand: it is recorded and
 * reading goes on, or stops when strict. Only NO_MEMORY ends everything.
 */
struct stream_section {
	const char *name, *begin, *end;
	/* the BEGIN line was read; `rest` is what stands behind the marker */
	struct crashinfo_error *(*open)(struct crashinfo_stream *stream,
					struct crashinfo_slice rest);
	struct crashinfo_error *(*line)(struct crashinfo_stream *stream,
					struct crashinfo_slice line);
	/* the END line was read */
	struct crashinfo_error *(*close)(struct crashinfo_stream *stream);
	bool keeps_partial; /* close it also when the stream breaks off, unless strict */
	bool is_secret;     /* payload is never quoted */
	/* for stream_object_line(): what the payload is and which member of the report it becomes
	 */
	const struct members *members;
	const char *target;
};

struct crashinfo_stream {
	struct crashinfo_context context;
	bool strict, random_uuid;
	char *source;
	struct stream_lines lines;
	struct crashinfo_report_builder *builder;
	struct crashinfo_stream_stats stats;
	const struct stream_section *section; /* NULL between sections */
	bool stopped;                         /* nothing is read any more */

	bool has_signal, has_process, has_stack;
	bool has_crashed_thread; /* among those of error.threads */
	bool stack_closed;       /* takes no more frames */
	bool stack_damaged;      /* frames were lost on the way */
	size_t stack_frames;     /* given to the builder */
	size_t frames_left_out;  /* of the section at hand, behind the limit */

	/* what the section at hand has collected */
	struct strbuf name; /* of a file */
	struct strbuf text; /* lines with newlines between them, or frames with commas */
	size_t collected;   /* lines or frames in `text` */

	/* against stream_report_bytes and stream_entries */
	size_t kept_bytes, counters, files, threads, logs, logs_left_out;
};

/* The table of sections (sections.c); NULL when `line` is no BEGIN marker. */
const struct stream_section *stream_section_find(struct crashinfo_slice line);

/* Whether `line` begins with `marker`. */
bool stream_has_prefix(struct crashinfo_slice line, const char *marker);

/* --- what sections do to the report (record.c) --- */

/* Make sure that the report may hold `bytes` more: LIMIT. */
struct crashinfo_error *stream_keep(struct crashinfo_stream *stream, size_t bytes);
/* Set a member of the report to JSON text that has been kept. */
struct crashinfo_error *stream_put(struct crashinfo_stream *stream, const char *member,
				   struct crashinfo_slice json);
/* Keep and put. */
struct crashinfo_error *stream_set(struct crashinfo_stream *stream, const char *member,
				   struct crashinfo_slice json);
/* What a message ends with: `issue`, a STREAM_ISSUE(), but in strict mode nothing, as messages then
 * are those of other receivers. */
static inline const char *stream_issue(const struct crashinfo_stream *stream, const char *issue)
{
	return stream->strict ? "" : issue;
}
/* Add to log_messages, with the number of the line at hand unless strict. */
struct crashinfo_error *stream_log(struct crashinfo_stream *stream, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same with `line` quoted between two texts; a configuration is not quoted. */
struct crashinfo_error *stream_log_line(struct crashinfo_stream *stream, const char *before,
					struct crashinfo_slice line, const char *after);
/* Record that `line` cannot be used; takes `error` over. Only NO_MEMORY comes back. */
struct crashinfo_error *stream_damaged(struct crashinfo_stream *stream, struct crashinfo_slice line,
				       struct crashinfo_error *error);

/* --- payloads of JSON (payload.c) --- */

/* One line of JSON, with the edits that make it fit for a report. */
struct stream_payload {
	struct crashinfo_json *json;
	struct members_check check;
};

struct crashinfo_error *stream_payload_open(struct crashinfo_stream *stream,
					    struct crashinfo_slice line,
					    struct stream_payload *ret);
void stream_payload_close(struct stream_payload *payload);
/* Record the faults that were mended and give the mended text; malloc'd. */
struct crashinfo_error *stream_payload_text(struct crashinfo_stream *stream,
					    struct crashinfo_slice line,
					    struct stream_payload *payload, char **ret,
					    size_t *size_ret);
#define _payload_ __attribute__((cleanup(stream_payload_close)))

struct crashinfo_error *stream_object_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line);
struct crashinfo_error *stream_config_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line);
struct crashinfo_error *stream_signal_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line);
struct crashinfo_error *stream_process_line(struct crashinfo_stream *stream,
					    struct crashinfo_slice line);
struct crashinfo_error *stream_kind_line(struct crashinfo_stream *stream,
					 struct crashinfo_slice line);
struct crashinfo_error *stream_counter_line(struct crashinfo_stream *stream,
					    struct crashinfo_slice line);
struct crashinfo_error *stream_ids_line(struct crashinfo_stream *stream,
					struct crashinfo_slice line);
struct crashinfo_error *stream_tags_line(struct crashinfo_stream *stream,
					 struct crashinfo_slice line);
struct crashinfo_error *stream_ucontext_line(struct crashinfo_stream *stream,
					     struct crashinfo_slice line);

/* --- stacks (stack.c) --- */

struct crashinfo_error *stream_stack_line(struct crashinfo_stream *stream,
					  struct crashinfo_slice line);
struct crashinfo_error *stream_stack_close(struct crashinfo_stream *stream);
/* Say how many frames of the section at hand were too many, once. */
struct crashinfo_error *stream_log_left_out(struct crashinfo_stream *stream);
/* Check the frames of a checked stack, `node` of the payload. */
struct crashinfo_error *stream_check_frames(struct stream_payload *payload,
					    crashinfo_json_node node);
struct crashinfo_error *stream_whole_stack_line(struct crashinfo_stream *stream,
						struct crashinfo_slice line);
struct crashinfo_error *stream_runtime_frame_line(struct crashinfo_stream *stream,
						  struct crashinfo_slice line);
struct crashinfo_error *stream_runtime_frame_close(struct crashinfo_stream *stream);

/* --- other threads (threads.c) --- */

struct crashinfo_error *stream_thread_line(struct crashinfo_stream *stream,
					   struct crashinfo_slice line);

/* --- text (text.c) --- */

struct crashinfo_error *stream_log_message_line(struct crashinfo_stream *stream,
						struct crashinfo_slice line);

struct crashinfo_error *stream_message_line(struct crashinfo_stream *stream,
					    struct crashinfo_slice line);
struct crashinfo_error *stream_file_open(struct crashinfo_stream *stream,
					 struct crashinfo_slice rest);
struct crashinfo_error *stream_file_close(struct crashinfo_stream *stream);
/* Collect lines, as FILE and RUNTIME_STACK_STRING do. */
struct crashinfo_error *stream_text_line(struct crashinfo_stream *stream,
					 struct crashinfo_slice line);
struct crashinfo_error *stream_runtime_string_close(struct crashinfo_stream *stream);

/* --- forms that older collectors wrote (legacy.c); not understood when strict --- */

/* Whether `json` is a signal of that time; `*ret` gets it in the form of now. */
bool stream_legacy_signal(const struct crashinfo_json *json, struct strbuf *ret);
/* Whether the element of an id list is bare; `*ret` gets it as an object. */
bool stream_legacy_id(const struct crashinfo_json *json, crashinfo_json_node node,
		      struct strbuf *ret);
/* Whether `line` is a list of tags with unescaped content; `*ret` gets it as JSON. */
bool stream_legacy_tags(struct crashinfo_slice line, struct strbuf *ret);
/* Whether the frame `json` has its functions in an array `names`. */
bool stream_legacy_has_names(const struct crashinfo_json *json);
/* The frame with the members of `name`, one of its `names`, in their place; malloc'd. */
struct crashinfo_error *stream_legacy_name(const struct crashinfo_json *json,
					   crashinfo_json_node name, char **ret, size_t *size_ret);

#endif
