/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/input_source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crashinfo/report.h>
#include <crashinfo/stream.h>

#include "base/io.h"

/* Markers of a stream stand in its first lines; stray lines before them are few. */
#define HEAD_BYTES (64 * 1024)
/* A writer that is still there but has written a stream to its end may never write again. */
#define IDLE_MS 1000

static struct crashinfo_error *read_some(struct input_source *source, char *buffer, size_t capacity,
					 size_t *size_ret)
{
	ssize_t n = 0;

	if (source->archive)
		return bundle_archive_read(source->archive, buffer, capacity, size_ret);
	do
		n = source->is_whole ? 0 : read(source->fd, buffer, capacity);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return crashinfo_error_from_errno(errno, "cannot read");
	*size_ret = (size_t)n;
	return NULL;
}

/* Enough to know what it is. */
static bool is_decided(const struct input_source *source)
{
	enum input_format format = input_sniff(source->head.data, source->head.size);

	return format == INPUT_FORMAT_STREAM || format == INPUT_FORMAT_ARCHIVE;
}

static struct crashinfo_error *read_head(struct input_source *source)
{
	struct strbuf *head = &source->head;
	size_t got = 1;
	struct crashinfo_error *error = NULL;

	if (!strbuf_reserve(head, HEAD_BYTES))
		return strbuf_error(head);
	/* the writer of a stream may keep a pipe open behind its end */
	while (got && head->size < HEAD_BYTES && !error && !is_decided(source)) {
		error = read_some(source, head->data + head->size, HEAD_BYTES - head->size, &got);
		head->size += error ? 0 : got;
	}
	return error;
}

static void note_file(struct input_source *source)
{
	struct stat st;

	source->base = lseek(source->fd, 0, SEEK_CUR);
	if (fstat(source->fd, &st) || !S_ISREG(st.st_mode)) {
		source->base = -1;
		return;
	}
	source->size = (uint64_t)st.st_size;
	crashinfo_timestamp_format(st.st_mtim.tv_sec, (uint32_t)(st.st_mtim.tv_nsec / 1000),
				   source->modified);
}

static struct crashinfo_error *begin(struct input_source *source)
{
	struct crashinfo_error *error = read_head(source);

	if (!error)
		return NULL;
	error = crashinfo_error_at(error, source->name, 0, 0, 0);
	input_source_close(source);
	return error;
}

struct crashinfo_error *input_source_open(struct input_source *source, int fd, char *name)
{
	*source = (struct input_source){.fd = fd, .name = name};
	note_file(source);
	return begin(source);
}

struct crashinfo_error *input_source_open_member(struct input_source *source,
						 struct bundle_archive *archive, char *name)
{
	*source = (struct input_source){
		.fd = -1, .archive = archive, .name = name, .is_packed = true, .base = -1};
	return begin(source);
}

void input_source_close(struct input_source *source)
{
	if (source->fd > STDERR_FILENO)
		close(source->fd);
	free(source->name);
	strbuf_deinit(&source->head);
	*source = (struct input_source){.fd = -1};
}

struct crashinfo_error *input_source_take(struct input_source *source, struct crashinfo_slice *ret)
{
	struct strbuf *head = &source->head;
	size_t got = 0;
	struct crashinfo_error *error = NULL;

	if (source->head_offset == head->size && !source->is_whole) {
		strbuf_clear(head);
		source->head_offset = 0;
		if (!strbuf_reserve(head, HEAD_BYTES))
			return strbuf_error(head);
		error = read_some(source, head->data, HEAD_BYTES, &got);
		if (error)
			return error;
		head->size = got;
	}
	*ret = (struct crashinfo_slice){head->data + source->head_offset,
					head->size - source->head_offset};
	source->head_offset = head->size;
	return NULL;
}

void input_source_give_back(struct input_source *source, size_t size)
{
	source->head_offset -= size;
}

bool input_source_is_idle(const struct input_source *source)
{
	struct pollfd wait = {.fd = source->fd, .events = POLLIN};

	if (source->fd < 0 || source->base >= 0 || source->head_offset < source->head.size)
		return false;
	return poll(&wait, 1, IDLE_MS) == 0;
}

static struct crashinfo_error *read_rest(struct input_source *source, size_t max_bytes,
					 struct strbuf *buf)
{
	struct crashinfo_error *error = NULL;
	size_t got = 1;

	while (got && !error) {
		if (buf->size > max_bytes)
			return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
						      "larger than the limit of %zu bytes",
						      max_bytes);
		if (!strbuf_reserve(buf, HEAD_BYTES))
			return strbuf_error(buf);
		error = read_some(source, buf->data + buf->size, buf->capacity - buf->size - 1,
				  &got);
		buf->size += error ? 0 : got;
	}
	if (!error)
		buf->data[buf->size] = '\0';
	return error;
}

struct crashinfo_error *input_source_read_all(struct input_source *source, size_t max_bytes,
					      struct strbuf *buf)
{
	strbuf_add(buf, source->head.data + source->head_offset,
		   source->head.size - source->head_offset);
	source->head_offset = source->head.size;
	if (buf->failed)
		return crashinfo_error_no_memory();
	if (source->archive)
		return read_rest(source, max_bytes, buf);
	return io_read_fd(source->fd, max_bytes, buf);
}

/* --- seeking --- */

struct crashinfo_error *input_source_hold(struct input_source *source, size_t max_bytes)
{
	struct strbuf whole = {0};
	struct crashinfo_error *error = input_source_read_all(source, max_bytes, &whole);

	if (error) {
		strbuf_deinit(&whole);
		return error;
	}
	strbuf_deinit(&source->head);
	source->head = whole;
	source->head_offset = 0;
	source->archive = NULL;
	source->is_whole = true;
	return NULL;
}

bool input_source_can_seek(const struct input_source *source)
{
	return source->is_whole || source->base >= 0;
}

int64_t input_source_tell(const struct input_source *source)
{
	size_t ahead = source->head.size - source->head_offset;

	if (source->is_whole)
		return (int64_t)source->head_offset;
	return lseek(source->fd, 0, SEEK_CUR) - source->base - (int64_t)ahead;
}

struct crashinfo_error *input_source_seek(struct input_source *source, int64_t offset,
					  bool from_end, int64_t *ret)
{
	int64_t size = source->is_whole ? (int64_t)source->head.size
					: (int64_t)source->size - source->base;

	if (from_end && __builtin_add_overflow(offset, size, &offset))
		offset = -1;
	if (offset < 0)
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "points before its beginning");
	if (offset > size)
		offset = size;
	*ret = offset;
	if (source->is_whole) {
		source->head_offset = (size_t)offset;
		return NULL;
	}
	source->head.size = source->head_offset = 0;
	if (lseek(source->fd, source->base + offset, SEEK_SET) < 0)
		return crashinfo_error_from_errno(errno, "cannot seek");
	return NULL;
}

static struct crashinfo_slice skip_blanks(const char *text, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (size >= 3 && !memcmp(text, mark, 3)) {
		text += 3;
		size -= 3;
	}
	while (size && memchr(" \t\r\n", *text, 4)) {
		text++;
		size--;
	}
	return (struct crashinfo_slice){text, size};
}

enum input_format input_sniff(const char *text, size_t size)
{
	struct crashinfo_slice rest;

	/* before streams: a tar shows the text of its members */
	if (archive_sniff(text, size) != ARCHIVE_KIND_NONE)
		return INPUT_FORMAT_ARCHIVE;
	if (crashinfo_stream_sniff(text, size))
		return INPUT_FORMAT_STREAM;
	rest = skip_blanks(text, size);
	if (!rest.size)
		return INPUT_FORMAT_EMPTY;
	return memchr("{[\"-0123456789tfn", *rest.data, 17) ? INPUT_FORMAT_JSON
							    : INPUT_FORMAT_UNKNOWN;
}

/* The size of a first word, or number, that stands alone. */
static size_t first_word(struct crashinfo_slice rest)
{
	size_t size = 0;

	while (size < rest.size && !memchr(" \t\r\n", rest.data[size], 4))
		size++;
	return size;
}

bool input_is_json(const char *text, size_t size)
{
	static const char *const words[] = {"null", "true", "false"};
	struct crashinfo_slice rest = skip_blanks(text, size);
	size_t word = first_word(rest);

	if (!rest.size || memchr("{[\"", *rest.data, 3))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (word == strlen(words[i]) && !memcmp(rest.data, words[i], word))
			return true;
	for (size_t i = 0; i < word; i++)
		if (!memchr("0123456789+-.eE", rest.data[i], 15))
			return false;
	return !skip_blanks(rest.data + word, rest.size - word).size;
}
