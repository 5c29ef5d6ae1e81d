/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/plain.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "bundle/input_source.h"

/* No system has longer paths, and libarchive stops there in tar. The table of ar has all of them.
 */
#define NAME_MAX_BYTES (1024u * 1024)

void plain_init(struct plain_reader *reader, struct input_source *source, bool is_ar)
{
	*reader = (struct plain_reader){.source = source, .is_ar = is_ar};
}

void plain_deinit(struct plain_reader *reader)
{
	strbuf_deinit(&reader->path);
	strbuf_deinit(&reader->names);
}

struct crashinfo_error *plain_damaged(const char *what)
{
	return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "truncated or damaged: %s", what);
}

/* Up to `size` bytes; none at the end of the input. */
static struct crashinfo_error *take_some(struct plain_reader *reader, uint64_t size,
					 struct crashinfo_slice *ret)
{
	struct crashinfo_error *error = input_source_take(reader->source, ret);

	if (error)
		return error;
	if (ret->size > size) {
		input_source_give_back(reader->source, ret->size - (size_t)size);
		ret->size = (size_t)size;
	}
	reader->taken += ret->size;
	return NULL;
}

struct crashinfo_error *plain_take(struct plain_reader *reader, char *buffer, size_t size)
{
	while (size) {
		struct crashinfo_slice got;
		struct crashinfo_error *error = take_some(reader, size, &got);

		if (error)
			return error;
		if (!got.size)
			return plain_damaged("it ends amid a header");
		memcpy(buffer, got.data, got.size);
		buffer += got.size;
		size -= got.size;
	}
	return NULL;
}

struct crashinfo_error *plain_take_name(struct plain_reader *reader, uint64_t size,
					struct strbuf *ret)
{
	struct crashinfo_error *error;

	if (size > NAME_MAX_BYTES)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "a name of more than the limit of %u bytes",
					      NAME_MAX_BYTES);
	strbuf_clear(ret);
	if (!strbuf_reserve(ret, (size_t)size + 1))
		return strbuf_error(ret);
	error = plain_take(reader, ret->data, (size_t)size);
	if (error)
		return error;
	ret->data[size] = '\0';
	ret->size = (size_t)size;
	return NULL;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : 16;
}

bool plain_number(const char *text, size_t size, unsigned base, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < size && (unsigned)digit_of(text[i]) < base; i++)
		value = value * base + (unsigned)digit_of(text[i]);
	for (size_t blank = i; blank < size; blank++)
		if (text[blank] != ' ')
			return false;
	*ret = value;
	return true;
}

static struct crashinfo_error *pass_over(struct plain_reader *reader)
{
	while (reader->left + reader->padding) {
		struct crashinfo_slice got;
		struct crashinfo_error *error =
			take_some(reader, reader->left + reader->padding, &got);

		if (error)
			return error;
		/* ar may leave out the last padding */
		if (!got.size && !reader->left)
			return NULL;
		if (!got.size)
			return plain_damaged("it ends amid a member");
		if (got.size > reader->left) {
			reader->padding -= (unsigned)(got.size - reader->left);
			reader->left = 0;
		} else {
			reader->left -= got.size;
		}
	}
	return NULL;
}

struct crashinfo_error *plain_next(struct plain_reader *reader, struct plain_member *ret,
				   bool *done_ret)
{
	struct crashinfo_error *error = pass_over(reader);

	if (error)
		return error;
	return reader->is_ar ? plain_next_ar(reader, ret, done_ret)
			     : plain_next_cpio(reader, ret, done_ret);
}

struct crashinfo_error *plain_read(struct plain_reader *reader, char *buffer, size_t capacity,
				   size_t *size_ret)
{
	uint64_t size = reader->left < capacity ? reader->left : capacity;
	struct crashinfo_slice got = {NULL, 0};
	struct crashinfo_error *error = size ? take_some(reader, size, &got) : NULL;

	if (error)
		return error;
	if (size && !got.size)
		return plain_damaged("it ends amid a member");
	if (got.size)
		memcpy(buffer, got.data, got.size);
	reader->left -= got.size;
	*size_ret = got.size;
	return NULL;
}
