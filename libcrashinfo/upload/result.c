/* SPDX-License-Identifier: Apache-2.0 */
/* Results in words and as JSON. */
#include <crashinfo/upload.h>

#include "upload/members.h"

const char *crashinfo_upload_outcome_name(enum crashinfo_upload_outcome outcome)
{
	static const char *const names[CRASHINFO_UPLOAD_OUTCOMES] = {
		[CRASHINFO_UPLOAD_SENT] = "sent",
		[CRASHINFO_UPLOAD_ALREADY_SENT] = "already sent",
		[CRASHINFO_UPLOAD_REFUSED] = "refused",
		[CRASHINFO_UPLOAD_FAILED] = "failed",
		[CRASHINFO_UPLOAD_UNCERTAIN] = "uncertain",
		[CRASHINFO_UPLOAD_SET_ASIDE] = "set aside",
		[CRASHINFO_UPLOAD_TOO_LARGE] = "too large",
		[CRASHINFO_UPLOAD_NOT_SENT] = "not sent",
	};

	return names[outcome];
}

struct crashinfo_error *crashinfo_upload_result_json(const struct crashinfo_upload_result *result,
						     char **ret, size_t *size_ret)
{
	_strbuf_ struct strbuf buf = {0};
	struct crashinfo_error *error;

	strbuf_addc(&buf, '{');
	member_text(&buf, "input", result->input);
	member_int(&buf, "index", (int64_t)result->index);
	member_text(&buf, "uuid", result->uuid);
	member_text(&buf, "target", crashinfo_upload_target_name(result->target));
	member_text(&buf, "kind", crashinfo_upload_kind_name(result->kind));
	member_text(&buf, "outcome", crashinfo_upload_outcome_name(result->outcome));
	if (result->status)
		member_int(&buf, "status", result->status);
	member_int(&buf, "attempts", result->attempts);
	member_int(&buf, "bytes", (int64_t)result->bytes);
	member_bool(&buf, "possible_duplicate", result->possible_duplicate);
	member_bool(&buf, "trimmed", result->trimmed);
	member_text(&buf, "message", result->message);
	strbuf_addc(&buf, '}');
	error = strbuf_error(&buf);
	if (error)
		return error;
	*size_ret = buf.size;
	*ret = strbuf_steal(&buf);
	return NULL;
}
