/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_init(struct strbuf *buf)
{
	*buf = (struct strbuf){0};
}

void strbuf_deinit(struct strbuf *buf)
{
	free(buf->data);
	strbuf_init(buf);
}

void strbuf_clear(struct strbuf *buf)
{
	buf->size = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

bool strbuf_grow(struct strbuf *buf, size_t more)
{
	size_t need, capacity;
	char *data;

	if (buf->failed)
		return false;
	if (__builtin_add_overflow(buf->size, more, &need) ||
	    __builtin_add_overflow(need, 1, &need)) {
		buf->failed = true;
		return false;
	}
	if (need <= buf->capacity)
		return true;
	capacity = buf->capacity + buf->capacity / 2;
	if (capacity < need)
		capacity = need < 64 ? 64 : need;
	data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void strbuf_pad(struct strbuf *buf, char c, size_t count)
{
	if (!strbuf_reserve(buf, count))
		return;
	memset(buf->data + buf->size, c, count);
	buf->size += count;
	buf->data[buf->size] = '\0';
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
	size_t room = buf->capacity - buf->size;
	va_list args, again;
	int length;

	if (buf->failed)
		return;
	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(room ? buf->data + buf->size : NULL, room, format, args);
	va_end(args);
	if (length < 0) {
		buf->failed = true;
	} else if ((size_t)length < room) {
		buf->size += (size_t)length;
	} else if (strbuf_grow(buf, (size_t)length)) {
		vsnprintf(buf->data + buf->size, (size_t)length + 1, format, again);
		buf->size += (size_t)length;
	}
	va_end(again);
}

struct crashinfo_error *strbuf_error(const struct strbuf *buf)
{
	return buf->failed ? crashinfo_error_no_memory() : NULL;
}

char *strbuf_steal(struct strbuf *buf)
{
	char *data;

	if (!strbuf_reserve(buf, 0))
		return NULL;
	buf->data[buf->size] = '\0';
	data = buf->data;
	strbuf_init(buf);
	return data;
}
