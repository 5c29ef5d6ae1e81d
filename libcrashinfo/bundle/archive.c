/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/report.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "bundle/input_source.h"
#include "bundle/libarchive.h"
#include "bundle/manifest.h"
#include "bundle/plain.h"
#include "bundle/unpack.h"

/* The ratio is judged from here on: small files of blanks may shrink to nothing. */
#define RATIO_FROM_BYTES (64u * 1024 * 1024)
/* A compressed file gives something for each of these. */
#define COMPRESSED_HEADER_BYTES (16u * 1024 * 1024)

struct bundle_archive {
	const struct crashinfo_context *context;
	struct archive_budget *budget;
	struct archive *archive; /* NULL: read with `plain` or `unpack` */
	struct plain_reader plain;
	struct unpack unpack;
	bool is_unpacked; /* with that */
	struct input_source below;
	enum archive_kind kind;
	struct crashinfo_error *below_error; /* why the bytes below could not be read */
	uint64_t at_once;                    /* bytes that were read since it was asked */
	uint64_t given;                      /* all bytes that libarchive was given */
	struct crashinfo_slice last;         /* the last of them */
	bool is_skipping;                    /* they are not kept */
	char *member;                        /* name of the one at hand, for errors */
	bool below_ended;                    /* all bytes below were read */
	uint64_t members;                    /* named so far */
	struct manifest *manifest;
	bool begun;    /* a header was read */
	bool complete; /* its end was seen */
	bool ended;    /* no more members, or none that can be reached */
};

/* --- bytes below --- */

/* Names, tables and directories are held in memory by libarchive, whatever their size. */
static struct crashinfo_error *check_at_once(struct bundle_archive *archive, size_t more)
{
	size_t max = limits_of(archive->context)->archive_header_bytes;

	/* the name in a header of gzip, say; the longest are blocks of lz4 */
	if (archive->kind == ARCHIVE_KIND_COMPRESSED && max > COMPRESSED_HEADER_BYTES)
		max = COMPRESSED_HEADER_BYTES;
	archive->at_once += more;
	if (archive->is_skipping || archive->at_once <= max)
		return NULL;
	return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
				      "names or tables of more than the limit of %zu bytes", max);
}

static la_ssize_t on_read(struct archive *handle, void *user, const void **buffer)
{
	struct bundle_archive *archive = user;
	struct crashinfo_slice bytes = {NULL, 0};

	if (!archive->below_error)
		archive->below_error = input_source_take(&archive->below, &bytes);
	if (!archive->below_error)
		archive->below_error = check_at_once(archive, bytes.size);
	if (archive->below_error) {
		archive_set_error(handle, EIO, "cannot read");
		return -1;
	}
	if (!archive->below.size && !archive->below.is_packed)
		archive->budget->in += bytes.size;
	archive->below_ended = !bytes.size;
	archive->given += bytes.size;
	if (bytes.size)
		archive->last = bytes;
	*buffer = bytes.data;
	return (la_ssize_t)bytes.size;
}

static la_int64_t on_seek(struct archive *handle, void *user, la_int64_t offset, int whence)
{
	struct bundle_archive *archive = user;
	int64_t at = offset;
	struct crashinfo_error *error = NULL;

	if (whence == SEEK_CUR &&
	    __builtin_add_overflow(at, input_source_tell(&archive->below), &at))
		at = -1;
	error = input_source_seek(&archive->below, at, whence == SEEK_END, &at);
	if (!error)
		return at;
	archive_set_error(handle, EINVAL, "%s", error->message);
	crashinfo_error_destroy(error);
	return ARCHIVE_FATAL;
}

/* --- errors --- */

/* What went wrong at the member at hand, or the archive. */
static struct crashinfo_error *failure(struct bundle_archive *archive)
{
	const char *text = archive_error_string(archive->archive);
	const char *what = archive->below_ended ? "truncated or damaged" : "cannot be read";
	struct crashinfo_error *error = steal_ptr(archive->below_error);

	if (error && error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	if (!error && archive_errno(archive->archive) == ENOMEM)
		return crashinfo_error_no_memory();
	if (!error)
		error = crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "%s%s%s", what,
					       text && *text ? ": " : "", text ? text : "");
	return crashinfo_error_at(error, archive->member ? archive->member : archive->below.name, 0,
				  0, 0);
}

static struct crashinfo_error *spend(struct bundle_archive *archive, struct crashinfo_error *error)
{
	archive->budget->spent = archive->ended = true;
	return crashinfo_error_at(error, archive->member ? archive->member : archive->below.name, 0,
				  0, 0);
}

/* --- opening --- */

/*
 * One filter, which libarchive does not choose: it would put several on each other for what is
 * compressed more than once, and these ask each other, not us, for bytes.
 */
static int enable_filter(struct archive *handle, const struct strbuf *head)
{
	int status = archive_read_support_format_raw(handle);

	return status |
	       archive_read_append_filter(handle, archive_sniff_filter(head->data, head->size));
}

static int enable(struct archive *handle, enum archive_kind kind, const struct strbuf *head)
{
	switch (kind) {
	case ARCHIVE_KIND_NONE:
	case ARCHIVE_KIND_CPIO:
	case ARCHIVE_KIND_AR: break;
	case ARCHIVE_KIND_COMPRESSED: return enable_filter(handle, head);
	case ARCHIVE_KIND_TAR: return archive_read_support_format_tar(handle);
	case ARCHIVE_KIND_ZIP: return archive_read_support_format_zip(handle);
	case ARCHIVE_KIND_SEEKING: return archive_read_support_format_7zip(handle);
	}
	return ARCHIVE_FATAL;
}

static struct crashinfo_error *open_handle(struct bundle_archive *archive)
{
	struct crashinfo_error *error = libarchive_load();
	struct archive *handle;
	int status;

	if (error)
		return error;
	handle = archive_read_new();
	archive->archive = handle;
	if (!handle || enable(handle, archive->kind, &archive->below.head) != ARCHIVE_OK)
		return crashinfo_error_no_memory();
	archive_read_set_callback_data(handle, archive);
	archive_read_set_read_callback(handle, on_read);
	if (input_source_can_seek(&archive->below))
		archive_read_set_seek_callback(handle, on_seek);
	status = archive_read_open1(handle);
	return status < ARCHIVE_WARN ? failure(archive) : NULL;
}

/* What is compressed in a way that is unpacked here, or what libarchive reads. */
static struct crashinfo_error *open_packed(struct bundle_archive *archive)
{
	const struct strbuf *head = &archive->below.head;
	int filter = ARCHIVE_FILTER_NONE;

	if (archive->kind == ARCHIVE_KIND_COMPRESSED)
		filter = archive_sniff_filter(head->data, head->size);
	archive->is_unpacked = unpack_knows(filter);
	if (!archive->is_unpacked)
		return open_handle(archive);
	return crashinfo_error_at(unpack_init(&archive->unpack, filter, &archive->below,
					      limits_of(archive->context)->archive_header_bytes),
				  archive->below.name, 0, 0, 0);
}

struct crashinfo_error *bundle_archive_open(const struct crashinfo_context *context,
					    enum archive_kind kind, struct archive_budget *budget,
					    struct input_source *below, struct bundle_archive **ret)
{
	struct bundle_archive *archive = calloc(1, sizeof(*archive));
	struct crashinfo_error *error = NULL;

	if (!archive) {
		input_source_close(below);
		return crashinfo_error_no_memory();
	}
	archive->context = context;
	archive->kind = kind;
	archive->budget = budget;
	archive->below = *below;
	*below = (struct input_source){.fd = -1};
	if (kind == ARCHIVE_KIND_SEEKING && !input_source_can_seek(&archive->below))
		error = crashinfo_error_at(
			input_source_hold(&archive->below, limits_of(context)->member_bytes),
			archive->below.name, 0, 0, 0);
	if (kind == ARCHIVE_KIND_CPIO || kind == ARCHIVE_KIND_AR)
		plain_init(&archive->plain, &archive->below, kind == ARCHIVE_KIND_AR);
	else if (!error)
		error = open_packed(archive);
	if (error)
		bundle_archive_close(archive);
	else
		*ret = archive;
	return error;
}

void bundle_archive_close(struct bundle_archive *archive)
{
	if (!archive)
		return;
	if (archive->archive)
		archive_read_free(archive->archive);
	plain_deinit(&archive->plain);
	unpack_deinit(&archive->unpack);
	input_source_close(&archive->below);
	crashinfo_error_destroy(archive->below_error);
	manifest_destroy(archive->manifest);
	free(archive->member);
	free(archive);
}

const struct input_source *bundle_archive_below(const struct bundle_archive *archive)
{
	return &archive->below;
}

const char *bundle_archive_path(const struct bundle_archive *archive)
{
	if (archive->kind == ARCHIVE_KIND_COMPRESSED || !archive->member)
		return NULL;
	return archive->member + strlen(archive->below.name) + 1;
}

bool bundle_archive_is_first(const struct bundle_archive *archive)
{
	return archive->members == 1;
}

bool bundle_archive_is_complete(const struct bundle_archive *archive)
{
	return archive->complete;
}

struct manifest *bundle_archive_manifest(const struct bundle_archive *archive)
{
	return archive->manifest;
}

void bundle_archive_set_manifest(struct bundle_archive *archive, struct manifest *manifest)
{
	manifest_destroy(archive->manifest);
	archive->manifest = manifest;
}

/* --- members --- */

/* The path as the archive has it, in UTF-8 where it says how to read it. */
static const char *path_of(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname_utf8(entry);

	if (!path)
		path = archive_entry_pathname(entry);
	return path ? path : "?";
}

static enum plain_type type_of(const struct bundle_archive *archive, struct archive_entry *entry)
{
	const char *path = path_of(entry);

	if (archive->kind == ARCHIVE_KIND_COMPRESSED)
		return PLAIN_REGULAR;
	/* links of tar may have content of their own */
	if (archive_entry_hardlink(entry) && archive_entry_size(entry) <= 0)
		return PLAIN_LINK;
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG: return PLAIN_REGULAR;
	case AE_IFDIR: return PLAIN_FOLDER;
	case 0: return *path && path[strlen(path) - 1] == '/' ? PLAIN_FOLDER : PLAIN_REGULAR;
	default: return PLAIN_OTHER;
	}
}

static struct crashinfo_error *name_member(struct bundle_archive *archive, const char *path)
{
	char *name;

	free(steal_ptr(archive->member));
	if (archive->kind == ARCHIVE_KIND_COMPRESSED)
		name = strdup(archive->below.name);
	else if (asprintf(&name, "%s!%s", archive->below.name, path) < 0)
		name = NULL;
	archive->member = name;
	return name ? NULL : crashinfo_error_no_memory();
}

static bool is_wanted(const struct bundle_archive *archive, enum plain_type type)
{
	if (type == PLAIN_LINK || type == PLAIN_OTHER)
		context_log(archive->context, CRASHINFO_LOG_INFO,
			    "%s: passed over, no regular file", archive->member);
	return type == PLAIN_REGULAR;
}

static struct crashinfo_error *count_member(struct bundle_archive *archive)
{
	size_t max = limits_of(archive->context)->archive_members;

	if (archive->kind == ARCHIVE_KIND_COMPRESSED || archive->budget->members++ < max)
		return NULL;
	free(steal_ptr(archive->member));
	return spend(archive, crashinfo_error_create(
				      CRASHINFO_ERROR_LIMIT,
				      "more than the limit of %zu members, the rest is left", max));
}

static void note_modified(int64_t seconds, uint32_t microseconds, char modified[28])
{
	/* archives that are the same for the same content have the time 0 */
	if (seconds)
		crashinfo_timestamp_format(seconds, microseconds, modified);
	else
		modified[0] = '\0';
}

/* What is left of the member at hand; libarchive would hold back nothing of it either. */
static void pass_over(struct bundle_archive *archive)
{
	archive->is_skipping = true;
	if (archive->begun && archive_read_data_skip(archive->archive) == ARCHIVE_FATAL)
		archive->ended = true;
	archive->is_skipping = false;
	archive->at_once = 0;
}

static struct crashinfo_error *trailing(const struct bundle_archive *archive)
{
	return crashinfo_error_at(
		crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
				       "what follows the compressed data is something else, and is "
				       "left"),
		archive->below.name, 0, 0, 0);
}

/*
 * At the end of compressed data, for libarchive is silent about what follows it: it may be the next
 * piece of it, damaged. Only zeros are padding.
 */
static struct crashinfo_error *check_trailing(struct bundle_archive *archive)
{
	uint64_t left = archive->given - (uint64_t)archive_filter_bytes(archive->archive, -1);
	struct crashinfo_slice rest = archive->last;
	struct crashinfo_error *error = NULL;

	if (archive->kind != ARCHIVE_KIND_COMPRESSED)
		return NULL;
	if (left < rest.size) {
		rest.data += rest.size - left;
		rest.size = (size_t)left;
	}
	while (rest.size && !error) {
		for (size_t i = 0; i < rest.size; i++)
			if (rest.data[i])
				return trailing(archive);
		error = input_source_take(&archive->below, &rest);
	}
	return error;
}

/* The next header. `*done_ret` at the end. */
static struct crashinfo_error *next_header(struct bundle_archive *archive, struct plain_member *ret,
					   char modified[28], bool *done_ret)
{
	struct archive_entry *entry;
	int status;

	pass_over(archive);
	if (archive->ended)
		return failure(archive);
	free(steal_ptr(archive->member));
	status = archive_read_next_header(archive->archive, &entry);
	archive->ended = status == ARCHIVE_EOF || status == ARCHIVE_FATAL;
	archive->begun = status == ARCHIVE_OK || status == ARCHIVE_WARN;
	archive->complete = *done_ret = status == ARCHIVE_EOF;
	if (*done_ret)
		return check_trailing(archive);
	if (!archive->begun)
		return failure(archive);
	*ret = (struct plain_member){path_of(entry), type_of(archive, entry)};
	if (archive_entry_mtime_is_set(entry))
		note_modified(archive_entry_mtime(entry),
			      (uint32_t)(archive_entry_mtime_nsec(entry) / 1000), modified);
	return NULL;
}

/* An error of what libarchive does not read, which ends it. */
static struct crashinfo_error *plain_failed(struct bundle_archive *archive,
					    struct crashinfo_error *error)
{
	if (!archive->below.size && !archive->below.is_packed)
		archive->budget->in += archive->plain.taken + archive->unpack.taken;
	archive->plain.taken = archive->unpack.taken = 0;
	archive->ended |= error != NULL;
	return crashinfo_error_at(error, archive->member ? archive->member : archive->below.name, 0,
				  0, 0);
}

static struct crashinfo_error *next_plain(struct bundle_archive *archive, struct plain_member *ret,
					  char modified[28], bool *done_ret)
{
	struct crashinfo_error *error =
		plain_failed(archive, plain_next(&archive->plain, ret, done_ret));

	free(steal_ptr(archive->member));
	if (error)
		return error;
	archive->ended = archive->complete = *done_ret;
	if (!*done_ret)
		note_modified(ret->modified, 0, modified);
	return NULL;
}

/* The one content, then the end; what nobody has read of it is checked. */
static struct crashinfo_error *next_unpacked(struct bundle_archive *archive,
					     struct plain_member *ret, bool *done_ret)
{
	char buffer[16 * 1024];
	size_t size = archive->begun;
	struct crashinfo_error *error = NULL;

	while (size && !error)
		error = bundle_archive_read(archive, buffer, sizeof(buffer), &size);
	*done_ret = archive->begun;
	archive->begun = true;
	*ret = (struct plain_member){.path = "", .type = PLAIN_REGULAR};
	if (!error && archive->unpack.trailing)
		error = trailing(archive);
	archive->ended = *done_ret;
	archive->complete = *done_ret && !error;
	return error;
}

static struct crashinfo_error *next_any(struct bundle_archive *archive, struct plain_member *ret,
					char modified[28], bool *done_ret)
{
	if (archive->archive)
		return next_header(archive, ret, modified, done_ret);
	return archive->is_unpacked ? next_unpacked(archive, ret, done_ret)
				    : next_plain(archive, ret, modified, done_ret);
}

/* The next member of any kind. `*done_ret` at the end. */
static struct crashinfo_error *next_member(struct bundle_archive *archive,
					   enum plain_type *type_ret, char modified[28],
					   bool *done_ret)
{
	struct plain_member member;
	struct crashinfo_error *error;

	*done_ret = archive->ended;
	if (archive->ended)
		return NULL;
	modified[0] = '\0';
	error = next_any(archive, &member, modified, done_ret);
	if (!error && !*done_ret)
		error = count_member(archive);
	if (error || *done_ret)
		return error;
	*type_ret = member.type;
	return name_member(archive, member.path);
}

struct crashinfo_error *bundle_archive_next(struct bundle_archive *archive, char **name_ret,
					    char modified[28])
{
	enum plain_type type;
	bool done;

	do {
		struct crashinfo_error *error = next_member(archive, &type, modified, &done);

		if (error)
			return error;
	} while (!done && !is_wanted(archive, type));
	if (done) {
		*name_ret = NULL;
		return NULL;
	}
	archive->members++;
	*name_ret = strdup(archive->member);
	return *name_ret ? NULL : crashinfo_error_no_memory();
}

/* --- content --- */

static struct crashinfo_error *check_budget(struct bundle_archive *archive)
{
	const struct crashinfo_limits *limits = limits_of(archive->context);
	const struct archive_budget *budget = archive->budget;
	uint64_t in = budget->in ? budget->in : 1;

	if (budget->out > limits->archive_bytes)
		return spend(archive, crashinfo_error_create(
					      CRASHINFO_ERROR_LIMIT,
					      "the file holds more than the limit of %zu bytes, "
					      "the rest is left",
					      limits->archive_bytes));
	if (budget->out > RATIO_FROM_BYTES && budget->out / in > limits->archive_ratio)
		return spend(archive,
			     crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
						    "the file expands to more than the limit of "
						    "%zu times its size, the rest is left",
						    limits->archive_ratio));
	return NULL;
}

/* With libarchive. */
static struct crashinfo_error *read_data(struct bundle_archive *archive, char *buffer,
					 size_t capacity, size_t *size_ret)
{
	la_ssize_t n = 0;

	archive->at_once = 0;
	n = archive_read_data(archive->archive, buffer, capacity);
	archive->ended = n == ARCHIVE_FATAL;
	if (n < 0)
		return failure(archive);
	*size_ret = (size_t)n;
	return NULL;
}

/* Without. */
static struct crashinfo_error *read_here(struct bundle_archive *archive, char *buffer,
					 size_t capacity, size_t *size_ret)
{
	return archive->is_unpacked ? unpack_read(&archive->unpack, buffer, capacity, size_ret)
				    : plain_read(&archive->plain, buffer, capacity, size_ret);
}

struct crashinfo_error *bundle_archive_read(struct bundle_archive *archive, char *buffer,
					    size_t capacity, size_t *size_ret)
{
	size_t size = 0;
	struct crashinfo_error *error = NULL;

	if (archive->ended)
		size = 0;
	else if (archive->archive)
		error = read_data(archive, buffer, capacity, &size);
	else
		error = plain_failed(archive, read_here(archive, buffer, capacity, &size));
	archive->budget->out += size;
	if (!error)
		error = check_budget(archive);
	if (!error)
		*size_ret = size;
	return error;
}
