/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the living process can tell. The thread that crashed waits for us inside of its handler
 * and is never stopped: its registers came with the stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "receiver/receiver.h"
#include "stream/markers.h"

/* Of one additional file. */
#define FILE_MAX ((size_t)1 << 20)

#define FILE_ISSUE STREAM_ISSUE("attach_additional_file_error")

/* --- threads ---------------------------------------------------------------------------------- */

static void note_failures(struct crash *crash)
{
	const struct process_threads *threads = &crash->threads;
	size_t failed = 0;
	int error = 0;

	for (size_t i = 0; i < threads->count; i++) {
		if (!threads->items[i].error)
			continue;
		failed++;
		error = threads->items[i].error;
	}
	if (failed)
		crash_log(crash, "Failed to collect thread contexts: %zu of %zu threads, %s",
			  failed, threads->count, strerror(error));
	if (threads->count < threads->total)
		crash_log(crash, "Left out %zu of %zu threads, as max_threads is %ju",
			  threads->total - threads->count, threads->total,
			  (uintmax_t)crash->config.max_threads);
}

static void copy_stacks(struct crash *crash)
{
	const struct unwind_arch *arch = process_space(crash->process)->arch;
	uint64_t *sps = calloc(crash->threads.count, sizeof(*sps));
	size_t count = 0, missing;

	for (size_t i = 0; sps && i < crash->threads.count; i++) {
		const struct process_thread *thread = &crash->threads.items[i];
		struct unwind_frame frame;

		if (!thread->has_registers)
			continue;
		unwind_begin(arch, &thread->registers, &frame);
		sps[count++] = frame.sp;
	}
	missing = process_copy_stacks(crash->process, sps, count);
	free(sps);
	if (missing)
		crash_log(crash, "The stacks of %zu threads could not be read", missing);
}

/* In a namespace of processes without a /proc of its own our numbers are those of others there. */
static bool is_proc_ours(void)
{
	char name[32] = "";

	return readlink("/proc/self", name, sizeof(name) - 1) > 0 && atoi(name) == getpid();
}

static struct process_threads_options options_of(const struct crash *crash)
{
	const struct crash_config *config = &crash->config;
	uint64_t max = config->all_threads ? config->max_threads : 1;

	return (struct process_threads_options){
		.pid = crash->pid,
		.leave_tid = crash->tid,
		.max = max ? max : 1,
		.timeout_ms = (unsigned)crash->receiver->options.system_timeout,
		.names_only = !config->all_threads,
	};
}

static void note_threads(struct crash *crash, struct crashinfo_error *error)
{
	if (error)
		crash_log(crash, "Failed to collect thread contexts: %s", error->message);
	crashinfo_error_destroy(error);
}

void collect_threads(struct crash *crash)
{
	struct process_threads_options options = options_of(crash);
	struct crashinfo_error *error;

	if (!is_proc_ours()) {
		crash_log(crash, "Failed to collect thread contexts: /proc has other processes");
		return;
	}
	error = process_open(&crash->receiver->tool.context, crash->pid, &crash->process);
	if (!error)
		error = process_threads_begin(&options, &crash->threads);
	crash->lists_threads = !error;
	note_threads(crash, error);
}

void collect_registers(struct crash *crash, bool must_be)
{
	struct process_threads_options options = options_of(crash);
	struct crashinfo_error *error;

	if (!crash->lists_threads || (!must_be && !process_threads_are_listed(&crash->threads)))
		return;
	crash->lists_threads = false;
	error = process_threads_finish(&options, &crash->threads);
	if (error)
		process_threads_deinit(&crash->threads);
	crash->has_threads = !error;
	crash->holds_threads = !error && crash->config.all_threads;
	note_threads(crash, error);
}

void collect_stacks(struct crash *crash)
{
	collect_registers(crash, true);
	if (!crash->holds_threads)
		return;
	crash->holds_threads = false;
	copy_stacks(crash);
	process_threads_release(&crash->threads);
	note_failures(crash);
}

/* --- files ------------------------------------------------------------------------------------ */

/* Lines that look like markers get a blank, as the collector does it. */
static void write_lines(FILE *f, const char *text, size_t size)
{
	while (size) {
		const char *newline = memchr(text, '\n', size);
		size_t line = newline ? (size_t)(newline - text) : size;

		if (line >= strlen(STREAM_MARKER_PREFIX) &&
		    !memcmp(text, STREAM_MARKER_PREFIX, strlen(STREAM_MARKER_PREFIX)))
			fputc(' ', f);
		fwrite(text, 1, line, f);
		fputc('\n', f);
		line += newline != NULL;
		text += line;
		size -= line;
	}
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode)))
		return fd;
	close(fd);
	return -EINVAL;
}

static void add_file(struct crash *crash, const char *path)
{
	static char text[FILE_MAX];
	size_t size = 0;
	ssize_t got = 1;
	int fd = strchr(path, '\n') ? -EINVAL : open_file(path);

	if (fd < 0) {
		crash_issue(crash, FILE_ISSUE, "Failed to attach file %s: %s", path, strerror(-fd));
		return;
	}
	while (size < FILE_MAX && (got = read(fd, text + size, FILE_MAX - size)) > 0)
		size += (size_t)got;
	close(fd);
	if (got)
		crash_issue(crash, FILE_ISSUE, "File %s is not complete: %s", path,
			    got < 0 ? strerror(errno) : "too large");
	fprintf(crash->files, STREAM_BEGIN(STREAM_FILE) " %s\n", path);
	write_lines(crash->files, text, size);
	fprintf(crash->files, STREAM_END(STREAM_FILE) " \"%s\"\n", path);
}

static void add_files(struct crash *crash, uint64_t deadline)
{
	for (size_t i = 0; i < crash->config.file_count; i++) {
		if (now_ms() < deadline)
			add_file(crash, crash->config.files[i]);
		else
			crash_issue(crash, FILE_ISSUE, "Timeout: no time for file %s",
				    crash->config.files[i]);
	}
}

/* --- memory ----------------------------------------------------------------------------------- */

static void note_maps(struct crash *crash, struct crashinfo_error *error)
{
	if (error)
		crash_log(crash, "Failed to read the memory maps: %s", error->message);
	crashinfo_error_destroy(error);
}

/* Reading them takes about as long as the process needs to write them. */
void collect_maps(struct crash *crash)
{
	struct scan_part part = scan_maps(&crash->scan);
	struct crashinfo_error *error = NULL;

	if (!crash->process || process_maps(crash->process))
		return;
	if (part.size > crash->maps_taken)
		error = process_add_maps(crash->process,
					 crash->scan.text + part.at + crash->maps_taken,
					 part.size - crash->maps_taken);
	crash->maps_taken = part.size;
	if (!error && crash->scan.maps.size)
		error = process_end_maps(crash->process);
	note_maps(crash, error);
}

void collect_rest(struct crash *crash)
{
	uint64_t deadline = now_ms() + crash->receiver->options.system_timeout;

	if (crash->process) {
		collect_maps(crash);
		if (!process_maps(crash->process))
			note_maps(crash, process_read_maps(crash->process));
		if (crash->has_registers && !crash->scan.has_stack) {
			struct unwind_frame frame;

			unwind_begin(process_space(crash->process)->arch, &crash->registers,
				     &frame);
			process_copy_stack(crash->process, frame.sp);
		}
		process_hold(crash->process);
	}
	if (!crash->config.file_count)
		return;
	if (as_peer(crash))
		add_files(crash, deadline);
	else
		crash_issue(crash, FILE_ISSUE, "Failed to attach files: they are another user's");
	as_ourselves();
}
