/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include "bytes.h"
#include "raw.h"
#include "stream/markers.h"

#define REPLACEMENT "\xef\xbf\xbd"

void writer_init(struct writer *w, int fd, char buffer[WRITER_BUFFER], uint64_t deadline)
{
	struct stat status;

	writer_init_memory(w, buffer, WRITER_BUFFER);
	w->fd = fd;
	w->is_socket = !raw_fstat(fd, &status) && S_ISSOCK(status.st_mode);
	w->deadline = deadline;
}

void writer_init_memory(struct writer *w, char *buffer, size_t size)
{
	*w = (struct writer){.buffer = buffer, .capacity = size, .fd = -1};
}

static bool wait_writable(const struct writer *w)
{
	uint64_t now = raw_milliseconds();
	struct pollfd fd = {.fd = w->fd, .events = POLLOUT};

	return now < w->deadline && raw_poll(&fd, 1, (unsigned)(w->deadline - now)) > 0;
}

static long write_some(struct writer *w, const char *bytes, size_t size)
{
	if (w->is_socket)
		return raw_send(w->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	return raw_write(w->fd, bytes, size);
}

static void write_all(struct writer *w)
{
	size_t done = 0;

	while (done < w->used) {
		long result;

		if (!wait_writable(w)) {
			w->failed = true;
			return;
		}
		result = write_some(w, w->buffer + done, w->used - done);
		if (result > 0) {
			done += (size_t)result;
		} else if (result != -EINTR && result != -EAGAIN) {
			w->failed = true;
			return;
		}
	}
}

/*
 * A write to a closed pipe or beyond the limit of a file's size raises a signal. All signals of
 * that kind are blocked here; one that is left pending would end the process after the handler,
 * with the wrong signal.
 */
void writer_flush(struct writer *w)
{
	const raw_sigset raised = RAW_SIGNAL(SIGPIPE) | RAW_SIGNAL(SIGXFSZ);
	raw_sigset before;

	if (w->fd < 0)
		w->failed = true;
	if (w->failed || !w->used)
		return;
	before = raw_pending();
	write_all(w);
	if (w->failed && raw_pending() & ~before & raised)
		raw_consume(raised & ~before);
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
	for (size_t i = 0; i < size; i++)
		put(w, bytes[i]);
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

void writer_json(struct writer *w, const char *text, size_t size)
{
	put(w, '"');
	for (size_t at = 0; at < size;) {
		unsigned length = utf8_sequence(text + at, size - at);

		if (length == 1)
			put_escaped(w, (unsigned char)text[at]);
		else if (length)
			writer_bytes(w, text + at, length);
		else
			writer_text(w, REPLACEMENT);
		at += length ? length : 1;
	}
	put(w, '"');
}

void writer_line(struct writer *w, const char *line, size_t size)
{
	if (text_begins(line, size, STREAM_MARKER_PREFIX))
		put(w, ' ');
	for (size_t at = 0; at < size;) {
		unsigned length = utf8_sequence(line + at, size - at);

		if (length)
			writer_bytes(w, line + at, length);
		else
			writer_text(w, REPLACEMENT);
		at += length ? length : 1;
	}
	put(w, '\n');
}
