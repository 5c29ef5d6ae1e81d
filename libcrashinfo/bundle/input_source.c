/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/input_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crashinfo/report.h>
#include <crashinfo/stream.h>

#include "base/io.h"

/* Markers of a stream stand in its first lines; stray lines before them are few. */
#define HEAD_BYTES (64 * 1024)

static struct crashinfo_error *read_some(int fd, char *buffer, size_t capacity, size_t *size_ret)
{
	ssize_t n;

	do
		n = read(fd, buffer, capacity);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return crashinfo_error_from_errno(errno, "cannot read");
	*size_ret = (size_t)n;
	return NULL;
}

static struct crashinfo_error *read_head(struct input_source *source)
{
	struct strbuf *head = &source->head;
	size_t got = 1;
	struct crashinfo_error *error = NULL;

	if (!strbuf_reserve(head, HEAD_BYTES))
		return strbuf_error(head);
	/* the writer of a stream may keep a pipe open behind its end */
	while (got && head->size < HEAD_BYTES && !error &&
	       input_sniff(head->data, head->size) != INPUT_FORMAT_STREAM) {
		error = read_some(source->fd, head->data + head->size, HEAD_BYTES - head->size,
				  &got);
		head->size += error ? 0 : got;
	}
	return error;
}

static void note_modified(struct input_source *source)
{
	struct stat st;

	if (!fstat(source->fd, &st) && S_ISREG(st.st_mode))
		crashinfo_timestamp_format(st.st_mtim.tv_sec, (uint32_t)(st.st_mtim.tv_nsec / 1000),
					   source->modified);
}

struct crashinfo_error *input_source_open(struct input_source *source, int fd, char *name)
{
	struct crashinfo_error *error;

	*source = (struct input_source){.fd = fd, .name = name};
	note_modified(source);
	error = read_head(source);
	if (!error)
		return NULL;
	error = crashinfo_error_at(error, source->name, 0, 0, 0);
	input_source_close(source);
	return error;
}

void input_source_close(struct input_source *source)
{
	if (source->fd > STDERR_FILENO)
		close(source->fd);
	free(source->name);
	strbuf_deinit(&source->head);
	*source = (struct input_source){.fd = -1};
}

struct crashinfo_error *input_source_read(struct input_source *source, char *buffer,
					  size_t capacity, size_t *size_ret)
{
	size_t ahead = source->head.size - source->head_offset;

	if (!ahead)
		return read_some(source->fd, buffer, capacity, size_ret);
	if (ahead > capacity)
		ahead = capacity;
	memcpy(buffer, source->head.data + source->head_offset, ahead);
	source->head_offset += ahead;
	*size_ret = ahead;
	return NULL;
}

struct crashinfo_error *input_source_read_all(struct input_source *source, size_t max_bytes,
					      struct strbuf *buf)
{
	strbuf_add(buf, source->head.data + source->head_offset,
		   source->head.size - source->head_offset);
	source->head_offset = source->head.size;
	if (buf->failed)
		return crashinfo_error_no_memory();
	return io_read_fd(source->fd, max_bytes, buf);
}

enum input_format input_sniff(const char *text, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (crashinfo_stream_sniff(text, size))
		return INPUT_FORMAT_STREAM;
	if (size >= 3 && !memcmp(text, mark, 3)) {
		text += 3;
		size -= 3;
	}
	while (size && memchr(" \t\r\n", *text, 4)) {
		text++;
		size--;
	}
	if (!size)
		return INPUT_FORMAT_EMPTY;
	return memchr("{[\"-0123456789tfn", *text, 17) ? INPUT_FORMAT_JSON : INPUT_FORMAT_UNKNOWN;
}
