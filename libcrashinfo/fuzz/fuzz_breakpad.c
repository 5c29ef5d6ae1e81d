/* SPDX-License-Identifier: Apache-2.0 */
/* Breakpad files of any content, asked for addresses that their first lines begin with. */
#include "base/number.h"
#include "tables.h"

/* The hexadecimal number at the beginning of a line, or behind one of the words that go before. */
static bool line_address(const char *line, size_t size, uint64_t *ret)
{
	static const char *const words[] = {"FUNC m ", "FUNC ", "PUBLIC m ", "PUBLIC ", ""};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t skip = strlen(words[i]), digits = 0;

		if (size < skip || memcmp(line, words[i], skip) != 0)
			continue;
		while (skip + digits < size && hex_digit(line[skip + digits]) >= 0)
			digits++;
		return parse_hex_u64(line + skip, digits, ret);
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table_addresses addresses = {0};
	const char *at = (const char *)data, *end = at + size;
	struct module_table_id id;
	uint64_t address;

	module_table_identify_bytes(data, size, &id);
	while (at < end && addresses.count < TABLE_LOOKUPS - 4) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		if (line_address(at, (size_t)(stop - at), &address)) {
			table_ask(&addresses, address);
			table_ask(&addresses, address + 5);
		}
		at = stop < end ? stop + 1 : end;
	}
	table_fuzz(breakpad_resolve, data, size, &addresses);
	return 0;
}
