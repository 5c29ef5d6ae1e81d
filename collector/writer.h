/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the stream: a small buffer before one or two descriptors, with a deadline for each. */
#ifndef COLLECTOR_WRITER_H
#define COLLECTOR_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Waking a reader costs as much as filling four pages. */
#define WRITER_BUFFER 16384

/* Where a full buffer goes to. */
struct writer_sink {
	int fd; /* -1 when to none */
	bool is_socket, is_file;
	bool failed;       /* nothing more can be written */
	uint64_t deadline; /* raw_milliseconds() */
};

struct writer {
	char *buffer;
	size_t capacity, used;
	struct writer_sink sink, second; /* each goes on when the other one fails */
	bool failed;                     /* nothing more can be written to any */
	uint64_t pending;                /* signals that were before the first write */
};

void writer_init(struct writer *w, int fd, char buffer[WRITER_BUFFER], uint64_t deadline);
/* Write to `fd` too, after the first one: a slow one has to have a deadline before the other's. */
void writer_add_sink(struct writer *w, int fd, uint64_t deadline);
/* The second one gets `text`, which the first one does not, and nothing more. */
void writer_end_sink(struct writer *w, const char *text);
/* Write into `buffer`; fails when it is full. */
void writer_init_memory(struct writer *w, char *buffer, size_t size);
void writer_flush(struct writer *w);

void writer_bytes(struct writer *w, const char *bytes, size_t size);
void writer_text(struct writer *w, const char *text);
void writer_decimal(struct writer *w, int64_t value);
/* 0x and at least `digits` digits. */
void writer_hex(struct writer *w, uint64_t value, unsigned digits);

/* A JSON string with its quotes. What is not UTF-8 becomes U+FFFD. */
void writer_json(struct writer *w, const char *text, size_t size);

/* A line of a raw section and its newline. It can't be taken for a marker; what is not UTF-8
 * becomes U+FFFD. */
void writer_line(struct writer *w, const char *line, size_t size);

/* The same of a part of a line, and no newline. */
void writer_raw(struct writer *w, const char *text, size_t size, bool is_begin);

#endif
