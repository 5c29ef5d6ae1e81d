/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operands of a tool as a sequence of documents.
 *
 * An operand is a file, a folder (walked in sorted order, links to folders not followed) or "-".
 * What a file holds is found by content: JSON documents (one, NDJSON, or concatenated),
 * collector streams (each up to its DONE, the next from its config or metadata), or an archive or
 * compressed file of them: tar, cpio, ar, zip, 7z, gzip, xz, lzma, zstd, bzip2 and lz4, in any
 * nesting. A member of an archive is called "archive!path", what a compressed file holds has the
 * name of the file. Archives are read member by member and nothing is extracted; the limits
 * member_bytes and archive_... hold.
 *
 * The manifest of a bundle (see <crashinfo/bundle.h>) is no document. Members behind it are held
 * against it: one whose content differs is a MISMATCH error and left out; that members are missing is an
 * error at the end.
 *
 * One input that cannot be read does not stop the others. Devices, pipes and links in folders and
 * archives, and files of another kind there are passed over, with a line to the context's log.
 */
#ifndef CRASHINFO_INPUT_H
#define CRASHINFO_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/json.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crashinfo_input_kind {
	CRASHINFO_INPUT_JSON,   /* `json` is one document */
	CRASHINFO_INPUT_STREAM, /* read it with crashinfo_inputs_read() */
};

struct crashinfo_input {
	enum crashinfo_input_kind kind;
	const char *name; /* "dir/file", "-", "file!member"; valid until the next call */
	bool is_packed;   /* part of an archive or compressed, so no file that could be replaced */
	/* when the file was changed last, as timestamps of reports are; "" when unknown (a pipe) */
	char modified[28];
	struct crashinfo_json
		*json; /* the caller's to destroy or hand on; its text lives with `inputs`
			  until the next document of the next file is asked for */
	size_t index;  /* of the document or stream within its file, from 0 */
};

struct crashinfo_inputs;

/* `operands` must outlive it. INVALID_ARGUMENT when "-" is named twice. */
struct crashinfo_error *crashinfo_inputs_create(const struct crashinfo_context *context,
						const char *const *operands, size_t count,
						struct crashinfo_inputs **ret);
void crashinfo_inputs_destroy(struct crashinfo_inputs *inputs);

/*
 * Hold no more of a file than the document at hand. The text of a document then lives until the
 * next call only, and positions in it do not count from the beginning of the file.
 */
void crashinfo_inputs_set_windowed(struct crashinfo_inputs *inputs);

/*
 * The next document. `*done_ret` is set at the end. An error concerns one file (its `source` names
 * it) and the next call goes on behind it: with the next file, or the next line of NDJSON. After
 * `input_errors` of one file its rest is left.
 */
struct crashinfo_error *crashinfo_inputs_next(struct crashinfo_inputs *inputs,
					      struct crashinfo_input *ret, bool *done_ret);

/* Bytes of the current STREAM input; `*size_ret` is 0 at its end. */
struct crashinfo_error *crashinfo_inputs_read(struct crashinfo_inputs *inputs, char *buffer,
					      size_t capacity, size_t *size_ret);

#ifdef __cplusplus
}
#endif
#endif
