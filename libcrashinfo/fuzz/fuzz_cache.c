/* SPDX-License-Identifier: Apache-2.0 */
/* Cache files of any content, with checksums made right so that what lies behind them is reached.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "symbol/cache.h"

#define LOOKUPS 16
#define ID      "0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As cache_writer_finish() does. */
static void seal(unsigned char *bytes, size_t size)
{
	struct cache_header *header = (struct cache_header *)(void *)bytes;
	size_t table = header->block_count * (size_t)4, body = sizeof(*header) + table;

	if (table > size || body > size || header->body_size != size - body)
		return;
	for (size_t i = 0; i < header->block_count && i * CACHE_BLOCK < header->body_size; i++) {
		size_t left = header->body_size - i * CACHE_BLOCK;
		uint32_t sum = cache_checksum(bytes + body + i * CACHE_BLOCK,
					      left < CACHE_BLOCK ? left : CACHE_BLOCK);

		memcpy(bytes + sizeof(*header) + 4 * i, &sum, sizeof(sum));
	}
	header->checksums = cache_checksum(bytes + sizeof(*header), table);
	header->checksum = cache_checksum(header, offsetof(struct cache_header, checksum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lookup lookups[LOOKUPS] = {0};
	struct cache_file *cache;
	unsigned char *bytes = malloc(size + 1);

	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	if (size >= sizeof(struct cache_header))
		seal(bytes, size);
	cache = cache_open_bytes(bytes, size, ID);
	for (size_t i = 0; cache && i < LOOKUPS; i++)
		lookups[i].address = 0x1000 + 8 * i;
	if (cache) {
		crashinfo_error_destroy(
			cache_resolve(cache, limits_of(NULL), &(struct lookups){lookups, LOOKUPS}));
		for (size_t i = 0; i < LOOKUPS; i++) {
			/* strings end within the file */
			for (size_t k = 0; k < lookups[i].frames.size; k++)
				if (lookups[i].frames.data[k].name &&
				    strlen(lookups[i].frames.data[k].name) > size)
					abort();
			free(lookups[i].frames.data);
		}
		cache_is_trampoline(cache, 0x1008);
	}
	cache_close(cache);
	free(bytes);
	return 0;
}
