/* SPDX-License-Identifier: Apache-2.0 */
/* All addresses of one file: grouped by unit, each unit touched once. */
#include <dwarf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "symbol/reader.h"

static int by_unit(const void *a, const void *b)
{
	const struct lookup *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->resolved != y->resolved)
		return x->resolved ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

/* Functions of different units may lie mixed (.text.hot), so the lookups are sorted anew. */
static struct crashinfo_error *assign_units(struct reader_file *file, struct lookups *lookups)
{
	struct reader_place *places = calloc(lookups->count, sizeof(*places));
	bool damaged = false;

	if (!places)
		return crashinfo_error_no_memory();
	reader_places(file, lookups, places, &damaged);
	for (size_t i = 0; i < lookups->count; i++) {
		struct lookup *lookup = &lookups->data[i];
		uint64_t unit;

		unit = places[i].unit ? places[i].unit->root : 0;
		/* units themselves say otherwise than .debug_aranges */
		file->wants_more |= lookup->resolved && unit != lookup->unit;
		lookup->unit = unit;
		/* a unit that libdw is to read may be the one that holds the address */
		lookup->unhandled = !lookup->unit && (damaged || file->has_unhandled);
	}
	free(places);
	lookups_sort_by(lookups, by_unit);
	return NULL;
}

struct entry_facts {
	struct reader_extent extent;
	uint32_t call_file, call_line, call_column;
	bool has_call_file; /* 0 is a file of its own in DWARF 5 */
};

/* What is known of an entry; `entry` is 0 when it is none. */
struct known_entry {
	uint64_t entry;
	struct entry_facts facts;
	struct reader_named names;
};

/* Neighbours are in the same functions, at least in the outer ones: more are not remembered. */
#define KNOWN_DEPTH 16

/* What is read of one unit for the lookups in it. */
struct unit_work {
	struct reader_file *file;
	struct reader_unit *unit;
	/* where the entries are: elsewhere when they were split off */
	struct reader_file *tree_file;
	struct reader_unit *tree;
	struct lookups *lookups;
	struct reader_chain *chains;
	struct reader_row *rows;
	struct reader_line_table *table;       /* NULL when the unit has none */
	struct known_entry known[KNOWN_DEPTH]; /* the last of each depth */
};

static void add_fact(struct entry_facts *facts, const struct reader_value *value)
{
	uint32_t number = value->number > UINT32_MAX ? 0 : (uint32_t)value->number;

	switch (value->name) {
	case DW_AT_call_file:
		facts->call_file = number;
		facts->has_call_file = true;
		break;
	case DW_AT_call_line: facts->call_line = number; break;
	case DW_AT_call_column: facts->call_column = number; break;
	default: reader_extent_add(&facts->extent, value); break;
	}
}

/* The walk has been over this entry, so it is whole. */
static struct entry_facts read_facts(struct unit_work *work, uint64_t entry)
{
	struct cursor c = reader_cursor(work->tree_file, READER_INFO, entry);
	const struct reader_abbrevs *abbrevs = work->tree->abbrevs;
	const struct reader_abbrev *abbrev = reader_abbrev_find(abbrevs, cursor_uleb(&c));
	struct entry_facts facts = {0};

	for (uint32_t i = 0; abbrev && i < abbrev->attribute_count; i++) {
		struct reader_value value;

		if (!reader_used_value(work->tree_file, work->tree,
				       &abbrevs->attributes.data[abbrev->attributes + i],
				       READER_FOR_EXTENT | READER_FOR_CALL, &c, &value))
			break;
		add_fact(&facts, &value);
	}
	return facts;
}

static const struct known_entry *know(struct unit_work *work, size_t depth, uint64_t entry)
{
	struct known_entry *known = &work->known[depth % KNOWN_DEPTH];

	if (known->entry != entry) {
		known->entry = entry;
		known->facts = read_facts(work, entry);
		reader_names(work->tree_file, entry, &known->names);
	}
	return known;
}

static uint64_t entry_address(const struct entry_facts *facts)
{
	const struct reader_extent *extent = &facts->extent;

	return extent->has_entry ? extent->entry : extent->low;
}

/* The innermost frame is where the row says. */
static void set_row(struct unit_work *work, size_t i, struct lookup_frame *frame)
{
	const struct reader_row *row = &work->rows[i];

	if (!row->found)
		return;
	frame->line = row->line;
	frame->column = row->column;
	frame->file = reader_line_path(work->table, row->file);
}

static void set_names(const struct unit_work *work, const struct reader_link *link,
		      const struct known_entry *known, struct lookup_frame *frame)
{
	const struct reader_named *names = &known->names;

	frame->linkage_name = names->linkage;
	frame->name = names->name;
	if (!names->declaration ||
	    !lookup_lacks_linkage(names->name, work->tree->language, work->tree->producer))
		return;
	frame->lacks_linkage = true;
	/* right below the unit there is no scope */
	if (link->depth == 1 && names->declaration == link->entry)
		return;
	frame->declaration = names->declaration;
	frame->declared_in = names->declared_in;
}

/* From the inside outwards: each frame is where the one before it was called. */
static bool make_frames(struct unit_work *work, size_t i)
{
	struct lookup *lookup = &work->lookups->data[i];
	const struct reader_chain *chain = &work->chains[i];
	const struct entry_facts *inner = NULL;

	/* assembler code has lines but no function entry */
	for (size_t k = chain->size ? chain->size : 1; k > 0; k--) {
		struct lookup_frame *frame = vec_push(&lookup->frames);
		const struct known_entry *known;

		if (!frame)
			return false;
		*frame = (struct lookup_frame){0};
		if (!inner) {
			set_row(work, i, frame);
		} else {
			frame->line = inner->call_line;
			frame->column = inner->call_column;
			if (inner->has_call_file && work->table)
				frame->file = reader_line_path(work->table, inner->call_file);
		}
		if (!chain->size)
			break;
		known = know(work, k, chain->data[k - 1].entry);
		set_names(work, &chain->data[k - 1], known, frame);
		inner = &known->facts;
	}
	for (size_t k = 0; inner && k < lookup->frames.size; k++)
		lookup->frames.data[k].symbol_address = entry_address(inner);
	return true;
}

/* The chains, from the tree that was split off or, failing that, from what the skeleton has. */
static bool walk(struct unit_work *work, bool *memory_ret)
{
	bool complete = reader_unit_tree(work->file, work->unit, &work->tree_file, &work->tree);
	bool ok = reader_tree_walk(work->tree_file, work->tree, work->lookups, work->chains,
				   memory_ret);

	if (!ok && !*memory_ret && work->tree != work->unit) {
		reader_split_refuse(work->unit->split, "damaged");
		for (size_t i = 0; i < work->lookups->count; i++)
			work->chains[i].size = 0;
		complete = reader_unit_tree(work->file, work->unit, &work->tree_file, &work->tree);
		ok = reader_tree_walk(work->tree_file, work->tree, work->lookups, work->chains,
				      memory_ret);
	}
	for (size_t i = 0; i < work->lookups->count && !complete && work->unit->split; i++)
		work->lookups->data[i].split_missing = &work->unit->split->missing;
	return ok;
}

/* False when the unit is damaged, unknown, or memory is out, which `*memory_ret` tells. */
static bool resolve_unit(struct unit_work *work, bool *memory_ret)
{
	if (!reader_unit_root(work->file, work->unit))
		return false;
	if (!walk(work, memory_ret))
		return false;
	if (work->unit->has_line) {
		work->table = reader_line_open(work->file, work->unit, &work->file->arena);
		if (!work->table || !reader_line_run(work->table, work->lookups, work->rows))
			return false;
	}
	for (size_t i = 0; i < work->lookups->count; i++)
		if (!make_frames(work, i)) {
			*memory_ret = true;
			return false;
		}
	return true;
}

struct crashinfo_error *reader_resolve_run(struct reader_file *file, struct lookups *run)
{
	struct unit_work work = {
		.file = file,
		.unit = reader_unit_of(file, run->data->unit),
		.lookups = run,
		.chains = calloc(run->count, sizeof(*work.chains)),
		.rows = calloc(run->count, sizeof(*work.rows)),
	};
	bool no_memory = !work.chains || !work.rows;
	bool ok = !no_memory && resolve_unit(&work, &no_memory);

	for (size_t i = 0; i < run->count; i++) {
		if (work.chains)
			free(work.chains[i].data);
		run->data[i].unhandled = !ok;
		if (!ok)
			run->data[i].frames.size = 0;
	}
	if (work.table)
		reader_line_deinit(work.table);
	reader_unit_release(file, work.unit);
	if (work.tree && work.tree != work.unit)
		reader_unit_release(work.tree_file, work.tree);
	free(work.chains);
	free(work.rows);
	return no_memory ? crashinfo_error_no_memory() : NULL;
}

/* Runs of lookups of one unit each, which threads take one after the other. */
struct runs {
	VEC(struct lookups) list;
	atomic_size_t next;
	atomic_bool no_memory;
};

struct runner {
	struct runs *runs;
	struct reader_file *file;
	pthread_t thread;
};

static bool find_runs(struct lookups *lookups, struct runs *runs)
{
	size_t i = 0;

	while (i < lookups->count) {
		struct lookups run = {.data = &lookups->data[i]}, *slot;

		while (i < lookups->count && lookups->data[i].unit == run.data->unit &&
		       lookups->data[i].resolved == run.data->resolved) {
			run.count++;
			i++;
		}
		slot = run.data->unit && !run.data->resolved ? vec_push(&runs->list) : &run;
		if (!slot)
			return false;
		*slot = run;
	}
	return true;
}

static void *resolve_runs(void *user)
{
	struct runner *runner = user;
	struct runs *runs = runner->runs;
	size_t i;

	while ((i = atomic_fetch_add(&runs->next, 1)) < runs->list.size) {
		struct crashinfo_error *error =
			reader_resolve_run(runner->file, &runs->list.data[i]);

		if (error)
			atomic_store(&runs->no_memory, true);
		crashinfo_error_destroy(error);
	}
	return NULL;
}

/* A thread costs as much as a few units. */
#define RUNS_PER_THREAD 8
#define THREADS_MAX     64

/* As many threads as there is work for; one that cannot be had is done without. */
static unsigned start_threads(struct reader_file *file, struct runs *runs, struct runner *runners)
{
	unsigned count = 0;

	while (count + 1 < file->jobs && count < THREADS_MAX &&
	       (count + 2) * RUNS_PER_THREAD <= runs->list.size) {
		struct reader_file *fork = reader_file_fork(file);
		struct reader_file **slot = fork ? vec_push(&file->forks) : NULL;

		if (!slot) {
			reader_file_destroy(fork);
			break;
		}
		*slot = fork;
		runners[count] = (struct runner){.runs = runs, .file = fork};
		if (pthread_create(&runners[count].thread, NULL, resolve_runs, &runners[count]))
			break;
		count++;
	}
	return count;
}

static bool resolve_all(struct reader_file *file, struct lookups *lookups)
{
	struct runner runners[THREADS_MAX], self = {.file = file};
	struct runs runs = {0};
	unsigned count;

	self.runs = &runs;
	if (!find_runs(lookups, &runs)) {
		free(runs.list.data);
		return false;
	}
	count = start_threads(file, &runs, runners);
	resolve_runs(&self);
	for (unsigned i = 0; i < count; i++)
		pthread_join(runners[i].thread, NULL);
	free(runs.list.data);
	return !runs.no_memory;
}

/* What was split off the units that are asked for, as threads cannot look for it. */
static struct crashinfo_error *find_splits(struct reader_file *file, const struct lookups *lookups)
{
	struct crashinfo_error *error = NULL;
	uint64_t last = 0;

	for (size_t i = 0; i < lookups->count && !error; i++) {
		uint64_t root = lookups->data[i].unit;
		struct reader_unit *unit = root != last && !lookups->data[i].resolved
						   ? reader_unit_of(file, root)
						   : NULL;

		last = lookups->data[i].resolved ? last : root;
		if (unit && reader_unit_root(file, unit) && unit->is_skeleton)
			error = reader_unit_split(file, unit);
	}
	return error;
}

static struct crashinfo_error *resolve_now(struct reader_file *file, struct lookups *lookups)
{
	struct crashinfo_error *error;

	if (!reader_units_read(file)) {
		for (size_t i = 0; i < lookups->count; i++)
			lookups->data[i].unhandled = true;
		return NULL;
	}
	error = assign_units(file, lookups);
	if (error || file->wants_more)
		return error;
	if (file->windowed)
		reader_window_read_lines(file, lookups);
	error = find_splits(file, lookups);
	if (!error && !resolve_all(file, lookups))
		error = crashinfo_error_no_memory();
	return error ? error : reader_scopes(file, lookups);
}

/* Whether a unit that is not there was needed; threads have files of their own. */
static bool wants_more(const struct reader_file *file)
{
	bool wants = file->wants_more;

	for (size_t i = 0; i < file->forks.size; i++)
		wants |= file->forks.data[i]->wants_more;
	return wants;
}

/* Back to before they were resolved. */
static void reset(struct lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++) {
		struct lookup *lookup = &lookups->data[i];

		lookup->frames.size = 0;
		lookup->unit = 0;
		lookup->unhandled = lookup->limited = lookup->damaged = lookup->resolved = false;
		lookup->split_missing = NULL;
	}
	lookups_sort(lookups);
}

/* Sections that could not be inflated look like those of a file without units. */
static void note_damage(const struct reader_file *file, struct lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++)
		lookups->data[i].damaged |= file->sections[READER_INFO].damaged;
}

struct crashinfo_error *reader_resolve(struct reader_file *file, struct lookups *lookups)
{
	struct crashinfo_error *error;

	if (file->inflated)
		reader_sections_widen(file);
	reader_sections_read(file, lookups);
	note_damage(file, lookups);
	error = resolve_now(file, lookups);
	if (error || !wants_more(file))
		return error;
	reader_sections_widen(file);
	for (size_t i = 0; i < file->forks.size; i++)
		file->forks.data[i]->wants_more = false;
	reset(lookups);
	return resolve_now(file, lookups);
}

/* --- where answers begin --- */

struct boundaries {
	boundary_fn *visit;
	void *user;
};

static bool visit_range(void *user, uint64_t start, uint64_t end)
{
	struct boundaries *boundaries = user;

	/* linkers give dropped code the address 0, or one of the highest two */
	if (!start || start >= UINT64_MAX - 1)
		return true;
	return boundaries->visit(boundaries->user, start) &&
	       boundaries->visit(boundaries->user, end);
}

static bool unit_lines(struct reader_file *file, struct reader_unit *unit,
		       struct boundaries *boundaries)
{
	struct reader_line_table *table;
	bool ok;

	if (!unit->has_line)
		return true;
	table = reader_line_open(file, unit, &file->arena);
	if (!table)
		return false;
	ok = reader_line_addresses(table, boundaries->visit, boundaries->user);
	reader_line_deinit(table);
	return ok;
}

/* The functions of the unit, if its tree is at hand. */
static bool unit_functions(struct reader_file *file, struct reader_unit *unit,
			   struct boundaries *boundaries)
{
	struct reader_file *tree_file;
	struct reader_unit *tree;
	bool ok;

	if (unit->is_skeleton) {
		struct crashinfo_error *error = reader_unit_split(file, unit);

		ok = !error;
		crashinfo_error_destroy(error);
		if (!ok)
			return false;
	}
	if (!reader_unit_tree(file, unit, &tree_file, &tree))
		return false;
	ok = reader_tree_functions(tree_file, tree, true, visit_range, boundaries);
	if (tree != unit)
		reader_unit_release(tree_file, tree);
	return ok;
}

static bool unit_boundaries(struct reader_file *file, struct reader_unit *unit,
			    struct boundaries *boundaries)
{
	bool ok;

	/* partial and type units have no code */
	if (unit->type != DW_UT_compile && unit->type != DW_UT_skeleton)
		return true;
	if (!reader_unit_root(file, unit))
		return false;
	ok = reader_extent_visit(file, unit, &unit->extent, visit_range, boundaries) &&
	     unit_functions(file, unit, boundaries) && unit_lines(file, unit, boundaries);
	reader_unit_release(file, unit);
	return ok;
}

bool reader_boundaries(struct reader_file *file, boundary_fn *visit, void *user)
{
	struct boundaries boundaries = {visit, user};

	reader_sections_read(file, NULL);
	reader_sections_widen(file);
	if (!reader_units_read(file))
		return false;
	for (size_t i = 0; i < file->units.size; i++)
		if (!unit_boundaries(file, &file->units.data[i], &boundaries))
			return false;
	return true;
}
