/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/input_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "bundle/manifest.h"

void input_files_init(struct input_files *files, const struct crashinfo_context *context,
		      const char *const *operands, size_t count)
{
	*files = (struct input_files){.context = context, .source = {.fd = -1}};
	input_walk_init(&files->walk, context, operands, count);
}

static void pop(struct input_files *files)
{
	bundle_archive_close(files->archives.data[--files->archives.size]);
}

void input_files_deinit(struct input_files *files)
{
	input_source_close(&files->source);
	while (files->archives.size)
		pop(files);
	free(files->archives.data);
	input_walk_deinit(&files->walk);
}

/* Take the source at hand for an archive and look into it. */
static struct crashinfo_error *push(struct input_files *files)
{
	const struct strbuf *head = &files->source.head;
	enum archive_kind kind = archive_sniff(head->data, head->size);
	size_t max = limits_of(files->context)->archive_depth;
	struct bundle_archive *archive;
	struct crashinfo_error *error;

	if (files->archives.size >= max)
		return crashinfo_error_at(
			crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					       "more than %zu archives within each other", max),
			files->source.name, 0, 0, 0);
	if (!vec_grow(&files->archives))
		return crashinfo_error_no_memory();
	error = bundle_archive_open(files->context, kind, &files->budget, &files->source, &archive);
	if (!error)
		files->archives.data[files->archives.size++] = archive;
	return error;
}

/* What the member at hand has of the file that it is in. */
static void inherit(struct input_source *source, const struct input_source *below, bool is_all)
{
	source->is_operand = below->is_operand && is_all;
	if (!*source->modified)
		memcpy(source->modified, below->modified, sizeof(source->modified));
}

/* The next member of the innermost archive; `*found_ret` is false at its end. */
static struct crashinfo_error *next_member(struct input_files *files, bool *found_ret)
{
	struct bundle_archive *archive = files->archives.data[files->archives.size - 1];
	const struct input_source *below = bundle_archive_below(archive);
	char *name, modified[28];
	bool is_all;
	struct crashinfo_error *error = bundle_archive_next(archive, &name, modified);

	if (error)
		return error;
	*found_ret = name != NULL;
	if (!name)
		return NULL;
	is_all = !strcmp(name, below->name);
	error = input_source_open_member(&files->source, archive, name);
	if (error)
		return error;
	memcpy(files->source.modified, modified, sizeof(modified));
	inherit(&files->source, below, is_all);
	return NULL;
}

static struct crashinfo_error *next_file(struct input_files *files, bool *found_ret)
{
	bool is_operand;
	char *path;
	int fd;
	struct crashinfo_error *error = input_walk_next(&files->walk, &path, &fd, &is_operand);

	if (error)
		return error;
	*found_ret = path != NULL;
	if (!path)
		return NULL;
	error = input_source_open(&files->source, fd, path);
	if (error)
		return error;
	files->source.is_operand = is_operand;
	files->errors = 0;
	files->leave = false;
	files->budget = (struct archive_budget){.in = files->source.size};
	return NULL;
}

/* A file whose archives are all damage is left after a while. */
struct crashinfo_error *input_files_failed(struct input_files *files, struct crashinfo_error *error)
{
	if (!error || !files->archives.size || files->leave)
		return error;
	files->leave = ++files->errors >= limits_of(files->context)->input_errors;
	if (files->leave)
		context_log(files->context, CRASHINFO_LOG_WARNING,
			    "%s: too many errors, the rest is left",
			    bundle_archive_below(files->archives.data[0])->name);
	return error;
}

/* --- manifests --- */

/* Whether the source at hand has the name of one; not what the user named. */
static const char *manifest_path(const struct input_files *files)
{
	const struct input_source *source = &files->source;
	const char *path = source->archive ? bundle_archive_path(source->archive) : source->name;
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || source->is_operand || strcmp(slash ? slash + 1 : path, MANIFEST_NAME))
		return NULL;
	return path;
}

/* Members are checked as they are read, so a manifest must come first. */
static void keep_manifest(struct input_files *files, struct manifest *manifest)
{
	struct bundle_archive *archive = files->source.archive;

	if (archive && bundle_archive_is_first(archive)) {
		bundle_archive_set_manifest(archive, manifest);
		return;
	}
	context_log(files->context, archive ? CRASHINFO_LOG_WARNING : CRASHINFO_LOG_INFO,
		    "%s: members are not checked, as it is not the first of an archive",
		    files->source.name);
	manifest_destroy(manifest);
}

bool input_files_is_checked(const struct input_files *files)
{
	struct bundle_archive *archive = files->source.archive;

	return manifest_path(files) || (archive && bundle_archive_manifest(archive));
}

struct crashinfo_error *input_files_check(struct input_files *files, const struct strbuf *text,
					  bool *is_manifest_ret)
{
	struct bundle_archive *archive = files->source.archive;
	const char *path = manifest_path(files);
	struct manifest *manifest = NULL;
	struct crashinfo_error *error;

	if (path) {
		error = manifest_parse(files->context, path, text->data, text->size, &manifest);
		/* what is not even JSON is reported as all documents are */
		if (error && error->code != CRASHINFO_ERROR_SYNTAX)
			return error;
		crashinfo_error_destroy(error);
	}
	if (manifest) {
		keep_manifest(files, manifest);
		*is_manifest_ret = true;
		return NULL;
	}
	path = archive ? bundle_archive_path(archive) : NULL;
	manifest = archive ? bundle_archive_manifest(archive) : NULL;
	return path && manifest ? manifest_check(manifest, path, text->data, text->size) : NULL;
}

/* At the end of the innermost archive. */
static struct crashinfo_error *check_missing(const struct input_files *files)
{
	const struct bundle_archive *archive = files->archives.data[files->archives.size - 1];
	const struct manifest *manifest = bundle_archive_manifest(archive);
	size_t count = 0;
	const char *first = NULL;

	if (manifest && bundle_archive_is_complete(archive))
		first = manifest_missing(manifest, &count);
	if (!first)
		return NULL;
	return crashinfo_error_at(crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND,
							 "%zu members of its manifest are missing, "
							 "%s is the first",
							 count, first),
				  bundle_archive_below(archive)->name, 0, 0, 0);
}

/* One step: a member, the end of an archive, a file. */
static struct crashinfo_error *advance(struct input_files *files, bool *found_ret, bool *end_ret)
{
	struct crashinfo_error *error;

	if (!files->archives.size) {
		error = next_file(files, found_ret);
		*end_ret = !error && !*found_ret;
		return error;
	}
	error = next_member(files, found_ret);
	if (error || *found_ret)
		return error;
	error = check_missing(files);
	pop(files);
	return error;
}

struct crashinfo_error *input_files_next(struct input_files *files, bool *found_ret,
					 enum input_format *format_ret)
{
	bool found = false, end = false;
	enum input_format format = INPUT_FORMAT_UNKNOWN;
	struct crashinfo_error *error = NULL;

	input_source_close(&files->source);
	while ((files->leave || files->budget.spent) && files->archives.size)
		pop(files);
	while (!error && !found && !end) {
		error = advance(files, &found, &end);
		if (error || !found)
			continue;
		format = input_sniff(files->source.head.data, files->source.head.size);
		if (format != INPUT_FORMAT_ARCHIVE)
			break;
		error = push(files);
		found = false;
	}
	if (error) {
		input_source_close(&files->source);
		return input_files_failed(files, error);
	}
	*found_ret = found;
	*format_ret = format;
	return NULL;
}
