/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on the signal and the registers. */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "schema/lint.h"
#include "json/string.h"

#define SI_KERNEL_CODE 0x80
#define REGISTER_TEXT  18 /* 0x and 16 digits */

/* --- L-22, L-23: numbers and names --- */

static void expect_name(struct lint *l, const char *id, crashinfo_json_node node, const char *name)
{
	struct note *note = lint_add(l, id, CRASHINFO_SEVERITY_ERROR, node,
				     "the name does not go with the number");

	if (!note)
		return;
	note->expected = gatherer_text(l->g, "\"%s\"", name);
	note->got = gatherer_show(l->g, l->json, node);
}

void lint_signal_name(struct lint *l, const char *id)
{
	crashinfo_json_node sig_info = lint_at(l, "sig_info"), name;
	int64_t number;

	name = lint_string_member(l, sig_info, "si_signo_human_readable");
	if (name == CRASHINFO_JSON_NONE || lint_equals(l, name, "UNKNOWN") ||
	    !lint_integer(l, lint_member(l, sig_info, "si_signo"), &number))
		return;
	if (!lint_equals(l, name, crashinfo_signal_name(number)))
		expect_name(l, id, name, crashinfo_signal_name(number));
}

void lint_code_name(struct lint *l, const char *id)
{
	crashinfo_json_node sig_info = lint_at(l, "sig_info"), name;
	int64_t number, code;

	name = lint_string_member(l, sig_info, "si_code_human_readable");
	if (name == CRASHINFO_JSON_NONE || lint_equals(l, name, "UNKNOWN") ||
	    !lint_integer(l, lint_member(l, sig_info, "si_signo"), &number) ||
	    !lint_integer(l, lint_member(l, sig_info, "si_code"), &code))
		return;
	if (!lint_equals(l, name, crashinfo_si_code_name(number, code)))
		expect_name(l, id, name, crashinfo_si_code_name(number, code));
}

/* --- L-24 --- */

/* A name of a signal in parentheses at the end, as the default message has it; 0 when none. */
static int signal_of_message(struct crashinfo_slice message)
{
	const char *open = message.size ? memrchr(message.data, '(', message.size) : NULL;
	char name[16];
	size_t size;

	if (!open || memcmp(message.data, "Process", message.size < 7 ? message.size : 7) ||
	    message.data[message.size - 1] != ')')
		return 0;
	size = message.size - (size_t)(open - message.data) - 2;
	if (size >= sizeof(name))
		return 0;
	memcpy(name, open + 1, size);
	name[size] = '\0';
	return crashinfo_signal_number(name);
}

void lint_kind(struct lint *l, const char *id)
{
	crashinfo_json_node kind = lint_at(l, "error.kind"), sig_info = lint_at(l, "sig_info");
	crashinfo_json_node message = lint_at(l, "error.message");
	bool has_signal = lint_is(l, sig_info, CRASHINFO_JSON_OBJECT);
	int named = signal_of_message(lint_text(l, message));
	int64_t number;

	if (lint_equals(l, kind, "UnixSignal") && !has_signal)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, kind, "UnixSignal without sig_info");
	if (has_signal &&
	    (lint_equals(l, kind, "Panic") || lint_equals(l, kind, "UnhandledException")))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, kind, "sig_info though no signal came");
	if (named && lint_integer(l, lint_member(l, sig_info, "si_signo"), &number) &&
	    number != named)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, message,
			 "the message names another signal than sig_info");
}

/* --- L-26, L-27 --- */

void lint_sid_addr(struct lint *l, const char *id)
{
	crashinfo_json_node sig_info = lint_at(l, "sig_info");
	crashinfo_json_node typo = lint_member(l, sig_info, "sid_addr");
	crashinfo_json_node right = lint_member(l, sig_info, "si_addr");
	uint64_t a, b;
	struct note *note;

	if (typo == CRASHINFO_JSON_NONE)
		return;
	if (right != CRASHINFO_JSON_NONE && report_address(l->json, typo, &a) &&
	    report_address(l->json, right, &b) && a != b) {
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, typo,
			 "sid_addr and si_addr have different values");
		return;
	}
	note = lint_add(l, id, CRASHINFO_SEVERITY_WARNING, typo, "the member is called si_addr");
	if (note) {
		note->at_name = true;
		note->suggestion = "si_addr";
	}
}

void lint_fault_address(struct lint *l, const char *id)
{
	crashinfo_json_node sig_info = lint_at(l, "sig_info");
	crashinfo_json_node node = lint_string_member(l, sig_info, "si_addr");
	uint64_t address;
	int64_t code;

	if (node == CRASHINFO_JSON_NONE ||
	    !lint_integer(l, lint_member(l, sig_info, "si_code"), &code))
		return;
	if (code <= 0)
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node,
			 "the signal was sent, so this is no fault address");
	else if (code == SI_KERNEL_CODE && report_address(l->json, node, &address) && !address)
		lint_add(l, id, CRASHINFO_SEVERITY_INFO, node,
			 "the address that was accessed is not known");
}

/* --- L-28, L-29: registers --- */

static const char *const names_x86_64[] = {"rip", "rsp", "rbp", "rax", "rbx",
					   "rcx", "rdx", "rsi", "rdi", NULL};
static const char *const names_aarch64[] = {"pc", "sp", "fp", "lr", NULL};

static const struct architecture {
	const char *name, *other_name; /* uname's, and that of other systems */
	const char *pc, *sp;
	const char *const *names;
	const char *numbered; /* letter and the numbers that follow it */
	unsigned first, last;
} architectures[] = {
	{"x86_64", "amd64", "rip", "rsp", names_x86_64, "r", 8, 15},
	{"aarch64", "arm64", "pc", "sp", names_aarch64, "x", 0, 30},
};

static const struct architecture *find_architecture(const struct lint *l, crashinfo_json_node node)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++)
		if (lint_equals(l, node, architectures[i].name) ||
		    lint_equals(l, node, architectures[i].other_name))
			return &architectures[i];
	return NULL;
}

/* The frame that the crash happened in. */
static const struct lint_frame *top_frame(const struct lint *l)
{
	for (size_t i = 0; i < l->stack_count; i++)
		if (l->stacks[i].role == CRASHINFO_STACK_CRASHED && l->stacks[i].frame_count)
			return &l->stacks[i].frames[0];
	return NULL;
}

static void compare_register(struct lint *l, const char *id, const char *name,
			     const struct lint_frame *frame, enum frame_member member,
			     const char *member_name)
{
	crashinfo_json_node registers = lint_at(l, "ucontext.registers");
	crashinfo_json_node node = lint_string_member(l, registers, name);
	uint64_t value;

	if (!frame || !frame->has[member] || !report_address(l->json, node, &value) ||
	    value == frame->addresses[member])
		return;
	lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node, "%s is not the %s of the first frame",
		 name, member_name);
}

void lint_context(struct lint *l, const char *id)
{
	crashinfo_json_node arch = lint_at(l, "ucontext.arch");
	const struct architecture *own = find_architecture(l, arch);
	const struct architecture *of_system =
		find_architecture(l, lint_at(l, "os_info.architecture"));

	if (!own)
		return;
	compare_register(l, id, own->pc, top_frame(l), FRAME_IP, "ip");
	compare_register(l, id, own->sp, top_frame(l), FRAME_SP, "sp");
	if (of_system && of_system != own)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, arch,
			 "arch is not the architecture of os_info, %s", of_system->name);
}

static bool is_register(const struct lint *l, const struct architecture *arch,
			crashinfo_json_node name)
{
	char numbered[8];

	for (size_t i = 0; arch->names[i]; i++)
		if (crashinfo_json_string_equals(l->json, name, arch->names[i]))
			return true;
	for (unsigned i = arch->first; i <= arch->last; i++) {
		snprintf(numbered, sizeof(numbered), "%s%u", arch->numbered, i);
		if (crashinfo_json_string_equals(l->json, name, numbered))
			return true;
	}
	return false;
}

static void check_register(struct lint *l, const char *id, const struct architecture *arch,
			   crashinfo_json_node name)
{
	crashinfo_json_node value = name + 1;
	uint64_t number;

	if (arch && !is_register(l, arch, name))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, name, "%s has no such register",
			 arch->name);
	if (!lint_is(l, value, CRASHINFO_JSON_STRING))
		return;
	if (!report_address(l->json, value, &number))
		lint_add(l, id, CRASHINFO_SEVERITY_ERROR, value, "not a number in hex");
	else if (json_quoted(l->json, &l->json->nodes[value]).size != REGISTER_TEXT)
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, value,
			 "registers are written with 16 digits");
}

void lint_registers(struct lint *l, const char *id)
{
	const struct architecture *arch = find_architecture(l, lint_at(l, "ucontext.arch"));
	crashinfo_json_node registers = lint_at(l, "ucontext.registers"), name;

	if (!lint_is(l, registers, CRASHINFO_JSON_OBJECT))
		return;
	for (name = lint_next(l, registers, CRASHINFO_JSON_NONE); name != CRASHINFO_JSON_NONE;
	     name = lint_next(l, registers, name))
		check_register(l, id, arch, name);
}
