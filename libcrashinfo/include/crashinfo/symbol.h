/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From addresses to functions, files and lines.
 *
 * Work is planned: give all queries in hand at once, they are grouped by module and every module is
 * opened once with its addresses sorted.
 */
#ifndef CRASHINFO_SYMBOL_H
#define CRASHINFO_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why a query has the answer it has; the list is closed. */
enum crashinfo_symbol_status {
	CRASHINFO_SYMBOL_RESOLVED,             /* function and line from debug information */
	CRASHINFO_SYMBOL_RESOLVED_SYMBOL_ONLY, /* function from the ELF symbol table */
	CRASHINFO_SYMBOL_NO_LINE,              /* function from debug information, no line */
	CRASHINFO_SYMBOL_MODULE_UNKNOWN,       /* the frame names no module */
	CRASHINFO_SYMBOL_NO_DEBUG_FILE,        /* no file for the module in the folders given */
	CRASHINFO_SYMBOL_BUILD_ID_MISMATCH,    /* only files of another build */
	CRASHINFO_SYMBOL_CRC_MISMATCH,         /* the debuglink target has the wrong CRC */
	CRASHINFO_SYMBOL_ALTLINK_MISSING, /* the dwz file that the debug file needs is missing */
	/* function from the symbol table: the debug information needs more memory than allowed */
	CRASHINFO_SYMBOL_RESOLVED_MEMORY_LIMIT,
	CRASHINFO_SYMBOL_MEMORY_LIMIT, /* the same, and no symbol holds the address */
	/* the symbol table's function with its line, as the .dwo or .dwp file is missing */
	CRASHINFO_SYMBOL_RESOLVED_SPLIT_MISSING,
	CRASHINFO_SYMBOL_SPLIT_MISSING,         /* the same, and no symbol holds the address */
	CRASHINFO_SYMBOL_NO_DWARF,              /* the file has neither DWARF nor a symbol here */
	CRASHINFO_SYMBOL_ADDRESS_OUTSIDE_UNITS, /* no unit and no symbol holds the address */
	CRASHINFO_SYMBOL_CORRUPT_DEBUG_INFO,    /* the file is damaged */
	CRASHINFO_SYMBOL_LIMIT_REACHED,         /* a limit stopped the look-up */
};

/* "resolved", "no-debug-file" and so on; static storage. */
const char *crashinfo_symbol_status_name(enum crashinfo_symbol_status status);
/* One sentence for people; static storage. */
const char *crashinfo_symbol_status_text(enum crashinfo_symbol_status status);
/* Whether the status comes with at least a function name. */
bool crashinfo_symbol_status_has_name(enum crashinfo_symbol_status status);

/*
 * One function at an address. Strings are NULL and numbers 0 when unknown. Strings are bytes as the
 * debug file has them, UTF-8 or not.
 */
struct crashinfo_symbol_frame {
	const char *function;     /* demangled when that changed it */
	const char *mangled_name; /* the original, only when `function` differs from it */
	const char *file;         /* directory joined, as the compiler recorded it */
	uint32_t line, column;
	bool inlined;            /* inlined into the next frame of the answer */
	uint64_t symbol_address; /* ELF virtual address of the function's start, 0 when unknown */
};

struct crashinfo_symbol_query {
	/* the module: a file to use as it is, or a build id and path for the finder */
	const char *file;
	const char *build_id;
	const char *path;
	uint64_t address; /* ELF virtual address */
	/*
	 * The address is where a call returns to: the byte before it is looked up, which belongs to
	 * the call. Not so in a signal trampoline, which was never called.
	 */
	bool return_address;
};

/* A file that the compiler split debug information off into and that is not at hand. */
struct crashinfo_symbol_split {
	const char *name; /* as the compiler was told, any bytes; NULL when unknown */
	const struct crashinfo_attempt *attempts; /* where it was looked for */
	size_t attempt_count;
};

struct crashinfo_symbol_answer {
	enum crashinfo_symbol_status status;
	const struct crashinfo_symbol_frame *frames; /* innermost first; owned by the symbolizer */
	size_t frame_count;
	/* what the module's debug information needs, when that is more than allowed; else 0 */
	uint64_t needed_bytes;
	bool cached;     /* taken from the cache folder */
	bool trampoline; /* a signal trampoline: the frame behind it holds an exact address */
	/* what would tell the inlined functions, too; NULL when nothing is missing */
	const struct crashinfo_symbol_split *split_missing;
};

struct crashinfo_symbolizer_options {
	bool no_inlines;  /* only the outermost function of an address, with the innermost line */
	bool no_demangle; /* names as they are in the file */
	/*
	 * Keep the answers to all addresses of each module in this folder, in a file for each build
	 * id, and take them from there; NULL: not so. Must outlive the symbolizer.
	 */
	const char *cache_dir;
	unsigned jobs; /* threads to use, 0: as many as CPUs are online */
};

struct crashinfo_symbolizer;

/* `finder` may be NULL when every query names its file; it must outlive the symbolizer. */
struct crashinfo_error *crashinfo_symbolizer_create(
	const struct crashinfo_context *context, struct crashinfo_finder *finder,
	const struct crashinfo_symbolizer_options *options, struct crashinfo_symbolizer **ret);
void crashinfo_symbolizer_destroy(struct crashinfo_symbolizer *symbolizer);

/*
 * Answer `count` queries into `answers` (same order). A module that cannot be read gives its
 * queries a status, not an error; errors are NO_MEMORY and a query `file` that cannot be opened or
 * is no ELF file. Answers live as long as the symbolizer.
 */
struct crashinfo_error *crashinfo_symbolizer_resolve(struct crashinfo_symbolizer *symbolizer,
						     const struct crashinfo_symbol_query *queries,
						     size_t count,
						     struct crashinfo_symbol_answer *answers);

/*
 * The answers to queries as JSON objects, each on a line of its own: "address", "status" and
 * "frames", innermost first, whose members are absent when unknown, and "split_missing" with the
 * name of a file that is. Ill-formed UTF-8 becomes U+FFFD. malloc'd, `*size_ret` bytes and a NUL.
 */
struct crashinfo_error *crashinfo_symbol_answers_to_json(
	const struct crashinfo_symbol_query *queries, const struct crashinfo_symbol_answer *answers,
	size_t count, char **ret, size_t *size_ret);

#ifdef __cplusplus
}
#endif
#endif
