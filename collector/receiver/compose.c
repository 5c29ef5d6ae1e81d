/* SPDX-License-Identifier: Apache-2.0 */
/* The stream that came, and what the receiver adds to it. */
#include <stdlib.h>
#include <string.h>

#include <crashinfo/report.h>

#include "receiver/receiver.h"
#include "stream/markers.h"

#define STACK_FORMAT "\"format\":\"Datadog Crashtracker 1.0\""

static void write_os_info(FILE *f)
{
	char *json;
	struct crashinfo_error *error = crashinfo_os_info_json(&json);

	if (error) {
		crashinfo_error_destroy(error);
		return;
	}
	fprintf(f, STREAM_BEGIN(STREAM_OS_INFO) "\n%s\n" STREAM_END(STREAM_OS_INFO) "\n", json);
	free(json);
}

/* The stack of the crashed thread, when the collector did not get as far. */
static void write_stack(struct crash *crash, FILE *f)
{
	if (crash->scan.has_stack || !crash->process || !crash->has_registers)
		return;
	fputs(STREAM_BEGIN(STREAM_STACKTRACE) "\n", f);
	frames_write(crash->process, &crash->registers, "\n", f);
	fputs("\n" STREAM_END(STREAM_STACKTRACE) "\n", f);
}

/* What came of it, where that is all there is; without an end it counts as incomplete. */
static void write_cut_stack(const struct crash *crash, FILE *f)
{
	const struct scan_part *part = &crash->scan.cut_stack;

	if (part->size && (!crash->process || !crash->has_registers))
		fwrite(crash->scan.text + part->at, 1, part->size, f);
}

/* --- threads ---------------------------------------------------------------------------------- */

/* Frames of the stream with commas between them. */
static void copy_frames(const struct crash *crash, FILE *f)
{
	const char *text = crash->scan.text + crash->scan.frames.at;
	size_t size = crash->scan.frames.size;

	for (size_t i = 0; i + 1 < size; i++)
		fputc(text[i] == '\n' ? ',' : text[i], f);
}

/* Whether the stack is complete. */
static bool write_thread_frames(struct crash *crash, const struct process_thread *thread, FILE *f)
{
	if (thread->tid != crash->tid)
		return thread->has_registers &&
		       frames_write(crash->process, &thread->registers, ",", f);
	if (crash->scan.frames.size) {
		copy_frames(crash, f);
		return true;
	}
	return crash->has_registers && frames_write(crash->process, &crash->registers, ",", f);
}

static void write_thread(struct crash *crash, const struct process_thread *thread, bool in_time,
			 FILE *f)
{
	bool complete = false;

	fprintf(f, "{\"crashed\":%s,\"name\":", thread->tid == crash->tid ? "true" : "false");
	json_write_string(thread->name, strlen(thread->name), f);
	fputs(",\"stack\":{" STACK_FORMAT ",\"frames\":[", f);
	if (in_time)
		complete = write_thread_frames(crash, thread, f);
	fprintf(f, "],\"incomplete\":%s}", complete ? "false" : "true");
	if (thread->state != '?')
		fprintf(f, ",\"state\":\"%c\"", thread->state);
	fputs("}\n", f);
}

/* Of the thread that crashed, where threads were not asked for. */
static void write_name(const struct crash *crash, FILE *f)
{
	const char *name = crash->threads.items[0].name;

	fputs(STREAM_BEGIN(STREAM_THREADS) "\n{\"crashed\":true,\"name\":", f);
	json_write_string(name, strlen(name), f);
	fputs("}\n" STREAM_END(STREAM_THREADS) "\n", f);
}

static void write_threads(struct crash *crash, FILE *f)
{
	uint64_t deadline = now_ms() + crash->receiver->options.unwind_timeout;
	const struct process_threads *threads = &crash->threads;
	size_t late = 0;

	fputs(STREAM_BEGIN(STREAM_THREADS) "\n", f);
	for (size_t i = 0; i < threads->count; i++) {
		bool in_time = now_ms() < deadline;

		late += !in_time;
		write_thread(crash, &threads->items[i], in_time, f);
	}
	fputs(STREAM_END(STREAM_THREADS) "\n", f);
	if (late)
		crash_log(crash, "Timeout: no time to unwind %zu of %zu threads", late,
			  threads->count);
	if (threads->count < threads->total)
		fputs(STREAM_BEGIN(STREAM_COUNTERS) "\n{\"threads_incomplete\": 1}\n" STREAM_END(
			      STREAM_COUNTERS) "\n",
		      f);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void write_log(struct crash *crash, FILE *f)
{
	if (fflush(crash->log) || !crash->log_size)
		return;
	fputs(STREAM_BEGIN(STREAM_LOG_MESSAGES) "\n", f);
	fwrite(crash->log_text, 1, crash->log_size, f);
	fputs(STREAM_END(STREAM_LOG_MESSAGES) "\n", f);
}

char *compose_stream(struct crash *crash, size_t *size_ret)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size_ret);

	if (!f)
		return NULL;
	fwrite(crash->scan.text, 1, crash->scan.size, f);
	write_os_info(f);
	write_stack(crash, f);
	if (crash->has_threads && crash->config.all_threads)
		write_threads(crash, f);
	else if (crash->has_threads && crash->tid)
		write_name(crash, f);
	if (!fflush(crash->files))
		fwrite(crash->files_text, 1, crash->files_size, f);
	write_log(crash, f);
	if (crash->scan.done)
		fputs(STREAM_DONE "\n", f);
	else
		write_cut_stack(crash, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
