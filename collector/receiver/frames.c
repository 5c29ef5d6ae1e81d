/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as the collector itself writes them. */
#include <inttypes.h>
#include <string.h>

#include "receiver/receiver.h"
#include "unwind/comments.h"

/* As many as other receivers take. */
#define FRAMES_MAX 512

void json_write_string(const char *text, size_t size, FILE *f)
{
	fputc('"', f);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void write_module(const struct process_module *module, uint64_t pc, FILE *f)
{
	const char *path = module->map->path;

	fprintf(f, ",\"module_base_address\":\"0x%" PRIx64 "\"", module->bias + module->image.low);
	if (module->build_id.size) {
		fputs(",\"build_id\":\"", f);
		for (unsigned i = 0; i < module->build_id.size; i++)
			fprintf(f, "%02x", module->build_id.bytes[i]);
		fputs("\",\"build_id_type\":\"GNU\"", f);
	}
	fputs(",\"file_type\":\"ELF\",\"path\":", f);
	json_write_string(path, strlen(path), f);
	fprintf(f, ",\"relative_address\":\"0x%016" PRIx64 "\"", pc - module->bias);
}

static void write_comments(const char *first, const char *second, FILE *f)
{
	if (!first && !second)
		return;
	fprintf(f, ",\"comments\":[\"%s\"", first ? first : second);
	if (first && second)
		fprintf(f, ",\"%s\"", second);
	fputc(']', f);
}

static void write_frame(struct process *process, const struct unwind_frame *frame,
			const char *comment, FILE *f)
{
	const struct process_module *module = process_module_find(process, frame->pc);

	fprintf(f, "{\"ip\":\"0x%" PRIx64 "\",\"sp\":\"0x%" PRIx64 "\"", frame->pc, frame->sp);
	if (module)
		write_module(module, frame->pc, f);
	write_comments(unwind_trust_comment(frame->trust), comment, f);
	fputc('}', f);
}

bool frames_write(struct process *process, const struct unwind_registers *registers,
		  const char *separator, FILE *f)
{
	const struct unwind_space *space = process_space(process);
	struct unwind_frame frame, caller;

	unwind_begin(space->arch, registers, &frame);
	for (unsigned n = 1;; n++) {
		enum unwind_end end;
		const char *comment;

		caller = frame;
		end = unwind_step(space, &caller);
		comment = unwind_end_comment(end);
		if (n == FRAMES_MAX && end == UNWIND_GOES_ON)
			comment = "the stack is deeper, its other frames were left out";
		write_frame(process, &frame, comment, f);
		if (end != UNWIND_GOES_ON || n == FRAMES_MAX)
			return end == UNWIND_OUTERMOST;
		fputs(separator, f);
		frame = caller;
	}
}
