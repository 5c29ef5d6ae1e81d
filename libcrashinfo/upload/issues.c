/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/issues.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "stream/markers.h"
#include "upload/members.h"
#include "json/write.h"

/* Each is in the report too: enough to see what is wrong with a receiver. */
#define ISSUES_MAX  16
#define ISSUE_BYTES 1024

/* A tag has this form; anything else at the end of a message is text. */
#define ISSUE_NAME "abcdefghijklmnopqrstuvwxyz_"

/* The name in the tag at the end of a message; empty when it has none. */
static struct crashinfo_slice find_issue(struct crashinfo_slice message)
{
	static const char before[] = " (" STREAM_ISSUE_KEY ":";
	const size_t size = sizeof(before) - 1;
	size_t end = message.size && message.data[message.size - 1] == ')' ? message.size - 1 : 0;
	size_t at = end;

	while (at && memchr(ISSUE_NAME, message.data[at - 1], sizeof(ISSUE_NAME) - 1))
		at--;
	if (at < size || memcmp(message.data + at - size, before, size))
		return (struct crashinfo_slice){"", 0};
	return (struct crashinfo_slice){message.data + at, end - at};
}

static void add_tags(const struct payload *payload, struct crashinfo_slice issue,
		     struct strbuf *buf)
{
	struct upload_tag_list list = {.colons = false};

	upload_tag_list_add_bytes(
		&list, (struct crashinfo_slice){STREAM_ISSUE_KEY, strlen(STREAM_ISSUE_KEY)}, issue);
	upload_tag_list_add(&list, "crash_uuid", payload_uuid(payload));
	upload_tag_list_add(&list, "is_crash_debug", "true");
	member_name(buf, "tags");
	json_add_string(buf, list.text.data, list.text.size);
	buf->failed |= list.text.failed;
	strbuf_deinit(&list.text);
}

static void add_issue(const struct payload *payload, struct crashinfo_slice message,
		      struct crashinfo_slice issue, struct strbuf *buf)
{
	size_t size = message.size;

	if (size > ISSUE_BYTES)
		size = utf8_valid_prefix(message.data, ISSUE_BYTES);
	strbuf_adds(buf, ",{");
	member_name(buf, "message");
	json_add_string(buf, message.data, size);
	member_text(buf, "level", "WARN");
	member_int(buf, "count", 1);
	member_name(buf, "stack_trace");
	strbuf_adds(buf, "null");
	add_tags(payload, issue, buf);
	member_bool(buf, "is_sensitive", false);
	member_bool(buf, "is_crash", false);
	strbuf_addc(buf, '}');
}

/* Whether it was one. */
static bool take_message(const struct payload *payload, crashinfo_json_node node,
			 struct strbuf *buf)
{
	_free_ char *storage = NULL;
	struct crashinfo_slice message, issue = {"", 0};
	struct crashinfo_error *error;

	if (!member_is_text(payload->json, node))
		return false;
	error = crashinfo_json_string(payload->json, node, &message, &storage);
	if (!error)
		issue = find_issue(message);
	if (issue.size)
		add_issue(payload, message, issue, buf);
	buf->failed |= error != NULL;
	crashinfo_error_destroy(error);
	return issue.size;
}

void issues_add(const struct payload *payload, struct strbuf *buf)
{
	const struct crashinfo_json *json = payload->json;
	crashinfo_json_node list = crashinfo_json_member(json, 0, "log_messages"), node;
	unsigned count = 0;

	if (list == CRASHINFO_JSON_NONE || crashinfo_json_type(json, list) != CRASHINFO_JSON_ARRAY)
		return;
	for (node = crashinfo_json_first(json, list);
	     node != CRASHINFO_JSON_NONE && count < ISSUES_MAX;
	     node = crashinfo_json_next(json, list, node))
		count += take_message(payload, node, buf);
}
