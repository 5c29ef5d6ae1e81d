/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/dump.h"

#include <string.h>

#include "base/cleanup.h"
#include "unwind/comments.h"
#include "json/write.h"

#define STACK_FORMAT "Datadog Crashtracker 1.0"

void dump_id_hex(const struct elf_build_id *id, char ret[2 * ELF_BUILD_ID_MAX + 1])
{
	for (unsigned i = 0; i < id->size; i++) {
		ret[2 * i] = "0123456789abcdef"[id->bytes[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[id->bytes[i] & 15];
	}
	ret[2 * id->size] = '\0';
}

static void add_place(const struct dump *dump, uint64_t pc, struct strbuf *json)
{
	char id[2 * ELF_BUILD_ID_MAX + 1];
	struct dump_place place;

	if (!dump->find_place(dump->source, pc, &place))
		return;
	strbuf_addf(json, ",\"module_base_address\":\"0x%jx\"", (uintmax_t)place.module_base);
	dump_id_hex(&place.build_id, id);
	if (*id)
		strbuf_addf(json, ",\"build_id\":\"%s\",\"build_id_type\":\"GNU\"", id);
	strbuf_adds(json, ",\"file_type\":\"ELF\",\"path\":");
	json_add_string(json, place.path, strlen(place.path));
	strbuf_addf(json, ",\"relative_address\":\"0x%016jx\"", (uintmax_t)place.relative);
}

static void add_comment(struct strbuf *json, const char *comment, size_t size, bool *any)
{
	if (!comment || !size)
		return;
	strbuf_adds(json, *any ? "," : ",\"comments\":[");
	json_add_string(json, comment, size);
	*any = true;
}

static void add_frame(const struct dump *dump, const struct unwind_frame *frame,
		      const char *ends_with, const struct strbuf *why, struct strbuf *json)
{
	const char *trust = unwind_trust_comment(frame->trust);
	bool any = false;

	strbuf_addf(json, "{\"ip\":\"0x%jx\",\"sp\":\"0x%jx\"", (uintmax_t)frame->pc,
		    (uintmax_t)frame->sp);
	add_place(dump, frame->pc, json);
	add_comment(json, trust, trust ? strlen(trust) : 0, &any);
	add_comment(json, ends_with, ends_with ? strlen(ends_with) : 0, &any);
	if (why)
		add_comment(json, why->data, why->size, &any);
	strbuf_adds(json, any ? "]}" : "}");
	json->failed |= why && why->failed;
}

/* The last frame. What looks like the end is none where its code or stack is missing. */
static bool add_last(const struct dump *dump, const struct unwind_frame *frame, enum unwind_end end,
		     struct strbuf *json)
{
	struct strbuf why _strbuf_ = {0};

	if (dump->explain_end)
		dump->explain_end(dump->source, frame->pc, frame->sp, &why);
	if (end == UNWIND_OUTERMOST && why.size)
		end = UNWIND_LOST;
	add_frame(dump, frame, unwind_end_comment(end), &why, json);
	return end == UNWIND_OUTERMOST;
}

/* Whether the stack was followed to its end. */
static bool walk(const struct dump *dump, struct unwind_frame *frame, struct strbuf *json)
{
	struct unwind_frame caller = *frame;

	for (size_t n = 1; !json->failed; n++) {
		enum unwind_end end = unwind_step(dump->space, &caller);

		if (end != UNWIND_GOES_ON)
			return add_last(dump, frame, end, json);
		if (n >= dump->limits->stack_frames) {
			add_frame(dump, frame,
				  "the stack is deeper, its other frames were left out", NULL,
				  json);
			return false;
		}
		add_frame(dump, frame, NULL, NULL, json);
		strbuf_addc(json, ',');
		*frame = caller;
	}
	return false;
}

static bool add_frames(const struct dump *dump, const struct dump_thread *thread,
		       struct strbuf *json)
{
	const struct dump_register *registers = dump->arch->registers;
	struct unwind_frame frame = {
		.pc = thread->registers.value[registers[dump->arch->pc].dwarf],
		.sp = thread->registers.value[registers[dump->arch->sp].dwarf],
		.trust = UNWIND_CONTEXT,
	};

	if (!dump->arch->unwind) {
		add_frame(dump, &frame, "stacks of this architecture are not followed here", NULL,
			  json);
		return false;
	}
	unwind_begin(dump->arch->unwind, &thread->registers, &frame);
	return walk(dump, &frame, json);
}

struct crashinfo_error *dump_stack_json(const struct dump *dump, const struct dump_thread *thread,
					struct strbuf *ret)
{
	bool complete;

	strbuf_adds(ret, "{\"format\":\"" STACK_FORMAT "\",\"frames\":[");
	complete = thread && thread->has_registers && add_frames(dump, thread, ret);
	strbuf_addf(ret, "],\"incomplete\":%s}", complete ? "false" : "true");
	return strbuf_error(ret);
}

void dump_registers_json(const struct dump_arch *arch, const struct dump_thread *thread,
			 struct strbuf *ret)
{
	strbuf_addf(ret, "{\"arch\":\"%s\",\"registers\":{", arch->name);
	for (size_t i = 0; i < arch->register_count; i++)
		strbuf_addf(ret, "%s\"%s\":\"0x%016jx\"", i ? "," : "", arch->registers[i].name,
			    (uintmax_t)thread->registers.value[arch->registers[i].dwarf]);
	strbuf_adds(ret, "}}");
}
