/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON objects member by member; the caller writes the braces. */
#ifndef UPLOAD_MEMBERS_H
#define UPLOAD_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include <crashinfo/json.h>

#include "base/strbuf.h"

/* `"name":`, behind a comma unless it is the first. */
void member_name(struct strbuf *buf, const char *name);
/* Nothing when `text` is NULL. */
void member_text(struct strbuf *buf, const char *name, const char *text);
void member_bool(struct strbuf *buf, const char *name, bool value);
void member_int(struct strbuf *buf, const char *name, int64_t value);
/* The value as it stands in its document; nothing for NONE and null. */
void member_node(struct strbuf *buf, const char *name, const struct crashinfo_json *json,
		 crashinfo_json_node node);
/* Whether it is a string; NONE is not. */
bool member_is_text(const struct crashinfo_json *json, crashinfo_json_node node);

#endif
