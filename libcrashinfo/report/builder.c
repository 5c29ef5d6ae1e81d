/* SPDX-License-Identifier: Apache-2.0 */
#include "report/builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "report/versions.h"
#include "json/write.h"

enum parent { PARENT_ROOT, PARENT_ERROR, PARENT_EXPERIMENTAL };

struct member {
	const char *path;
	enum parent parent;
	const char *name;
};

/* What can be set as a whole; counters, files, frames, threads and the log have their own calls. */
static const struct member members[] = {
	{"data_schema_version", PARENT_ROOT, "data_schema_version"},
	{"error.is_crash", PARENT_ERROR, "is_crash"},
	{"error.kind", PARENT_ERROR, "kind"},
	{"error.message", PARENT_ERROR, "message"},
	{"error.source_type", PARENT_ERROR, "source_type"},
	{"error.stack", PARENT_ERROR, "stack"},
	{"error.thread_name", PARENT_ERROR, "thread_name"},
	{"experimental.additional_tags", PARENT_EXPERIMENTAL, "additional_tags"},
	{"experimental.runtime_stack", PARENT_EXPERIMENTAL, "runtime_stack"},
	{"experimental.ucontext", PARENT_EXPERIMENTAL, "ucontext"},
	{"fingerprint", PARENT_ROOT, "fingerprint"},
	{"incomplete", PARENT_ROOT, "incomplete"},
	{"metadata", PARENT_ROOT, "metadata"},
	{"os_info", PARENT_ROOT, "os_info"},
	{"proc_info", PARENT_ROOT, "proc_info"},
	{"sig_info", PARENT_ROOT, "sig_info"},
	{"span_ids", PARENT_ROOT, "span_ids"},
	{"timestamp", PARENT_ROOT, "timestamp"},
	{"trace_ids", PARENT_ROOT, "trace_ids"},
	{"ucontext", PARENT_ROOT, "ucontext"},
	{"uuid", PARENT_ROOT, "uuid"},
};

static const struct member *member_find(const char *path)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!strcmp(members[i].path, path))
			return &members[i];
	return NULL;
}

/* Where the members of `parent` are kept; NULL when memory is out. */
static cJSON *parent_object(struct crashinfo_report_builder *builder, enum parent parent)
{
	switch (parent) {
	case PARENT_ERROR: return builder->error;
	case PARENT_EXPERIMENTAL:
		if (!builder->experimental)
			builder->experimental = cJSON_CreateObject();
		return builder->experimental;
	case PARENT_ROOT: break;
	}
	return builder->root;
}

/* A raw node of text that need not end with a NUL. */
static cJSON *raw_node(const char *json, size_t size)
{
	_free_ char *copy = strndup(json, size);

	return copy ? cJSON_CreateRaw(copy) : NULL;
}

static struct crashinfo_error *append(cJSON *array, cJSON *item)
{
	if (array && item && cJSON_AddItemToArray(array, item))
		return NULL;
	cJSON_Delete(item);
	return crashinfo_error_no_memory();
}

static struct crashinfo_error *put(cJSON *object, const char *name, cJSON *item)
{
	if (!object || !item) {
		cJSON_Delete(item);
		return crashinfo_error_no_memory();
	}
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (cJSON_AddItemToObject(object, name, item))
		return NULL;
	cJSON_Delete(item);
	return crashinfo_error_no_memory();
}

struct crashinfo_error *crashinfo_report_builder_create(const struct crashinfo_context *context,
							const char *version,
							struct crashinfo_report_builder **ret)
{
	struct crashinfo_report_builder *builder;

	if (version && !report_version_bit(version))
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
					      "unknown schema version %s (1.0 to %s, or rfc0002)",
					      version, REPORT_NEWEST);
	builder = calloc(1, sizeof(*builder));
	if (!builder)
		return crashinfo_error_no_memory();
	builder->context.limits = *limits_of(context);
	builder->version = version ? report_version_known(version) : REPORT_NEWEST;
	builder->root = cJSON_CreateObject();
	builder->error = cJSON_CreateObject();
	builder->counters = cJSON_CreateObject();
	builder->files = cJSON_CreateObject();
	builder->log = cJSON_CreateArray();
	if (!builder->root || !builder->error || !builder->counters || !builder->files ||
	    !builder->log) {
		crashinfo_report_builder_destroy(builder);
		return crashinfo_error_no_memory();
	}
	*ret = builder;
	return NULL;
}

void crashinfo_report_builder_destroy(struct crashinfo_report_builder *builder)
{
	if (!builder)
		return;
	cJSON_Delete(builder->root);
	cJSON_Delete(builder->error);
	cJSON_Delete(builder->experimental);
	cJSON_Delete(builder->counters);
	cJSON_Delete(builder->files);
	cJSON_Delete(builder->frames);
	cJSON_Delete(builder->threads);
	cJSON_Delete(builder->log);
	crashinfo_conversion_destroy(builder->conversion);
	free(builder);
}

/* "[]", also with blanks inside. */
static bool is_empty_array(const char *json, size_t size)
{
	if (size < 2 || json[0] != '[')
		return false;
	for (size_t i = 1; i < size - 1; i++)
		if (!memchr(" \t\r\n", json[i], 4))
			return false;
	return true;
}

struct crashinfo_error *crashinfo_report_builder_set(struct crashinfo_report_builder *builder,
						     const char *member, const char *json,
						     size_t size)
{
	const struct member *row = member_find(member);
	cJSON *parent = row ? parent_object(builder, row->parent) : NULL;

	if (!row)
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "a report has no member %s", member);
	if (!parent || !is_empty_array(json, size))
		return put(parent, row->name, raw_node(json, size));
	cJSON_DeleteItemFromObjectCaseSensitive(parent, row->name);
	return NULL;
}

struct crashinfo_error *crashinfo_report_builder_set_text(struct crashinfo_report_builder *builder,
							  const char *member, const char *text,
							  size_t size)
{
	struct strbuf json _strbuf_ = {0};

	json_add_string(&json, text, size);
	if (json.failed)
		return crashinfo_error_no_memory();
	return crashinfo_report_builder_set(builder, member, json.data, json.size);
}

struct crashinfo_error *crashinfo_report_builder_set_bool(struct crashinfo_report_builder *builder,
							  const char *member, bool value)
{
	const char *json = value ? "true" : "false";

	return crashinfo_report_builder_set(builder, member, json, strlen(json));
}

bool crashinfo_report_builder_has(const struct crashinfo_report_builder *builder,
				  const char *member)
{
	const struct member *row = member_find(member);
	const cJSON *object = builder->root;

	if (!row)
		return false;
	if (row->parent == PARENT_ERROR)
		object = builder->error;
	if (row->parent == PARENT_EXPERIMENTAL)
		object = builder->experimental;
	return cJSON_GetObjectItemCaseSensitive(object, row->name) != NULL;
}

/* A name for cJSON, which takes C strings only: a NUL becomes U+FFFD, as what is no UTF-8. */
static char *clean_name(const char *name, size_t size)
{
	struct strbuf buf _strbuf_ = {0};

	while (size) {
		size_t length = strnlen(name, size);

		utf8_add_lossy(&buf, name, length);
		if (length < size)
			utf8_add(&buf, 0xfffd);
		name += length + (length < size);
		size -= length + (length < size);
	}
	return strbuf_steal(&buf);
}

/*
 * Add a member that may be one of very many: looking for an earlier one of its name would make the
 * time grow with their square, so that is left to crashinfo_report_builder_finish().
 */
static struct crashinfo_error *put_many(cJSON *object, const char *name, cJSON *item)
{
	if (item && cJSON_AddItemToObject(object, name, item))
		return NULL;
	cJSON_Delete(item);
	return crashinfo_error_no_memory();
}

struct crashinfo_error *crashinfo_report_builder_counter(struct crashinfo_report_builder *builder,
							 const char *name, size_t name_size,
							 const char *json, size_t size)
{
	_free_ char *key = clean_name(name, name_size);

	if (!key)
		return crashinfo_error_no_memory();
	return put_many(builder->counters, key, raw_node(json, size));
}

static struct crashinfo_error *append_raw(cJSON **array, const char *json, size_t size)
{
	if (!*array)
		*array = cJSON_CreateArray();
	return append(*array, raw_node(json, size));
}

struct crashinfo_error *crashinfo_report_builder_add_frame(struct crashinfo_report_builder *builder,
							   const char *json, size_t size)
{
	return append_raw(&builder->frames, json, size);
}

void crashinfo_report_builder_end_stack(struct crashinfo_report_builder *builder)
{
	builder->stack_ended = true;
}

struct crashinfo_error *crashinfo_report_builder_add_thread(
	struct crashinfo_report_builder *builder, const char *json, size_t size)
{
	return append_raw(&builder->threads, json, size);
}

struct crashinfo_error *crashinfo_report_builder_file(struct crashinfo_report_builder *builder,
						      const char *name, size_t size)
{
	_free_ char *key = clean_name(name, size);
	cJSON *lines = cJSON_CreateArray();
	struct crashinfo_error *error;

	builder->file = NULL;
	if (!key) {
		cJSON_Delete(lines);
		return crashinfo_error_no_memory();
	}
	error = put_many(builder->files, key, lines);
	if (!error)
		builder->file = lines;
	return error;
}

bool crashinfo_report_builder_has_file(const struct crashinfo_report_builder *builder,
				       const char *name, size_t size)
{
	_free_ char *key = clean_name(name, size);

	return key && cJSON_GetObjectItemCaseSensitive(builder->files, key);
}

static struct crashinfo_error *append_text(cJSON *array, const char *text, size_t size)
{
	struct strbuf json _strbuf_ = {0};

	/* raw, because cJSON's C strings cannot hold a NUL */
	json_add_string(&json, text, size);
	if (json.failed)
		return crashinfo_error_no_memory();
	return append(array, raw_node(json.data, json.size));
}

struct crashinfo_error *crashinfo_report_builder_file_line(struct crashinfo_report_builder *builder,
							   const char *line, size_t size)
{
	if (!builder->file)
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "no file was started");
	return append_text(builder->file, line, size);
}

struct crashinfo_error *crashinfo_report_builder_log(struct crashinfo_report_builder *builder,
						     const char *text, size_t size)
{
	return append_text(builder->log, text, size);
}
