/* SPDX-License-Identifier: Apache-2.0 */
/* A module opened for looking up: its debug file, its own file, what dwz split off. */
#ifndef SYMBOL_MODULE_H
#define SYMBOL_MODULE_H

#include "symbol/cache.h"
#include "symbol/embedded.h"
#include "symbol/memory.h"
#include "symbol/reader.h"
#include "symbol/split.h"
#include "symbol/table.h"

struct symbol_module {
	struct elf_file debug, image, alternate;       /* fd -1 and elf NULL when not there */
	struct reader_file *reader, *alternate_reader; /* NULL without DWARF */
	const struct module_files *found; /* by the finder, NULL when it was not asked */
	struct split_files *splits;       /* what was split off; NULL without DWARF */
	Dwarf *dwarf, *alternate_dwarf;   /* NULL until libdw is needed */
	struct cache_file *cache;  /* answers in place of all of these; NULL when there is none */
	struct symbol_table table; /* GSYM or Breakpad, if there is no DWARF */
	struct embedded_mini mini; /* of the image, when a name was missing */
	bool described;            /* by a source other than DWARF */
	enum crashinfo_symbol_status missing; /* why nothing can be looked up, RESOLVED if it can */
	enum crashinfo_symbol_status refused; /* why a debug file was not used, RESOLVED if none */
	bool altlink_missing;                 /* names of inlined functions may be in it */
	struct memory_need need;              /* of the debug information */
	bool too_large;                       /* more than allowed, so it is not read */
	bool damaged;                         /* no reader can do anything with the DWARF */
	struct trampoline_finder *trampolines; /* made on first use */
};

/*
 * Open what the query names. A query's `file` that cannot be opened is an error; everything else
 * that fails is a status.
 */
struct crashinfo_error *symbol_module_open(const struct crashinfo_context *context,
					   struct crashinfo_finder *finder,
					   const struct crashinfo_symbolizer_options *options,
					   const struct crashinfo_symbol_query *query,
					   struct symbol_module *ret);
/* A module whose answers are all in the cache; false when they are not. */
bool symbol_module_open_cache(const char *dir, const char *build_id, struct symbol_module *ret);
void symbol_module_close(struct symbol_module *module);

/* The build id of a file that a query names; false when it has none or cannot be read. */
bool symbol_module_file_id(const struct crashinfo_context *context, const char *path,
			   char ret[ELF_BUILD_ID_HEX]);

/* Whether signal handlers return to the code at `address`. */
bool symbol_module_is_trampoline(struct symbol_module *module, uint64_t address);

/* Fill frames and symbols of the lookups, in any order; they may be sorted anew. */
struct crashinfo_error *symbol_module_resolve(struct symbol_module *module,
					      const struct crashinfo_limits *limits,
					      struct lookups *lookups);

/* Whether the look-up did without debug information that needs more memory than allowed. */
bool symbol_module_lacks_memory(const struct symbol_module *module, const struct lookup *lookup);

/* Whether DWARF was read for the answers. */
bool symbol_module_has_dwarf(const struct symbol_module *module);
/* The file whose symbol tables are read. */
const struct elf_file *symbol_module_symbols(const struct symbol_module *module);

/* Make the module's file in the cache folder `dir`, unless its answers are incomplete. */
struct crashinfo_error *symbol_module_cache(struct symbol_module *module,
					    const struct crashinfo_limits *limits, const char *dir,
					    const char *build_id);

/* Only those that are `unhandled`, by libdw; a part of the above. */
struct crashinfo_error *symbol_module_resolve_rest(struct symbol_module *module,
						   const struct crashinfo_limits *limits,
						   struct lookups *lookups);

/* Linkage names that the debug information does not tell, from symbols that fit; a part, too. */
struct crashinfo_error *symbol_module_linkage(struct symbol_module *module,
					      const struct crashinfo_limits *limits,
					      struct lookups *lookups);

#endif
