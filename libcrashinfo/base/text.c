/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/text.h>

#include <string.h>

#include "base/number.h"
#include "base/strbuf.h"
#include "base/utf8.h"

struct crashinfo_error *crashinfo_text_escape(const char *text, size_t size, char **ret)
{
	_strbuf_ struct strbuf buf = {0};
	char *escaped;

	utf8_add_printable(&buf, text, size);
	escaped = strbuf_steal(&buf);
	if (!escaped)
		return crashinfo_error_no_memory();
	*ret = escaped;
	return NULL;
}

bool crashinfo_text_to_uint64(const char *text, uint64_t *ret)
{
	return parse_dec_u64(text, strlen(text), ret);
}

bool crashinfo_text_to_size(const char *text, uint64_t *ret)
{
	return parse_size(text, strlen(text), ret);
}

bool crashinfo_text_to_address(const char *text, uint64_t *ret)
{
	return parse_address(text, strlen(text), ret);
}
