/* SPDX-License-Identifier: Apache-2.0 */
#include "host/usercrash.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/json.h>
#include <crashinfo/render.h>

#include "base/cleanup.h"
#include "dump/core_threads.h"
#include "host/proc.h"

/* Status files have about 1.5 KiB. */
#define STATUS_BYTES_MAX 65536
/* The kernel passes a program a few dozen pairs. */
#define AUXV_BYTES_MAX 4096
/* Of no process. */
#define NO_PROCESS -1
/* Reports that are too large are made again with a quarter of each limit. */
#define ROUNDS 4

/* --- threads ---------------------------------------------------------------------------------- */

/* The number that a thread has in the innermost namespace; its own when it is in ours. */
static uint32_t inner_tid(int pid, int tid)
{
	struct strbuf text _strbuf_ = {0};
	_error_ struct crashinfo_error *error = NULL;
	char name[32];
	const char *line;
	uint32_t number = (uint32_t)tid;

	snprintf(name, sizeof(name), "task/%d/status", tid);
	error = proc_read(pid, name, STATUS_BYTES_MAX, &text);
	strbuf_addc(&text, '\0');
	line = error || text.failed ? NULL : strstr(text.data, "\nNSpid:");
	if (!line)
		return number;
	for (line += strlen("\nNSpid:"); *line == '\t'; line += strcspn(line, "\t\n"))
		number = (uint32_t)strtoul(++line, NULL, 10);
	return number;
}

/* The thread of the notes that has this number. */
static struct dump_thread *find_thread(struct dump *dump, uint32_t tid)
{
	for (size_t i = 0; i < dump->threads.size; i++)
		if (dump->threads.data[i].tid == tid)
			return &dump->threads.data[i];
	return NULL;
}

/*
 * Names are with the process, and so are the numbers that threads have outside of a container: the
 * notes have those inside.
 */
static void name_threads(struct live *live, bool is_nested)
{
	struct process_threads_options how = {.pid = live->pid, .names_only = true};
	_error_ struct crashinfo_error *error = process_threads_stop(&how, &live->threads);

	if (error)
		return;
	/* Not before are all names and states known. */
	process_threads_release(&live->threads);
	for (size_t i = 0; i < live->threads.count; i++) {
		struct process_thread *from = &live->threads.items[i];
		uint32_t tid = is_nested ? inner_tid(live->pid, from->tid) : (uint32_t)from->tid;
		struct dump_thread *thread = find_thread(&live->dump, tid);

		if (!thread || thread->name)
			continue;
		thread->name = from->name;
		thread->state[0] = from->state;
		thread->tid = (uint32_t)from->tid;
	}
}

static struct crashinfo_error *take_notes(struct live *live, const struct crash *crash,
					  struct strbuf *auxv)
{
	bool is_nested = inner_tid(live->pid, live->pid) != (uint32_t)live->pid;
	_error_ struct crashinfo_error *error = NULL;
	uint64_t max = live->limits.threads;

	if (crash->head.fd >= 0)
		error = dump_core_threads(&live->context, crash->head.fd, &live->dump, auxv);
	live->dump.arch = dump_arch_host();
	live->dump.pid = (uint32_t)crash->pid;
	if (!live->dump.signal.signo)
		live->dump.signal.signo = crash->signal;
	live->threads_noted = live->dump.threads.size;
	if (live->dump.threads.size > max)
		live->dump.threads.size = (size_t)max;
	name_threads(live, is_nested);
	if (live->dump.threads.size && crash->tid && is_nested)
		live->dump.threads.data[0].tid = (uint32_t)crash->tid;
	return NULL;
}

/* --- the report ------------------------------------------------------------------------------- */

static struct crashinfo_error *set_time(const struct crash *crash,
					struct crashinfo_report_builder *builder)
{
	char text[28];

	if (!crash->time)
		return NULL;
	crashinfo_timestamp_format(crash->time, 0, text);
	return crashinfo_report_builder_set_text(builder, "timestamp", text, strlen(text));
}

static struct crashinfo_error *say(struct crashinfo_report_builder *builder, const char *text)
{
	return crashinfo_report_builder_log(builder, text, strlen(text));
}

static struct crashinfo_error *add_losses(const struct live *live, const struct crash *crash,
					  struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = NULL;
	struct strbuf text _strbuf_ = {0};

	if (crash->head.is_32_bits)
		error = say(builder, "a process of 32 bits: no registers, no stacks");
	else if (!live->threads_noted)
		error = say(builder, "no core file came in: no registers, no stacks");
	else if (!crash->head.is_whole)
		error = say(builder, "the core's notes broke off: threads may be missing");
	if (!error && !live->maps.size)
		error = say(builder, "the process was gone: no memory maps, no stacks");
	if (error || live->threads_noted <= live->dump.threads.size)
		return error;
	strbuf_addf(&text, "%zu of %zu threads were left out",
		    live->threads_noted - live->dump.threads.size, live->threads_noted);
	strbuf_addc(&text, '\0');
	return text.failed ? crashinfo_error_no_memory() : say(builder, text.data);
}

static struct crashinfo_error *build(struct live *live, const struct crash *crash, char **ret,
				     size_t *size_ret)
{
	struct crashinfo_report_builder *builder = NULL;
	bool is_whole = live->threads_noted && crash->head.is_whole && live->maps.size;
	struct crashinfo_error *error;

	error = crashinfo_report_builder_create(&live->context, NULL, &builder);
	if (!error)
		error = set_time(crash, builder);
	if (!error)
		error = live_report(live, "ddcrash-usercrash", builder);
	if (!error && crash->comm && !crashinfo_report_builder_has(builder, "error.thread_name"))
		error = crashinfo_report_builder_set_text(builder, "error.thread_name", crash->comm,
							  strlen(crash->comm));
	if (!error)
		error = add_losses(live, crash, builder);
	if (!error)
		error = crashinfo_report_builder_set_bool(builder, "incomplete", !is_whole);
	if (!error)
		error = crashinfo_report_builder_finish(builder, ret, size_ret);
	crashinfo_report_builder_destroy(builder);
	return error;
}

/*
 * Whether the process is the one that the notes are of. Asked in the end, as then all that was read
 * before is of the same one; a process that is gone by now is not known to be another.
 */
static bool is_same_process(int pid, const struct strbuf *noted)
{
	struct strbuf bytes _strbuf_ = {0}, text _strbuf_ = {0};
	_error_ struct crashinfo_error *error = proc_read(pid, "auxv", AUXV_BYTES_MAX, &bytes);
	uint64_t pair[2];

	if (error || !bytes.size || !noted->size)
		return true;
	for (size_t at = 0; at + sizeof(pair) <= bytes.size; at += sizeof(pair)) {
		memcpy(pair, bytes.data + at, sizeof(pair));
		if (!pair[0])
			break;
		strbuf_addf(&text, "%ju 0x%jx\n", (uintmax_t)pair[0], (uintmax_t)pair[1]);
	}
	return text.failed ||
	       (text.size == noted->size && !memcmp(text.data, noted->data, text.size));
}

/* `is_same_ret` false: the number was another process's, and nothing was made. */
static struct crashinfo_error *make_of(struct tool *tool, const struct live_limits *limits, int pid,
				       const struct crash *crash, bool *is_same_ret, char **ret,
				       size_t *size_ret)
{
	struct strbuf auxv _strbuf_ = {0};
	struct crashinfo_error *error;
	struct live live;

	error = live_open(&tool->context, pid, limits, &live);
	if (error)
		return error;
	/* what can't be read is missing in the report, which then says so */
	crashinfo_error_destroy(live_read_maps(&live));
	error = live_read_files(&live);
	if (!error)
		error = take_notes(&live, crash, &auxv);
	if (!error)
		error = build(&live, crash, ret, size_ret);
	live_close(&live);
	*is_same_ret = error || is_same_process(pid, &auxv);
	if (!*is_same_ret)
		free(*ret);
	return error;
}

static struct crashinfo_error *make(struct tool *tool, const struct live_limits *limits,
				    const struct crash *crash, char **ret, size_t *size_ret)
{
	bool is_same;
	struct crashinfo_error *error;

	error = make_of(tool, limits, crash->pid, crash, &is_same, ret, size_ret);
	if (error || is_same)
		return error;
	return make_of(tool, limits, NO_PROCESS, crash, &is_same, ret, size_ret);
}

/* --- text ------------------------------------------------------------------------------------- */

static struct crashinfo_error *to_text(struct tool *tool, char **text, size_t *size)
{
	struct crashinfo_render_options how = {.verbose = true};
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json;
	struct crashinfo_error *error;
	char *rendered;

	error = crashinfo_json_parse(&tool->context, *text, *size, "report", &json);
	if (!error)
		error = crashinfo_report_create(&tool->context, json, &report);
	if (!error)
		error = crashinfo_render(report, CRASHINFO_RENDER_TEXT, &how, &rendered, size);
	crashinfo_report_destroy(report);
	if (error)
		return error;
	free(*text);
	*text = rendered;
	return NULL;
}

static void reduce(struct live_limits *limits)
{
	limits->threads = limits->threads > 4 ? limits->threads / 4 : 1;
	limits->frames = limits->frames > 4 ? limits->frames / 4 : 1;
	limits->files /= 4;
	limits->memory /= 4;
}

struct crashinfo_error *usercrash_report(struct tool *tool, const struct usercrash_options *options,
					 const struct crash *crash, char **ret, size_t *size_ret)
{
	struct live_limits limits = options->limits;

	for (unsigned round = 0; round < ROUNDS; round++) {
		char *text = NULL;
		size_t size;
		struct crashinfo_error *error = make(tool, &limits, crash, &text, &size);

		if (!error && options->format == USERCRASH_TEXT)
			error = to_text(tool, &text, &size);
		if (!error && size <= options->size) {
			*ret = text;
			*size_ret = size;
			return NULL;
		}
		free(text);
		if (error)
			return error;
		reduce(&limits);
	}
	return crashinfo_error_create(CRASHINFO_ERROR_LIMIT, "the report is larger than %ju bytes",
				      (uintmax_t)options->size);
}
