/* SPDX-License-Identifier: Apache-2.0 */
/* GSYM files of any content, asked for the functions that they list first. */
#include "tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table_addresses addresses = {0};
	struct cursor c = cursor_make(data, size, size && data[0] == 'G');
	struct module_table_id id;
	unsigned width;
	uint64_t base;

	module_table_identify_bytes(data, size, &id);
	cursor_skip(&c, 6);
	width = cursor_u8(&c);
	cursor_skip(&c, 1);
	base = cursor_u64(&c);
	cursor_skip(&c, 32);
	for (size_t i = 0; i < 4 && width && width <= 8 && !c.failed; i++) {
		uint64_t start = base + cursor_uint(&c, width);

		for (size_t k = 0; k < 5; k++)
			table_ask(&addresses, start + 0x13 * k);
	}
	table_fuzz(gsym_resolve, data, size, &addresses);
	return 0;
}
