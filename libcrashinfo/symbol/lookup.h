/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of one module on their way to an answer, and the sources that may have one. */
#ifndef SYMBOL_LOOKUP_H
#define SYMBOL_LOOKUP_H

#include <crashinfo/symbol.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "module/finder.h"
#include "symbol/libdw.h"

/* A function at an address as the file has it; strings live as long as the module is open. */
struct lookup_frame {
	const char *linkage_name; /* mangled; NULL when the language does not mangle */
	const char *name;
	const char *file; /* may be relative to comp_dir */
	const char *comp_dir;
	uint32_t line, column;
	uint64_t symbol_address;

	/* it has a linkage name that the debug information does not tell */
	bool lacks_linkage;
	/* where such a name is declared, for the scopes it is in; 0 when it is in none */
	uint64_t declaration;
	struct reader_file *declared_in; /* NULL: the file that libdw reads */
	bool declared_in_alternate;      /* or rather the one that dwz split off it */
	uint32_t scope_size;             /* bytes that the name begins with since then */
};

/* Directory and name joined as the compiler meant them, added to `buf`; the frame has a file. */
void lookup_frame_path(const struct lookup_frame *frame, struct strbuf *buf);

/* Debug information that the compiler split off and that is not at hand. */
struct split_missing {
	const char *name;                               /* of its file, NULL when it has none */
	VEC(struct crashinfo_attempt) attempts;         /* where it was looked for */
	const struct crashinfo_symbol_split *published; /* as the answers have it, when made */
};

struct lookup {
	uint64_t address; /* to look up */
	bool trampoline;
	size_t query;                    /* index of the caller's query */
	VEC(struct lookup_frame) frames; /* innermost first; from DWARF */
	const char *symbol;              /* from the ELF symbol table, NULL when none covers it */
	uint64_t symbol_address;
	Dwarf_Off unit; /* the unit's entry when some unit describes the address, else 0 */
	bool damaged;   /* the debug information could not be read here */
	bool limited;   /* deeper inlining than the limit */
	bool unhandled; /* libdw is to read the unit */
	bool resolved;  /* `frames` were filled while the unit streamed by */
	struct split_missing *split_missing; /* of the unit; NULL when nothing is missing */
};

/* Lookups sorted by address: all of a module, or those in one unit. */
struct lookups {
	struct lookup *data;
	size_t count;
};

/* The first lookup at or above `address`; count when there is none. */
size_t lookups_lower(const struct lookups *lookups, uint64_t address);
/* As qsort() does. */
void lookups_sort_by(struct lookups *lookups, int (*order)(const void *, const void *));
/* By address. */
void lookups_sort(struct lookups *lookups);
/*
 * Sort so that those which `belongs` is true of come first, by address, and give these; they are
 * part of `lookups`.
 */
void lookups_part(struct lookups *lookups, bool (*belongs)(const struct lookup *lookup),
		  struct lookups *ret);

/* Fill `symbol` of each lookup from .symtab and .dynsym. */
struct crashinfo_error *elf_symbols_resolve(const struct elf_file *file, struct lookups *lookups);

/* Call `visit` where another symbol, or none, may be the answer. */
typedef bool boundary_fn(void *user, uint64_t address);
bool elf_symbols_boundaries(const struct elf_file *file, boundary_fn *visit, void *user);

/*
 * Fill `frames` of each lookup from the DWARF of `dwarf`. Damage is noted in the lookups it
 * concerns; NO_MEMORY is the only error.
 */
struct crashinfo_error *dwarf_resolve(Dwarf *dwarf, const struct crashinfo_limits *limits,
				      struct lookups *lookups);

/*
 * Whether a function of that name without a linkage name in the debug information has one all the
 * same, as gcc writes none for what is not seen outside its unit. `language` is a DW_LANG_..., the
 * producer may be NULL.
 */
bool lookup_lacks_linkage(const char *name, unsigned language, const char *producer);

/* --- parts of dwarf_resolve --- */

struct dwarf_unit_range {
	uint64_t start, end; /* end exclusive */
	Dwarf_Off die;       /* of the unit */
};

struct dwarf_units {
	VEC(struct dwarf_unit_range) ranges; /* sorted by start */
	bool damaged;                        /* a unit could not be read */
};

/* Which unit describes which addresses, from the units themselves: aranges may be missing. */
struct crashinfo_error *dwarf_units_read(Dwarf *dwarf, struct dwarf_units *units);
/* The unit for `address` that begins latest, NULL when there is none. */
const struct dwarf_unit_range *dwarf_units_find(const struct dwarf_units *units, uint64_t address);

/* Visit all entries below `root` in order; `depth` is 1 for its children. */
typedef struct crashinfo_error *dwarf_visit_fn(void *user, Dwarf_Die *die, int tag, size_t depth,
					       bool *descend);
struct crashinfo_error *dwarf_walk(Dwarf_Die *root, dwarf_visit_fn *visit, void *user,
				   bool *damaged_ret);

/* Resolve lookups that are all in the unit `unit`. */
struct crashinfo_error *dwarf_unit_resolve(Dwarf_Die *unit, const struct crashinfo_limits *limits,
					   struct lookups *lookups);

/* The row of the unit's line table for `address` into file, line and column of `frame`. */
void dwarf_line_at(Dwarf_Die *unit, uint64_t address, struct lookup_frame *frame);

#endif
