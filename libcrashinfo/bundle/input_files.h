/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From operands to what holds documents: plain files, members of archives at any depth, what
 * compressed files hold.
 */
#ifndef BUNDLE_INPUT_FILES_H
#define BUNDLE_INPUT_FILES_H

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#include "base/vec.h"
#include "bundle/archive.h"
#include "bundle/input_source.h"
#include "bundle/input_walk.h"

struct input_files {
	const struct crashinfo_context *context;
	struct input_walk walk;
	VEC(struct bundle_archive *) archives; /* open within each other, the innermost last */
	struct archive_budget budget;          /* of the file at hand */
	size_t errors;                         /* of its archives */
	bool leave;                            /* nothing more of it */
	struct input_source source;            /* the one at hand */
};

/* `operands` and `context` must outlive it. */
void input_files_init(struct input_files *files, const struct crashinfo_context *context,
		      const char *const *operands, size_t count);
void input_files_deinit(struct input_files *files);

/*
 * Go to the next source: `*found_ret` says whether there is one, `*format_ret` what it seems to be,
 * never ARCHIVE. After an error the next call goes on behind it.
 */
struct crashinfo_error *input_files_next(struct input_files *files, bool *found_ret,
					 enum input_format *format_ret);

/* Whether the source at hand may be a manifest or is a document that one speaks of. */
bool input_files_is_checked(const struct input_files *files);
/*
 * Hold the text of the source at hand against the manifest of its bundle: MISMATCH. When it is a
 * manifest itself, which is no document, `*is_manifest_ret` is set.
 */
struct crashinfo_error *input_files_check(struct input_files *files, const struct strbuf *text,
					  bool *is_manifest_ret);

/* Count an error of the source at hand, which is returned. */
struct crashinfo_error *input_files_failed(struct input_files *files,
					   struct crashinfo_error *error);

#endif
