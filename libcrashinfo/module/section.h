/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of ELF sections, inflated when they are compressed. */
#ifndef MODULE_SECTION_H
#define MODULE_SECTION_H

#include "module/elf_file.h"

struct module_section {
	const unsigned char *data; /* NULL when there is none */
	size_t size;
	void *owned;  /* what was inflated */
	bool tried;   /* it has been looked for */
	bool damaged; /* it is there, but not readable */
	bool limited; /* it would have become larger than the limit */
};

/*
 * The section `.debug_NAME`, or `.zdebug_NAME` of older linkers, which must not become larger than
 * `max` bytes. Compressed by zlib or zstd or not at all. The file must outlive what is read.
 */
void module_section_read_debug(const struct elf_file *file, const char *name, uint64_t max,
			       struct module_section *ret);
void module_section_deinit(struct module_section *section);

#endif
