/* SPDX-License-Identifier: Apache-2.0 */
/* One answer as a JSON object. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "json/write.h"
#include <crashinfo/symbol.h>

static void add_name(struct strbuf *buf, const char *name)
{
	const char *last = buf->data + buf->size - 1;

	if (*last != '{')
		strbuf_addc(buf, ',');
	strbuf_addc(buf, '"');
	strbuf_adds(buf, name);
	strbuf_adds(buf, "\":");
}

static void add_text(struct strbuf *buf, const char *name, const char *text)
{
	if (!text || buf->failed)
		return;
	add_name(buf, name);
	json_add_string(buf, text, strlen(text));
}

static void add_number(struct strbuf *buf, const char *name, uint32_t number)
{
	char digits[12], *digit = digits + sizeof(digits);

	if (!number || buf->failed)
		return;
	add_name(buf, name);
	for (*--digit = '\0'; number; number /= 10)
		*--digit = (char)('0' + number % 10);
	strbuf_adds(buf, digit);
}

static void add_frame(struct strbuf *buf, const struct crashinfo_symbol_frame *frame)
{
	strbuf_addc(buf, '{');
	add_text(buf, "function", frame->function);
	add_text(buf, "mangled_name", frame->mangled_name);
	add_text(buf, "file", frame->file);
	add_number(buf, "line", frame->line);
	add_number(buf, "column", frame->column);
	strbuf_addc(buf, '}');
}

struct crashinfo_error *crashinfo_symbol_answer_to_json(
	const struct crashinfo_symbol_query *query, const struct crashinfo_symbol_answer *answer,
	char **ret)
{
	struct strbuf buf _strbuf_ = {0};

	strbuf_addf(&buf, "{\"address\":\"0x%" PRIx64 "\",\"status\":\"%s\",\"frames\":[",
		    query->address, crashinfo_symbol_status_name(answer->status));
	for (size_t i = 0; i < answer->frame_count; i++) {
		if (i)
			strbuf_addc(&buf, ',');
		add_frame(&buf, &answer->frames[i]);
	}
	strbuf_adds(&buf, "]}");
	if (buf.failed)
		return crashinfo_error_no_memory();
	*ret = strbuf_steal(&buf);
	return NULL;
}
