/* SPDX-License-Identifier: Apache-2.0 */
/* Go's tables of any content. Seeds have few functions, 0x400 bytes from each other at most. */
#include "tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table_addresses addresses = {0};

	for (uint64_t i = 0; i < 5; i++) {
		table_ask(&addresses, 0x1000 + 0x400 * i);
		table_ask(&addresses, 0x1008 + 0x400 * i);
		table_ask(&addresses, 0x1020 + 0x400 * i);
		table_ask(&addresses, 0x1061 + 0x400 * i);
	}
	table_fuzz(pclntab_resolve, data, size, &addresses);
	return 0;
}
