/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache: one file for each build id, DIR/XX/YYYY.ddsym as in a build-id tree, that holds the
 * answer to every address of a module. It is made once from what the readers answer and then read
 * in place. All numbers are in the byte order of the machine that wrote it.
 *
 *   header                   struct cache_header
 *   checksum of each block   uint32_t, CRC-32 of CACHE_BLOCK bytes of the body
 *   body: starts             uint32_t each, less `base`, rising; what is below the first has no
 * answer intervals          struct cache_interval each, one per start, up to the next start nodes
 * struct cache_node each text               strings with NUL at their ends; the first is empty
 *
 * A reader checks the header and its own checksum at once, and blocks when they are first read.
 */
#ifndef SYMBOL_CACHE_H
#define SYMBOL_CACHE_H

#include <isa-l/crc.h>

#include "symbol/lookup.h"

#define CACHE_VERSION 1
#define CACHE_BLOCK   4096
#define CACHE_ID_TEXT 136 /* a build id in hex */

struct cache_header {
	char magic[8];       /* "ddsymch" */
	uint32_t byte_order; /* 0x01020304 as the writer has it */
	uint32_t version;
	char build_id[CACHE_ID_TEXT];
	uint64_t base; /* ELF virtual address */
	uint64_t body_size;
	uint32_t interval_count, node_count, text_size, block_count;
	uint32_t has_dwarf;
	uint32_t checksums; /* CRC-32 of the block checksums */
	uint32_t reserved;
	uint32_t checksum; /* CRC-32 of the header up to here */
};

/* What holds from a start on. */
struct cache_interval {
	uint32_t node; /* innermost function, 0 when nothing is known */
	uint32_t file; /* text; of the innermost frame */
	uint32_t line, column;
};

enum cache_node_flags {
	CACHE_FRAME = 1,      /* a frame from debug information */
	CACHE_UNIT = 2,       /* some unit describes the address */
	CACHE_TRAMPOLINE = 4, /* of a signal handler */
};

/* A function at an address; the first node is empty. */
struct cache_node {
	uint32_t flags;
	uint32_t linkage_name, name, symbol;        /* text, 0 when unknown */
	uint32_t parent;                            /* it was inlined into, 0 when none */
	uint32_t call_file, call_line, call_column; /* in the parent */
	uint64_t address;                           /* of the function's start */
	uint64_t symbol_address;                    /* of the symbol's */
};

struct cache_file;

/* NULL when there is no such file, it is damaged, or of another version or build id. */
struct cache_file *cache_open(const char *dir, const char *build_id);
/* The same for bytes in memory, which must outlive it. */
struct cache_file *cache_open_bytes(const void *bytes, size_t size, const char *build_id);
void cache_close(struct cache_file *cache);

/* Whether a part that was needed is damaged: answers since then are not to be used. */
bool cache_is_damaged(const struct cache_file *cache);
bool cache_has_dwarf(const struct cache_file *cache);
bool cache_is_trampoline(struct cache_file *cache, uint64_t address);

/* Answer the lookups. Strings live as long as the cache is open. NO_MEMORY is the only error. */
struct crashinfo_error *cache_resolve(struct cache_file *cache,
				      const struct crashinfo_limits *limits,
				      struct lookups *lookups);

/* CRC-32 as in gzip, by the fastest means at hand. */
static inline uint32_t cache_checksum(const void *bytes, size_t size)
{
	return crc32_gzip_refl(0, bytes, size);
}

/* --- cache_write.c --- */

struct cache_writer;

struct cache_writer *cache_writer_create(void);
void cache_writer_destroy(struct cache_writer *writer);
/* What holds from the address of `lookup` on; addresses must rise. False when memory is out. */
bool cache_writer_add(struct cache_writer *writer, const struct lookup *lookup);
/* Write the file and the folders it is in; it appears when it is complete. */
struct crashinfo_error *cache_writer_finish(struct cache_writer *writer, const char *dir,
					    const char *build_id, bool has_dwarf);

/* "DIR/XX/YYYY.ddsym"; NULL when memory is out or `build_id` is no hex text. malloc'd. */
char *cache_path(const char *dir, const char *build_id);

#endif
