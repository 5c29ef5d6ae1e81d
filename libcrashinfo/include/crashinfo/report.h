/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crash reports.
 *
 * A report is its JSON document: accessors read it, changes are edits on its text, so members this
 * library does not know come out as they went in. All dialects are read: schema 1.0 to 1.8, the
 * form of RFC 0002, its older draft and the wire form of 2024.
 */
#ifndef CRASHINFO_REPORT_H
#define CRASHINFO_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/json.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crashinfo_dialect {
	CRASHINFO_DIALECT_1_X,         /* schema 1.0 to 1.8, and newer minors read as the newest */
	CRASHINFO_DIALECT_RFC0002,     /* signum/signame, CrashTrackerV1 */
	CRASHINFO_DIALECT_DRAFT0002,   /* version_id, error.stack.trace */
	CRASHINFO_DIALECT_LEGACY_2024, /* root siginfo/stacktrace */
};

struct crashinfo_report;

/*
 * A report over `json`, which it takes over also on failure. The text must outlive it. FORMAT when
 * the root is no object.
 */
struct crashinfo_error *crashinfo_report_create(const struct crashinfo_context *context,
						struct crashinfo_json *json,
						struct crashinfo_report **ret);
void crashinfo_report_destroy(struct crashinfo_report *report);

const struct crashinfo_json *crashinfo_report_json(const struct crashinfo_report *report);
enum crashinfo_dialect crashinfo_report_dialect(const struct crashinfo_report *report);
/* "1.x", "rfc0002", "draft-0002", "legacy-2024"; static storage. */
const char *crashinfo_dialect_name(enum crashinfo_dialect dialect);

/* Major and minor of data_schema_version; false when missing or not of the form N.N. */
bool crashinfo_report_version(const struct crashinfo_report *report, unsigned *major_ret,
			      unsigned *minor_ret);

/*
 * Texts and numbers below have the dialect's member names evened out. Strings are unescaped, owned
 * by the report, NUL-terminated, NULL when absent or of the wrong type.
 */
struct crashinfo_report_summary {
	const char *uuid, *timestamp, *schema_version;
	const char *kind, *message, *thread_name;
	const char *signal_name, *signal_code_name; /* "SIGSEGV", "SEGV_MAPERR" */
	const char *fault_address;                  /* as written; a number of 2024 in hex */
	const char *library_name, *library_version, *family;
	const char *os_type, *os_version, *architecture;
	int64_t signal_number, signal_code; /* meaningful when has_... */
	uint64_t pid, tid;                  /* 0 when absent */
	bool has_signal_number, has_signal_code;
	bool incomplete, is_crash;
};
const struct crashinfo_report_summary *crashinfo_report_summary(
	const struct crashinfo_report *report);

enum crashinfo_stack_role {
	CRASHINFO_STACK_CRASHED, /* error.stack */
	CRASHINFO_STACK_THREAD,  /* an entry of error.threads */
	CRASHINFO_STACK_RUNTIME, /* experimental.runtime_stack: frames of a language runtime */
};

/* One stack of a report; strings as in the summary. */
struct crashinfo_stack {
	enum crashinfo_stack_role role;
	crashinfo_json_node node;   /* the stack object */
	crashinfo_json_node frames; /* its array of frames, NONE when absent */
	size_t frame_count;
	const char *thread_name, *thread_state;
	bool crashed;    /* the thread's own flag; true for error.stack */
	bool incomplete; /* absent reads as false */
};
size_t crashinfo_report_stack_count(const struct crashinfo_report *report);
const struct crashinfo_stack *crashinfo_report_stack(const struct crashinfo_report *report,
						     size_t index);

/* One frame; absent strings are NULL, absent numbers have their has_ flag clear. */
struct crashinfo_frame {
	crashinfo_json_node node;
	uint64_t ip, sp, relative_address, module_base_address, symbol_address;
	bool has_ip, has_sp, has_relative_address, has_module_base_address, has_symbol_address;
	const char *build_id; /* as written */
	const char *build_id_type, *file_type, *path;
	const char *function, *mangled_name, *type_name, *file;
	uint32_t line, column; /* 0 when absent */
	const char *const *comments;
	size_t comment_count;
};

/*
 * All frames of a stack, innermost first; made on first use, owned by the report. Elements that are
 * no objects appear as frames without members, so indexes match the array.
 */
struct crashinfo_error *crashinfo_report_frames(struct crashinfo_report *report,
						const struct crashinfo_stack *stack,
						const struct crashinfo_frame **ret,
						size_t *count_ret);

/*
 * The lines of file `name` ("/proc/self/maps") joined with newlines; malloc'd. NOT_FOUND when the
 * report has no such file.
 */
struct crashinfo_error *crashinfo_report_file(const struct crashinfo_report *report,
					      const char *name, char **ret, size_t *size_ret);

/*
 * The memory maps of the crashed process for crashinfo_maps_parse(): the text of the file named
 * /proc/self/maps, or else /proc/PID/maps; malloc'd. NOT_FOUND when the report has neither.
 */
struct crashinfo_error *crashinfo_report_maps_text(const struct crashinfo_report *report,
						   char **ret, size_t *size_ret);

/* Signals and codes. */

/* "SIGSEGV" for a Linux signal number, "UNKNOWN" for one outside the schema's list. */
const char *crashinfo_signal_name(int64_t number);
/* The number of a name as in the schema, 0 when unknown. */
int crashinfo_signal_number(const char *name);
/* "SEGV_MAPERR" for a signal and si_code, "UNKNOWN" when the schema has no name. */
const char *crashinfo_si_code_name(int64_t signal_number, int64_t code);

/*
 * Building reports.
 *
 * Setters name a member by its path in schema 1.8 ("sig_info", "error.message",
 * "experimental.additional_tags"); INVALID_ARGUMENT when there is no such member. JSON given to
 * them must be valid and is kept byte for byte. A setter called again replaces; an empty array
 * removes, as emitters leave empty arrays out, and its parent object stays. The builder writes
 * the shape of the version it was made for; what that version cannot hold is left out and listed by
 * crashinfo_report_builder_loss().
 */
struct crashinfo_report_builder;

/* `version` is "1.0" to "1.8" or "rfc0002"; NULL is the newest. UNSUPPORTED for others. */
struct crashinfo_error *crashinfo_report_builder_create(const struct crashinfo_context *context,
							const char *version,
							struct crashinfo_report_builder **ret);
void crashinfo_report_builder_destroy(struct crashinfo_report_builder *builder);

struct crashinfo_error *crashinfo_report_builder_set(struct crashinfo_report_builder *builder,
						     const char *member, const char *json,
						     size_t size);
/* As _set() with a JSON string made of `text`; ill-formed UTF-8 becomes U+FFFD. */
struct crashinfo_error *crashinfo_report_builder_set_text(struct crashinfo_report_builder *builder,
							  const char *member, const char *text,
							  size_t size);
struct crashinfo_error *crashinfo_report_builder_set_bool(struct crashinfo_report_builder *builder,
							  const char *member, bool value);
/* Whether the member has been set. */
bool crashinfo_report_builder_has(const struct crashinfo_report_builder *builder,
				  const char *member);

/* Set counter `name` to the JSON integer `json`. */
struct crashinfo_error *crashinfo_report_builder_counter(struct crashinfo_report_builder *builder,
							 const char *name, size_t name_size,
							 const char *json, size_t size);
/* Append a frame to error.stack, which exists from then on. */
struct crashinfo_error *crashinfo_report_builder_add_frame(struct crashinfo_report_builder *builder,
							   const char *json, size_t size);
/* No frame is missing: without this call, or without any frame, the stack is marked incomplete. */
void crashinfo_report_builder_end_stack(struct crashinfo_report_builder *builder);
/* Append a thread (a 1.8 ThreadData object) to error.threads. */
struct crashinfo_error *crashinfo_report_builder_add_thread(
	struct crashinfo_report_builder *builder, const char *json, size_t size);
/* Start file `name` anew with no lines, then append lines to it. */
struct crashinfo_error *crashinfo_report_builder_file(struct crashinfo_report_builder *builder,
						      const char *name, size_t size);
struct crashinfo_error *crashinfo_report_builder_file_line(struct crashinfo_report_builder *builder,
							   const char *line, size_t size);
/* Whether file `name` has been started; false also when memory is out. */
bool crashinfo_report_builder_has_file(const struct crashinfo_report_builder *builder,
				       const char *name, size_t size);
/* Append to log_messages. */
struct crashinfo_error *crashinfo_report_builder_log(struct crashinfo_report_builder *builder,
						     const char *text, size_t size);

/*
 * The report as compact JSON with members in schema order and what is missing filled in: unknown
 * metadata, an empty incomplete stack, `incomplete` true when a required member was not set, the
 * os_info of "unknown", the present time. Without a uuid one is derived from the content; members
 * "uuid", "timestamp", "os_info" set before are kept. malloc'd, NUL-terminated. The builder is
 * spent.
 */
struct crashinfo_error *crashinfo_report_builder_finish(struct crashinfo_report_builder *builder,
							char **ret, size_t *size_ret);

/* A value that another version of the format does not hold as it was. */
struct crashinfo_loss {
	const char *pointer; /* JSON pointer into the report before its conversion */
	const char *reason;  /* "no such member" */
};

/* After finish: loss `index`, NULL behind the last. */
const struct crashinfo_loss *crashinfo_report_builder_loss(
	const struct crashinfo_report_builder *builder, size_t index);

/* os_info of this machine as JSON (uname and os-release); malloc'd. */
struct crashinfo_error *crashinfo_os_info_json(char **ret);

/* A random UUID v4, 36 characters and a NUL. */
struct crashinfo_error *crashinfo_uuid_random(char ret[37]);

/* A UUID in the form of version 4 made of the SHA-256 of `content`: the same bytes, the same id. */
struct crashinfo_error *crashinfo_uuid_of_content(const char *content, size_t size, char ret[37]);

/* A time in UTC since 1970 in the form of RFC 3339, "YYYY-MM-DDThh:mm:ss.ffffffZ" and a NUL. */
void crashinfo_timestamp_format(int64_t seconds, uint32_t microseconds, char ret[28]);

/* The present time as "YYYY-MM-DDThh:mm:ss.ffffffZ" and a NUL. */
void crashinfo_timestamp_now(char ret[28]);

/*
 * Microseconds since 1970 in UTC of a time in the form of RFC 3339 or "YYYY-MM-DD hh:mm:ss[.f]
 * UTC"; false for any other text.
 */
bool crashinfo_timestamp_parse(const char *text, int64_t *ret);

#ifdef __cplusplus
}
#endif
#endif
