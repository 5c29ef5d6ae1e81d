/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of ar, as GNU and BSD write them. */
#include <string.h>
#include <sys/stat.h>

#include "bundle/input_source.h"
#include "bundle/plain.h"

/* At the beginning of the archive, and at the end of each header. */
#define MAGIC      "!<arch>\n"
#define HEADER_END "`\n"

struct ar_header {
	char name[16], date[12], uid[6], gid[6], mode[8], size[10], end[2];
};
_Static_assert(sizeof(struct ar_header) == 60, "as in the file");

struct ar_numbers {
	uint64_t date, mode, size;
};

static bool read_numbers(const struct ar_header *header, struct ar_numbers *ret)
{
	return plain_number(header->date, sizeof(header->date), 10, &ret->date) &&
	       plain_number(header->mode, sizeof(header->mode), 8, &ret->mode) &&
	       plain_number(header->size, sizeof(header->size), 10, &ret->size);
}

/* A byte is needed to tell the end; the first header has the magic before it. */
static struct crashinfo_error *is_at_end(struct plain_reader *reader, bool *ret)
{
	struct crashinfo_slice got;
	char magic[sizeof(MAGIC) - 1];
	struct crashinfo_error *error = NULL;

	if (!reader->begun)
		error = plain_take(reader, magic, sizeof(magic));
	reader->begun = true;
	if (!error)
		error = input_source_take(reader->source, &got);
	if (error)
		return error;
	input_source_give_back(reader->source, got.size);
	*ret = !got.size;
	return NULL;
}

/* "name/" of GNU and "name" of BSD, with blanks behind. */
static bool set_short_name(struct plain_reader *reader, const char *name, size_t size)
{
	while (size && name[size - 1] == ' ')
		size--;
	if (size > 1 && name[0] != '/' && name[size - 1] == '/')
		size--;
	strbuf_clear(&reader->path);
	strbuf_add(&reader->path, name, size);
	return !reader->path.failed;
}

/* "/123": the name begins there in the table, and ends with a slash or a newline. */
static bool set_long_name(struct plain_reader *reader, const char *number, size_t size)
{
	const struct strbuf *names = &reader->names;
	uint64_t at;
	size_t end;

	if (!plain_number(number, size, 10, &at) || at >= names->size)
		return set_short_name(reader, number - 1, size + 1);
	for (end = (size_t)at; end < names->size && names->data[end] != '\n';)
		end++;
	if (end > at && names->data[end - 1] == '/')
		end--;
	strbuf_clear(&reader->path);
	strbuf_add(&reader->path, names->data + at, end - (size_t)at);
	return !reader->path.failed;
}

/* "#1/123": so many bytes of the content are the name, with NUL behind. */
static struct crashinfo_error *take_bsd_name(struct plain_reader *reader, const char *number,
					     size_t size)
{
	uint64_t length;
	struct crashinfo_error *error;

	if (!plain_number(number, size, 10, &length) || length > reader->left)
		return plain_damaged("a header with no size of a name where one must be");
	error = plain_take_name(reader, length, &reader->path);
	if (!error)
		reader->left -= length;
	return error;
}

static struct crashinfo_error *take_table(struct plain_reader *reader)
{
	struct crashinfo_error *error = plain_take_name(reader, reader->left, &reader->names);

	if (!error)
		reader->left = 0;
	return error;
}

static struct crashinfo_error *read_name(struct plain_reader *reader, const char *name, size_t size)
{
	bool fine;

	if (!memcmp(name, "// ", 3))
		return take_table(reader);
	if (!memcmp(name, "#1/", 3))
		return take_bsd_name(reader, name + 3, size - 3);
	if (name[0] == '/' && name[1] >= '0' && name[1] <= '9')
		fine = set_long_name(reader, name + 1, size - 1);
	else
		fine = set_short_name(reader, name, size);
	return fine ? NULL : strbuf_error(&reader->path);
}

static enum plain_type type_of(const char *path, const char *name, uint64_t mode)
{
	if (!memcmp(name, "// ", 3) || !memcmp(name, "/ ", 2) || !memcmp(name, "/SYM64/", 7) ||
	    !strncmp(path, "__.SYMDEF", 9))
		return PLAIN_TABLE;
	/* what kind of file it is may be left out */
	if ((mode & S_IFMT) && !S_ISREG(mode))
		return S_ISDIR(mode) ? PLAIN_FOLDER : PLAIN_OTHER;
	return PLAIN_REGULAR;
}

struct crashinfo_error *plain_next_ar(struct plain_reader *reader, struct plain_member *ret,
				      bool *done_ret)
{
	struct ar_header header;
	struct ar_numbers numbers;
	struct crashinfo_error *error = is_at_end(reader, done_ret);

	if (error || *done_ret)
		return error;
	error = plain_take(reader, (char *)&header, sizeof(header));
	if (error)
		return error;
	if (memcmp(header.end, HEADER_END, sizeof(header.end)) || !read_numbers(&header, &numbers))
		return plain_damaged("no header where one must be");
	reader->left = numbers.size;
	reader->padding = numbers.size % 2;
	error = read_name(reader, header.name, sizeof(header.name));
	if (error)
		return error;
	*ret = (struct plain_member){
		.path = reader->path.data ? reader->path.data : "",
		.modified = (int64_t)numbers.date,
	};
	ret->type = type_of(ret->path, header.name, numbers.mode);
	return NULL;
}
