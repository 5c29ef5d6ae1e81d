/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/uri.h"

#include <string.h>

#include "base/number.h"

/* Cut `text` at the first of `stops`; what was cut off stays in `*rest`. */
static struct crashinfo_slice cut_before(struct crashinfo_slice *rest, const char *stops)
{
	struct crashinfo_slice part = {rest->data, 0};

	while (part.size < rest->size &&
	       !(rest->data[part.size] && strchr(stops, rest->data[part.size])))
		part.size++;
	rest->data += part.size;
	rest->size -= part.size;
	return part;
}

static bool skip(struct crashinfo_slice *rest, const char *prefix)
{
	size_t n = strlen(prefix);

	if (rest->size < n || memcmp(rest->data, prefix, n))
		return false;
	rest->data += n;
	rest->size -= n;
	return true;
}

struct uri uri_split(const char *text, size_t size)
{
	struct crashinfo_slice rest = {text, size}, whole = rest;
	struct uri uri = {0};

	uri.scheme = cut_before(&rest, ":/?#");
	if (!uri.scheme.size || !skip(&rest, ":")) {
		uri.scheme = (struct crashinfo_slice){0};
		rest = whole;
	}
	if (skip(&rest, "//"))
		uri.authority = cut_before(&rest, "/?#");
	uri.path = cut_before(&rest, "?#");
	if (skip(&rest, "?"))
		uri.query = cut_before(&rest, "#");
	if (skip(&rest, "#"))
		uri.fragment = rest;
	return uri;
}

/* Add a path with its "." and ".." segments carried out (section 5.2.4). */
static void add_path(struct strbuf *buf, const char *path, size_t size)
{
	size_t start = buf->size;
	struct crashinfo_slice rest = {path, size};

	while (rest.size) {
		bool rooted = skip(&rest, "/");
		struct crashinfo_slice segment = cut_before(&rest, "/");
		bool up = segment.size == 2 && !memcmp(segment.data, "..", 2);
		bool here = segment.size == 1 && segment.data[0] == '.';

		if (!up && !here) {
			if (rooted)
				strbuf_addc(buf, '/');
			strbuf_add(buf, segment.data, segment.size);
			continue;
		}
		while (up && buf->size > start && buf->data[--buf->size] != '/')
			;
		if (!rest.size && (rooted || buf->size > start))
			strbuf_addc(buf, '/');
	}
}

/* The reference's path appended to the folder of the base's path. */
static void add_merged_path(struct strbuf *buf, const struct uri *base, const struct uri *reference)
{
	_strbuf_ struct strbuf merged = {0};
	const char *slash = base->path.size ? memrchr(base->path.data, '/', base->path.size) : NULL;

	if (slash)
		strbuf_add(&merged, base->path.data, (size_t)(slash + 1 - base->path.data));
	else if (base->authority.data)
		strbuf_addc(&merged, '/');
	strbuf_add(&merged, reference->path.data, reference->path.size);
	add_path(buf, merged.data, merged.size);
	buf->failed |= merged.failed;
}

static void add_part(struct strbuf *buf, const char *before, struct crashinfo_slice part,
		     const char *after)
{
	if (!part.data)
		return;
	strbuf_adds(buf, before);
	strbuf_add(buf, part.data, part.size);
	strbuf_adds(buf, after);
}

/* RFC 3986, section 5.2.2. */
void uri_resolve(struct strbuf *buf, struct crashinfo_slice base_text,
		 struct crashinfo_slice reference_text)
{
	struct uri base = uri_split(base_text.data, base_text.size);
	struct uri ref = uri_split(reference_text.data, reference_text.size);
	bool own_root = ref.scheme.data || ref.authority.data;

	add_part(buf, "", ref.scheme.data ? ref.scheme : base.scheme, ":");
	add_part(buf, "//", own_root ? ref.authority : base.authority, "");
	if (own_root || (ref.path.size && ref.path.data[0] == '/')) {
		add_path(buf, ref.path.data, ref.path.size);
	} else if (ref.path.size) {
		add_merged_path(buf, &base, &ref);
	} else {
		strbuf_add(buf, base.path.data, base.path.size);
		if (!ref.query.data)
			ref.query = base.query;
	}
	add_part(buf, "?", ref.query, "");
}

void uri_unescape(struct strbuf *buf, struct crashinfo_slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		int high = -1, low = -1;

		if (text.data[i] == '%' && i + 2 < text.size) {
			high = hex_digit(text.data[i + 1]);
			low = hex_digit(text.data[i + 2]);
		}
		if (high < 0 || low < 0) {
			strbuf_addc(buf, text.data[i]);
			continue;
		}
		strbuf_addc(buf, (char)(high << 4 | low));
		i += 2;
	}
}
