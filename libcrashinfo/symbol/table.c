/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/table.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"

struct crashinfo_error *symbol_table_open(int fd, struct symbol_table *ret)
{
	_close_ int owned = fd;
	struct module_table_id id;
	struct stat st;
	void *data;

	if (!module_table_identify(owned, &id))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "not an ELF file");
	if (fstat(owned, &st))
		return crashinfo_error_from_errno(errno, "cannot read");
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, owned, 0);
	if (data == MAP_FAILED)
		return crashinfo_error_from_errno(errno, "cannot read");
	*ret = (struct symbol_table){.kind = id.kind, .data = data, .size = (size_t)st.st_size};
	arena_init(&ret->arena);
	return NULL;
}

void symbol_table_close(struct symbol_table *table)
{
	if (!table->data)
		return;
	munmap(table->data, table->size);
	arena_deinit(&table->arena);
	*table = (struct symbol_table){0};
}

struct crashinfo_error *symbol_table_resolve(struct symbol_table *table, uint64_t base,
					     const struct crashinfo_limits *limits,
					     struct lookups *lookups)
{
	const struct symbol_bytes bytes = {
		.data = table->data,
		.size = table->size,
		.base = table->kind == MODULE_BREAKPAD ? base : 0,
		.arena = &table->arena,
		.limits = limits,
	};

	return table->kind == MODULE_GSYM ? gsym_resolve(&bytes, lookups)
					  : breakpad_resolve(&bytes, lookups);
}
