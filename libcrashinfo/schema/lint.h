/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on what a report says. Each is a function over a struct lint, which has looked up once what
 * many rules need; values of the wrong type are left to the schema and passed over.
 */
#ifndef SCHEMA_LINT_H
#define SCHEMA_LINT_H

#include <crashinfo/maps.h>

#include "report/report.h"
#include "report/versions.h"
#include "schema/findings.h"

/* Members of a frame that rules look at; the order of frame_members[] in lint.c. */
enum frame_member {
	FRAME_IP,
	FRAME_SP,
	FRAME_SYMBOL_ADDRESS,
	FRAME_MODULE_BASE_ADDRESS,
	FRAME_RELATIVE_ADDRESS,
	FRAME_BUILD_ID,
	FRAME_BUILD_ID_TYPE,
	FRAME_FILE_TYPE,
	FRAME_PATH,
	FRAME_FUNCTION,
	FRAME_MANGLED_NAME,
	FRAME_COMMENTS,
	FRAME_MEMBER_COUNT,
};
/* The first ones are addresses. */
#define FRAME_ADDRESS_COUNT (FRAME_RELATIVE_ADDRESS + 1)

struct lint_frame {
	crashinfo_json_node node;
	crashinfo_json_node at[FRAME_MEMBER_COUNT]; /* NONE: absent, null or of another type */
	uint64_t addresses[FRAME_ADDRESS_COUNT];
	bool has[FRAME_ADDRESS_COUNT]; /* the address can be read */
};

struct lint_stack {
	enum crashinfo_stack_role role;
	crashinfo_json_node node, array;
	const struct lint_frame *frames;
	size_t frame_count;
	bool incomplete;
};

struct lint {
	const struct crashinfo_context *context;
	struct gatherer *g;
	const struct crashinfo_json *json;
	struct crashinfo_report report;
	enum crashinfo_severity level; /* the least severe findings to keep */
	report_versions versions;      /* what the report is held against; 0: unknown */
	unsigned minor;                /* of a label 1.N; UINT_MAX: none */
	bool version_reported;         /* what is wrong with the label has been said */
	struct lint_stack *stacks;
	size_t stack_count;
	struct crashinfo_maps *maps; /* NULL: none in the report */
	struct crashinfo_error *error;
};

/*
 * Add what the rules find in a report. `versions` is what it was validated against.
 */
struct crashinfo_error *lint_run(const struct crashinfo_context *context, struct gatherer *g,
				 report_versions versions, enum crashinfo_severity level,
				 bool version_reported);

typedef void lint_fn(struct lint *l, const char *id);

struct lint_rule {
	struct crashinfo_lint_rule public;
	lint_fn *check; /* NULL: found elsewhere, listed here */
};
/* Ends with a row without check and id. */
extern const struct lint_rule lint_rules[];

#define LINT_VERSION   "L-03"
#define LINT_DUPLICATE "duplicate-key"

/* A finding of a rule; NULL when it is not kept. */
struct note *lint_add(struct lint *l, const char *id, enum crashinfo_severity severity,
		      crashinfo_json_node node, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* --- looking things up --- */

/* The value at a dotted path; NONE when it is absent. */
crashinfo_json_node lint_at(const struct lint *l, const char *path);
crashinfo_json_node lint_member(const struct lint *l, crashinfo_json_node object, const char *name);
bool lint_is(const struct lint *l, crashinfo_json_node node, enum crashinfo_json_type type);
/* A member that is a string, else NONE. */
crashinfo_json_node lint_string_member(const struct lint *l, crashinfo_json_node object,
				       const char *name);
/* The content of a string, NUL-terminated, in the report's arena; "" for anything else. */
struct crashinfo_slice lint_text(struct lint *l, crashinfo_json_node node);
/* The same without a NUL behind it, which costs no copy most of the time. */
struct crashinfo_slice lint_slice(struct lint *l, crashinfo_json_node node);
bool lint_equals(const struct lint *l, crashinfo_json_node node, const char *text);
/* An integer of any notation that fits. */
bool lint_integer(const struct lint *l, crashinfo_json_node node, int64_t *ret);
/* The elements of an array or the names of an object, one after the other: start with NONE. */
crashinfo_json_node lint_next(const struct lint *l, crashinfo_json_node container,
			      crashinfo_json_node child);

/* The version label: 0 and major, minor when it is one, else what is wrong with it. */
enum lint_label { LABEL_FINE, LABEL_ABSENT, LABEL_NO_STRING, LABEL_MALFORMED };
enum lint_label lint_read_label(const struct crashinfo_json *json, unsigned *major_ret,
				unsigned *minor_ret);

/* --- rules, by file --- */

/* lint_document.c */
lint_fn lint_incomplete_missing, lint_incomplete_idle, lint_version, lint_threads_shape, lint_uuid,
	lint_timestamp, lint_source_type, lint_size, lint_logs, lint_no_crash, lint_corruption;
/* lint_tables.c */
lint_fn lint_newer, lint_ranges;
/* lint_frames.c */
lint_fn lint_addresses, lint_build_id_type, lint_relative, lint_mangled, lint_runtime_stack,
	lint_build_ids, lint_order_of_addresses, lint_stack_pointers, lint_empty_frames,
	lint_no_frames;
/* lint_modules.c */
lint_fn lint_module_identity, lint_load_bias, lint_mapping, lint_file_offset;
/* lint_signal.c */
lint_fn lint_signal_name, lint_code_name, lint_kind, lint_sid_addr, lint_fault_address,
	lint_context, lint_registers;
/* lint_metadata.c */
lint_fn lint_thread_counts, lint_thread_names, lint_ids, lint_tags, lint_tag_keys, lint_counters,
	lint_files, lint_formats, lint_process;

#endif
