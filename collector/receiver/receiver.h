/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver: what is configured, and what is known of one crash. */
#ifndef RECEIVER_RECEIVER_H
#define RECEIVER_RECEIVER_H

#include <stdio.h>

#include "process/process.h"
#include "process/threads.h"
#include "receiver/scan.h"
#include "tool.h"

enum receiver_emit { RECEIVER_REPORT, RECEIVER_STREAM };

struct receiver_options {
	const char *socket, *spool, *upload;
	bool any_user, once, ping;
	enum receiver_emit emit;
	struct tool_list debug_dirs;
	uint64_t max_clients, spool_size, spool_count;
	/* milliseconds */
	uint64_t timeout, receive_timeout, system_timeout, unwind_timeout, report_timeout,
		symbols_timeout, upload_timeout;
};

struct receiver {
	struct tool tool;
	struct receiver_options options;
	char *tools_dir; /* of the sibling tools, when they were looked for */
};

/* The process's own file, to be removed when the report is safe. */
struct fallback {
	char *path; /* NULL for none */
	uint64_t inode;
	int folder, file; /* held open, -1: not */
};

/* What the stream says of itself. */
struct crash_config {
	bool all_threads;
	uint64_t max_threads;
	uint64_t timeout_ms; /* of the crashing process, 0 unknown */
	struct fallback fallback;
	char **files; /* to be added */
	size_t file_count;
};

struct crash {
	struct receiver *receiver;
	int fd; /* -1 after the release */
	struct scan scan;
	struct crash_config config;
	int peer_pid;                /* of who is connected, 0 when that can't be told */
	unsigned peer_uid, peer_gid; /* ours then */
	bool is_known;               /* what follows was looked for */
	int pid, tid;                /* as we see them; 0: not to be looked at */

	struct process *process;
	size_t maps_taken; /* bytes of them that it has */
	struct process_threads threads;
	bool lists_threads; /* they are being listed */
	bool has_threads;
	bool holds_threads;                /* they are stopped */
	struct unwind_registers registers; /* of the crashed thread, when `has_registers` */
	bool has_registers;

	/* what is added to the stream */
	FILE *files, *log;
	char *files_text, *log_text;
	size_t files_size, log_size;
};

#define UUID_SIZE 37

uint64_t now_ms(void);

/* --- session.c --- */

/* Serve the connection `fd`, which is closed on the way: from the first byte to the safe report. */
enum tool_status session_run(struct receiver *receiver, int fd);
/* Add a line to the log_messages of the report. */
void crash_log(struct crash *crash, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of a fault while the report is received; it ends with `issue`, a STREAM_ISSUE(). */
void crash_issue(struct crash *crash, const char *issue, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Take the rights of who is connected, for what it asks for; whether they are at hand. */
bool as_peer(const struct crash *crash);
void as_ourselves(void);

/* --- config.c --- */

/* Read the CONFIG, PROCESSINFO and UCONTEXT lines. */
void crash_read_config(struct crash *crash);
void crash_read_process(struct crash *crash);
void crash_read_registers(struct crash *crash);
void crash_config_deinit(struct crash_config *config);

/* --- fallback.c --- */

/* While the process waits: from now on its file is known. */
void fallback_hold(struct crash *crash);
/* Remove it, unless another file has its name. */
void fallback_remove(struct crash *crash);
void fallback_deinit(struct fallback *fallback);

/* --- collect.c: while the process waits --- */

/* The process is known: list its threads, */
void collect_threads(struct crash *crash);
/* and stop them, when they are listed or it must be. */
void collect_registers(struct crash *crash, bool must_be);
/* Copy what they have, which goes faster when the maps have come, and let them go on. */
void collect_stacks(struct crash *crash);
/* Take what has come of the maps, while more of the stream comes. */
void collect_maps(struct crash *crash);
/* The stream is complete: what else goes away with the process. */
void collect_rest(struct crash *crash);

/* --- compose.c: afterwards --- */

/* The stream with all that was found out; malloc'd. NULL when out of memory. */
char *compose_stream(struct crash *crash, size_t *size_ret);

/* --- frames.c --- */

/* The frames from `registers` on, one JSON object each with `separator` between them; whether all
 * were found. */
bool frames_write(struct process *process, const struct unwind_registers *registers,
		  const char *separator, FILE *f);
/* A JSON string; what is not UTF-8 is left to who reads it. */
void json_write_string(const char *text, size_t size, FILE *f);

/* --- deliver.c --- */

/* Make a report of the stream; store, print or upload it. Whether it is safe. */
bool deliver(struct crash *crash);

/* --- child.c --- */

struct child_output {
	char *text; /* malloc'd */
	size_t size;
};

#define CHILD_REASON_MAX 128

/* The other tools are beside this one, wherever it is now. */
void child_find_tools(struct receiver *receiver);

/*
 * Run the sibling tool argv[0] with `input` as its standard input. When it succeeds what it wrote
 * comes back; otherwise `reason` says why it did not.
 */
bool child_run(const struct receiver *receiver, const char *const *argv, const char *input,
	       size_t size, uint64_t timeout_ms, struct child_output *ret,
	       char reason[CHILD_REASON_MAX]);

/* --- spool.c --- */

/* A file that is on the disk when this returns. */
struct crashinfo_error *spool_write_file(const char *path, const char *text, size_t size);
/* Store NAME.SUFFIX in the spool, on the disk when this returns, after making room for it. */
struct crashinfo_error *spool_store(const struct receiver *receiver, const char *name,
				    const char *suffix, const char *text, size_t size);
void spool_remove(const struct receiver *receiver, const char *name, const char *suffix);

/* --- server.c --- */

enum tool_status server_run(struct receiver *receiver);

#endif
