/* SPDX-License-Identifier: Apache-2.0 */
/* Reports go to a scratch file as they come and to the archive sorted. */
#include <crashinfo/bundle.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "bundle/manifest.h"

/* Members are copied in pieces of this size. */
#define COPY_BYTES (64 * 1024)

struct format {
	const char *suffix;
	int (*set_format)(struct archive *archive);
	int (*add_filter)(struct archive *archive); /* NULL: none */
};

static const struct format formats[] = {
	{".tar", archive_write_set_format_ustar, NULL},
	{".tar.gz", archive_write_set_format_ustar, archive_write_add_filter_gzip},
	{".tar.xz", archive_write_set_format_ustar, archive_write_add_filter_xz},
	{".tar.zst", archive_write_set_format_ustar, archive_write_add_filter_zstd},
	{".tar.bz2", archive_write_set_format_ustar, archive_write_add_filter_bzip2},
	{".zip", archive_write_set_format_zip, NULL},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

struct report {
	char *name, *uuid, *version; /* name without ".json" at first; the last two may be NULL */
	unsigned char digest[DIGEST_SHA256_BYTES];
	uint64_t offset, size; /* in the scratch file */
};

struct crashinfo_bundle_writer {
	const struct format *format;
	size_t max;
	int scratch;
	uint64_t scratch_size;
	struct io_atomic file;
	VEC(struct report) reports;
	struct archive *archive;
	struct crashinfo_error *write_error; /* why the file could not be written */
};

const char *crashinfo_bundle_suffixes(void)
{
	return ".tar, .tar.gz, .tar.xz, .tar.zst, .tar.bz2, .zip";
}

static const struct format *format_of(const char *path)
{
	size_t size = strlen(path);

	for (size_t i = 0; i < FORMATS; i++) {
		size_t suffix = strlen(formats[i].suffix);

		if (size > suffix && !strcmp(path + size - suffix, formats[i].suffix))
			return &formats[i];
	}
	return NULL;
}

bool crashinfo_bundle_can_write(const char *path)
{
	return format_of(path);
}

struct crashinfo_error *crashinfo_bundle_writer_create(const struct crashinfo_context *context,
						       const char *path,
						       struct crashinfo_bundle_writer **ret)
{
	struct crashinfo_bundle_writer *writer;
	struct crashinfo_error *error;

	if (!format_of(path))
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "%s: a bundle ends with one of %s", path,
					      crashinfo_bundle_suffixes());
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return crashinfo_error_no_memory();
	writer->format = format_of(path);
	writer->max = limits_of(context)->archive_members;
	writer->file.fd = -1;
	writer->scratch = io_open_scratch(path);
	error = writer->scratch < 0 ? io_cannot_create(path) : io_atomic_open(&writer->file, path);
	if (error)
		crashinfo_bundle_writer_destroy(writer);
	else
		*ret = writer;
	return error;
}

static void free_report(struct report *report)
{
	free(report->name);
	free(report->uuid);
	free(report->version);
}

void crashinfo_bundle_writer_destroy(struct crashinfo_bundle_writer *writer)
{
	if (!writer)
		return;
	archive_write_free(writer->archive);
	for (size_t i = 0; i < writer->reports.size; i++)
		free_report(&writer->reports.data[i]);
	free(writer->reports.data);
	if (writer->scratch >= 0)
		close(writer->scratch);
	io_atomic_abort(&writer->file);
	crashinfo_error_destroy(writer->write_error);
	free(writer);
}

size_t crashinfo_bundle_writer_count(const struct crashinfo_bundle_writer *writer)
{
	return writer->reports.size;
}

static struct crashinfo_error *copy_member(const struct crashinfo_bundle_member *member,
					   struct report *report)
{
	report->name = strdup(member->name);
	report->uuid = member->uuid ? strdup(member->uuid) : NULL;
	report->version = member->version ? strdup(member->version) : NULL;
	if (report->name && !report->uuid == !member->uuid && !report->version == !member->version)
		return NULL;
	return crashinfo_error_no_memory();
}

struct crashinfo_error *crashinfo_bundle_writer_add(struct crashinfo_bundle_writer *writer,
						    const struct crashinfo_bundle_member *member,
						    const char *text, size_t size)
{
	struct report report = {.offset = writer->scratch_size, .size = size};
	struct crashinfo_error *error;

	/* one is the manifest */
	if (writer->reports.size + 1 >= writer->max)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "more than %zu members in a bundle", writer->max);
	error = digest_sha256(text, size, report.digest);
	if (!error)
		error = copy_member(member, &report);
	if (!error && !vec_grow(&writer->reports))
		error = crashinfo_error_no_memory();
	if (!error)
		error = crashinfo_error_wrap(io_write_all(writer->scratch, text, size), "%s",
					     writer->file.path);
	if (error) {
		free_report(&report);
		return error;
	}
	writer->scratch_size += size;
	writer->reports.data[writer->reports.size++] = report;
	return NULL;
}

/* --- order and names --- */

static int compare_contents(const void *a, const void *b)
{
	const struct report *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order ? order : memcmp(one->digest, other->digest, sizeof(one->digest));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct report *)a)->name, ((const struct report *)b)->name);
}

/* Keep one of each content. */
static void drop_copies(struct crashinfo_bundle_writer *writer)
{
	struct report *reports = writer->reports.data;
	size_t kept = 0;

	for (size_t i = 0; i < writer->reports.size; i++) {
		if (kept && !compare_contents(&reports[kept - 1], &reports[i]))
			free_report(&reports[i]);
		else
			reports[kept++] = reports[i];
	}
	writer->reports.size = kept;
}

/* "NAME.json", or "NAME.2.json" for the second of that name. */
static struct crashinfo_error *name_files(struct crashinfo_bundle_writer *writer)
{
	_free_ char *before = NULL;
	size_t same = 1;

	for (size_t i = 0; i < writer->reports.size; i++) {
		struct report *report = &writer->reports.data[i];
		char *base = report->name, *name, number[24] = "";

		same = before && !strcmp(before, base) ? same + 1 : 1;
		if (same > 1)
			snprintf(number, sizeof(number), ".%zu", same);
		if (asprintf(&name, "%s%s.json", base, number) < 0)
			return crashinfo_error_no_memory();
		report->name = name;
		free(before);
		before = base;
	}
	return NULL;
}

static struct crashinfo_error *sort(struct crashinfo_bundle_writer *writer)
{
	struct crashinfo_error *error;

	if (!writer->reports.size)
		return NULL;
	qsort(writer->reports.data, writer->reports.size, sizeof(struct report), compare_contents);
	drop_copies(writer);
	error = name_files(writer);
	qsort(writer->reports.data, writer->reports.size, sizeof(struct report), compare_names);
	return error;
}

/* --- the archive --- */

static la_ssize_t on_write(struct archive *archive, void *user, const void *bytes, size_t size)
{
	struct crashinfo_bundle_writer *writer = user;

	/* an archive that is given up is still ended by libarchive */
	if (!writer->write_error)
		writer->write_error = io_write_all(writer->file.fd, bytes, size);
	if (!writer->write_error)
		return (la_ssize_t)size;
	archive_set_error(archive, EIO, "cannot write");
	return -1;
}

static struct crashinfo_error *failure(struct crashinfo_bundle_writer *writer)
{
	const char *text = archive_error_string(writer->archive);
	struct crashinfo_error *error = writer->write_error;

	writer->write_error = NULL;
	if (!error && archive_errno(writer->archive) == ENOMEM)
		return crashinfo_error_no_memory();
	if (!error)
		error = crashinfo_error_create(CRASHINFO_ERROR_OTHER, "cannot write: %s",
					       text ? text : "unknown");
	return crashinfo_error_wrap(error, "%s", writer->file.path);
}

static struct crashinfo_error *open_archive(struct crashinfo_bundle_writer *writer)
{
	struct archive *archive = archive_write_new();
	const struct format *format = writer->format;

	writer->archive = archive;
	if (!archive)
		return crashinfo_error_no_memory();
	if (format->set_format(archive) != ARCHIVE_OK ||
	    (format->add_filter && format->add_filter(archive) != ARCHIVE_OK))
		return failure(writer);
	/* the time would be the only thing that differs; other filters have none */
	archive_write_set_filter_option(archive, "gzip", "timestamp", NULL);
	archive_write_set_bytes_in_last_block(archive, 1);
	if (archive_write_open(archive, writer, NULL, on_write, NULL) != ARCHIVE_OK)
		return failure(writer);
	return NULL;
}

/* No time: zip would depend on the time zone, and tar has 1970 then. */
static struct crashinfo_error *begin_member(struct crashinfo_bundle_writer *writer,
					    const char *name, uint64_t size)
{
	struct archive_entry *entry = archive_entry_new();
	struct crashinfo_error *error = NULL;

	if (!entry)
		return crashinfo_error_no_memory();
	archive_entry_copy_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	if (archive_write_header(writer->archive, entry) < ARCHIVE_WARN)
		error = failure(writer);
	archive_entry_free(entry);
	return error;
}

static struct crashinfo_error *write_data(struct crashinfo_bundle_writer *writer, const char *bytes,
					  size_t size)
{
	while (size) {
		la_ssize_t n = archive_write_data(writer->archive, bytes, size);

		if (n <= 0)
			return failure(writer);
		bytes += n;
		size -= (size_t)n;
	}
	return NULL;
}

static struct crashinfo_error *write_manifest(struct crashinfo_bundle_writer *writer)
{
	_strbuf_ struct strbuf text = {0};
	struct crashinfo_error *error;

	manifest_begin(&text);
	for (size_t i = 0; i < writer->reports.size; i++) {
		const struct report *report = &writer->reports.data[i];
		struct manifest_member member = {.name = report->name,
						 .uuid = report->uuid,
						 .version = report->version,
						 .size = report->size};

		memcpy(member.digest, report->digest, sizeof(member.digest));
		manifest_add(&text, i, &member);
	}
	manifest_end(&text);
	error = strbuf_error(&text);
	if (!error)
		error = begin_member(writer, MANIFEST_NAME, text.size);
	return error ? error : write_data(writer, text.data, text.size);
}

static struct crashinfo_error *write_report(struct crashinfo_bundle_writer *writer,
					    const struct report *report, char *buffer)
{
	struct crashinfo_error *error = begin_member(writer, report->name, report->size);

	for (uint64_t at = 0, size; !error && at < report->size; at += size) {
		size = report->size - at < COPY_BYTES ? report->size - at : COPY_BYTES;
		error = crashinfo_error_wrap(
			io_read_at(writer->scratch, buffer, size, report->offset + at), "%s",
			writer->file.path);
		if (!error)
			error = write_data(writer, buffer, size);
	}
	return error;
}

static struct crashinfo_error *write_archive(struct crashinfo_bundle_writer *writer)
{
	_free_ char *buffer = malloc(COPY_BYTES);
	struct crashinfo_error *error = buffer ? open_archive(writer) : crashinfo_error_no_memory();

	if (!error)
		error = write_manifest(writer);
	for (size_t i = 0; !error && i < writer->reports.size; i++)
		error = write_report(writer, &writer->reports.data[i], buffer);
	if (!error && archive_write_close(writer->archive) != ARCHIVE_OK)
		error = failure(writer);
	return error;
}

struct crashinfo_error *crashinfo_bundle_writer_finish(struct crashinfo_bundle_writer *writer)
{
	struct crashinfo_error *error = sort(writer);

	if (!error)
		error = write_archive(writer);
	if (!error)
		error = io_atomic_commit(&writer->file, false);
	crashinfo_bundle_writer_destroy(writer);
	return error;
}
