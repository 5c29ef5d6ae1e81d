/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linkage names from the symbol table for functions that the debug information has none of: gcc
 * writes none for what belongs to an unnamed namespace. Their scopes are found without it, so a
 * symbol that does not fit takes nothing away.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "symbol/demangle.h"
#include "symbol/module.h"

/* Whether `text` up to `size` ends with `name`, in whatever scope. */
static bool ends_with(const char *text, size_t size, const char *name, size_t name_size)
{
	return name_size && size >= name_size &&
	       !memcmp(text + size - name_size, name, name_size) &&
	       (size == name_size || text[size - name_size - 1] == ':');
}

/* Where the template arguments that a name ends with begin; its end when there are none. */
static size_t without_arguments(const char *text, size_t size)
{
	size_t depth = 0;

	for (size_t i = size; i > 0; i--) {
		depth += text[i - 1] == '>';
		depth -= depth && text[i - 1] == '<';
		if (!depth)
			return i == size ? size : i - 1;
	}
	return size;
}

/* Whether a demangled name is of that function; compilers and demanglers spell arguments
 * differently. */
static bool fits(const char *readable, const char *name)
{
	size_t size = strlen(readable), name_size = strlen(name);

	return ends_with(readable, size, name, name_size) ||
	       ends_with(readable, without_arguments(readable, size), name,
			 without_arguments(name, name_size));
}

/* The C++ name in `symbol` without what compilers add for parts and copies (".cold", ".isra.0"). */
static const char *linkage_of(struct arena *arena, const char *symbol, const char *name, size_t max)
{
	struct strbuf readable _strbuf_ = {0};
	char *linkage = arena_memdup(arena, symbol, strcspn(symbol, "."));

	if (linkage && demangle(linkage, max, &readable) && fits(readable.data, name))
		return linkage;
	return NULL;
}

/* The outermost function of a lookup, if its linkage name is to be found. */
static struct lookup_frame *frame_of(const struct lookup *lookup)
{
	struct lookup_frame *last =
		lookup->frames.size ? &lookup->frames.data[lookup->frames.size - 1] : NULL;

	return last && last->lacks_linkage ? last : NULL;
}

static bool lacks_linkage(const struct lookup *lookup)
{
	return frame_of(lookup) != NULL;
}

static void set_linkage(struct arena *arena, size_t max, const struct lookup *start,
			struct lookup_frame *frame)
{
	const char *name = frame->name + frame->scope_size;

	/* a part of a function that lies elsewhere has a symbol of its own, but no start */
	if (!start->symbol ||
	    (frame->symbol_address && start->symbol_address != frame->symbol_address))
		return;
	/* extern "C" */
	if (!strcmp(start->symbol, name))
		frame->name = name;
	else
		frame->linkage_name = linkage_of(arena, start->symbol, name, max);
}

/* The starts of the functions, or where they are asked for when they have none; sorted. */
static struct lookups make_starts(const struct lookups *lacking)
{
	struct lookups starts = {calloc(lacking->count, sizeof(*starts.data)), 0};

	for (size_t i = 0; starts.data && i < lacking->count; i++) {
		const struct lookup *lookup = &lacking->data[i];
		uint64_t start = frame_of(lookup)->symbol_address;

		starts.data[starts.count++] =
			(struct lookup){.address = start ? start : lookup->address, .query = i};
	}
	lookups_sort(&starts);
	return starts;
}

struct crashinfo_error *symbol_module_linkage(struct symbol_module *module,
					      const struct crashinfo_limits *limits,
					      struct lookups *lookups)
{
	const struct elf_file *symbols = symbol_module_symbols(module);
	struct crashinfo_error *error;
	struct lookups lacking, starts;

	lookups_part(lookups, lacks_linkage, &lacking);
	if (!lacking.count || !symbols->elf)
		return NULL;
	starts = make_starts(&lacking);
	if (!starts.data)
		return crashinfo_error_no_memory();
	error = elf_symbols_resolve(symbols, &starts);
	for (size_t i = 0; i < starts.count && !error; i++)
		set_linkage(&module->reader->arena, limits->demangled_bytes, &starts.data[i],
			    frame_of(&lacking.data[starts.data[i].query]));
	free(starts.data);
	return error;
}
