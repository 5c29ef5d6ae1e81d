/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/bases.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "schema/uri.h"

void bases_deinit(struct bases *bases)
{
	free(bases->list.data);
	arena_deinit(&bases->arena);
}

bool bases_add(struct bases *bases, const char *url, const char *folder)
{
	struct crashinfo_schema_base base = {arena_strdup(&bases->arena, url),
					     arena_strdup(&bases->arena, folder)};
	struct crashinfo_schema_base *added = vec_push(&bases->list);

	if (!added || !base.url || !base.folder) {
		bases->list.size -= !!added;
		return false;
	}
	*added = base;
	return true;
}

/* "file://" and the path with what would end it escaped. */
static const char *file_uri(struct bases *bases, const char *path)
{
	_strbuf_ struct strbuf uri = {0};

	strbuf_adds(&uri, "file://");
	for (; *path; path++)
		strbuf_addf(&uri, strchr("%?#", *path) ? "%%%02X" : "%c", *path);
	return uri.failed ? NULL : arena_memdup(&bases->arena, uri.data, uri.size);
}

const char *bases_add_file(struct bases *bases, const char *source)
{
	_free_ char *path = source ? realpath(source, NULL) : NULL;
	const char *uri, *folder_uri;

	if (!path)
		return "";
	uri = file_uri(bases, path);
	*(strrchr(path, '/') + 1) = '\0';
	folder_uri = file_uri(bases, path);
	return uri && folder_uri && bases_add(bases, folder_uri, path) ? uri : NULL;
}

/* Whether a path stays where it is joined: no "..", no NUL. */
static bool path_stays_below(const struct strbuf *path)
{
	const char *at = path->data;

	if (strlen(at) != path->size)
		return false;
	for (;; at++) {
		if (!strncmp(at, "..", 2) && (at[2] == '/' || !at[2]))
			return false;
		at = strchr(at, '/');
		if (!at)
			return true;
	}
}

struct crashinfo_error *bases_map(const struct bases *bases, const char *uri, struct strbuf *path)
{
	_strbuf_ struct strbuf below = {0};
	const struct crashinfo_schema_base *best = NULL;

	for (size_t i = 0; i < bases->list.size; i++) {
		const struct crashinfo_schema_base *base = &bases->list.data[i];

		if (!strncmp(uri, base->url, strlen(base->url)) &&
		    (!best || strlen(base->url) > strlen(best->url)))
			best = base;
	}
	if (!best)
		return NULL;
	uri += strlen(best->url);
	strbuf_reserve(&below, strlen(uri));
	uri_unescape(&below, (struct crashinfo_slice){uri, strlen(uri)});
	if (below.failed)
		return crashinfo_error_no_memory();
	if (below.size && path_stays_below(&below))
		strbuf_addf(path, "%s/%s", best->folder, below.data);
	return strbuf_error(path);
}
