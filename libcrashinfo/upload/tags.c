/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static struct crashinfo_error *push(struct upload_tags *tags, const char *key, const char *value)
{
	struct upload_tag *tag = vec_push(&tags->list);

	if (!tag)
		return crashinfo_error_no_memory();
	*tag = (struct upload_tag){key, value};
	return NULL;
}

/* "key:value", split at the first colon; anything else is no tag. */
static struct crashinfo_error *read_pair(struct crashinfo_report *report, struct upload_tags *tags,
					 crashinfo_json_node node)
{
	const char *text, *colon;
	char *key;
	struct crashinfo_error *error = report_text(report, node, &text);

	colon = !error && text ? strchr(text, ':') : NULL;
	if (!colon)
		return error;
	key = arena_memdup(&report->arena, text, (size_t)(colon - text));
	return key ? push(tags, key, colon + 1) : crashinfo_error_no_memory();
}

static struct crashinfo_error *read_member(struct crashinfo_report *report,
					   struct upload_tags *tags, crashinfo_json_node name)
{
	const char *key, *value;
	struct crashinfo_error *error = report_text(report, name, &key);

	if (!error)
		error = report_text(report, crashinfo_json_value(name), &value);
	return error || !value ? error : push(tags, key, value);
}

struct crashinfo_error *upload_tags_read(struct crashinfo_report *report, struct upload_tags *ret)
{
	const struct crashinfo_json *json = report->json;
	crashinfo_json_node list = report_at(json, 0, "metadata.tags"), node;
	bool is_object = list != CRASHINFO_JSON_NONE &&
			 crashinfo_json_type(json, list) == CRASHINFO_JSON_OBJECT;
	struct crashinfo_error *error = NULL;

	*ret = (struct upload_tags){0};
	if (list == CRASHINFO_JSON_NONE)
		return NULL;
	for (node = crashinfo_json_first(json, list); node != CRASHINFO_JSON_NONE && !error;
	     node = crashinfo_json_next(json, list, node))
		error = is_object ? read_member(report, ret, node) : read_pair(report, ret, node);
	return error;
}

void upload_tags_deinit(struct upload_tags *tags)
{
	free(tags->list.data);
}

const char *upload_tags_last(const struct upload_tags *tags, const char *a, const char *b)
{
	for (size_t i = tags->list.size; i-- > 0;) {
		const struct upload_tag *tag = &tags->list.data[i];

		if (!strcmp(tag->key, a) || (b && !strcmp(tag->key, b)))
			return tag->value;
	}
	return NULL;
}

static void add_part(struct strbuf *text, struct crashinfo_slice part, bool colons)
{
	for (size_t i = 0; i < part.size; i++) {
		char c = part.data[i];

		strbuf_addc(text, c == ',' || (c == ':' && !colons) ? '_' : c);
	}
}

void upload_tag_list_add_bytes(struct upload_tag_list *list, struct crashinfo_slice name,
			       struct crashinfo_slice value)
{
	if (list->text.size)
		strbuf_addc(&list->text, ',');
	add_part(&list->text, name, false);
	strbuf_addc(&list->text, ':');
	add_part(&list->text, value, list->colons);
}

void upload_tag_list_add(struct upload_tag_list *list, const char *name, const char *value)
{
	if (value)
		upload_tag_list_add_bytes(list, (struct crashinfo_slice){name, strlen(name)},
					  (struct crashinfo_slice){value, strlen(value)});
}

void upload_tag_list_add_int(struct upload_tag_list *list, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	upload_tag_list_add(list, name, text);
}

void upload_tag_list_add_bool(struct upload_tag_list *list, const char *name, bool value)
{
	upload_tag_list_add(list, name, value ? "true" : "false");
}
