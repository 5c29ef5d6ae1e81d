/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on single frames and on their order. */
#include <string.h>

#include "base/number.h"
#include "schema/lint.h"

/* A row of equal frames as long as this is no recursion that anyone meant. */
#define REPEATED_FRAMES 8
#define GNU_ID_DIGITS   40
#define PDB_ID_DIGITS   33

typedef void frame_fn(struct lint *l, const char *id, const struct lint_frame *frame);

static void for_each_frame(struct lint *l, const char *id, frame_fn *fn)
{
	for (size_t i = 0; i < l->stack_count; i++)
		for (size_t j = 0; j < l->stacks[i].frame_count; j++)
			fn(l, id, &l->stacks[i].frames[j]);
}

static bool has(const struct lint_frame *frame, enum frame_member member)
{
	return frame->at[member] != CRASHINFO_JSON_NONE;
}

/* --- L-08 --- */

enum hex_form { HEX_FINE, HEX_BARE, HEX_UPPER, HEX_LONG, HEX_BIG_X, HEX_BAD };

static enum hex_form hex_form_of(struct crashinfo_slice text)
{
	enum hex_form form = HEX_BARE;
	size_t digits;

	if (text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
		form = text.data[1] == 'X' ? HEX_BIG_X : HEX_FINE;
		text.data += 2;
		text.size -= 2;
	}
	for (digits = 0; digits < text.size; digits++) {
		if (hex_digit(text.data[digits]) < 0)
			return HEX_BAD;
		if (form == HEX_FINE && text.data[digits] >= 'A' && text.data[digits] <= 'F')
			form = HEX_UPPER;
	}
	if (!digits)
		return HEX_BAD;
	return digits > 16 ? HEX_LONG : form;
}

static void check_address(struct lint *l, const char *id, crashinfo_json_node node)
{
	static const char *const odd[] = {
		[HEX_BARE] = "the address has no 0x",
		[HEX_UPPER] = "hex digits of addresses are lower case",
		[HEX_LONG] = "the address has more than 16 digits",
		[HEX_BIG_X] = "the address begins with 0X, not 0x",
	};
	enum hex_form form;
	struct note *note;

	if (node == CRASHINFO_JSON_NONE)
		return;
	form = hex_form_of(lint_slice(l, node));
	if (form == HEX_FINE)
		return;
	note = lint_add(l, id,
			form == HEX_BAD ? CRASHINFO_SEVERITY_ERROR : CRASHINFO_SEVERITY_WARNING,
			node, "%s", form == HEX_BAD ? "not an address in hex" : odd[form]);
	if (note)
		note->got = gatherer_show(l->g, l->json, node);
}

static void check_frame_addresses(struct lint *l, const char *id, const struct lint_frame *frame)
{
	for (int i = 0; i < FRAME_ADDRESS_COUNT; i++)
		check_address(l, id, frame->at[i]);
}

void lint_addresses(struct lint *l, const char *id)
{
	crashinfo_json_node sig_info = lint_at(l, "sig_info");

	for_each_frame(l, id, check_frame_addresses);
	check_address(l, id, lint_string_member(l, sig_info, "si_addr"));
	check_address(l, id, lint_string_member(l, sig_info, "sid_addr"));
	check_address(l, id, lint_string_member(l, sig_info, "faulting_address"));
}

/* --- L-09 to L-13: members that go together --- */

static void check_build_id_type(struct lint *l, const char *id, const struct lint_frame *frame)
{
	if (has(frame, FRAME_BUILD_ID) && !has(frame, FRAME_BUILD_ID_TYPE))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, frame->at[FRAME_BUILD_ID],
			 "build_id without build_id_type");
	if (!has(frame, FRAME_BUILD_ID) && has(frame, FRAME_BUILD_ID_TYPE))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, frame->at[FRAME_BUILD_ID_TYPE],
			 "build_id_type without build_id");
}

void lint_build_id_type(struct lint *l, const char *id)
{
	for_each_frame(l, id, check_build_id_type);
}

static void check_relative(struct lint *l, const char *id, const struct lint_frame *frame)
{
	bool type = has(frame, FRAME_FILE_TYPE), path = has(frame, FRAME_PATH);

	if (has(frame, FRAME_RELATIVE_ADDRESS) && (!type || !path))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, frame->at[FRAME_RELATIVE_ADDRESS],
			 "relative_address without %s",
			 type   ? "path"
			 : path ? "file_type"
				: "file_type and path");
}

void lint_relative(struct lint *l, const char *id)
{
	for_each_frame(l, id, check_relative);
}

static void check_mangled(struct lint *l, const char *id, const struct lint_frame *frame)
{
	crashinfo_json_node node = frame->at[FRAME_MANGLED_NAME];
	struct crashinfo_slice mangled, function;

	if (node == CRASHINFO_JSON_NONE)
		return;
	mangled = lint_text(l, node);
	function = lint_text(l, frame->at[FRAME_FUNCTION]);
	if (!has(frame, FRAME_FUNCTION))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node, "mangled_name without function");
	else if (mangled.size == function.size &&
		 !memcmp(mangled.data, function.data, mangled.size))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node,
			 "mangled_name is the same as function");
	if (strncmp(mangled.data, "_Z", 2) && strncmp(mangled.data, "_R", 2) &&
	    strncmp(mangled.data, "__Z", 3) && mangled.data[0] != '?')
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "this does not look like a mangled name");
}

void lint_mangled(struct lint *l, const char *id)
{
	for_each_frame(l, id, check_mangled);
}

void lint_runtime_stack(struct lint *l, const char *id)
{
	crashinfo_json_node stack = lint_at(l, "experimental.runtime_stack");
	crashinfo_json_node text = lint_string_member(l, stack, "stacktrace_string");
	bool frames = lint_is(l, lint_member(l, stack, "frames"), CRASHINFO_JSON_ARRAY);

	if (!lint_is(l, stack, CRASHINFO_JSON_OBJECT))
		return;
	if (frames == (text != CRASHINFO_JSON_NONE)) {
		struct note *note = lint_add(l, id, CRASHINFO_SEVERITY_ERROR, stack,
					     "a runtime stack has %s frames %s stacktrace_string",
					     frames ? "both" : "neither", frames ? "and" : "nor");

		if (note)
			note->at_name = true;
	}
}

static void check_hex_id(struct lint *l, const char *id, crashinfo_json_node node,
			 struct crashinfo_slice text, bool gnu)
{
	bool plain = text.size && text.size % 2 == 0;

	for (size_t i = 0; i < text.size; i++)
		plain &= hex_digit(text.data[i]) >= 0 &&
			 !(text.data[i] >= 'A' && text.data[i] <= 'F');
	if (!plain)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "build_id is not lower-case hex of even length");
	else if (gnu && text.size != GNU_ID_DIGITS)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "build_id has %zu bytes, GNU ids have 20", text.size / 2);
}

static void check_build_id(struct lint *l, const char *id, const struct lint_frame *frame)
{
	crashinfo_json_node node = frame->at[FRAME_BUILD_ID], type = frame->at[FRAME_BUILD_ID_TYPE];
	struct crashinfo_slice text;

	if (node == CRASHINFO_JSON_NONE)
		return;
	text = lint_slice(l, node);
	if (lint_equals(l, type, "GNU") || lint_equals(l, type, "SHA1"))
		check_hex_id(l, id, node, text, lint_equals(l, type, "GNU"));
	else if (lint_equals(l, type, "PDB") && text.size < PDB_ID_DIGITS)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
			 "build_id is too short for a GUID and an age");
}

void lint_build_ids(struct lint *l, const char *id)
{
	for_each_frame(l, id, check_build_id);
}

/* --- L-18: order within a frame --- */

static void check_order(struct lint *l, const char *id, const struct lint_frame *frame,
			enum frame_member low, enum frame_member high, const char *message)
{
	if (frame->has[low] && frame->has[high] && frame->addresses[low] > frame->addresses[high])
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, frame->at[low], "%s", message);
}

static void check_frame_order(struct lint *l, const char *id, const struct lint_frame *frame)
{
	check_order(l, id, frame, FRAME_MODULE_BASE_ADDRESS, FRAME_IP,
		    "module_base_address is above ip");
	check_order(l, id, frame, FRAME_SYMBOL_ADDRESS, FRAME_IP, "symbol_address is above ip");
	check_order(l, id, frame, FRAME_MODULE_BASE_ADDRESS, FRAME_SYMBOL_ADDRESS,
		    "module_base_address is above symbol_address");
}

void lint_order_of_addresses(struct lint *l, const char *id)
{
	for_each_frame(l, id, check_frame_order);
}

/* --- L-19 --- */

static void check_stack_mapping(struct lint *l, const char *id, const struct lint_frame *frame)
{
	const struct crashinfo_map *map;

	if (!l->maps || !l->maps->count)
		return;
	map = crashinfo_maps_find(l->maps, frame->addresses[FRAME_SP]);
	if (!map || !map->writable)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, frame->at[FRAME_SP],
			 "sp is outside of writable memory");
}

void lint_stack_pointers(struct lint *l, const char *id)
{
	for (size_t i = 0; i < l->stack_count; i++) {
		const struct lint_stack *stack = &l->stacks[i];
		uint64_t last = 0;

		for (size_t j = 0; j < stack->frame_count; j++) {
			const struct lint_frame *frame = &stack->frames[j];

			if (!frame->has[FRAME_SP])
				continue;
			if (frame->addresses[FRAME_SP] < last)
				lint_add(l, id, CRASHINFO_SEVERITY_WARNING, frame->at[FRAME_SP],
					 "sp is below that of the frame it called");
			last = frame->addresses[FRAME_SP];
			check_stack_mapping(l, id, frame);
		}
	}
}

/* --- L-20, L-21 --- */

static bool is_empty(const struct lint_frame *frame)
{
	return !has(frame, FRAME_IP) && !has(frame, FRAME_FUNCTION) &&
	       !has(frame, FRAME_RELATIVE_ADDRESS) && !has(frame, FRAME_PATH);
}

static bool is_same(const struct lint *l, const struct lint_frame *a, const struct lint_frame *b)
{
	struct crashinfo_slice x = crashinfo_json_raw(l->json, a->node);
	struct crashinfo_slice y = crashinfo_json_raw(l->json, b->node);

	return x.size == y.size && !memcmp(x.data, y.data, x.size);
}

static void check_repeated(struct lint *l, const char *id, const struct lint_stack *stack)
{
	size_t row = 1;

	for (size_t j = 1; j <= stack->frame_count; j++) {
		if (j < stack->frame_count &&
		    is_same(l, &stack->frames[j - 1], &stack->frames[j])) {
			row++;
			continue;
		}
		if (row > REPEATED_FRAMES)
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, stack->frames[j - row].node,
				 "the same frame comes %zu times in a row", row);
		row = 1;
	}
}

void lint_empty_frames(struct lint *l, const char *id)
{
	for (size_t i = 0; i < l->stack_count; i++) {
		const struct lint_stack *stack = &l->stacks[i];

		/* frames of runtimes say it in members of their own */
		for (size_t j = 0; j < stack->frame_count && stack->role != CRASHINFO_STACK_RUNTIME;
		     j++)
			if (is_empty(&stack->frames[j]))
				lint_add(l, id, CRASHINFO_SEVERITY_WARNING, stack->frames[j].node,
					 "the frame has no ip, function, relative_address or path");
		check_repeated(l, id, stack);
	}
}

void lint_no_frames(struct lint *l, const char *id)
{
	crashinfo_json_node frames = lint_at(l, "error.stack.frames");

	if (lint_is(l, frames, CRASHINFO_JSON_ARRAY) && !crashinfo_json_count(l->json, frames) &&
	    lint_is(l, lint_at(l, "error.stack.incomplete"), CRASHINFO_JSON_FALSE) &&
	    lint_equals(l, lint_at(l, "error.kind"), "UnixSignal"))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, frames,
			 "no frames though the stack is complete");
}
