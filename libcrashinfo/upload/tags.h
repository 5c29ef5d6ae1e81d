/* SPDX-License-Identifier: Apache-2.0 */
/* Tags of a report's metadata, and lists of tags to send. */
#ifndef UPLOAD_TAGS_H
#define UPLOAD_TAGS_H

#include <crashinfo/report.h>

#include "base/strbuf.h"
#include "base/vec.h"

struct upload_tag {
	const char *key, *value; /* in the report's arena */
};

struct upload_tags {
	VEC(struct upload_tag) list;
};

/* The key:value pairs of metadata.tags; an object of them, as RFC 0002 may be read, too. */
struct crashinfo_error *upload_tags_read(struct crashinfo_report *report, struct upload_tags *ret);
void upload_tags_deinit(struct upload_tags *tags);
#define _upload_tags_ __attribute__((cleanup(upload_tags_deinit)))

/* The value of the last tag that is named `a` or `b` (which may be NULL); NULL when none is. */
const char *upload_tags_last(const struct upload_tags *tags, const char *a, const char *b);

/*
 * A list of tags on its way to a payload. Nothing escapes a comma in such a list, and some
 * consumers split at every colon, so these become '_' in names and values; but `colons` lets those
 * of values stay.
 */
struct upload_tag_list {
	struct strbuf text;
	bool colons;
};

/* Append "name:value"; nothing when `value` is NULL. */
void upload_tag_list_add(struct upload_tag_list *list, const char *name, const char *value);
void upload_tag_list_add_bytes(struct upload_tag_list *list, struct crashinfo_slice name,
			       struct crashinfo_slice value);
void upload_tag_list_add_int(struct upload_tag_list *list, const char *name, int64_t value);
void upload_tag_list_add_bool(struct upload_tag_list *list, const char *name, bool value);

#endif
