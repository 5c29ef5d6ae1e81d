/* SPDX-License-Identifier: Apache-2.0 */
/* What a dump tells, in the members of a report. */
#include "dump/dump.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "json/write.h"

void dump_deinit(struct dump *dump)
{
	free(dump->threads.data);
	*dump = (struct dump){0};
}

static struct crashinfo_error *set(struct crashinfo_report_builder *builder, const char *member,
				   const struct strbuf *json)
{
	if (json->failed)
		return crashinfo_error_no_memory();
	return crashinfo_report_builder_set(builder, member, json->data, json->size);
}

static const struct dump_thread *crashed_thread(const struct dump *dump)
{
	return dump->crashed < dump->threads.size ? &dump->threads.data[dump->crashed] : NULL;
}

/* Where the kernel, not a sender, made the signal, and its kind has an address. */
static bool has_address(const struct dump_signal *signal)
{
	switch (signal->signo) {
	case SIGTRAP: return signal->code > 0 && signal->code != SI_KERNEL;
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE: return signal->code > 0;
	default: return false;
	}
}

static struct crashinfo_error *set_signal(const struct dump *dump,
					  struct crashinfo_report_builder *builder)
{
	const struct dump_signal *signal = &dump->signal;
	struct strbuf json _strbuf_ = {0};

	strbuf_adds(&json, "{");
	if (has_address(signal))
		strbuf_addf(&json, "\"si_addr\":\"0x%016jx\",", (uintmax_t)signal->address);
	strbuf_addf(&json,
		    "\"si_code\":%d,\"si_code_human_readable\":\"%s\",\"si_signo\":%d,"
		    "\"si_signo_human_readable\":\"%s\"}",
		    signal->code,
		    signal->known ? crashinfo_si_code_name(signal->signo, signal->code) : "UNKNOWN",
		    signal->signo, crashinfo_signal_name(signal->signo));
	return set(builder, "sig_info", &json);
}

static struct crashinfo_error *set_message(const struct dump *dump,
					   struct crashinfo_report_builder *builder)
{
	const struct dump_signal *signal = &dump->signal;
	struct strbuf text _strbuf_ = {0};

	if (!signal->signo)
		strbuf_adds(&text, "Snapshot of a running process");
	else
		strbuf_addf(&text, "Process terminated with %s (%s)",
			    signal->known ? crashinfo_si_code_name(signal->signo, signal->code)
					  : "UNKNOWN",
			    crashinfo_signal_name(signal->signo));
	if (text.failed)
		return crashinfo_error_no_memory();
	return crashinfo_report_builder_set_text(builder, "error.message", text.data, text.size);
}

/* What does not take a thread. */
static struct crashinfo_error *set_process(const struct dump *dump,
					   struct crashinfo_report_builder *builder)
{
	const struct dump_thread *thread = crashed_thread(dump);
	struct strbuf json _strbuf_ = {0};
	struct crashinfo_error *error;

	error = crashinfo_report_builder_set_text(builder, "error.kind", "UnixSignal",
						  strlen("UnixSignal"));
	if (!error)
		error = crashinfo_report_builder_set_bool(builder, "error.is_crash",
							  dump->signal.signo != 0);
	if (!error && dump->signal.signo)
		error = set_signal(dump, builder);
	if (!error)
		error = set_message(dump, builder);
	if (error || !dump->pid)
		return error;
	strbuf_addf(&json, "{\"pid\":%u", dump->pid);
	if (thread)
		strbuf_addf(&json, ",\"tid\":%u", thread->tid);
	strbuf_adds(&json, "}");
	return set(builder, "proc_info", &json);
}

/* Without a name the thread's number stands for it. */
static void add_name(const struct dump_thread *thread, struct strbuf *json)
{
	char number[16];
	const char *name = thread->name;

	if (!name) {
		snprintf(number, sizeof(number), "%u", thread->tid);
		name = number;
	}
	json_add_string(json, name, strlen(name));
}

static struct crashinfo_error *add_thread(const struct dump *dump, const struct dump_thread *thread,
					  struct crashinfo_report_builder *builder,
					  const struct strbuf *stack)
{
	struct strbuf json _strbuf_ = {0};

	strbuf_addf(&json,
		    "{\"crashed\":%s,\"name\":", thread == crashed_thread(dump) ? "true" : "false");
	add_name(thread, &json);
	strbuf_adds(&json, ",\"stack\":");
	strbuf_add(&json, stack->data, stack->size);
	if (*thread->state)
		strbuf_addf(&json, ",\"state\":\"%s\"", thread->state);
	strbuf_addf(&json, ",\"tid\":%u", thread->tid);
	if (thread->has_registers) {
		strbuf_adds(&json, ",\"ucontext\":");
		dump_registers_json(dump->arch, thread, &json);
	}
	strbuf_adds(&json, "}");
	if (json.failed)
		return crashinfo_error_no_memory();
	return crashinfo_report_builder_add_thread(builder, json.data, json.size);
}

/* The thread that crashed is error.stack, and comes first among the threads. */
static struct crashinfo_error *add_crashed(const struct dump *dump,
					   struct crashinfo_report_builder *builder)
{
	const struct dump_thread *thread = crashed_thread(dump);
	struct strbuf stack _strbuf_ = {0}, registers _strbuf_ = {0};
	struct crashinfo_error *error = dump_stack_json(dump, thread, &stack);

	if (!error)
		error = set(builder, "error.stack", &stack);
	if (error || !thread)
		return error;
	/* when none crashed the others are in the background of this one */
	if (dump->signal.signo)
		error = add_thread(dump, thread, builder, &stack);
	if (!error && thread->name)
		error = crashinfo_report_builder_set_text(builder, "error.thread_name",
							  thread->name, strlen(thread->name));
	if (error || !thread->has_registers)
		return error;
	dump_registers_json(dump->arch, thread, &registers);
	return set(builder, "ucontext", &registers);
}

struct crashinfo_error *dump_report(const struct dump *dump,
				    struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = set_process(dump, builder);

	if (!error)
		error = add_crashed(dump, builder);
	for (size_t i = 0; i < dump->threads.size && !error; i++) {
		struct strbuf stack _strbuf_ = {0};

		if (i == dump->crashed)
			continue;
		error = dump_stack_json(dump, &dump->threads.data[i], &stack);
		if (!error)
			error = add_thread(dump, &dump->threads.data[i], builder, &stack);
	}
	return error;
}

struct crashinfo_error *dump_report_file(struct crashinfo_report_builder *builder, const char *name,
					 const char *text, size_t size)
{
	struct crashinfo_error *error = crashinfo_report_builder_file(builder, name, strlen(name));

	while (size && !error) {
		const char *newline = memchr(text, '\n', size);
		size_t length = newline ? (size_t)(newline - text) : size;

		error = crashinfo_report_builder_file_line(builder, text, length);
		text += length + !!newline;
		size -= length + !!newline;
	}
	return error;
}
