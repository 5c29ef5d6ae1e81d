/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line tables: the program runs once, and the addresses asked for are answered as its rows pass.
 * No row is stored.
 */
#include <dwarf.h>
#include <string.h>

#include "base/strbuf.h"
#include "symbol/reader.h"

/* Of a table of strangers; producers write two to five. */
#define FORMAT_COUNT 16

struct line_file {
	const char *name;
	uint64_t folder;
	const char *path; /* joined, when it was asked for */
};

struct reader_line_table {
	struct reader_file *file;
	struct reader_unit unit; /* as forms in the header have it: the table's own sizes */
	struct arena *arena;
	uint16_t version;
	uint8_t minimum_length, operations, line_range, opcode_base;
	int8_t line_base;
	const unsigned char *lengths; /* of standard opcodes, from 1 */
	VEC(const char *) folders;
	VEC(struct line_file) files;
	struct cursor program;
};

/* --- the header --- */

static bool add_folder(struct reader_line_table *table, const char *name)
{
	const char **slot = vec_push(&table->folders);

	if (slot)
		*slot = name;
	return slot != NULL;
}

static bool add_file(struct reader_line_table *table, const char *name, uint64_t folder)
{
	struct line_file *slot = vec_push(&table->files);

	if (slot)
		*slot = (struct line_file){.name = name, .folder = folder};
	return slot != NULL;
}

/* Names up to an empty one; numbers count from 1, and folder 0 is the unit's. */
static bool read_old_tables(struct reader_line_table *table, struct cursor *c)
{
	const char *name;

	if (!add_folder(table, NULL) || !add_file(table, NULL, 0))
		return false;
	while ((name = cursor_string(c)) && *name)
		if (!add_folder(table, name))
			return false;
	while ((name = cursor_string(c)) && *name) {
		uint64_t folder = cursor_uleb(c);

		cursor_uleb(c);
		cursor_uleb(c);
		if (!add_file(table, name, folder))
			return false;
	}
	return !c->failed;
}

struct line_format {
	struct reader_attribute fields[FORMAT_COUNT]; /* name: a DW_LNCT */
	unsigned count;
};

static bool read_format(const struct reader_unit *unit, struct cursor *c, struct line_format *ret)
{
	ret->count = cursor_u8(c);
	if (ret->count > FORMAT_COUNT)
		return false;
	for (unsigned i = 0; i < ret->count; i++) {
		uint64_t name = cursor_uleb(c), form = cursor_uleb(c);

		if (name > UINT16_MAX || form > UINT16_MAX || form == DW_FORM_implicit_const)
			return false;
		ret->fields[i] = (struct reader_attribute){
			.name = (uint16_t)name,
			.form = (uint16_t)form,
			.size = (int16_t)reader_form_size(unit, (unsigned)form),
		};
	}
	return !c->failed;
}

/* A table of folders or files of DWARF 5. */
static bool read_table(struct reader_line_table *table, struct cursor *c, bool files)
{
	struct line_format format;
	uint64_t count;

	if (!read_format(&table->unit, c, &format))
		return false;
	count = cursor_uleb(c);
	/* an entry without fields takes no bytes, so their number would not be bounded */
	if (!format.count && count)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		struct reader_value value;
		const char *name = NULL;
		uint64_t folder = 0;

		for (unsigned k = 0; k < format.count; k++) {
			if (!reader_value(table->file, &table->unit, &format.fields[k], c, &value))
				return false;
			if (value.name == DW_LNCT_path)
				name = value.text;
			else if (value.name == DW_LNCT_directory_index)
				folder = value.number;
		}
		if (files ? !add_file(table, name, folder) : !add_folder(table, name))
			return false;
	}
	return !c->failed;
}

static bool read_header(struct reader_line_table *table, struct cursor *c)
{
	uint64_t length = cursor_u32(c), header;

	table->unit.offset_size = 4;
	if (length == UINT32_MAX) {
		length = cursor_u64(c);
		table->unit.offset_size = 8;
	}
	if (c->failed || length > cursor_left(c))
		return false;
	c->end = c->at + length;
	table->version = cursor_u16(c);
	if (table->version >= 5) {
		table->unit.address_size = cursor_u8(c);
		cursor_skip(c, 1);
	}
	header = cursor_uint(c, table->unit.offset_size);
	if (c->failed || header > cursor_left(c))
		return false;
	table->program = *c;
	table->program.at += header;
	c->end = table->program.at;
	table->minimum_length = cursor_u8(c);
	table->operations = table->version >= 4 ? cursor_u8(c) : 1;
	cursor_skip(c, 1);
	table->line_base = (int8_t)cursor_u8(c);
	table->line_range = cursor_u8(c);
	table->opcode_base = cursor_u8(c);
	table->lengths = cursor_bytes(c, table->opcode_base ? table->opcode_base - 1u : 0);
	return !c->failed && table->line_range && table->opcode_base && table->version >= 2 &&
	       table->version <= 5 &&
	       (table->unit.address_size == 4 || table->unit.address_size == 8);
}

void reader_line_deinit(struct reader_line_table *table)
{
	free(table->folders.data);
	free(table->files.data);
}

struct reader_line_table *reader_line_open(struct reader_file *file, const struct reader_unit *unit,
					   struct arena *arena)
{
	struct reader_line_table *table = arena_calloc(arena, 1, sizeof(*table));
	struct cursor c = reader_cursor(file, READER_LINE, unit->line);

	if (!table)
		return NULL;
	table->file = file;
	table->unit = *unit;
	table->arena = arena;
	if (!read_header(table, &c) ||
	    !(table->version >= 5 ? read_table(table, &c, false) && read_table(table, &c, true)
				  : read_old_tables(table, &c))) {
		reader_line_deinit(table);
		return NULL;
	}
	return table;
}

/* --- paths --- */

static void add_part(struct strbuf *path, const char *part)
{
	if (!part || !*part)
		return;
	if (*part == '/')
		strbuf_clear(path);
	else if (path->size && path->data[path->size - 1] != '/')
		strbuf_addc(path, '/');
	strbuf_adds(path, part);
}

const char *reader_line_path(struct reader_line_table *table, uint32_t index)
{
	struct strbuf path = {0};
	struct line_file *file;

	if (index >= table->files.size)
		return NULL;
	file = &table->files.data[index];
	if (file->path || !file->name)
		return file->path;
	/* folder 0 is the unit's own in DWARF 5, and stands for it in older versions */
	if (table->version < 5 || file->folder)
		add_part(&path, table->unit.comp_dir);
	if (file->folder < table->folders.size)
		add_part(&path, table->folders.data[file->folder]);
	add_part(&path, file->name);
	if (!path.failed && path.size)
		file->path = arena_memdup(table->arena, path.data, path.size);
	strbuf_deinit(&path);
	return file->path;
}

/* --- the program --- */

struct line_state {
	uint64_t address;
	uint32_t file, line, column, operation;
};

struct line_run {
	struct reader_line_table *table;
	const struct lookups *lookups;
	struct reader_row *rows;
	struct cursor c;
	struct line_state state, last; /* last: of the row before */
	bool has_last;
	boundary_fn *visit; /* with each row, in place of lookups; NULL: not so */
	void *user;
	bool stopped;   /* `visit` wants no more */
	bool dropped;   /* the sequence is of code that the linker dropped */
	size_t missing; /* lookups without a row */
	size_t next;    /* the first lookup at or above the last row */
	uint64_t limit; /* its address: a row above it ends the last one's range */
};

static void seek(struct line_run *run, uint64_t address)
{
	run->next = lookups_lower(run->lookups, address);
	run->limit = run->next < run->lookups->count ? run->lookups->data[run->next].address
						     : UINT64_MAX;
}

/* The row before covers what is up to this address. */
static void answer(struct line_run *run, uint64_t end)
{
	for (; run->next < run->lookups->count && run->lookups->data[run->next].address < end;
	     run->next++) {
		struct reader_row *row = &run->rows[run->next];

		/* of sequences that overlap the nearer row is right */
		if (row->found && row->address > run->last.address)
			continue;
		run->missing -= !row->found;
		*row = (struct reader_row){run->last.address, run->last.file, run->last.line,
					   run->last.column, true};
	}
	seek(run, end);
}

static void add_row(struct line_run *run)
{
	uint64_t address = run->state.address;

	if (run->visit && run->has_last) {
		run->stopped |= !run->dropped && !run->visit(run->user, address);
	} else if (!run->has_last) {
		/* linkers give dropped code the address 0, or one of the highest two */
		run->dropped = !address || address >= UINT64_MAX - 1;
		if (run->visit)
			run->stopped |= !run->dropped && !run->visit(run->user, address);
		else
			seek(run, address);
	} else if (address < run->last.address) {
		seek(run, address);
	} else if (address > run->limit && !run->dropped) {
		answer(run, address);
	}
	run->last = run->state;
	run->has_last = true;
}

static void begin_sequence(struct line_run *run)
{
	run->state = (struct line_state){.file = 1, .line = 1};
	run->has_last = false;
	run->limit = run->visit ? 0 : UINT64_MAX;
}

/* Advance by operations, of which VLIW machines have several at one address. */
static inline void advance(struct line_run *run, uint64_t count)
{
	const struct reader_line_table *table = run->table;

	if (table->operations <= 1) {
		run->state.address += count * table->minimum_length;
		return;
	}
	count += run->state.operation;
	run->state.address += count / table->operations * table->minimum_length;
	run->state.operation = (uint32_t)(count % table->operations);
}

/* False when the program is damaged or for libdw. */
static bool extended(struct line_run *run)
{
	uint64_t size = cursor_uleb(&run->c);
	const unsigned char *bytes = cursor_bytes(&run->c, size);
	struct cursor c;

	if (!bytes || !size)
		return false;
	c = cursor_make(bytes, size, run->c.big_endian);
	switch (cursor_u8(&c)) {
	case DW_LNE_end_sequence:
		add_row(run);
		begin_sequence(run);
		return true;
	case DW_LNE_set_address:
		if (size - 1 > 8)
			return false;
		run->state.address = cursor_uint(&c, (unsigned)size - 1);
		run->state.operation = 0;
		return true;
	case DW_LNE_define_file: return false;
	default: return true;
	}
}

static bool standard(struct line_run *run, unsigned opcode)
{
	struct line_state *state = &run->state;
	struct cursor *c = &run->c;

	switch (opcode) {
	case DW_LNS_copy: add_row(run); break;
	case DW_LNS_advance_pc: advance(run, cursor_uleb(c)); break;
	case DW_LNS_advance_line: state->line += (uint32_t)cursor_sleb(c); break;
	case DW_LNS_set_file: state->file = (uint32_t)cursor_uleb(c); break;
	case DW_LNS_set_column: state->column = (uint32_t)cursor_uleb(c); break;
	case DW_LNS_const_add_pc:
		advance(run, (255u - run->table->opcode_base) / run->table->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		state->address += cursor_u16(c);
		state->operation = 0;
		break;
	case DW_LNS_negate_stmt:
	case DW_LNS_set_basic_block:
	case DW_LNS_set_prologue_end:
	case DW_LNS_set_epilogue_begin: break;
	default:
		for (unsigned i = run->table->lengths[opcode - 1]; i; i--)
			cursor_uleb(c);
		break;
	}
	return !c->failed;
}

/* What each special opcode adds, as divisions would be most of the work. */
struct special_opcodes {
	uint32_t address[256];
	int32_t line[256];
};

static void make_special(const struct reader_line_table *table, struct special_opcodes *ret)
{
	for (unsigned opcode = table->opcode_base; opcode < 256; opcode++) {
		unsigned adjusted = opcode - table->opcode_base;

		ret->address[opcode] = adjusted / table->line_range * table->minimum_length;
		ret->line[opcode] = table->line_base + (int)(adjusted % table->line_range);
	}
}

static void special(struct line_run *run, const struct special_opcodes *opcodes, unsigned opcode)
{
	if (run->table->operations <= 1)
		run->state.address += opcodes->address[opcode];
	else
		advance(run, (opcode - run->table->opcode_base) / run->table->line_range);
	run->state.line += (uint32_t)opcodes->line[opcode];
	/* most rows are passed by */
	if (run->has_last && run->state.address >= run->last.address &&
	    run->state.address <= run->limit)
		run->last = run->state;
	else
		add_row(run);
}

static bool run_program(struct line_run *run)
{
	const struct reader_line_table *table = run->table;
	struct special_opcodes opcodes;

	make_special(table, &opcodes);
	begin_sequence(run);
	while (run->c.at < run->c.end && run->missing && !run->stopped) {
		unsigned opcode = *run->c.at++;

		if (opcode >= table->opcode_base)
			special(run, &opcodes, opcode);
		else if (!(opcode ? standard(run, opcode) : extended(run)))
			return false;
	}
	return !run->stopped;
}

bool reader_line_run(struct reader_line_table *table, const struct lookups *lookups,
		     struct reader_row *rows)
{
	struct line_run run = {
		.table = table,
		.lookups = lookups,
		.rows = rows,
		.c = table->program,
		.missing = lookups->count,
	};

	return run_program(&run);
}

bool reader_line_addresses(struct reader_line_table *table, boundary_fn *visit, void *user)
{
	struct line_run run = {
		.table = table,
		.c = table->program,
		.missing = 1,
		.visit = visit,
		.user = user,
	};

	return run_program(&run);
}
