/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ddcrash collector: writes a complete crash stream when the process is about to die by a signal.
 *
 *	struct ddcrash_config config = {
 *		.size = sizeof(config),
 *		.output = "/var/crash/shop-%p.stream",
 *		.metadata = {.library_name = "shop", .library_version = "1.2", .family = "native"},
 *	};
 *	int error = ddcrash_start(&config);     // 0 or -errno
 *
 * `ddcrash-parse shop-4242.stream` makes a report of the stream.
 *
 * What the signal handler does: it makes raw system calls only, allocates nothing, takes no lock
 * and reads memory through the kernel, so that neither a damaged heap nor a damaged stack stops it.
 * It reports once per process; a second crash goes straight to what was there before. Then it hands
 * the signal on: a handler that was installed earlier is called as the kernel would have done;
 * where the default action was in place the process dies by the same signal, with the same siginfo,
 * exit status and core file as without the collector. A signal that was ignored and sent by a
 * process stays ignored. errno is preserved.
 *
 * All functions return a negative errno value when they fail, and leave errno alone; 0 or what is
 * said otherwise. They may be called from any thread, at the same time too; from a signal handler
 * only those that say so. Strings are copied. NULL and "" both mean "none".
 */
#ifndef DDCRASH_H
#define DDCRASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DDCRASH_API __attribute__((visibility("default")))
#else
#define DDCRASH_API
#endif

/* Longest text of all metadata together, and of all additional tags together, in bytes as JSON. */
#define DDCRASH_TEXT_MAX 16384

/* Who crashed. `tags` are "key:value" strings. */
struct ddcrash_metadata {
	const char *library_name; /* "unknown" when there is none, as the next two */
	const char *library_version;
	const char *family; /* "native", "python", … */
	const char *const *tags;
	size_t tags_count;
};

/*
 * Who makes a report of the stream: a program that is started when a crash happens, or one that
 * listens on a socket. ddcrash-receiver(1) is both. While it collects what only it can, the stacks
 * of other threads above all, the process waits. Where `output` or `output_fd` is given too it gets
 * the complete stream nevertheless, for the case that the receiver fails; the receiver removes the
 * file `output` when its own report is safe.
 */
struct ddcrash_receiver {
	const char *path;        /* of the program */
	const char *const *args; /* all of them, the program's name first; none: its path */
	size_t args_count;
	const char *const *env; /* its whole environment, "NAME=value" */
	size_t env_count;
	const char *output, *errors; /* its standard output and error are appended to these files */

	/* In place of `path`: the file of a socket, or "@NAME" for an abstract one. */
	const char *socket;
	int pid; /* only who listens with this process id may trace us where Yama restricts that */

	unsigned timeout_ms; /* how long the process waits for it; 0: as long as `timeout_ms` allows
			      */
};

enum ddcrash_flags {
	/* Leave the calling thread's alternate signal stack as it is. Without one a stack overflow
	 * can't be reported. By default it gets one unless it has one that is large enough. */
	DDCRASH_NO_ALTERNATE_STACK = 1 << 0,
	/* The receiver collects the stacks of all threads. */
	DDCRASH_ALL_THREADS = 1 << 1,
	/* Where the stack can't be followed to its end, put a copy of its memory into the stream
	 * (256 KiB from the stack pointer and the last 64 KiB), so that ddcrash-parse can do it
	 * with the files of the modules at hand. It holds whatever the program had on its stack. */
	DDCRASH_COPY_STACK = 1 << 2,
	/* Do not follow the stack in the crashing process at all, only copy it. */
	DDCRASH_LEAVE_STACK = 1 << 3,
};

struct ddcrash_config {
	size_t size; /* sizeof(struct ddcrash_config), so that members may be added */

	/*
	 * Where the stream goes: a file, created when a crash happens with mode 0600. In its name
	 * %p is the process id, %t the time in seconds, %s the signal's number and %% a percent
	 * sign. A relative name starts at the folder that is current now. A regular file of the
	 * same owner and name is replaced; anything else that is in the way, links above all, is
	 * left alone and there is no report.
	 */
	const char *output;
	/* Used when `output` is none: a descriptor above 0 that stays open (file, pipe or socket).
	 */
	int output_fd;

	/* Signals whose default action ends a process. None: SEGV, ABRT, BUS, ILL, FPE, TRAP, SYS.
	 */
	const int *signals;
	size_t signals_count;

	unsigned timeout_ms; /* for the whole of writing; 0 is 5000 */
	unsigned flags;      /* of enum ddcrash_flags */

	struct ddcrash_metadata metadata;
	const char *const *tags; /* additional tags, free text */
	size_t tags_count;

	struct ddcrash_receiver receiver;
	unsigned max_threads;                /* the crashed one included; 0 is 256 */
	const char *const *additional_files; /* that the receiver puts into the report */
	size_t additional_files_count;
};

/*
 * Install the handlers. -EALREADY when they are; -EINVAL for a configuration that makes no sense
 * (neither output nor receiver, two receivers, a signal that does not end a process or is there
 * twice, a tag that begins or ends with ':'); -ENAMETOOLONG, -E2BIG for texts that are too long;
 * -ENOMEM.
 */
DDCRASH_API int ddcrash_start(const struct ddcrash_config *config);

/*
 * Put back what was there before. Where another handler was installed over ours it stays, and ours,
 * if it is called by that one, only hands on. -ESRCH when not started.
 */
DDCRASH_API int ddcrash_stop(void);

/* Replace the metadata. -ESRCH when not started, -EBUSY while a crash is reported, -E2BIG. */
DDCRASH_API int ddcrash_metadata_update(const struct ddcrash_metadata *metadata);

/*
 * Give the calling thread an alternate signal stack, so that its stack overflowing is reported too:
 * each thread needs its own. Does nothing when it has one that is large enough. The thread that
 * called ddcrash_start() has one.
 */
DDCRASH_API int ddcrash_thread_start(void);

/* Release it; call this before the thread ends. Does nothing when the thread has another one. */
DDCRASH_API int ddcrash_thread_stop(void);

/*
 * Hand signals on without a report, and report again. Enabled at first. May be called from signal
 * handlers.
 */
DDCRASH_API int ddcrash_disable(void);
DDCRASH_API int ddcrash_enable(void);

/*
 * To be called by the child of fork() that goes on without exec, before it has threads. A child
 * reports its crashes without it, too, with its own process id; but it has the parent's
 * configuration, operations, spans and traces. These become none; additional tags stay. `config`
 * replaces the configuration, NULL keeps it. -ESRCH when not started, -EBUSY when this process has
 * reported its crash, otherwise as ddcrash_start(): after such an error the collector is stopped.
 */
DDCRASH_API int ddcrash_update_on_fork(const struct ddcrash_config *config);

/*
 * --- What the process is doing ---
 *
 * The functions of this part need no ddcrash_start() before. Where they may be called from signal
 * handlers they wait for nothing, and what was complete before a crash is in its report.
 */

/* Operations that are counted in each report. */
enum ddcrash_operation {
	DDCRASH_PROFILER_INACTIVE,
	DDCRASH_PROFILER_COLLECTING_SAMPLE,
	DDCRASH_PROFILER_UNWINDING,
	DDCRASH_PROFILER_SERIALIZING,
};

#define DDCRASH_OPERATIONS_MAX     64 /* those above included */
#define DDCRASH_OPERATION_NAME_MAX 63 /* bytes */

/*
 * An operation of the program's own: its number, the same for the same name. There is no way back.
 * -EINVAL without a name, -ENAMETOOLONG, -ENOSPC.
 */
DDCRASH_API int ddcrash_operation_register(const char *name);

/*
 * An operation begins or ends; it may go on many times at once. -EINVAL for an unknown one, -ERANGE
 * when it ends more often than it began, which changes nothing. From signal handlers, too.
 */
DDCRASH_API int ddcrash_operation_begin(int operation);
DDCRASH_API int ddcrash_operation_end(int operation);

/* None is going on. From signal handlers, too. */
DDCRASH_API int ddcrash_operations_clear(void);

#define DDCRASH_IDS_MAX 2048 /* spans at a time, and traces */

/*
 * A span or trace of a 128-bit id begins: the number to remove it by, not negative. The same id may
 * be there more than once. -EINVAL for the id 0, -ENOSPC. From signal handlers, too.
 */
DDCRASH_API int ddcrash_span_insert(uint64_t high, uint64_t low);
DDCRASH_API int ddcrash_trace_insert(uint64_t high, uint64_t low);

/* It ends. -ENOENT when the id is not there by this number. From signal handlers, too. */
DDCRASH_API int ddcrash_span_remove(int span, uint64_t high, uint64_t low);
DDCRASH_API int ddcrash_trace_remove(int trace, uint64_t high, uint64_t low);
DDCRASH_API int ddcrash_spans_clear(void);
DDCRASH_API int ddcrash_traces_clear(void);

#define DDCRASH_TAGS_MAX 1024 /* besides those of the configuration */
#define DDCRASH_TAG_MAX  500  /* bytes of each */

/*
 * Add free text to the additional tags: the number to remove it by, not negative. -EINVAL without
 * text, -E2BIG, -ENOSPC. From signal handlers, too.
 */
DDCRASH_API int ddcrash_tag_insert(const char *tag);
DDCRASH_API int ddcrash_tag_remove(int tag); /* -ENOENT when it is not there */
/* Remove what was inserted; the tags of the configuration stay. */
DDCRASH_API int ddcrash_tags_clear(void);

#define DDCRASH_MESSAGE_MAX 2048 /* bytes; what is longer is cut */

/*
 * Say why the process is about to end, before abort(), say: this becomes the report's message. NULL
 * or blanks take it back; then a report has what libc said (a failed assertion, a damaged heap), or
 * names the signal. -EBUSY, and nothing done, while another thread does the same. From signal
 * handlers, too.
 */
DDCRASH_API int ddcrash_message_set(const char *text);

/*
 * --- Language runtimes ---
 */

/* Text that may hold any bytes, NUL too, in any encoding. Names longer than 2048 bytes are cut. */
struct ddcrash_bytes {
	const char *data;
	size_t size;
};

/* A call of a function; members that are 0 are not known. */
struct ddcrash_frame {
	struct ddcrash_bytes function, type_name, file;
	uint32_t line, column; /* from 1 */
	uint64_t ip, sp;       /* of native code; for ddcrash_exception_report() only */
};

/*
 * A runtime's own stack becomes part of the reports of crashes. When the native stack has been
 * written the callback is called in the thread that crashed, on its alternate stack (64 KiB), with
 * almost all signals blocked. It calls `emit` for each frame, the innermost first (2048 at most),
 * or with parts of a text, each of which ends with a NUL and becomes one line or more. What it
 * passes is copied. What is not UTF-8 becomes U+FFFD in the report.
 *
 * A callback must do with what is safe in a signal handler: no allocation, no lock. One that
 * crashes, calls abort() or takes longer than a second is ended; what it emitted stays, followed by
 * a word about it, and the report goes on. While it runs faults, SIGABRT and SIGSTKFLT, the
 * timer's, are handled for that; other threads that run into one of them wait, for a second at
 * most, and then go where they would have gone. A callback must not block SIGSTKFLT, leave by
 * longjmp() or exit.
 *
 * There is one callback, of either kind; a new one replaces it, NULL takes it away.
 */
typedef void ddcrash_runtime_frames_fn(void (*emit)(const struct ddcrash_frame *frame),
				       void *context);
typedef void ddcrash_runtime_string_fn(void (*emit)(const char *text), void *context);

DDCRASH_API int ddcrash_runtime_frames_register(ddcrash_runtime_frames_fn *callback, void *context);
DDCRASH_API int ddcrash_runtime_string_register(ddcrash_runtime_string_fn *callback, void *context);

enum ddcrash_runtime { DDCRASH_RUNTIME_NONE, DDCRASH_RUNTIME_FRAMES, DDCRASH_RUNTIME_STRING };

/* Which kind of callback is registered. From signal handlers, too. */
DDCRASH_API enum ddcrash_runtime ddcrash_runtime_registered(void);

/* An exception that nothing handled. */
struct ddcrash_exception {
	size_t size; /* sizeof(struct ddcrash_exception) */
	struct ddcrash_bytes type, message;
	const struct ddcrash_frame *frames; /* the innermost first; 512 are written */
	size_t frames_count;
	int is_incomplete; /* not 0: there are frames that are not known */
};

/*
 * Write a report of it, of the kind "UnhandledException", in the calling thread; the process goes
 * on. It is this process's report: crashes that follow have none. Signals are blocked meanwhile. A
 * registered callback is not called. -ESRCH when not started or disabled, -EALREADY when a crash
 * was reported or is being, -EINVAL, -EIO when not all of it could be written.
 */
DDCRASH_API int ddcrash_exception_report(const struct ddcrash_exception *exception);

#ifdef __cplusplus
}
#endif
#endif
