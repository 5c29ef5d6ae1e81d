/* SPDX-License-Identifier: Apache-2.0 */
#include "host/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/near.h"
#include "host/proc.h"

/* A process with as many maps as the kernel allows has less. */
#define MAPS_BYTES_MAX (256u << 20)
/* The kernel's own maximum for one argument list is a few MiB; its beginning tells enough. */
#define COMMAND_BYTES_MAX 16384

struct live_limits live_limits_default(void)
{
	return (struct live_limits){.threads = 4096, .frames = 512, .memory = 256, .files = 256};
}

/* --- what the dump asks for ------------------------------------------------------------------- */

static bool find_place(void *source, uint64_t pc, struct dump_place *ret)
{
	const struct live *live = source;
	const struct process_module *module = process_module_find(live->process, pc);

	if (!module)
		return false;
	*ret = (struct dump_place){
		.path = module->map->path,
		.build_id = module->build_id,
		.module_base = module->bias + module->image.low,
		.relative = pc - module->bias,
	};
	return true;
}

static void explain_end(void *source, uint64_t pc, uint64_t sp, struct strbuf *ret)
{
	const struct live *live = source;
	struct unwind_memory memory = process_memory(live->process);
	uint64_t word;

	(void)pc;
	if (!memory.read(memory.context, sp, &word, sizeof(word)))
		strbuf_adds(ret, "the stack here could not be read");
}

/* --- opening ---------------------------------------------------------------------------------- */

struct crashinfo_error *live_open(const struct crashinfo_context *context, int pid,
				  const struct live_limits *limits, struct live *ret)
{
	struct crashinfo_error *error;

	*ret = (struct live){.context = *context, .limits = *limits, .pid = pid};
	ret->context.limits.stack_frames = (size_t)limits->frames;
	error = process_open(&ret->context, pid, &ret->process);
	if (error)
		return error;
	ret->dump.limits = &ret->context.limits;
	ret->dump.arch = dump_arch_host();
	ret->dump.space = process_space(ret->process);
	ret->dump.find_place = find_place;
	ret->dump.explain_end = explain_end;
	ret->dump.source = ret;
	ret->dump.pid = (uint32_t)pid;
	return NULL;
}

void live_close(struct live *live)
{
	process_threads_deinit(&live->threads);
	process_close(live->process);
	strbuf_deinit(&live->maps);
	strbuf_deinit(&live->open_files);
	strbuf_deinit(&live->command);
	dump_deinit(&live->dump);
}

struct crashinfo_error *live_read_maps(struct live *live)
{
	struct crashinfo_error *error = proc_read(live->pid, "maps", MAPS_BYTES_MAX, &live->maps);

	if (error)
		return error;
	return process_set_maps(live->process, live->maps.size ? live->maps.data : "",
				live->maps.size);
}

struct crashinfo_error *live_read_files(struct live *live)
{
	struct crashinfo_error *error;

	error = proc_read(live->pid, "cmdline", COMMAND_BYTES_MAX, &live->command);
	/* arguments end with NUL; a report has one a line */
	for (size_t i = 0; i < live->command.size; i++)
		if (!live->command.data[i])
			live->command.data[i] = '\n';
	if (error && error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	crashinfo_error_destroy(error);
	if (!live->limits.files)
		return NULL;
	return proc_open_files(live->pid, live->limits.files, &live->open_files,
			       &live->files_left_out);
}

/* --- threads ---------------------------------------------------------------------------------- */

static struct crashinfo_error *add_thread(struct live *live, struct process_thread *from)
{
	struct dump_thread *thread = vec_push(&live->dump.threads);

	if (!thread)
		return crashinfo_error_no_memory();
	*thread = (struct dump_thread){
		.tid = (uint32_t)from->tid,
		.name = from->name,
		.has_registers = from->has_registers,
		.registers = from->registers,
	};
	thread->state[0] = from->state;
	return NULL;
}

static uint64_t stack_pointer(const struct live *live, const struct process_thread *thread)
{
	const struct dump_arch *arch = live->dump.arch;

	return thread->registers.value[arch->registers[arch->sp].dwarf];
}

/* While they are stopped. */
static struct crashinfo_error *copy(struct live *live)
{
	const struct process_threads *threads = &live->threads;
	struct crashinfo_error *error = live_read_maps(live);

	for (size_t i = 0; i < threads->count && !error; i++)
		if (threads->items[i].has_registers)
			process_copy_stack(live->process, stack_pointer(live, &threads->items[i]));
	if (!error && threads->count)
		near_copy(live, &threads->items[0]);
	process_hold(live->process);
	return error;
}

struct crashinfo_error *live_snapshot(struct live *live)
{
	struct process_threads_options options = {.pid = live->pid,
						  .max = (size_t)live->limits.threads};
	struct crashinfo_error *error = process_threads_stop(&options, &live->threads);

	if (error)
		return error;
	error = copy(live);
	process_threads_release(&live->threads);
	/* Not before: now names and states of all are known. */
	for (size_t i = 0; i < live->threads.count && !error; i++)
		error = add_thread(live, &live->threads.items[i]);
	return error;
}

/* --- the report ------------------------------------------------------------------------------- */

static struct crashinfo_error *add_log(struct crashinfo_report_builder *builder,
				       const struct strbuf *text)
{
	if (text->failed)
		return crashinfo_error_no_memory();
	return crashinfo_report_builder_log(builder, text->data, text->size);
}

/* What the limits cut off, and threads that could not be looked at. */
static struct crashinfo_error *add_losses(struct live *live,
					  struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = NULL;

	if (live->threads.total > live->threads.count) {
		struct strbuf text _strbuf_ = {0};

		strbuf_addf(&text, "%zu of %zu threads were left out",
			    live->threads.total - live->threads.count, live->threads.total);
		error = add_log(builder, &text);
	}
	for (size_t i = 0; i < live->threads.count && !error; i++) {
		const struct process_thread *thread = &live->threads.items[i];
		struct strbuf text _strbuf_ = {0};

		if (thread->has_registers || !thread->error)
			continue;
		strbuf_addf(&text, "thread %d could not be stopped: %s", thread->tid,
			    strerror(thread->error));
		error = add_log(builder, &text);
	}
	return error;
}

static struct crashinfo_error *add_files(struct live *live,
					 struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error;

	error = dump_report_file(builder, "/proc/self/maps", live->maps.data, live->maps.size);
	if (!error && live->command.size)
		error = dump_report_file(builder, "/proc/self/cmdline", live->command.data,
					 live->command.size);
	if (!error && live->open_files.size)
		error = dump_report_file(builder, "/proc/self/fd", live->open_files.data,
					 live->open_files.size);
	return error;
}

static struct crashinfo_error *set_host(const char *library,
					struct crashinfo_report_builder *builder)
{
	struct strbuf json _strbuf_ = {0};
	char *os_info = NULL;
	struct crashinfo_error *error = crashinfo_os_info_json(&os_info);

	if (!error)
		error = crashinfo_report_builder_set(builder, "os_info", os_info, strlen(os_info));
	free(os_info);
	if (error)
		return error;
	strbuf_addf(&json,
		    "{\"library_name\":\"%s\",\"library_version\":\"%s\",\"family\":\"native\"}",
		    library, crashinfo_version());
	if (json.failed)
		return crashinfo_error_no_memory();
	return crashinfo_report_builder_set(builder, "metadata", json.data, json.size);
}

/* Two that say the same still are two. */
static struct crashinfo_error *set_uuid(struct crashinfo_report_builder *builder)
{
	char uuid[37];
	struct crashinfo_error *error = crashinfo_uuid_random(uuid);

	if (error)
		return error;
	return crashinfo_report_builder_set_text(builder, "uuid", uuid, strlen(uuid));
}

struct crashinfo_error *live_report(struct live *live, const char *library,
				    struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = set_host(library, builder);

	if (!error)
		error = set_uuid(builder);
	if (!error)
		error = dump_report(&live->dump, builder);
	if (!error)
		error = add_files(live, builder);
	if (!error && live->dump.threads.size)
		error = near_report(live, &live->dump.threads.data[live->dump.crashed], builder);
	if (!error)
		error = add_losses(live, builder);
	return error;
}
