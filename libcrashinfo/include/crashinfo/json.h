/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict JSON (RFC 8259) with positions.
 *
 * A document is its text and a flat array of nodes that point into it: numbers stay exact as text,
 * every value has a byte offset, and nothing recurses. Accepted is exactly the RFC's grammar in
 * strict UTF-8 (a byte order mark at the start is skipped). Escapes of lone surrogates are within
 * that grammar: they are accepted and decode to U+FFFD. Duplicate member names are accepted;
 * look-ups give the last one, crashinfo_json_duplicates() lists them.
 *
 * A document may be read from several threads at once.
 */
#ifndef CRASHINFO_JSON_H
#define CRASHINFO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_json;

/* Index of a value or member name within its document; the root value is 0. */
typedef uint32_t crashinfo_json_node;
#define CRASHINFO_JSON_NONE UINT32_MAX

enum crashinfo_json_type {
	CRASHINFO_JSON_NULL,
	CRASHINFO_JSON_FALSE,
	CRASHINFO_JSON_TRUE,
	CRASHINFO_JSON_NUMBER,
	CRASHINFO_JSON_STRING,
	CRASHINFO_JSON_ARRAY,
	CRASHINFO_JSON_OBJECT,
};

/* Bytes within some text, not NUL-terminated; valid as long as what they point into. */
struct crashinfo_slice {
	const char *data;
	size_t size;
};

/*
 * Parse all of `text` as one document. The text is not copied and must outlive the document.
 * Errors: SYNTAX (with offset, line and column of the first byte that breaks the grammar), LIMIT,
 * NO_MEMORY. `source` is put into error positions and is not kept; NULL leaves it out.
 */
struct crashinfo_error *crashinfo_json_parse(const struct crashinfo_context *context,
					     const char *text, size_t size, const char *source,
					     struct crashinfo_json **ret);

/*
 * Parse the next document of a sequence: NDJSON, concatenated `}{`, or separated by blanks.
 * `*offset` is where to begin in `text` and is moved behind the document (on a SYNTAX error it
 * stays). At the end of the text `*ret` becomes NULL. Offsets, lines and columns count from the
 * start of `text`.
 */
struct crashinfo_error *crashinfo_json_parse_next(const struct crashinfo_context *context,
						  const char *text, size_t size, const char *source,
						  size_t *offset, struct crashinfo_json **ret);

/* Frees the nodes; the text is the caller's unless it was kept. NULL is a no-op. */
void crashinfo_json_destroy(struct crashinfo_json *json);

/*
 * Copy the text of the document, so that the one it was parsed from may go. Offsets and positions
 * count from the document's first byte then. NO_MEMORY is the only error.
 */
struct crashinfo_error *crashinfo_json_keep(struct crashinfo_json *json);

enum crashinfo_json_type crashinfo_json_type(const struct crashinfo_json *json,
					     crashinfo_json_node node);

/* Elements of an array or members of an object; 0 for other types. */
size_t crashinfo_json_count(const struct crashinfo_json *json, crashinfo_json_node node);

/*
 * The first element of an array, or the first member *name* (a string) of an object, whose value is
 * crashinfo_json_value(). NONE when there is none or `node` is neither.
 */
crashinfo_json_node crashinfo_json_first(const struct crashinfo_json *json,
					 crashinfo_json_node node);

/* The element or member name after `child`, which came from _first() or _next(); NONE at the end.
 */
crashinfo_json_node crashinfo_json_next(const struct crashinfo_json *json,
					crashinfo_json_node container, crashinfo_json_node child);

/* The value of the member named by the node `name`. */
crashinfo_json_node crashinfo_json_value(crashinfo_json_node name);

/* The value of member `name` (UTF-8, compared after unescaping); NONE when absent or no object. */
crashinfo_json_node crashinfo_json_member(const struct crashinfo_json *json,
					  crashinfo_json_node object, const char *name);

/* The text of a value, quotes and brackets included, exactly as it stands. */
struct crashinfo_slice crashinfo_json_raw(const struct crashinfo_json *json,
					  crashinfo_json_node node);

/* Offset of the first byte of the value in the text given to the parse call. */
size_t crashinfo_json_offset(const struct crashinfo_json *json, crashinfo_json_node node);

/* Line and column (from 1, code points) of byte `offset`. Costs a scan up to there. */
void crashinfo_json_position(const struct crashinfo_json *json, size_t offset, uint32_t *line_ret,
			     uint32_t *column_ret);

/*
 * The content of a string, unescaped. Without escapes the slice points into the text and `*storage`
 * stays NULL; otherwise into `*storage`, which the caller frees. May hold NUL bytes.
 * INVALID_ARGUMENT when the node is not a string.
 */
struct crashinfo_error *crashinfo_json_string(const struct crashinfo_json *json,
					      crashinfo_json_node node, struct crashinfo_slice *ret,
					      char **storage);

/* Whether a string's content equals `text`; false for other types. */
bool crashinfo_json_string_equals(const struct crashinfo_json *json, crashinfo_json_node node,
				  const char *text);

/* Exact integer value (1.0 and 1e2 are integers); false when not a number, not integral, too big.
 */
bool crashinfo_json_int64(const struct crashinfo_json *json, crashinfo_json_node node,
			  int64_t *ret);
bool crashinfo_json_uint64(const struct crashinfo_json *json, crashinfo_json_node node,
			   uint64_t *ret);

/*
 * The name nodes that repeat an earlier name of the same object, in text order: `*ret` is malloc'd,
 * NULL when there are none. Costs one pass over the document.
 */
struct crashinfo_error *crashinfo_json_duplicates(const struct crashinfo_json *json,
						  crashinfo_json_node **ret, size_t *count_ret);

/*
 * Edits.
 *
 * Changes are made to the text: what no edit touches comes out byte for byte. An edit list belongs
 * to one document; edits may be added in any order, must not overlap, and are applied all at once.
 * `value` and `name` below are copied; `value` must be JSON text and is inserted as it is.
 */
struct crashinfo_json_edits;

struct crashinfo_error *crashinfo_json_edits_create(const struct crashinfo_json *json,
						    struct crashinfo_json_edits **ret);
void crashinfo_json_edits_destroy(struct crashinfo_json_edits *edits);

/* Replace the value `node`. */
struct crashinfo_error *crashinfo_json_edits_replace(struct crashinfo_json_edits *edits,
						     crashinfo_json_node node, const char *value,
						     size_t size);

/*
 * Set member `name` (unescaped UTF-8): replaces the (last) value or appends a new member. Setting
 * one member twice is an overlap.
 */
struct crashinfo_error *crashinfo_json_edits_set(struct crashinfo_json_edits *edits,
						 crashinfo_json_node object, const char *name,
						 const char *value, size_t size);

/*
 * Append `members`, the text of one or more with commas between them, that `object` does not have
 * and that are not set: nobody looks.
 */
struct crashinfo_error *crashinfo_json_edits_append_members(struct crashinfo_json_edits *edits,
							    crashinfo_json_node object,
							    const char *members, size_t size);

/* Remove all members `name` of `object`; no error when there are none. */
struct crashinfo_error *crashinfo_json_edits_remove(struct crashinfo_json_edits *edits,
						    crashinfo_json_node object, const char *name);

/* Remove `element` of `array`, which came from _first() or _next(). */
struct crashinfo_error *crashinfo_json_edits_remove_element(struct crashinfo_json_edits *edits,
							    crashinfo_json_node array,
							    crashinfo_json_node element);

/*
 * Insert elements around `element` of an array: `value` is a comma-separated list of JSON values
 * that goes before (or behind) it.
 */
struct crashinfo_error *crashinfo_json_edits_insert_before(struct crashinfo_json_edits *edits,
							   crashinfo_json_node element,
							   const char *value, size_t size);
struct crashinfo_error *crashinfo_json_edits_insert_after(struct crashinfo_json_edits *edits,
							  crashinfo_json_node element,
							  const char *value, size_t size);

/* Append to an array, which may be empty. */
struct crashinfo_error *crashinfo_json_edits_append(struct crashinfo_json_edits *edits,
						    crashinfo_json_node array, const char *value,
						    size_t size);

/*
 * The text of the document (not of what follows it in a sequence) with all edits applied; malloc'd,
 * NUL-terminated, `*size_ret` bytes. Overlapping edits are INVALID_ARGUMENT.
 */
struct crashinfo_error *crashinfo_json_edits_apply(const struct crashinfo_json_edits *edits,
						   char **ret, size_t *size_ret);

enum crashinfo_json_layout {
	CRASHINFO_JSON_COMPACT, /* no blanks, one line */
	CRASHINFO_JSON_PRETTY,  /* two-space indent, one member or element a line */
};

/*
 * Lay out valid JSON text: only blanks outside strings change, tokens are kept byte for byte. No
 * newline is put behind the last byte. malloc'd, NUL-terminated.
 */
struct crashinfo_error *crashinfo_json_layout(const char *text, size_t size,
					      enum crashinfo_json_layout layout, char **ret,
					      size_t *size_ret);

#ifdef __cplusplus
}
#endif
#endif
