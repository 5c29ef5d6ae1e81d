/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/text.h>

#include "symbolize.h"

/* Addresses that are resolved together: enough to open a module once for a whole list. */
#define BATCH 65536
/* Answers that become one text: enough that making it costs little beside filling it. */
#define TOGETHER 64

struct batch {
	struct crashinfo_symbol_query *queries;
	struct crashinfo_symbol_answer *answers;
	size_t count;
};

static void print_json(struct symbolize *symbolize, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i += TOGETHER) {
		size_t left = batch->count - i, size;
		char *text;

		if (tool_failed(&symbolize->tool,
				crashinfo_symbol_answers_to_json(
					&batch->queries[i], &batch->answers[i],
					left < TOGETHER ? left : TOGETHER, &text, &size)))
			return;
		fwrite(text, 1, size, tool_out(&symbolize->tool));
		free(text);
	}
}

/* Text from debug files, as a terminal can bear it. */
static void print_escaped(struct symbolize *symbolize, const char *text)
{
	char *escaped = NULL;

	if (tool_failed(&symbolize->tool, crashinfo_text_escape(text, strlen(text), &escaped)))
		return;
	fputs(escaped, tool_out(&symbolize->tool));
	free(escaped);
}

static void print_frame(struct symbolize *symbolize, const struct crashinfo_symbol_frame *frame)
{
	FILE *out = tool_out(&symbolize->tool);

	print_escaped(symbolize, frame->function ? frame->function : "??");
	if (frame->file) {
		fputs(" at ", out);
		print_escaped(symbolize, frame->file);
		fprintf(out, ":%u", frame->line);
		if (frame->column)
			fprintf(out, ":%u", frame->column);
	}
	if (frame->inlined)
		fputs(" (inlined by)", out);
	fputc('\n', out);
}

/* "0xADDRESS: function at file:line:column", further frames below it. */
static void print_text(struct symbolize *symbolize, const struct crashinfo_symbol_query *query,
		       const struct crashinfo_symbol_answer *answer)
{
	FILE *out = tool_out(&symbolize->tool);
	int indent = fprintf(out, "0x%" PRIx64 ": ", query->address);

	for (size_t i = 0; i < answer->frame_count; i++) {
		if (i)
			fprintf(out, "%*s", indent, "");
		print_frame(symbolize, &answer->frames[i]);
	}
	if (!answer->frame_count)
		fprintf(out, "?? (%s)\n", crashinfo_symbol_status_name(answer->status));
}

static void resolve_batch(struct symbolize *symbolize, struct batch *batch)
{
	bool text = symbolize->options.format == SYMBOLIZE_DEFAULT ||
		    symbolize->options.format == SYMBOLIZE_TEXT;

	if (tool_failed(&symbolize->tool,
			crashinfo_symbolizer_resolve(symbolize->symbolizer, batch->queries,
						     batch->count, batch->answers)))
		exit(tool_finish(&symbolize->tool, TOOL_FAILED));
	if (!text)
		print_json(symbolize, batch);
	for (size_t i = 0; i < batch->count; i++) {
		const struct crashinfo_symbol_answer *answer = &batch->answers[i];

		if (text)
			print_text(symbolize, &batch->queries[i], answer);
		symbolize_note_memory(symbolize, &batch->queries[i], answer);
		symbolize_note_split(symbolize, answer);
		if (symbolize->options.explain)
			symbolize_explain(symbolize, &batch->queries[i], answer, NULL);
		symbolize->unresolved |= !crashinfo_symbol_status_has_name(answer->status);
	}
	batch->count = 0;
}

static void add_address(struct symbolize *symbolize, struct batch *batch, const char *text)
{
	struct crashinfo_symbol_query query = {
		.file = symbolize->options.file,
		.build_id = symbolize->options.build_id,
	};

	if (!crashinfo_text_to_address(text, &query.address)) {
		tool_error(&symbolize->tool,
			   "not an address: %s (expected hex digits, with or without 0x)", text);
		return;
	}
	batch->queries[batch->count++] = query;
	if (batch->count == BATCH)
		resolve_batch(symbolize, batch);
}

static void read_lines(struct symbolize *symbolize, struct batch *batch)
{
	char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, stdin) > 0) {
		char *start = line + strspn(line, " \t");

		start[strcspn(start, " \t\r\n")] = '\0';
		if (*start)
			add_address(symbolize, batch, start);
	}
	if (ferror(stdin))
		tool_failed(&symbolize->tool,
			    crashinfo_error_from_errno(errno, "cannot read standard input"));
	free(line);
}

void symbolize_addresses(struct symbolize *symbolize)
{
	const struct tool_list *operands = &symbolize->tool.operands;
	struct batch batch = {
		.queries = calloc(BATCH, sizeof(*batch.queries)),
		.answers = calloc(BATCH, sizeof(*batch.answers)),
	};

	if (!batch.queries || !batch.answers) {
		tool_failed(&symbolize->tool, crashinfo_error_no_memory());
	} else {
		for (size_t i = 0; i < operands->count; i++) {
			if (!strcmp(operands->data[i], "-"))
				read_lines(symbolize, &batch);
			else
				add_address(symbolize, &batch, operands->data[i]);
		}
		if (!operands->count)
			read_lines(symbolize, &batch);
		if (batch.count)
			resolve_batch(symbolize, &batch);
		symbolize_name_memory(symbolize);
		symbolize_name_splits(symbolize);
	}
	free(batch.queries);
	free(batch.answers);
}
