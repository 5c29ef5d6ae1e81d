/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test of collector/process/: prints the threads of a process and their stacks.
 *
 *	process-dump PID [kill]
 *
 * With `kill` the process is ended when it has been copied, before unwinding. A line per thread,
 * "TID NAME STATE", and one per frame, " PATH BUILD_ID ADDRESS".
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/process.h"
#include "process/threads.h"

#define FRAMES_MAX 64
#define PAUSE_US   10000

static void check(struct crashinfo_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "process-dump: %s\n", error->message);
	crashinfo_error_destroy(error);
	exit(2);
}

static void print_frame(struct process *process, const struct unwind_frame *frame)
{
	const struct process_module *module = process_module_find(process, frame->pc);

	if (!module) {
		printf(" ? - 0x%" PRIx64 "\n", frame->pc);
		return;
	}
	printf(" %s ", module->map->path);
	for (unsigned i = 0; i < module->build_id.size; i++)
		printf("%02x", module->build_id.bytes[i]);
	printf("%s 0x%" PRIx64 "\n", module->build_id.size ? "" : "-", frame->pc - module->bias);
}

static void print_thread(struct process *process, const struct process_thread *thread)
{
	const struct unwind_space *space = process_space(process);
	struct unwind_frame frame;

	printf("%d %s %c\n", thread->tid, thread->name, thread->state);
	if (!thread->has_registers) {
		printf(" %s\n", strerror(thread->error));
		return;
	}
	unwind_begin(space->arch, &thread->registers, &frame);
	for (unsigned i = 0; i < FRAMES_MAX; i++) {
		print_frame(process, &frame);
		if (unwind_step(space, &frame) != UNWIND_GOES_ON)
			return;
	}
}

static void copy(struct process *process, const struct process_threads *threads)
{
	for (size_t i = 0; i < threads->count; i++) {
		struct unwind_frame frame;

		if (!threads->items[i].has_registers)
			continue;
		unwind_begin(process_space(process)->arch, &threads->items[i].registers, &frame);
		process_copy_stack(process, frame.sp);
	}
	process_hold(process);
}

static void end(int pid)
{
	kill(pid, SIGKILL);
	while (!kill(pid, 0))
		usleep(PAUSE_US);
}

int main(int argc, char **argv)
{
	struct process_threads_options options = {.pid = argc > 1 ? atoi(argv[1]) : 0};
	struct process_threads threads;
	struct process *process;

	check(process_open(NULL, options.pid, &process));
	check(process_threads_stop(&options, &threads));
	check(process_read_maps(process));
	copy(process, &threads);
	process_threads_release(&threads);
	if (argc > 2 && !strcmp(argv[2], "kill"))
		end(options.pid);
	for (size_t i = 0; i < threads.count; i++)
		print_thread(process, &threads.items[i]);
	process_threads_deinit(&threads);
	process_close(process);
	return 0;
}
