/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte string. A failed allocation is remembered in `failed` and later calls do
 * nothing, so a caller checks once at the end.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <crashinfo/error.h>

struct strbuf {
	char *data; /* NUL-terminated when size > 0 or after strbuf_steal(); else may be NULL */
	size_t size;
	size_t capacity;
	bool failed;
};

void strbuf_init(struct strbuf *buf);
void strbuf_deinit(struct strbuf *buf);
/* Forget the content, keep the memory. */
void strbuf_clear(struct strbuf *buf);
/* Make sure that `more` bytes fit behind the content. */
bool strbuf_grow(struct strbuf *buf, size_t more);
static inline bool strbuf_reserve(struct strbuf *buf, size_t more)
{
	/* nearly every time there is room */
	return (!buf->failed && more < buf->capacity - buf->size) || strbuf_grow(buf, more);
}

static inline void strbuf_add(struct strbuf *buf, const void *bytes, size_t size)
{
	if (!strbuf_reserve(buf, size))
		return;
	if (size)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

static inline void strbuf_adds(struct strbuf *buf, const char *string)
{
	strbuf_add(buf, string, strlen(string));
}

static inline void strbuf_addc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `count` times `c`. */
void strbuf_pad(struct strbuf *buf, char c, size_t count);

/* NULL, or the out-of-memory error when an earlier call failed. */
struct crashinfo_error *strbuf_error(const struct strbuf *buf);

/* The content as a malloc'd NUL-terminated string, the buffer being empty after; NULL if failed. */
char *strbuf_steal(struct strbuf *buf);

#define _strbuf_ __attribute__((cleanup(strbuf_deinit)))

#endif
