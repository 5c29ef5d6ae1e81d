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

/* The ratio is judged from here on: small files of blanks may shrink to nothing. */
#define RATIO_FROM_BYTES (64u * 1024 * 1024)

struct bundle_archive {
	const struct crashinfo_context *context;
	struct archive_budget *budget;
	struct archive *archive;
	struct input_source below;
	enum archive_kind kind;
	struct crashinfo_error *below_error; /* why the bytes below could not be read */
	char *member;                        /* name of the one at hand, for errors */
	bool below_ended;                    /* all bytes below were read */
	uint64_t members;                    /* named so far */
	struct manifest *manifest;
	bool complete; /* its end was seen */
	bool ended;    /* no more members, or none that can be reached */
};

/* --- bytes below --- */

static la_ssize_t on_read(struct archive *handle, void *user, const void **buffer)
{
	struct bundle_archive *archive = user;
	struct crashinfo_slice bytes = {NULL, 0};

	if (!archive->below_error)
		archive->below_error = input_source_take(&archive->below, &bytes);
	if (archive->below_error) {
		archive_set_error(handle, EIO, "cannot read");
		return -1;
	}
	if (!archive->below.size && !archive->below.is_packed)
		archive->budget->in += bytes.size;
	archive->below_ended = !bytes.size;
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

static int enable(struct archive *handle, enum archive_kind kind)
{
	int status = ARCHIVE_OK;

	switch (kind) {
	case ARCHIVE_KIND_NONE: break;
	case ARCHIVE_KIND_COMPRESSED:
		status = archive_read_support_format_raw(handle);
		/* a filter that needs a program besides is no error here: it will not match */
		archive_read_support_filter_gzip(handle);
		archive_read_support_filter_xz(handle);
		archive_read_support_filter_lzma(handle);
		archive_read_support_filter_zstd(handle);
		archive_read_support_filter_bzip2(handle);
		archive_read_support_filter_lz4(handle);
		break;
	case ARCHIVE_KIND_STREAMED:
		status = archive_read_support_format_tar(handle) |
			 archive_read_support_format_cpio(handle) |
			 archive_read_support_format_ar(handle);
		break;
	case ARCHIVE_KIND_ZIP: status = archive_read_support_format_zip(handle); break;
	case ARCHIVE_KIND_SEEKING: status = archive_read_support_format_7zip(handle); break;
	}
	return status;
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
	if (!handle || enable(handle, archive->kind) != ARCHIVE_OK)
		return crashinfo_error_no_memory();
	archive_read_set_callback_data(handle, archive);
	archive_read_set_read_callback(handle, on_read);
	if (input_source_can_seek(&archive->below))
		archive_read_set_seek_callback(handle, on_seek);
	status = archive_read_open1(handle);
	return status < ARCHIVE_WARN ? failure(archive) : NULL;
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
	if (!error)
		error = open_handle(archive);
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

static struct crashinfo_error *name_member(struct bundle_archive *archive,
					   struct archive_entry *entry)
{
	char *name;

	free(steal_ptr(archive->member));
	if (archive->kind == ARCHIVE_KIND_COMPRESSED)
		name = strdup(archive->below.name);
	else if (asprintf(&name, "%s!%s", archive->below.name, path_of(entry)) < 0)
		name = NULL;
	archive->member = name;
	return name ? NULL : crashinfo_error_no_memory();
}

static bool is_of(const struct bundle_archive *archive, int format)
{
	return (archive_format(archive->archive) & ARCHIVE_FORMAT_BASE_MASK) == format;
}

/* Tables of ar, which are no files. */
static bool is_table(const struct bundle_archive *archive, struct archive_entry *entry)
{
	const char *path = path_of(entry);

	if (!is_of(archive, ARCHIVE_FORMAT_AR))
		return false;
	return !strcmp(path, "/") || !strcmp(path, "//") || !strcmp(path, "/SYM64/") ||
	       !strncmp(path, "__.SYMDEF", 9);
}

/* ar may leave out what kind of file it is. */
static bool is_regular(struct archive_entry *entry)
{
	const char *path = path_of(entry);
	size_t size = strlen(path);

	if (archive_entry_filetype(entry))
		return archive_entry_filetype(entry) == AE_IFREG;
	return !size || path[size - 1] != '/';
}

/* Links have no content of their own; cpio gives that of several links to the last one. */
static bool is_link(const struct bundle_archive *archive, struct archive_entry *entry)
{
	if (archive_entry_size(entry) > 0)
		return false;
	return archive_entry_hardlink(entry) ||
	       (is_of(archive, ARCHIVE_FORMAT_CPIO) && archive_entry_nlink(entry) > 1);
}

static bool is_wanted(const struct bundle_archive *archive, struct archive_entry *entry)
{
	if (archive->kind == ARCHIVE_KIND_COMPRESSED)
		return true;
	if (is_regular(entry) && !is_link(archive, entry))
		return !is_table(archive, entry);
	if (archive_entry_filetype(entry) != AE_IFDIR)
		context_log(archive->context, CRASHINFO_LOG_INFO,
			    "%s: passed over, no regular file", archive->member);
	return false;
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

static void note_modified(struct archive_entry *entry, char modified[28])
{
	/* archives that are the same for the same content have the time 0 */
	if (archive_entry_mtime_is_set(entry) && archive_entry_mtime(entry))
		crashinfo_timestamp_format(archive_entry_mtime(entry),
					   (uint32_t)(archive_entry_mtime_nsec(entry) / 1000),
					   modified);
	else
		modified[0] = '\0';
}

/* The next header. `*entry_ret` is NULL at the end. */
static struct crashinfo_error *next_header(struct bundle_archive *archive,
					   struct archive_entry **entry_ret)
{
	int status;

	free(steal_ptr(archive->member));
	*entry_ret = NULL;
	if (archive->ended)
		return NULL;
	status = archive_read_next_header(archive->archive, entry_ret);
	archive->ended = status == ARCHIVE_EOF || status == ARCHIVE_FATAL;
	archive->complete = status == ARCHIVE_EOF;
	if (status == ARCHIVE_EOF) {
		*entry_ret = NULL;
		return NULL;
	}
	return status < ARCHIVE_WARN ? failure(archive) : NULL;
}

struct crashinfo_error *bundle_archive_next(struct bundle_archive *archive, char **name_ret,
					    char modified[28])
{
	struct archive_entry *entry;
	struct crashinfo_error *error;

	for (;;) {
		error = next_header(archive, &entry);
		if (error)
			return error;
		if (!entry) {
			*name_ret = NULL;
			return NULL;
		}
		error = count_member(archive);
		if (!error)
			error = name_member(archive, entry);
		if (!error && !is_wanted(archive, entry))
			continue;
		if (error)
			return error;
		archive->members++;
		*name_ret = strdup(archive->member);
		note_modified(entry, modified);
		return *name_ret ? NULL : crashinfo_error_no_memory();
	}
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

struct crashinfo_error *bundle_archive_read(struct bundle_archive *archive, char *buffer,
					    size_t capacity, size_t *size_ret)
{
	la_ssize_t n = 0;
	struct crashinfo_error *error;

	if (!archive->ended)
		n = archive_read_data(archive->archive, buffer, capacity);
	if (n == ARCHIVE_FATAL)
		archive->ended = true;
	if (n < 0)
		return failure(archive);
	archive->budget->out += (uint64_t)n;
	error = check_budget(archive);
	if (!error)
		*size_ret = (size_t)n;
	return error;
}
