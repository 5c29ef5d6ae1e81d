/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as JSON objects. */
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "json/write.h"
#include <crashinfo/symbol.h>

/* Digits in base 10 or 16; printf would take longer than all the rest. */
static void add_digits(struct strbuf *buf, uint64_t number, unsigned base)
{
	char digits[20], *digit = digits + sizeof(digits);

	do
		*--digit = "0123456789abcdef"[number % base];
	while (number /= base);
	strbuf_add(buf, digit, (size_t)(digits + sizeof(digits) - digit));
}

/* A member's name, behind the ones before it. */
static void add_name(struct strbuf *buf, const char *name)
{
	if (!buf->failed && buf->data[buf->size - 1] != '{')
		strbuf_addc(buf, ',');
	strbuf_addc(buf, '"');
	strbuf_adds(buf, name);
	strbuf_add(buf, "\":", 2);
}

static inline void add_text(struct strbuf *buf, const char *name, const char *text)
{
	if (!text)
		return;
	add_name(buf, name);
	json_add_string(buf, text, strlen(text));
}

static inline void add_number(struct strbuf *buf, const char *name, uint32_t number)
{
	if (!number)
		return;
	add_name(buf, name);
	add_digits(buf, number, 10);
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

static void add_answer(struct strbuf *buf, uint64_t address,
		       const struct crashinfo_symbol_answer *answer)
{
	strbuf_adds(buf, "{\"address\":\"0x");
	add_digits(buf, address, 16);
	strbuf_adds(buf, "\",\"status\":\"");
	strbuf_adds(buf, crashinfo_symbol_status_name(answer->status));
	strbuf_adds(buf, "\",\"frames\":[");
	for (size_t i = 0; i < answer->frame_count; i++) {
		if (i)
			strbuf_addc(buf, ',');
		add_frame(buf, &answer->frames[i]);
	}
	strbuf_addc(buf, ']');
	if (answer->split_missing)
		add_text(buf, "split_missing", answer->split_missing->name);
	strbuf_adds(buf, "}\n");
}

struct crashinfo_error *crashinfo_symbol_answers_to_json(
	const struct crashinfo_symbol_query *queries, const struct crashinfo_symbol_answer *answers,
	size_t count, char **ret, size_t *size_ret)
{
	struct strbuf buf _strbuf_ = {0};
	size_t size;
	char *text;

	for (size_t i = 0; i < count; i++)
		add_answer(&buf, queries[i].address, &answers[i]);
	size = buf.size;
	text = strbuf_steal(&buf);
	if (!text)
		return crashinfo_error_no_memory();
	*ret = text;
	*size_ret = size;
	return NULL;
}
