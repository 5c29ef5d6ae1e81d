/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line-framed stream that a collector writes: sections between DD_CRASHTRACK_BEGIN_... and
 * DD_CRASHTRACK_END_... lines, closed by DD_CRASHTRACK_DONE.
 *
 * A parser is fed bytes as they come and makes a report of them. By default nothing is dropped: a
 * line that cannot be used is recorded in log_messages with its line number and reading goes on.
 * Payload is kept byte for byte as far as it fits the report; members that the report does not know
 * stay, only `fp` of a frame goes. A configuration is never shown, as it may hold an API key.
 * Memory is bounded by the limits stream_line_bytes, stream_frames, stream_entries and
 * stream_report_bytes.
 */
#ifndef CRASHINFO_STREAM_H
#define CRASHINFO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_stream_options {
	bool strict;         /* stop at the first damaged line, as the upstream receiver does */
	bool random_uuid;    /* else the uuid is derived from the content */
	const char *version; /* of the report to write; NULL is the newest */
	const char *source;  /* put into error positions, copied; NULL for none */
	/* when it crashed if that is known (a saved file's time), copied; NULL: now */
	const char *timestamp;
	/* JSON, copied; NULL: unknown, as a saved stream may come from elsewhere */
	const char *os_info;
};

struct crashinfo_stream;

struct crashinfo_error *crashinfo_stream_create(const struct crashinfo_context *context,
						const struct crashinfo_stream_options *options,
						struct crashinfo_stream **ret);
void crashinfo_stream_destroy(struct crashinfo_stream *stream);

/* Take the next bytes. Damaged content is no error here; NO_MEMORY is. */
struct crashinfo_error *crashinfo_stream_feed(struct crashinfo_stream *stream, const char *bytes,
					      size_t size);

/*
 * Add `text` to the report's log_messages: why reading ends here, for instance. It does not count
 * as data of the stream.
 */
struct crashinfo_error *crashinfo_stream_note(struct crashinfo_stream *stream, const char *text);

/* DONE was read, or strict parsing stopped: further bytes are ignored. */
bool crashinfo_stream_is_done(const struct crashinfo_stream *stream);

/* What was seen, for exit codes and messages. */
struct crashinfo_stream_stats {
	uint64_t lines;         /* read, DONE included */
	uint64_t damaged_lines; /* could not be used as they were */
	uint64_t sections;      /* begun */
	bool done;              /* DONE was read */
	bool has_data;          /* any section or line that counts as data */
	bool has_config, has_kind;
};
struct crashinfo_stream_stats crashinfo_stream_stats(const struct crashinfo_stream *stream);

/*
 * End of input: the report as compact JSON, malloc'd. NOT_FOUND when the stream held no data at
 * all; with `strict` also FORMAT when it had no config or no kind, as upstream makes no report
 * then. The stream is spent.
 */
struct crashinfo_error *crashinfo_stream_finish(struct crashinfo_stream *stream, char **ret,
						size_t *size_ret);

/* After finish: what the version could not hold, NULL behind the last. */
const struct crashinfo_loss *crashinfo_stream_loss(const struct crashinfo_stream *stream,
						   size_t index);

/* Whether `text` looks like the beginning of a stream (perhaps cut); for sniffing inputs. */
bool crashinfo_stream_sniff(const char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
