/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: queries grouped by module, each module opened once, answers in the caller's order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "symbol/module.h"
#include "symbol/names.h"
#include "symbol/symbolizer.h"

struct crashinfo_symbolizer {
	struct crashinfo_context context;
	struct crashinfo_finder *finder;
	struct crashinfo_symbolizer_options options;
	struct arena arena; /* answers */
	struct names names; /* of them */
	size_t long_names;  /* bytes of long ones in answers up to now */
};

struct crashinfo_error *crashinfo_symbolizer_create(
	const struct crashinfo_context *context, struct crashinfo_finder *finder,
	const struct crashinfo_symbolizer_options *options, struct crashinfo_symbolizer **ret)
{
	struct crashinfo_symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (!symbolizer)
		return crashinfo_error_no_memory();
	symbolizer->context = context ? *context : crashinfo_context_default();
	symbolizer->finder = finder;
	if (options)
		symbolizer->options = *options;
	if (!symbolizer->options.jobs)
		symbolizer->options.jobs = online > 0 && online < 1024 ? (unsigned)online : 1;
	arena_init(&symbolizer->arena);
	symbolizer->names.arena = &symbolizer->arena;
	*ret = symbolizer;
	return NULL;
}

struct crashinfo_finder *symbolizer_finder(const struct crashinfo_symbolizer *symbolizer)
{
	return symbolizer->finder;
}

unsigned symbolizer_jobs(const struct crashinfo_symbolizer *symbolizer)
{
	return symbolizer->options.jobs;
}

void crashinfo_symbolizer_destroy(struct crashinfo_symbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	names_deinit(&symbolizer->names);
	arena_deinit(&symbolizer->arena);
	free(symbolizer);
}

/* A query, its place in the caller's array, and its module by the numbers of its names. */
struct planned {
	const struct crashinfo_symbol_query *query;
	size_t index;
	uint32_t file, build_id, path;
};

static bool same_module(const struct planned *a, const struct planned *b)
{
	return a->file == b->file && a->build_id == b->build_id && a->path == b->path;
}

static int by_module(const void *a, const void *b)
{
	const struct planned *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->build_id != y->build_id)
		return x->build_id < y->build_id ? -1 : 1;
	if (x->path != y->path)
		return x->path < y->path ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static bool set_number(struct names *names, const char *text, uint32_t *ret)
{
	const struct name *name = text ? names_add(names, text) : NULL;

	if (name)
		*ret = name->number;
	return !text || name;
}

static bool make_plan(struct names *names, const struct crashinfo_symbol_query *queries,
		      size_t count, struct planned *plan)
{
	bool ok = true, sorted = true;

	for (size_t i = 0; i < count && ok; i++) {
		plan[i] = (struct planned){.query = &queries[i], .index = i};
		ok = set_number(names, queries[i].file, &plan[i].file) &&
		     set_number(names, queries[i].build_id, &plan[i].build_id) &&
		     set_number(names, queries[i].path, &plan[i].path);
		sorted = sorted && (!i || by_module(&plan[i - 1], &plan[i]) < 0);
	}
	names_forget(names);
	if (!sorted && ok)
		qsort(plan, count, sizeof(*plan), by_module);
	return ok;
}

/* Names up to this size are not counted. */
#define NAME_BYTES 4096

/* Count what long names take, if that is not more than all of them may together; else all is taken.
 */
static bool count_long(struct crashinfo_symbolizer *symbolizer, size_t size)
{
	size_t max = symbolizer->context.limits.long_names_bytes;
	bool allowed = size <= max - symbolizer->long_names;

	symbolizer->long_names = allowed ? symbolizer->long_names + size : max;
	return allowed;
}

/* Bytes of a name that is long, else 0; no more than would be refused. */
static size_t long_size(const struct crashinfo_symbolizer *symbolizer, const char *text)
{
	size_t left = symbolizer->context.limits.long_names_bytes - symbolizer->long_names;
	size_t size = text ? strnlen(text, NAME_BYTES) : 0;

	return size < NAME_BYTES ? 0 : size + strnlen(text + size, left);
}

/* Bytes of long names in an answer. */
static size_t answer_long_size(const struct crashinfo_symbolizer *symbolizer,
			       const struct crashinfo_symbol_answer *answer)
{
	size_t size = 0;

	for (size_t i = 0; i < answer->frame_count; i++)
		size += long_size(symbolizer, answer->frames[i].function) +
			long_size(symbolizer, answer->frames[i].mangled_name) +
			long_size(symbolizer, answer->frames[i].file);
	return size;
}

/* A name into the answer, demangled when that is asked for and possible. */
static bool set_names(struct crashinfo_symbolizer *symbolizer, const char *text,
		      struct lookup *lookup, struct crashinfo_symbol_frame *frame)
{
	struct name *name;

	if (!text || !*text)
		return true;
	if (!count_long(symbolizer, long_size(symbolizer, text))) {
		lookup->limited = true;
		return true;
	}
	name = names_add(&symbolizer->names, text);
	if (!name)
		return false;
	frame->function = name->text;
	if (symbolizer->options.no_demangle)
		return true;
	if (!names_demangle(&symbolizer->names, name, symbolizer->context.limits.demangled_bytes))
		return false;
	if (name->readable && count_long(symbolizer, long_size(symbolizer, name->readable))) {
		frame->mangled_name = name->text;
		frame->function = name->readable;
	}
	return true;
}

static bool set_file(struct crashinfo_symbolizer *symbolizer, const struct lookup_frame *from,
		     struct lookup *lookup, struct crashinfo_symbol_frame *frame)
{
	struct strbuf path _strbuf_ = {0};
	struct name *name;

	if (!from->file)
		return true;
	if (!count_long(symbolizer, long_size(symbolizer, from->file)) ||
	    !count_long(symbolizer, long_size(symbolizer, from->comp_dir))) {
		lookup->limited = true;
		return true;
	}
	if (from->comp_dir)
		lookup_frame_path(from, &path);
	if (path.failed)
		return false;
	name = path.data ? names_add_copy(&symbolizer->names, path.data)
			 : names_add(&symbolizer->names, from->file);
	frame->file = name ? name->text : NULL;
	return name != NULL;
}

static bool set_frame(struct crashinfo_symbolizer *symbolizer, const struct lookup_frame *from,
		      struct lookup *lookup, struct crashinfo_symbol_frame *frame)
{
	const char *name = from->linkage_name ? from->linkage_name : from->name;

	frame->line = from->line;
	frame->column = from->column;
	frame->symbol_address = from->symbol_address;
	return set_names(symbolizer, name, lookup, frame) &&
	       set_file(symbolizer, from, lookup, frame);
}

/* The outermost function with the innermost line, for those who want no inlines. */
static void flatten(struct lookup *lookup)
{
	struct lookup_frame *first = lookup->frames.data;
	struct lookup_frame *last = first + lookup->frames.size - 1;

	first->linkage_name = last->linkage_name;
	first->name = last->name;
	lookup->frames.size = 1;
}

static enum crashinfo_symbol_status status_of(const struct symbol_module *module,
					      const struct lookup *lookup,
					      const struct crashinfo_symbol_answer *answer)
{
	const struct crashinfo_symbol_frame *frame = answer->frames;
	bool named = answer->frame_count && frame->function;

	if (lookup->limited)
		return CRASHINFO_SYMBOL_LIMIT_REACHED;
	if (lookup->split_missing)
		return named ? CRASHINFO_SYMBOL_RESOLVED_SPLIT_MISSING
			     : CRASHINFO_SYMBOL_SPLIT_MISSING;
	if (named && frame->file && frame->line)
		return CRASHINFO_SYMBOL_RESOLVED;
	if (symbol_module_lacks_memory(module, lookup))
		return named ? CRASHINFO_SYMBOL_RESOLVED_MEMORY_LIMIT
			     : CRASHINFO_SYMBOL_MEMORY_LIMIT;
	if (named)
		return lookup->unit ? CRASHINFO_SYMBOL_NO_LINE
				    : CRASHINFO_SYMBOL_RESOLVED_SYMBOL_ONLY;
	if (lookup->damaged || module->damaged)
		return CRASHINFO_SYMBOL_CORRUPT_DEBUG_INFO;
	if (module->altlink_missing)
		return CRASHINFO_SYMBOL_ALTLINK_MISSING;
	if (symbol_module_has_dwarf(module) || module->described)
		return CRASHINFO_SYMBOL_ADDRESS_OUTSIDE_UNITS;
	return module->refused == CRASHINFO_SYMBOL_RESOLVED ? CRASHINFO_SYMBOL_NO_DWARF
							    : module->refused;
}

/* Frames from DWARF, the outermost completed by the symbol table; or that alone. */
static bool set_frames(struct crashinfo_symbolizer *symbolizer, struct lookup *lookup,
		       struct crashinfo_symbol_answer *answer)
{
	size_t count = lookup->frames.size;
	struct crashinfo_symbol_frame *frames, *last;

	if (!count && !lookup->symbol)
		return true;
	frames = arena_calloc(&symbolizer->arena, count ? count : 1, sizeof(*frames));
	if (!frames)
		return false;
	for (size_t i = 0; i < count; i++) {
		frames[i].inlined = i + 1 < count;
		if (!set_frame(symbolizer, &lookup->frames.data[i], lookup, &frames[i]))
			return false;
	}
	last = &frames[count ? count - 1 : 0];
	if (!last->function && !set_names(symbolizer, lookup->symbol, lookup, last))
		return false;
	if (!last->symbol_address)
		last->symbol_address = lookup->symbol_address;
	answer->frames = frames;
	answer->frame_count = count ? count : 1;
	return true;
}

/* Once for all addresses that need the same file. */
static const struct crashinfo_symbol_split *publish(struct arena *arena,
						    struct split_missing *missing)
{
	struct crashinfo_symbol_split *split = arena_calloc(arena, 1, sizeof(*split));
	size_t count = missing->attempts.size;
	struct crashinfo_attempt *attempts = arena_calloc(arena, count, sizeof(*attempts));

	if (!split || !attempts)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct crashinfo_attempt *from = &missing->attempts.data[i];

		attempts[i].path = arena_strdup(arena, from->path ? from->path : "");
		attempts[i].outcome = from->outcome;
		if (!attempts[i].path)
			return NULL;
	}
	split->attempts = attempts;
	split->attempt_count = count;
	split->name = missing->name ? arena_strdup(arena, missing->name) : NULL;
	return missing->name && !split->name ? NULL : split;
}

static bool set_missing(struct crashinfo_symbolizer *symbolizer, struct lookup *lookup,
			struct crashinfo_symbol_answer *answer)
{
	struct split_missing *missing = lookup->split_missing;

	if (!missing)
		return true;
	if (!missing->published)
		missing->published = publish(&symbolizer->arena, missing);
	answer->split_missing = missing->published;
	return missing->published != NULL;
}

static struct crashinfo_error *make_answer(struct crashinfo_symbolizer *symbolizer,
					   const struct symbol_module *module,
					   struct lookup *lookup,
					   struct crashinfo_symbol_answer *answer)
{
	*answer = (struct crashinfo_symbol_answer){.trampoline = lookup->trampoline};
	if (symbolizer->options.no_inlines && lookup->frames.size > 1)
		flatten(lookup);
	if (!set_frames(symbolizer, lookup, answer) || !set_missing(symbolizer, lookup, answer))
		return crashinfo_error_no_memory();
	answer->cached = module->cache != NULL;
	answer->status = status_of(module, lookup, answer);
	if (symbol_module_lacks_memory(module, lookup))
		answer->needed_bytes = module->need.total;
	return NULL;
}

/* A query's address as it is looked up; crashes of one cause ask for the same again and again. */
struct asked {
	uint64_t address;
	size_t query;
	bool returns, trampoline;
};

static int by_address(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->trampoline - y->trampoline;
}

static int by_given(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->returns - y->returns;
}

static void sort_asked(struct asked *asked, size_t count, int (*order)(const void *, const void *))
{
	size_t i = 1;

	while (i < count && order(&asked[i - 1], &asked[i]) <= 0)
		i++;
	if (i < count)
		qsort(asked, count, sizeof(*asked), order);
}

/* Sorted by the address to look up; trampolines are looked for once for each address. */
static void make_asked(struct symbol_module *module, const struct planned *plan, size_t count,
		       struct asked *asked)
{
	uint64_t last = 0;
	bool trampoline = false;

	for (size_t i = 0; i < count; i++)
		asked[i] = (struct asked){.address = plan[i].query->address,
					  .query = plan[i].index,
					  .returns = plan[i].query->return_address};
	sort_asked(asked, count, by_given);
	for (size_t i = 0; i < count; i++) {
		if (!asked[i].returns)
			continue;
		if (asked[i].address != last)
			trampoline = symbol_module_is_trampoline(module, asked[i].address);
		last = asked[i].address;
		asked[i].trampoline = trampoline;
		if (!trampoline && last)
			asked[i].address--;
	}
	sort_asked(asked, count, by_address);
}

/* One lookup for each address; its query is the first in `asked`, which is sorted, for it. */
static struct lookups make_lookups(const struct asked *asked, size_t count)
{
	struct lookups lookups = {.data = calloc(count, sizeof(*lookups.data))};

	for (size_t i = 0; lookups.data && i < count; i++) {
		if (i && !by_address(&asked[i - 1], &asked[i]))
			continue;
		lookups.data[lookups.count++] = (struct lookup){
			.address = asked[i].address, .trampoline = asked[i].trampoline, .query = i};
	}
	return lookups;
}

/* The answer to a lookup, for all queries that asked for it. */
static struct crashinfo_error *answer_all(struct crashinfo_symbolizer *symbolizer,
					  const struct symbol_module *module, struct lookup *lookup,
					  const struct asked *asked, size_t count,
					  struct crashinfo_symbol_answer *answers)
{
	struct crashinfo_symbol_answer answer;
	struct crashinfo_error *error = make_answer(symbolizer, module, lookup, &answer);
	size_t size = error ? 0 : answer_long_size(symbolizer, &answer);

	for (size_t i = lookup->query;
	     !error && i < count && !by_address(&asked[lookup->query], &asked[i]); i++) {
		/* the names of the first have been counted */
		if (i > lookup->query && !count_long(symbolizer, size))
			answer = (struct crashinfo_symbol_answer){
				.status = CRASHINFO_SYMBOL_LIMIT_REACHED};
		answers[asked[i].query] = answer;
	}
	return error;
}

static struct crashinfo_error *resolve_open(struct crashinfo_symbolizer *symbolizer,
					    struct symbol_module *module,
					    const struct planned *plan, size_t count,
					    struct crashinfo_symbol_answer *answers)
{
	_free_ struct asked *asked = calloc(count, sizeof(*asked));
	struct crashinfo_error *error;
	struct lookups lookups;

	if (!asked)
		return crashinfo_error_no_memory();
	make_asked(module, plan, count, asked);
	lookups = make_lookups(asked, count);
	if (!lookups.data)
		return crashinfo_error_no_memory();
	error = symbol_module_resolve(module, &symbolizer->context.limits, &lookups);
	for (size_t i = 0; i < lookups.count; i++) {
		if (!error)
			error = answer_all(symbolizer, module, &lookups.data[i], asked, count,
					   answers);
		free(lookups.data[i].frames.data);
	}
	free(lookups.data);
	names_forget(&symbolizer->names);
	return error;
}

/* A cache that cannot be written costs time, not the answers. */
static void keep(struct crashinfo_symbolizer *symbolizer, struct symbol_module *module,
		 const char *build_id)
{
	struct crashinfo_error *error = symbol_module_cache(
		module, &symbolizer->context.limits, symbolizer->options.cache_dir, build_id);

	if (error)
		context_log(&symbolizer->context, CRASHINFO_LOG_WARNING, "cache: %s",
			    error->message);
	crashinfo_error_destroy(error);
}

static struct crashinfo_error *resolve_files(struct crashinfo_symbolizer *symbolizer,
					     const struct planned *plan, size_t count,
					     const char *build_id,
					     struct crashinfo_symbol_answer *answers)
{
	struct symbol_module module;
	struct crashinfo_error *error;

	error = symbol_module_open(&symbolizer->context, symbolizer->finder, &symbolizer->options,
				   plan->query, &module);
	if (error)
		return error;
	if (module.missing == CRASHINFO_SYMBOL_RESOLVED)
		error = resolve_open(symbolizer, &module, plan, count, answers);
	else
		for (size_t i = 0; i < count; i++)
			answers[plan[i].index] =
				(struct crashinfo_symbol_answer){.status = module.missing};
	if (!error && symbolizer->options.cache_dir && build_id)
		keep(symbolizer, &module, build_id);
	symbol_module_close(&module);
	return error;
}

/* False when the cache does not know the module, or turns out to be damaged. */
static bool resolve_cached(struct crashinfo_symbolizer *symbolizer, const struct planned *plan,
			   size_t count, const char *build_id,
			   struct crashinfo_symbol_answer *answers,
			   struct crashinfo_error **error_ret)
{
	struct symbol_module module;
	bool good;

	if (!symbolizer->options.cache_dir || !build_id ||
	    !symbol_module_open_cache(symbolizer->options.cache_dir, build_id, &module))
		return false;
	*error_ret = resolve_open(symbolizer, &module, plan, count, answers);
	good = *error_ret || !cache_is_damaged(module.cache);
	symbol_module_close(&module);
	return good;
}

static struct crashinfo_error *resolve_module(struct crashinfo_symbolizer *symbolizer,
					      const struct planned *plan, size_t count,
					      struct crashinfo_symbol_answer *answers)
{
	const char *build_id = plan->query->build_id;
	struct crashinfo_error *error = NULL;
	char id[ELF_BUILD_ID_HEX];

	if (symbolizer->options.cache_dir && plan->query->file &&
	    symbol_module_file_id(&symbolizer->context, plan->query->file, id))
		build_id = id;
	if (resolve_cached(symbolizer, plan, count, build_id, answers, &error))
		return error;
	return resolve_files(symbolizer, plan, count, build_id, answers);
}

struct crashinfo_error *crashinfo_symbolizer_resolve(struct crashinfo_symbolizer *symbolizer,
						     const struct crashinfo_symbol_query *queries,
						     size_t count,
						     struct crashinfo_symbol_answer *answers)
{
	_free_ struct planned *plan = calloc(count ? count : 1, sizeof(*plan));
	struct crashinfo_error *error = NULL;
	size_t i = 0;

	if (!plan)
		return crashinfo_error_no_memory();
	if (!make_plan(&symbolizer->names, queries, count, plan))
		return crashinfo_error_no_memory();
	while (i < count && !error) {
		size_t first = i;

		while (i < count && same_module(&plan[first], &plan[i]))
			i++;
		error = resolve_module(symbolizer, plan + first, i - first, answers);
	}
	return error;
}
