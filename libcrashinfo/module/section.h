/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of ELF sections, inflated when they are compressed. */
#ifndef MODULE_SECTION_H
#define MODULE_SECTION_H

#include "module/elf_file.h"

/* Where the bytes of a compressed section stand in the file. */
struct module_compressed {
	const unsigned char *data; /* behind the header; NULL when nothing is to be inflated */
	size_t size;
	uint64_t inflated_size;
	bool zstd;
};

struct module_section {
	const unsigned char *data; /* NULL when there is none */
	size_t size;
	void *owned; /* what was inflated */
	struct module_compressed compressed;
	bool damaged; /* it is there, but not readable */
	bool limited; /* it would have become larger than the limit */
};

/*
 * Find the section `.debug_NAME`, or `.zdebug_NAME` of older linkers, which must not become larger
 * than `max` bytes. When it is compressed, by zlib or zstd, it has no data until it is inflated.
 * The file must outlive what is read.
 */
void module_section_find_debug(const struct elf_file *file, const char *name, uint64_t max,
			       struct module_section *ret);
/* May run in a thread for each section. */
void module_section_inflate(struct module_section *section);

/*
 * Shown each part [from, to) of a section as it is inflated, in order, at `bytes` until the call
 * ends. False when no more is needed.
 */
typedef bool module_section_visit(void *user, struct module_section *section,
				  const unsigned char *bytes, size_t from, size_t to);

/*
 * Inflate the section for `visit` alone, which chooses by module_section_keep() what becomes part
 * of its data; the rest reads as zeros and takes no memory. A section that is not compressed is not
 * visited, as all of it is there. When it is damaged it has no data, but what was kept stays
 * mapped, as another thread may be reading it.
 */
void module_section_stream(struct module_section *section, module_section_visit *visit, void *user);
/* Of the part that is visited: [from, to) of the section stands at `bytes`. */
void module_section_keep(struct module_section *section, const unsigned char *bytes, size_t from,
			 size_t to);
/* Have memory ready for what will be kept; may run beside the thread that keeps it. */
void module_section_expect(const struct module_section *section, size_t from, size_t to);
/* Give back memory: what was kept reads as zeros there from now on. Only whole pages count. */
void module_section_forget(const struct module_section *section, size_t from, size_t to);
void module_section_deinit(struct module_section *section);

#endif
