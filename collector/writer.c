/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include "bytes.h"
#include "raw.h"
#include "stream/markers.h"

/* A pipe that poll() calls writable takes this much without blocking. */
#define PIPE_BYTES 4096

#define REPLACEMENT "\xef\xbf\xbd"

static struct writer_sink sink_of(int fd, uint64_t deadline)
{
	struct stat status = {.st_mode = 0};

	raw_fstat(fd, &status);
	return (struct writer_sink){
		.fd = fd,
		.is_socket = S_ISSOCK(status.st_mode),
		.is_file = S_ISREG(status.st_mode),
		.failed = fd < 0,
		.deadline = deadline,
	};
}

void writer_init(struct writer *w, int fd, char buffer[WRITER_BUFFER], uint64_t deadline)
{
	writer_init_memory(w, buffer, WRITER_BUFFER);
	w->sink = sink_of(fd, deadline);
	w->pending = raw_pending();
}

void writer_add_sink(struct writer *w, int fd, uint64_t deadline)
{
	w->second = sink_of(fd, deadline);
}

void writer_init_memory(struct writer *w, char *buffer, size_t size)
{
	const struct writer_sink none = {.fd = -1, .failed = true};

	*w = (struct writer){.buffer = buffer, .capacity = size, .sink = none, .second = none};
}

static bool wait_writable(const struct writer_sink *sink)
{
	struct pollfd fd = {.fd = sink->fd, .events = POLLOUT};
	long result = -EINTR;

	while (result == -EINTR) {
		uint64_t now = raw_milliseconds();

		if (now >= sink->deadline)
			return false;
		result = sink->is_file ? 1 : raw_poll(&fd, 1, (unsigned)(sink->deadline - now));
	}
	return result > 0;
}

static long write_some(const struct writer_sink *sink, const char *bytes, size_t size)
{
	if (sink->is_socket)
		return raw_send(sink->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (!sink->is_file && size > PIPE_BYTES)
		size = PIPE_BYTES;
	return raw_write(sink->fd, bytes, size);
}

static void write_all(const struct writer *w, struct writer_sink *sink)
{
	/* A socket says when it is full; a pipe would make us wait. */
	bool has_to_wait = !sink->is_socket;
	size_t done = 0;

	while (done < w->used && !sink->failed) {
		long result;

		if (has_to_wait && !wait_writable(sink)) {
			sink->failed = true;
			return;
		}
		result = write_some(sink, w->buffer + done, w->used - done);
		if (result > 0)
			done += (size_t)result;
		else if (result != -EINTR && result != -EAGAIN)
			sink->failed = true;
		has_to_wait = true;
	}
}

/*
 * A write to a closed pipe or beyond the limit of a file's size raises a signal. All signals of
 * that kind are blocked here; one that is left pending would end the process after the handler,
 * with the wrong signal.
 */
static void consume_raised(const struct writer *w)
{
	const raw_sigset raised = RAW_SIGNAL(SIGPIPE) | RAW_SIGNAL(SIGXFSZ);

	if (raw_pending() & ~w->pending & raised)
		raw_consume(raised & ~w->pending);
}

static void flush_to(struct writer *w, struct writer_sink *sink)
{
	if (sink->failed)
		return;
	write_all(w, sink);
	if (sink->failed)
		consume_raised(w);
}

void writer_flush(struct writer *w)
{
	flush_to(w, &w->sink);
	flush_to(w, &w->second);
	w->failed = w->failed || (w->sink.failed && w->second.failed);
	/* A text in memory stays as far as there was room. */
	if (!w->failed)
		w->used = 0;
}

void writer_end_sink(struct writer *w, const char *text)
{
	bool first_failed;

	writer_flush(w);
	first_failed = w->sink.failed;
	w->sink.failed = true;
	w->failed = w->second.failed;
	writer_text(w, text);
	writer_flush(w);
	w->second.failed = true;
	w->sink.failed = w->failed = first_failed;
	w->used = 0;
}

static void put(struct writer *w, char c)
{
	if (w->used == w->capacity)
		writer_flush(w);
	if (!w->failed)
		w->buffer[w->used++] = c;
}

void writer_bytes(struct writer *w, const char *bytes, size_t size)
{
	while (size && !w->failed) {
		size_t chunk = w->capacity - w->used;

		if (chunk > size)
			chunk = size;
		__builtin_memcpy(w->buffer + w->used, bytes, chunk);
		w->used += chunk;
		bytes += chunk;
		size -= chunk;
		if (size)
			writer_flush(w);
	}
}

void writer_text(struct writer *w, const char *text)
{
	writer_bytes(w, text, text_length(text));
}

void writer_decimal(struct writer *w, int64_t value)
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[20];
	unsigned at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (value < 0)
		put(w, '-');
	writer_bytes(w, digits + at, sizeof(digits) - at);
}

void writer_hex(struct writer *w, uint64_t value, unsigned digits)
{
	unsigned wanted = 1;

	while (wanted < 16 && value >> 4 * wanted)
		wanted++;
	if (wanted < digits)
		wanted = digits;
	writer_text(w, "0x");
	while (wanted--)
		put(w, "0123456789abcdef"[value >> 4 * wanted & 15]);
}

static void put_escaped(struct writer *w, unsigned char c)
{
	if (c == '"' || c == '\\') {
		put(w, '\\');
		put(w, (char)c);
	} else if (c < 0x20) {
		writer_text(w, "\\u00");
		put(w, "0123456789abcdef"[c >> 4]);
		put(w, "0123456789abcdef"[c & 15]);
	} else {
		put(w, (char)c);
	}
}

/* A sequence of UTF-8, or what stands for a byte that begins none. */
static void put_sequence(struct writer *w, const char *text, unsigned length)
{
	if (length)
		writer_bytes(w, text, length);
	else
		writer_text(w, REPLACEMENT);
}

void writer_json(struct writer *w, const char *text, size_t size)
{
	put(w, '"');
	for (size_t at = 0; at < size;) {
		unsigned length = utf8_sequence(text + at, size - at);

		if (length == 1)
			put_escaped(w, (unsigned char)text[at]);
		else
			put_sequence(w, text + at, length);
		at += length ? length : 1;
	}
	put(w, '"');
}

void writer_raw(struct writer *w, const char *text, size_t size, bool is_begin)
{
	if (is_begin && text_begins(text, size, STREAM_MARKER_PREFIX))
		put(w, ' ');
	for (size_t at = 0; at < size;) {
		size_t run = text_ascii(text + at, size - at);
		unsigned length = run ? 0 : utf8_sequence(text + at, size - at);

		if (run)
			writer_bytes(w, text + at, run);
		else
			put_sequence(w, text + at, length);
		at += run ? run : length ? length : 1;
	}
}

void writer_line(struct writer *w, const char *line, size_t size)
{
	writer_raw(w, line, size, true);
	put(w, '\n');
}
