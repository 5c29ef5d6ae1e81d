/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/manifest.h"

#include <stdlib.h>
#include <string.h>

#include <crashinfo/json.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/vec.h"
#include "report/digest.h"
#include "json/write.h"

/* --- writing --- */

void manifest_begin(struct strbuf *buf)
{
	strbuf_addf(buf, "{\"format\":\"%s\",\"version\":%d,\"members\":[", MANIFEST_FORMAT,
		    MANIFEST_VERSION);
}

static void add_text(struct strbuf *buf, const char *name, const char *text)
{
	strbuf_addf(buf, ",\"%s\":", name);
	if (text)
		json_add_string(buf, text, strlen(text));
	else
		strbuf_adds(buf, "null");
}

void manifest_add(struct strbuf *buf, size_t index, const struct manifest_member *member)
{
	strbuf_adds(buf, index ? ",\n{\"name\":" : "\n{\"name\":");
	json_add_string(buf, member->name, strlen(member->name));
	add_text(buf, "uuid", member->uuid);
	strbuf_adds(buf, ",\"sha256\":\"");
	for (size_t i = 0; i < sizeof(member->digest); i++)
		strbuf_addf(buf, "%02x", member->digest[i]);
	strbuf_addf(buf, "\",\"size\":%ju", (uintmax_t)member->size);
	add_text(buf, "data_schema_version", member->version);
	strbuf_addc(buf, '}');
}

void manifest_end(struct strbuf *buf)
{
	strbuf_adds(buf, "\n]}\n");
}

/* --- reading --- */

struct entry {
	char *name;
	unsigned char digest[DIGEST_SHA256_BYTES];
	bool seen;
};

struct manifest {
	char *folder; /* of the archive, "" or "some/folder/" */
	VEC(struct entry) entries;
};

void manifest_destroy(struct manifest *manifest)
{
	if (!manifest)
		return;
	for (size_t i = 0; i < manifest->entries.size; i++)
		free(manifest->entries.data[i].name);
	free(manifest->entries.data);
	free(manifest->folder);
	free(manifest);
}

static bool is_text(const struct crashinfo_json *json, crashinfo_json_node node)
{
	return node != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, node) == CRASHINFO_JSON_STRING;
}

/* The digest in hex; false when it is something else. */
static bool read_digest(const struct crashinfo_json *json, crashinfo_json_node node,
			unsigned char ret[DIGEST_SHA256_BYTES])
{
	struct crashinfo_slice raw;

	if (!is_text(json, node))
		return false;
	raw = crashinfo_json_raw(json, node);
	if (raw.size != 2 * DIGEST_SHA256_BYTES + 2)
		return false;
	for (size_t i = 0; i < DIGEST_SHA256_BYTES; i++) {
		int high = hex_digit(raw.data[1 + 2 * i]), low = hex_digit(raw.data[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static struct crashinfo_error *broken(const char *what)
{
	return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "the manifest has no %s", what);
}

/* A member without sha256 is not checked. */
static struct crashinfo_error *read_entry(struct manifest *manifest,
					  const struct crashinfo_json *json,
					  crashinfo_json_node node)
{
	crashinfo_json_node name = crashinfo_json_member(json, node, "name");
	crashinfo_json_node digest = crashinfo_json_member(json, node, "sha256");
	struct entry entry = {NULL}, *added;
	struct crashinfo_error *error;
	_free_ char *storage = NULL;
	struct crashinfo_slice content;

	if (!is_text(json, name))
		return broken("name of a member");
	if (digest == CRASHINFO_JSON_NONE)
		return NULL;
	if (!read_digest(json, digest, entry.digest))
		return broken("sha256 of a member that is one");
	error = crashinfo_json_string(json, name, &content, &storage);
	if (error)
		return error;
	entry.name = strndup(content.data, content.size);
	added = entry.name ? vec_push(&manifest->entries) : NULL;
	if (!added) {
		free(entry.name);
		return crashinfo_error_no_memory();
	}
	*added = entry;
	return NULL;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static struct crashinfo_error *read_entries(struct manifest *manifest,
					    const struct crashinfo_json *json)
{
	crashinfo_json_node members = crashinfo_json_member(json, 0, "members");
	struct crashinfo_error *error = NULL;

	if (members == CRASHINFO_JSON_NONE ||
	    crashinfo_json_type(json, members) != CRASHINFO_JSON_ARRAY)
		return broken("members");
	for (crashinfo_json_node node = crashinfo_json_first(json, members);
	     !error && node != CRASHINFO_JSON_NONE; node = crashinfo_json_next(json, members, node))
		error = read_entry(manifest, json, node);
	if (!error && manifest->entries.size)
		qsort(manifest->entries.data, manifest->entries.size, sizeof(struct entry),
		      compare_entries);
	return error;
}

static bool is_manifest(const struct crashinfo_json *json)
{
	crashinfo_json_node format = crashinfo_json_member(json, 0, "format");

	return is_text(json, format) && crashinfo_json_string_equals(json, format, MANIFEST_FORMAT);
}

static struct crashinfo_error *read_manifest(struct manifest *manifest, const char *path,
					     const struct crashinfo_json *json)
{
	crashinfo_json_node node = crashinfo_json_member(json, 0, "version");
	const char *slash = strrchr(path, '/');
	uint64_t version;

	if (node == CRASHINFO_JSON_NONE || !crashinfo_json_uint64(json, node, &version))
		return broken("version");
	if (version != MANIFEST_VERSION)
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
					      "version %ju of the manifest is not known, members "
					      "are not checked",
					      (uintmax_t)version);
	manifest->folder = strndup(path, slash ? (size_t)(slash + 1 - path) : 0);
	return manifest->folder ? read_entries(manifest, json) : crashinfo_error_no_memory();
}

struct crashinfo_error *manifest_parse(const struct crashinfo_context *context, const char *path,
				       const char *text, size_t size, struct manifest **ret)
{
	struct crashinfo_json *json = NULL;
	struct manifest *manifest = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(context, text, size, NULL, &json);
	if (error)
		return error;
	if (is_manifest(json)) {
		manifest = calloc(1, sizeof(*manifest));
		error = manifest ? read_manifest(manifest, path, json)
				 : crashinfo_error_no_memory();
	}
	crashinfo_json_destroy(json);
	if (error)
		manifest_destroy(manifest);
	else
		*ret = manifest;
	return error;
}

struct crashinfo_error *manifest_check(struct manifest *manifest, const char *path,
				       const char *text, size_t size)
{
	size_t folder = strlen(manifest->folder);
	struct entry key = {(char *)path + folder}, *entry;
	unsigned char digest[DIGEST_SHA256_BYTES];
	struct crashinfo_error *error;

	if (strncmp(path, manifest->folder, folder) || !manifest->entries.size)
		return NULL;
	entry = bsearch(&key, manifest->entries.data, manifest->entries.size, sizeof(key),
			compare_entries);
	if (!entry)
		return NULL;
	entry->seen = true;
	error = digest_sha256(text, size, digest);
	if (error || !memcmp(digest, entry->digest, sizeof(digest)))
		return error;
	return crashinfo_error_create(CRASHINFO_ERROR_MISMATCH,
				      "not what the manifest has: its SHA-256 differs");
}

const char *manifest_missing(const struct manifest *manifest, size_t *count_ret)
{
	const char *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < manifest->entries.size; i++) {
		if (manifest->entries.data[i].seen)
			continue;
		first = first ? first : manifest->entries.data[i].name;
		count++;
	}
	*count_ret = count;
	return first;
}
