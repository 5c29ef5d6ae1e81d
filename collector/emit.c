/* SPDX-License-Identifier: Apache-2.0 */
#include "emit.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "stream/markers.h"
#include "syscall.h"
#include "text.h"

/* A reader that takes nothing for this long has gone; the process must be let die. */
#define WRITE_TIMEOUT_MS 5000

static struct {
	int fd;
	bool failed, at_line_start;
	size_t used, matched; /* bytes of the marker prefix held back */
	char buffer[8192];
} out;

void emit_begin(int fd)
{
	out.fd = fd;
	out.failed = false;
	out.used = 0;
	out.matched = 0;
	out.at_line_start = true;
}

bool emit_failed(void)
{
	return out.failed;
}

static bool wait_writable(void)
{
	struct pollfd fd = {.fd = out.fd, .events = POLLOUT};
	struct timespec limit = {WRITE_TIMEOUT_MS / 1000, 0};

	return sys_call(SYS_ppoll, (long)&fd, 1, (long)&limit, 0, 0, 0) > 0;
}

/* A closed pipe must not add a SIGPIPE to the crash: the handler runs with it blocked and eats it.
 */
static bool write_some(const char **data, size_t *size)
{
	long written;

	if (!wait_writable())
		return false;
	written = sys_write(out.fd, *data, *size);
	if (written == -EINTR || written == -EAGAIN)
		return true;
	if (written <= 0)
		return false;
	*data += written;
	*size -= (size_t)written;
	return true;
}

void emit_flush(void)
{
	const char *data = out.buffer;
	size_t size = out.used;

	while (size && !out.failed)
		out.failed = !write_some(&data, &size);
	out.used = 0;
}

static void put(char character)
{
	if (out.used == sizeof(out.buffer))
		emit_flush();
	out.buffer[out.used++] = character;
}

void emit_bytes(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(data[i]);
}

void emit_text(const char *text)
{
	emit_bytes(text, text_length(text));
}

void emit_decimal(int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[20];
	size_t count = 0;

	if (value < 0)
		put('-');
	do
		digits[count++] = (char)('0' + rest % 10);
	while (rest /= 10);
	while (count)
		put(digits[--count]);
}

static char hex_digit(unsigned value)
{
	return (char)(value < 10 ? '0' + value : 'a' + value - 10);
}

void emit_hex(uint64_t value, unsigned digits)
{
	unsigned count = 16;

	while (count > digits && count > 1 && !(value >> (4 * (count - 1))))
		count--;
	put('0');
	put('x');
	while (count--)
		put(hex_digit(value >> (4 * count) & 15));
}

void emit_hex_bytes(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		put(hex_digit(data[i] >> 4));
		put(hex_digit(data[i] & 15));
	}
}

/* Length of the well-formed UTF-8 sequence at `text`; 0 when there is none. */
static size_t utf8_length(const unsigned char *text)
{
	static const struct {
		unsigned char first, last, low, high;
		uint8_t length;
	} rows[] = {
		{0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (*text < rows[i].first || *text > rows[i].last)
			continue;
		for (size_t n = 1; n < rows[i].length; n++) {
			unsigned char low = n == 1 ? rows[i].low : 0x80,
				      high = n == 1 ? rows[i].high : 0xbf;

			if (text[n] < low || text[n] > high)
				return 0;
		}
		return rows[i].length;
	}
	return 0;
}

static void put_escaped(unsigned char character)
{
	if (character == '"' || character == '\\') {
		put('\\');
		put((char)character);
	} else if (character < 0x20) {
		emit_text("\\u00");
		put(hex_digit(character >> 4));
		put(hex_digit(character & 15));
	} else {
		put((char)character);
	}
}

void emit_string(const char *text)
{
	put('"');
	while (*text) {
		size_t length = utf8_length((const unsigned char *)text);

		if (!length) {
			emit_text("\xef\xbf\xbd"); /* U+FFFD */
			text++;
			continue;
		}
		if (length == 1)
			put_escaped((unsigned char)*text);
		else
			emit_bytes(text, length);
		text += length;
	}
	put('"');
}

/* The prefix may come in pieces: hold back what matches until it is known. */
void emit_guarded(const char *data, size_t size)
{
	static const char prefix[] = STREAM_MARKER_PREFIX;

	for (size_t i = 0; i < size; i++) {
		if (out.at_line_start && data[i] == prefix[out.matched]) {
			if (!prefix[++out.matched]) {
				put(' ');
				emit_text(prefix);
				out.matched = 0;
				out.at_line_start = false;
			}
			continue;
		}
		emit_bytes(prefix, out.matched);
		out.matched = 0;
		put(data[i]);
		out.at_line_start = data[i] == '\n';
	}
}
