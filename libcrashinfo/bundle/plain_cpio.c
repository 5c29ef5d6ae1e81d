/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of cpio: four forms of the same members. */
#include <string.h>
#include <sys/stat.h>

#include "bundle/plain.h"

#define MAGIC_BYTES  6
#define HEADER_BYTES 110 /* of the largest */

/* What is read of a header. */
enum cpio_field { CPIO_MODE, CPIO_NLINK, CPIO_MTIME, CPIO_NAME_SIZE, CPIO_SIZE, CPIO_FIELDS };

struct cpio_form {
	const char *magic;
	unsigned char magic_size, header_size;
	unsigned char base; /* of the digits; 0: numbers of 16 bits, the high ones first of two */
	bool is_big;
	unsigned char align; /* of name and content */
	struct {
		unsigned char at, size;
	} fields[CPIO_FIELDS];
};

static const struct cpio_form forms[] = {
	{"070701", 6, 110, 16, false, 4, {{14, 8}, {38, 8}, {46, 8}, {94, 8}, {54, 8}}},
	{"070702", 6, 110, 16, false, 4, {{14, 8}, {38, 8}, {46, 8}, {94, 8}, {54, 8}}},
	{"070707", 6, 76, 8, false, 1, {{18, 6}, {36, 6}, {48, 11}, {59, 6}, {65, 11}}},
	{"\xc7\x71", 2, 26, 0, false, 2, {{6, 2}, {12, 2}, {16, 4}, {20, 2}, {22, 4}}},
	{"\x71\xc7", 2, 26, 0, true, 2, {{6, 2}, {12, 2}, {16, 4}, {20, 2}, {22, 4}}},
};

/* All headers of an archive have the form of the first. */
static const struct cpio_form *find_form(struct plain_reader *reader, const char *magic)
{
	if (!reader->begun)
		memcpy(reader->magic, magic, MAGIC_BYTES);
	reader->begun = true;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!memcmp(magic, forms[i].magic, forms[i].magic_size) &&
		    !memcmp(reader->magic, magic, forms[i].magic_size))
			return &forms[i];
	return NULL;
}

static uint64_t binary(const unsigned char *bytes, size_t size, bool is_big)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i += 2)
		value = value << 16 | (unsigned)bytes[i + is_big] |
			(unsigned)bytes[i + !is_big] << 8;
	return value;
}

static bool read_fields(const struct cpio_form *form, const char *header, uint64_t ret[CPIO_FIELDS])
{
	for (int i = 0; i < CPIO_FIELDS; i++) {
		const char *at = header + form->fields[i].at;

		if (!form->base)
			ret[i] = binary((const unsigned char *)at, form->fields[i].size,
					form->is_big);
		else if (!plain_number(at, form->fields[i].size, form->base, &ret[i]))
			return false;
	}
	return true;
}

static unsigned padding_of(const struct cpio_form *form, uint64_t size)
{
	return (unsigned)((form->align - size % form->align) % form->align);
}

/* The header and the name behind it, with its padding. */
static struct crashinfo_error *read_header(struct plain_reader *reader,
					   uint64_t fields[CPIO_FIELDS])
{
	char header[HEADER_BYTES], padding[4];
	const struct cpio_form *form;
	struct crashinfo_error *error = plain_take(reader, header, MAGIC_BYTES);

	if (error)
		return error;
	form = find_form(reader, header);
	if (!form)
		return plain_damaged("no header where one must be");
	error = plain_take(reader, header + MAGIC_BYTES, form->header_size - MAGIC_BYTES);
	if (error)
		return error;
	if (!read_fields(form, header, fields))
		return plain_damaged("a header with no number where one must be");
	error = plain_take_name(reader, fields[CPIO_NAME_SIZE], &reader->path);
	if (error)
		return error;
	reader->left = fields[CPIO_SIZE];
	reader->padding = padding_of(form, reader->left);
	return plain_take(reader, padding,
			  padding_of(form, form->header_size + fields[CPIO_NAME_SIZE]));
}

/* The content of a file with several names is there once, with the last, in the newer forms. */
static enum plain_type type_of(const uint64_t fields[CPIO_FIELDS], const char *path)
{
	size_t size = strlen(path);

	switch (fields[CPIO_MODE] & S_IFMT) {
	case S_IFDIR: return PLAIN_FOLDER;
	case S_IFREG: break;
	case 0:
		if (size && path[size - 1] == '/')
			return PLAIN_FOLDER;
		break;
	default: return PLAIN_OTHER;
	}
	return !fields[CPIO_SIZE] && fields[CPIO_NLINK] > 1 ? PLAIN_LINK : PLAIN_REGULAR;
}

struct crashinfo_error *plain_next_cpio(struct plain_reader *reader, struct plain_member *ret,
					bool *done_ret)
{
	uint64_t fields[CPIO_FIELDS];
	struct crashinfo_error *error = read_header(reader, fields);

	if (error)
		return error;
	*done_ret = !strcmp(reader->path.data, "TRAILER!!!");
	*ret = (struct plain_member){
		.path = reader->path.data,
		.type = type_of(fields, reader->path.data),
		.modified = (int64_t)fields[CPIO_MTIME],
	};
	return NULL;
}
