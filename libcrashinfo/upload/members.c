/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/members.h"

#include <inttypes.h>
#include <string.h>

#include "json/write.h"

void member_name(struct strbuf *buf, const char *name)
{
	if (buf->size && buf->data[buf->size - 1] != '{')
		strbuf_addc(buf, ',');
	json_add_string(buf, name, strlen(name));
	strbuf_addc(buf, ':');
}

void member_text(struct strbuf *buf, const char *name, const char *text)
{
	if (!text)
		return;
	member_name(buf, name);
	json_add_string(buf, text, strlen(text));
}

void member_bool(struct strbuf *buf, const char *name, bool value)
{
	member_name(buf, name);
	strbuf_adds(buf, value ? "true" : "false");
}

void member_int(struct strbuf *buf, const char *name, int64_t value)
{
	member_name(buf, name);
	strbuf_addf(buf, "%" PRId64, value);
}

void member_node(struct strbuf *buf, const char *name, const struct crashinfo_json *json,
		 crashinfo_json_node node)
{
	struct crashinfo_slice raw;

	if (node == CRASHINFO_JSON_NONE || crashinfo_json_type(json, node) == CRASHINFO_JSON_NULL)
		return;
	raw = crashinfo_json_raw(json, node);
	member_name(buf, name);
	strbuf_add(buf, raw.data, raw.size);
}

bool member_is_text(const struct crashinfo_json *json, crashinfo_json_node node)
{
	return node != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, node) == CRASHINFO_JSON_STRING;
}
