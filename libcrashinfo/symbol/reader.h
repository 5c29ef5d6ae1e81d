/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The query-driven DWARF reader: what it costs grows with the addresses asked for and the units
 * they are in, not with the file. It reads DWARF 2 to 5 of both formats and byte orders, also what
 * compilers split off into .dwo files and packages of them. What it does not handle it leaves to
 * libdw, unit by unit.
 */
#ifndef SYMBOL_READER_H
#define SYMBOL_READER_H

#include "base/arena.h"
#include "base/cursor.h"
#include "base/vec.h"
#include "module/section.h"
#include "symbol/lookup.h"

enum reader_section {
	READER_INFO,
	READER_ABBREV,
	READER_LINE,
	READER_STR,
	READER_LINE_STR,
	READER_STR_OFFSETS,
	READER_ADDR,
	READER_RANGES,
	READER_RNGLISTS,
	READER_ARANGES,
	READER_SECTION_COUNT,
};

/* What an attribute of an entry is read for; most are stepped over. */
enum reader_use {
	READER_FOR_EXTENT = 1,
	READER_FOR_CALL = 2, /* where an inlined function was called */
	READER_FOR_NAME = 4,
	/* of a unit's own entry, in this order, as offsets are counted from the bases */
	READER_FOR_BASE = 8,
	READER_FOR_TEXT = 16,
};

struct reader_attribute {
	uint16_t name, form;
	int16_t size;     /* as reader_form_size() says */
	uint16_t uses;    /* enum reader_use, in declarations of entries */
	int64_t implicit; /* of DW_FORM_implicit_const */
};

/* What the tree walk does at an entry. */
enum reader_kind {
	READER_PLAIN,     /* nothing here or below, but functions may be nested deeper */
	READER_CLOSED,    /* holds no code, ever */
	READER_CONTAINER, /* namespaces, blocks: look below */
	READER_FUNCTION,  /* has an address */
	READER_INLINED,
};

/* A step over attribute values that are not asked for. */
struct reader_skip {
	enum reader_skip_op {
		READER_SKIP_FIXED, /* `size` bytes */
		READER_SKIP_LEB,
		READER_SKIP_STRING,
		READER_SKIP_BLOCK, /* a length of `size` bytes, or LEB when 0, then so many bytes */
		READER_SKIP_SIBLING, /* a reference of `size` bytes to the next entry beside it */
		READER_SKIP_INDIRECT,
	} op;
	uint32_t size;
};

struct reader_abbrev {
	uint64_t code;
	uint16_t tag;
	bool children;
	uint8_t kind;                         /* enum reader_kind */
	uint32_t attributes, attribute_count; /* first and number of them in the table */
	uint32_t skips, skip_count;
};

/* The declarations of one unit, by code when codes count up from 1 as all producers have it. */
struct reader_abbrevs {
	VEC(struct reader_abbrev) entries;
	VEC(struct reader_attribute) attributes;
	VEC(struct reader_skip) skips;
	bool dense;
	bool has_code; /* some of them are of functions with addresses, or of inlined ones */
};

/* What an entry says of its addresses. */
struct reader_extent {
	uint64_t low, high, ranges, entry;
	bool has_low, has_high, high_is_size, has_ranges, ranges_is_index, has_entry;
};

struct reader_unit {
	uint64_t offset, end; /* in .debug_info, header included */
	uint64_t root;        /* its first entry */
	uint64_t abbrev_offset;
	uint16_t version;
	uint8_t address_size, offset_size, type;
	bool has_extent; /* what follows has been read but for texts */
	bool has_root;   /* these, too */
	bool unhandled;  /* for libdw */
	bool dropped;    /* not asked for, so of its bytes only the first are there */
	bool has_ranges;
	bool has_line;
	bool is_skeleton; /* its tree is elsewhere */
	struct reader_extent extent;
	uint64_t low_pc, line; /* line: offset in .debug_line */
	uint64_t str_offsets_base, addr_base, rnglists_base, ranges_base;
	uint16_t language; /* DW_LANG_... */
	const char *comp_dir, *producer;
	const char *split_name;         /* of the .dwo file, as the compiler was told */
	uint64_t split_id;              /* the same in skeleton and split unit */
	struct reader_split *split;     /* of a skeleton, when it has been looked for */
	struct reader_abbrevs *abbrevs; /* when read */
};

/* What a unit that was split off takes from its skeleton. */
struct reader_bases {
	uint64_t addr_base, ranges_base, low_pc;
};

/* Names of an entry that others refer to; `entry` is 0 when there are none here. */
struct reader_named {
	uint64_t entry;
	const char *linkage, *name;
	/* the entry at the end of the way; 0 with a linkage name, which says all */
	uint64_t declaration;
	struct reader_file *declared_in;
};

/* Of units or tables. */
struct reader_offsets {
	uint64_t *data; /* sorted */
	size_t size, capacity;
};

/* Of these so many, each at a place of its offset. */
#define READER_RECENT 256

struct reader_file {
	const struct elf_file *file;
	const struct crashinfo_limits *limits;
	bool big_endian;
	struct module_section sections[READER_SECTION_COUNT];
	VEC(struct reader_unit) units; /* in order of their offsets */
	bool has_units;
	bool has_unhandled; /* some unit is for libdw */
	struct arena arena; /* what lasts as long as the file */
	unsigned jobs;      /* threads */
	bool inflated;      /* its sections are read */
	bool windowed;      /* units that were not asked for are not there */
	bool only_named;    /* of other units than .debug_aranges named nothing is known */
	uint64_t units_end; /* windowed: of the last unit that is known */
	bool wants_more;    /* something that is not there was needed after all */
	struct reader_offsets line_tables; /* windowed: those that are there */
	bool has_all_tables;               /* windowed: all are there */
	struct reader_abbrevs *spare;      /* of a unit that is done with */
	bool forked;                       /* its sections belong to another one */
	VEC(struct reader_file *) forks;   /* of this one, for threads */
	struct reader_file *alternate;     /* what dwz split off; NULL when there is none */
	struct reader_named recent[READER_RECENT];
	bool is_split;                            /* holds units that were split off */
	struct reader_bases bases;                /* of their skeleton */
	const struct reader_split_source *source; /* of what was split off this; NULL: none */
	VEC(struct reader_split *) splits;
	bool was_widened;   /* units have been read anew */
	size_t scope_bytes; /* of names that scopes were put in front of */
};

/* The value of one attribute. Strings stand in the file. */
struct reader_value {
	uint16_t name, form;
	uint64_t number; /* addresses, constants, offsets, references; alternate ones as they are */
	const char *text;
	bool is_constant; /* number is of class constant: a size in DW_AT_high_pc */
};

/* --- reader_sections.c --- */

/* Whether `.debug_NAME` is among the sections that the reader reads. */
bool reader_reads(const char *name);

/* `file` must outlive the reader, which uses `jobs` threads. NO_MEMORY is the only error. */
struct crashinfo_error *reader_file_create(const struct elf_file *file,
					   const struct crashinfo_limits *limits, unsigned jobs,
					   struct reader_file **ret);
/*
 * The same file for another thread; shares sections with `file`, whose units must have been read.
 * NULL when memory is out.
 */
struct reader_file *reader_file_fork(const struct reader_file *file);
void reader_file_destroy(struct reader_file *file);

/*
 * Read the sections, inflating those that are compressed, once. When `.debug_info` is large only
 * the units of `lookups` are kept of it, and some of them may be resolved; NULL: all of it.
 */
void reader_sections_read(struct reader_file *file, struct lookups *lookups);
/* Read again, and all of it, what was kept in part only. */
void reader_sections_widen(struct reader_file *file);

/*
 * The units that were split off into `file`, a .dwo file or a package of them, with their sections
 * inflated. `file` must outlive the reader. NO_MEMORY is the only error.
 */
struct crashinfo_error *reader_file_create_split(const struct elf_file *file,
						 const struct crashinfo_limits *limits,
						 struct reader_file **ret);

/* --- reader_split.c --- */

/* The tree of a skeleton unit, or that it is missing. */
struct reader_split {
	uint64_t skeleton;        /* offset of that unit */
	struct elf_file elf;      /* that the tree is in, when it is in no package */
	struct reader_file *file; /* NULL when it is missing */
	struct reader_unit *unit;
	const char *path; /* of the file it was found in */
	struct split_missing missing;
};

/*
 * Look for the tree of `skeleton`, whose root has been read, and fill `split`: by
 * reader_split_bind(), or `missing`. NO_MEMORY is the only error.
 */
struct reader_split_source {
	struct crashinfo_error *(*find)(void *user, struct reader_file *file,
					const struct reader_unit *skeleton,
					struct reader_split *split);
	void *user;
};

/* Look for the tree of a skeleton unit once. Not for threads. NO_MEMORY is the only error. */
struct crashinfo_error *reader_unit_split(struct reader_file *file, struct reader_unit *skeleton);
/* Where the tree of the unit is to be read; false when it is missing. */
bool reader_unit_tree(struct reader_file *file, struct reader_unit *unit,
		      struct reader_file **file_ret, struct reader_unit **unit_ret);
/* The tree cannot be read: it is as good as missing. */
void reader_split_refuse(struct reader_split *split, const char *outcome);

/*
 * Take `tree` (made by reader_file_create_split() or reader_package_open_unit()) for the tree of
 * `skeleton`, a unit of `file`. NULL when it has a unit of that id, else why not: static storage.
 */
const char *reader_split_bind(struct reader_file *tree, const struct reader_file *file,
			      const struct reader_unit *skeleton, struct reader_unit **unit_ret);
void reader_split_destroy(struct reader_split *split);

/* --- reader_window.c --- */

/* Enough of a unit to read what its own entry says of its addresses. */
#define READER_HEAD_BYTES 256

struct reader_window;

/* For sorted lookups, which are the window's until it is finished. NULL when memory is out. */
struct reader_window *reader_window_create(struct reader_file *file, struct lookups *lookups);
/*
 * The sections that tell the ranges of a unit are there: .debug_abbrev, .debug_addr and those of
 * ranges. Until then everything is kept that may be needed.
 */
void reader_window_ranges_are_there(struct reader_window *window);
/*
 * Inflate `.debug_info`, of which only the units of the lookups are kept. Alone, with no other
 * thread and all other sections inflated, a unit that has come is resolved, and gone.
 */
void reader_window_stream_info(struct reader_window *window, bool alone);
/*
 * Inflate `.debug_line`, of which only the tables of these units are kept, in another thread than
 * `.debug_info`: it follows that as far as is known which tables these are. A unit that has come
 * with its table is resolved, and gone.
 */
void reader_window_stream_lines(struct reader_window *window);
/* The same when it is known which units they are; does nothing when they are all there. */
void reader_window_read_lines(struct reader_file *file, const struct lookups *lookups);
/*
 * Tell the file what is there now that both have come. Damage that came late is damage to all: what
 * was resolved before is to be resolved anew.
 */
void reader_window_settle(struct reader_window *window);
/* Ends the window, which may be NULL. */
void reader_window_finish(struct reader_window *window);

/* --- */

/* Reading from `offset` of a section to its end; failed when it lies behind that. */
static inline struct cursor reader_cursor(const struct reader_file *file,
					  enum reader_section section, uint64_t offset)
{
	const struct module_section *bytes = &file->sections[section];
	struct cursor c = cursor_make(bytes->data, bytes->size, file->big_endian);

	cursor_skip(&c, offset);
	return c;
}

/* --- reader_abbrev.c --- */

void reader_abbrevs_destroy(struct reader_abbrevs *abbrevs);
const struct reader_abbrev *reader_abbrev_find(const struct reader_abbrevs *abbrevs, uint64_t code);

/*
 * The declarations of a unit, read when they are not; NULL when memory is out or they are damaged,
 * which is then in `*damaged_ret`.
 */
const struct reader_abbrevs *reader_unit_abbrevs(struct reader_file *file, struct reader_unit *unit,
						 bool *damaged_ret);
/* The unit is done with: what its declarations took serves the next one. */
void reader_unit_release(struct reader_file *file, struct reader_unit *unit);

/* --- reader_form.c --- */

/* Read one value; false when it is damaged or its form unknown. */
bool reader_value(struct reader_file *file, const struct reader_unit *unit,
		  const struct reader_attribute *attribute, struct cursor *c,
		  struct reader_value *ret);
/* Step over one value, without finding out what it stands for; false when it is damaged. */
bool reader_skip_value(const struct reader_unit *unit, const struct reader_attribute *attribute,
		       struct cursor *c);
/* Read a value that has one of `uses`; step over any other, with 0 for its name. */
static inline bool reader_used_value(struct reader_file *file, const struct reader_unit *unit,
				     const struct reader_attribute *attribute, unsigned uses,
				     struct cursor *c, struct reader_value *ret)
{
	if (attribute->uses & uses)
		return reader_value(file, unit, attribute, c, ret);
	ret->name = 0;
	if (attribute->size < 0)
		return reader_skip_value(unit, attribute, c);
	cursor_skip(c, (uint64_t)attribute->size);
	return !c->failed;
}
/* Bytes that a form takes when that is always the same, else -1. */
int reader_form_size(const struct reader_unit *unit, unsigned form);
/* Skip to behind the attributes of an entry; `*sibling_ret` is the next one beside it, or 0. */
bool reader_skip_attributes(const struct reader_unit *unit, const struct reader_abbrevs *abbrevs,
			    const struct reader_abbrev *abbrev, struct cursor *c,
			    uint64_t *sibling_ret);
/* The text of DW_FORM_strx and its kin; NULL when it is not there. */
const char *reader_indexed_text(struct reader_file *file, const struct reader_unit *unit,
				uint64_t index);
bool reader_indexed_address(struct reader_file *file, const struct reader_unit *unit,
			    uint64_t index, uint64_t *ret);

/* --- reader_units.c --- */

/* Read the header of the unit at `section`, which goes on behind the unit. */
bool reader_unit_header(struct cursor *section, uint64_t offset, struct reader_unit *ret);
/* Read the headers of all units; false when they are damaged. */
bool reader_units_read(struct reader_file *file);
/* The unit that begins at `offset`, NULL when none does. */
struct reader_unit *reader_unit_at(struct reader_file *file, uint64_t offset);
/* The unit that holds the entry at `offset`, NULL when none does. */
struct reader_unit *reader_unit_of(struct reader_file *file, uint64_t offset);
/*
 * Read of the unit's own entry what it says of its addresses and sections, none of which is
 * .debug_str; false when it is damaged or not for this reader.
 */
bool reader_unit_extent(struct reader_file *file, struct reader_unit *unit);
/* Read all of the unit's own entry; false when it is damaged or not for this reader. */
bool reader_unit_root(struct reader_file *file, struct reader_unit *unit);

struct reader_place {
	uint64_t start, end; /* of the range of the unit that was chosen; end 0: none was */
	uint64_t offset;     /* of the unit */
	struct reader_unit *unit;
};

/*
 * As reader_places(), by .debug_aranges alone and before units are read, so without `unit`. It is
 * not known then whether there is a unit at `offset`.
 */
void reader_places_named(struct reader_file *file, const struct lookups *lookups,
			 struct reader_place *places);

/*
 * Choose the unit of each lookup: `places` has one zeroed place per lookup. Sets `wants_more` of
 * the file when a unit is not there that may have been chosen.
 */
void reader_places(struct reader_file *file, const struct lookups *lookups,
		   struct reader_place *places, bool *damaged_ret);

/* --- reader_ranges.c --- */

typedef bool reader_range_fn(void *user, uint64_t start, uint64_t end);

void reader_extent_add(struct reader_extent *extent, const struct reader_value *value);
/* Call `visit` for each range; false when they are damaged or `visit` returned false. */
bool reader_extent_visit(struct reader_file *file, const struct reader_unit *unit,
			 const struct reader_extent *extent, reader_range_fn *visit, void *user);

/* --- reader_tree.c --- */

struct reader_link {
	uint64_t entry; /* offset in .debug_info */
	uint32_t depth;
};

/* Function, then what is inlined into it, outermost first. */
struct reader_chain {
	struct reader_link *data;
	size_t size, capacity;
};

/*
 * Find what holds the addresses of `lookups`, all in `unit`: one zeroed chain for each. False when
 * the tree is damaged; `*memory_ret` when memory ran out.
 */
bool reader_tree_walk(struct reader_file *file, struct reader_unit *unit, struct lookups *lookups,
		      struct reader_chain *chains, bool *memory_ret);
/* The ranges of all functions of a unit, and of what is `inlined` into them. */
bool reader_tree_functions(struct reader_file *file, struct reader_unit *unit, bool inlined,
			   reader_range_fn *visit, void *user);

/* --- reader_names.c --- */

/*
 * Names of the function at `entry`, from what it is an instance of when it has none itself. Their
 * `entry` is of no use to callers.
 */
void reader_names(struct reader_file *file, uint64_t entry, struct reader_named *ret);
/*
 * Go from an entry to the one that it is an instance or a definition of, if it is one, and so on;
 * whether they could be read. The name is that of the first which has one, or NULL.
 */
bool reader_declaration(struct reader_file **file, uint64_t *entry, const char **name_ret);

/* --- reader_scope.c --- */

/*
 * Put namespaces and classes in front of names whose `declaration` is known. Names stay as they
 * are that would become longer than limits.demangled_bytes, or be long ones beyond
 * limits.long_names_bytes together. Texts live as long as `file`. NO_MEMORY is the only error.
 */
struct crashinfo_error *reader_scopes(struct reader_file *file, struct lookups *lookups);

/* --- reader_line.c --- */

struct reader_row {
	uint64_t address;
	uint32_t file, line, column;
	bool found;
};

struct reader_line_table;

/* NULL when it is damaged, unknown or memory is out. Lives in the arena. */
struct reader_line_table *reader_line_open(struct reader_file *file, const struct reader_unit *unit,
					   struct arena *arena);
/* Ends what is not in the arena. */
void reader_line_deinit(struct reader_line_table *table);
/* The rows for sorted addresses into `rows`, zeroed ones; false when the program is damaged. */
bool reader_line_run(struct reader_line_table *table, const struct lookups *lookups,
		     struct reader_row *rows);
/* Call `visit` with the address of each row; false when the program is damaged. */
bool reader_line_addresses(struct reader_line_table *table, boundary_fn *visit, void *user);
/* Path of a file, joined with its directories; NULL when there is none. */
const char *reader_line_path(struct reader_line_table *table, uint32_t file);

/* --- reader.c --- */

/*
 * Fill `frames` of the lookups of one unit, sorted by address; with `unhandled`, as the unit is
 * damaged or not for this reader, of none. NO_MEMORY is the only error.
 */
struct crashinfo_error *reader_resolve_run(struct reader_file *file, struct lookups *run);

/*
 * Fill `frames` of each lookup. Those that are for libdw have `unhandled` set. The lookups may be
 * sorted anew. NO_MEMORY is the only error.
 */
struct crashinfo_error *reader_resolve(struct reader_file *file, struct lookups *lookups);

/*
 * Call `visit` with each address that another answer may begin at. False when a unit is damaged or
 * for libdw, or `visit` returned false.
 */
bool reader_boundaries(struct reader_file *file, boundary_fn *visit, void *user);

#endif
