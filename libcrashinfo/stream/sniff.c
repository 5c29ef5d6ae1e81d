/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from the parser, so that tools that only tell inputs apart do not load what it needs. */
#include <string.h>

#include "stream/markers.h"
#include "stream/stream.h"
#include <crashinfo/stream.h>

bool crashinfo_stream_sniff(const char *text, size_t size)
{
	const char *at = text, *end = text + size;

	while (at < end) {
		struct crashinfo_slice rest = {at, (size_t)(end - at)};
		const char *newline = memchr(at, '\n', rest.size);

		if (stream_has_prefix(rest, STREAM_MARKER_PREFIX))
			return true;
		if (!newline)
			return false;
		at = newline + 1;
	}
	return false;
}
