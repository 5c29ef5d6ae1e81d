/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is there, made into a report: what debugger and core_pattern client share. */
#ifndef HOST_LIVE_H
#define HOST_LIVE_H

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#include "dump/dump.h"
#include "process/process.h"
#include "process/threads.h"

/* What a report holds besides stacks and registers, and how much. */
struct live_limits {
	uint64_t threads; /* at most */
	uint64_t frames;  /* of each stack */
	uint64_t memory;  /* bytes around what each register points to; 0: none */
	uint64_t files;   /* open files that are listed; 0: none */
};

struct live_limits live_limits_default(void);

struct live {
	struct crashinfo_context context;
	struct live_limits limits;
	int pid;
	struct process *process;
	struct process_threads threads;
	struct strbuf maps, open_files, command; /* texts */
	size_t files_left_out;
	size_t threads_noted; /* that a core file told of */
	struct dump dump;
};

/* Nothing is read or stopped yet. */
struct crashinfo_error *live_open(const struct crashinfo_context *context, int pid,
				  const struct live_limits *limits, struct live *ret);
void live_close(struct live *live);

/* Read the maps, from which on modules are known. */
struct crashinfo_error *live_read_maps(struct live *live);
/* Command line and open files; what can't be read is left out. */
struct crashinfo_error *live_read_files(struct live *live);

/*
 * Stop all threads together, copy what unwinding them takes, and let them go.
 */
struct crashinfo_error *live_snapshot(struct live *live);

/* Put all of it into a report; `library` is the tool's name. */
struct crashinfo_error *live_report(struct live *live, const char *library,
				    struct crashinfo_report_builder *builder);

#endif
