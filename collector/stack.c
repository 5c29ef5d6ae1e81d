/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"
#include "maps.h"
#include "memory.h"
#include "modules.h"
#include "report.h"
#include "snapshot.h"
#include "state.h"
#include "unwind/comments.h"

/* As many as receivers of this stream expect at most. */
#define FRAMES_MAX 512

static void write_comments(struct writer *w, const char *first, const char *second)
{
	if (!first && !second)
		return;
	writer_text(w, ", \"comments\": [\"");
	writer_text(w, first ? first : second);
	if (first && second) {
		writer_text(w, "\", \"");
		writer_text(w, second);
	}
	writer_text(w, "\"]");
}

static void write_address(struct writer *w, const char *name, uint64_t value, unsigned digits)
{
	writer_text(w, ", \"");
	writer_text(w, name);
	writer_text(w, "\": \"");
	writer_hex(w, value, digits);
	writer_text(w, "\"");
}

static void write_build_id(struct writer *w, const struct elf_build_id *id)
{
	if (!id->size)
		return;
	writer_text(w, ", \"build_id\": \"");
	for (unsigned i = 0; i < id->size; i++) {
		writer_bytes(w, &"0123456789abcdef"[id->bytes[i] >> 4], 1);
		writer_bytes(w, &"0123456789abcdef"[id->bytes[i] & 15], 1);
	}
	writer_text(w, "\", \"build_id_type\": \"GNU\"");
}

static void write_path(struct writer *w, const struct map *map)
{
	static char path[MAPS_PATH_MAX];

	maps_path(map, path);
	writer_text(w, ", \"path\": ");
	writer_json(w, path, text_length(path));
}

void report_module(struct writer *w, uint64_t pc)
{
	const struct module *module = modules_find(pc);

	if (!module)
		return;
	write_address(w, "module_base_address", module->bias + module->image.low, 1);
	write_build_id(w, &module->build_id);
	writer_text(w, ", \"file_type\": \"ELF\"");
	write_path(w, module->map);
	write_address(w, "relative_address", pc - module->bias, 16);
}

static void write_frame(struct writer *w, const struct unwind_frame *frame, const char *end)
{
	writer_text(w, "{\"ip\": \"");
	writer_hex(w, frame->pc, 1);
	writer_text(w, "\"");
	write_address(w, "sp", frame->sp, 1);
	report_module(w, frame->pc);
	write_comments(w, unwind_trust_comment(frame->trust), end);
	writer_text(w, "}\n");
	writer_flush(w);
}

static struct unwind_registers registers_of(const ucontext_t *context)
{
	struct unwind_registers registers = {.known = 0};

	for (size_t i = 0; i < sizeof(arch_registers) / sizeof(arch_registers[0]); i++) {
		unsigned n = arch_registers[i].dwarf;

		registers.value[n] = arch_context_register(context, arch_registers[i].context);
		registers.known |= (uint64_t)1 << n;
	}
	return registers;
}

static void walk(struct writer *w, struct unwind_frame *frame)
{
	struct unwind_frame caller = *frame;
	const char *comment = NULL;

	for (unsigned n = 1; !comment && !w->failed; n++) {
		enum unwind_end end = unwind_step(&own_space, &caller);

		comment = unwind_end_comment(end);
		if (n == FRAMES_MAX && end == UNWIND_GOES_ON)
			comment = "the stack is deeper, its other frames were left out";
		write_frame(w, frame, comment);
		if (end != UNWIND_GOES_ON) {
			snapshot_stack_is(end == UNWIND_OUTERMOST);
			return;
		}
		*frame = caller;
	}
}

void report_stack(struct writer *w, const struct crash *crash)
{
	struct unwind_registers registers = registers_of(crash->context);
	struct unwind_frame frame;

	snapshot_stack_is(false);
	if (state.leaves_stack)
		return;
	modules_begin();
	unwind_begin(own_space.arch, &registers, &frame);
	walk(w, &frame);
	modules_end();
}
