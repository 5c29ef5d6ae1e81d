/* SPDX-License-Identifier: Apache-2.0 */
#include "json/write.h"

#include "base/utf8.h"
#include "json/scan.h"

static void add_escape(struct strbuf *buf, unsigned char c)
{
	static const char letters[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
	};
	char letter = c < sizeof(letters) ? letters[c] : (char)c;

	if (!letter) {
		strbuf_addf(buf, "\\u%04x", c);
		return;
	}
	strbuf_add(buf, (const char[2]){'\\', letter}, 2);
}

/* Behind the byte at `at`, which scan_string() stopped at, and what belongs to it. */
static const char *add_special(struct strbuf *buf, const char *at, const char *end)
{
	const char *start = at;

	if ((unsigned char)*at < 0x80) {
		add_escape(buf, (unsigned char)*at);
		return at + 1;
	}
	while (at < end && (unsigned char)*at >= 0x80)
		at++;
	utf8_add_lossy(buf, start, (size_t)(at - start));
	return at;
}

void json_add_string(struct strbuf *buf, const char *text, size_t size)
{
	/* C has no NULL + 0 */
	const char *end = size ? text + size : text;

	/* nearly every text has nothing special in it */
	strbuf_reserve(buf, size + 2);
	strbuf_addc(buf, '"');
	while (text < end) {
		const char *special = scan_string(text, end);

		strbuf_add(buf, text, (size_t)(special - text));
		text = special < end ? add_special(buf, special, end) : end;
	}
	strbuf_addc(buf, '"');
}
