/* SPDX-License-Identifier: Apache-2.0 */
#include "host/near.h"

#include <stdio.h>

#define LINE_BYTES 16
/* Of the memory that is shown a quarter lies before the register. */
#define BEFORE 4

/* Where to begin: at a whole line, not before address 0. */
static uint64_t start_of(const struct live *live, uint64_t value)
{
	uint64_t before = live->limits.memory / BEFORE;

	return (value < before ? 0 : value - before) & ~(uint64_t)(LINE_BYTES - 1);
}

/* Two registers may point to one place: the first one shows it. */
static bool is_shown(const struct live *live, const struct dump_thread *thread, size_t index)
{
	const struct dump_register *registers = live->dump.arch->registers;
	uint64_t start = start_of(live, thread->registers.value[registers[index].dwarf]);

	for (size_t i = 0; i < index; i++)
		if (start_of(live, thread->registers.value[registers[i].dwarf]) == start)
			return true;
	return false;
}

void near_copy(struct live *live, const struct process_thread *thread)
{
	const struct dump_arch *arch = live->dump.arch;

	if (!thread->has_registers || !live->limits.memory)
		return;
	for (size_t i = 0; i < arch->register_count; i++)
		process_copy(live->process,
			     start_of(live, thread->registers.value[arch->registers[i].dwarf]),
			     (size_t)live->limits.memory);
}

static void add_line(struct strbuf *text, uint64_t address, const unsigned char bytes[LINE_BYTES])
{
	strbuf_addf(text, "0x%016jx ", (uintmax_t)address);
	for (unsigned i = 0; i < LINE_BYTES; i++)
		strbuf_addf(text, "%s%02x", i % 8 ? "" : " ", bytes[i]);
	strbuf_adds(text, "  ");
	for (unsigned i = 0; i < LINE_BYTES; i++)
		strbuf_addc(text, bytes[i] >= ' ' && bytes[i] < 127 ? (char)bytes[i] : '.');
	strbuf_addc(text, '\n');
}

static struct crashinfo_error *add_register(struct live *live, const char *name, uint64_t value,
					    struct crashinfo_report_builder *builder)
{
	struct unwind_memory memory = process_memory(live->process);
	uint64_t start = start_of(live, value);
	struct strbuf text _strbuf_ = {0};
	char file[32];

	for (uint64_t at = 0; at < live->limits.memory; at += LINE_BYTES) {
		unsigned char bytes[LINE_BYTES];

		if (start + at >= start &&
		    memory.read(memory.context, start + at, bytes, sizeof(bytes)))
			add_line(&text, start + at, bytes);
	}
	if (text.failed)
		return crashinfo_error_no_memory();
	if (!text.size)
		return NULL;
	snprintf(file, sizeof(file), "memory near %s", name);
	return dump_report_file(builder, file, text.data, text.size);
}

struct crashinfo_error *near_report(struct live *live, const struct dump_thread *thread,
				    struct crashinfo_report_builder *builder)
{
	const struct dump_arch *arch = live->dump.arch;
	struct crashinfo_error *error = NULL;

	if (!thread->has_registers || !live->limits.memory)
		return NULL;
	for (size_t i = 0; i < arch->register_count && !error; i++)
		if (!is_shown(live, thread, i))
			error = add_register(live, arch->registers[i].name,
					     thread->registers.value[arch->registers[i].dwarf],
					     builder);
	return error;
}
