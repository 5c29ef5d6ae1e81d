/* SPDX-License-Identifier: Apache-2.0 */
#include "scrub/names.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* No name holds a line end as it stands in JSON: says that the names of an object are known. */
#define KNOWN "\n"

/* A name in use of an object in which one was changed. */
struct used_name {
	crashinfo_json_node object;
	const char *name;
	unsigned next; /* the number that another one of this name gets */
};

static int compare_used(const void *a, const void *b)
{
	const struct used_name *l = a, *r = b;

	if (l->object != r->object)
		return l->object < r->object ? -1 : 1;
	return strcmp(l->name, r->name);
}

/* The entry of a name, which may be there already: `*added` says. NULL when memory is out. */
static struct used_name *use(struct crashinfo_scrubber *s, crashinfo_json_node object,
			     const char *name, bool *added)
{
	struct used_name *entry = arena_alloc(&s->result->arena, sizeof(*entry));
	struct used_name *const *found;

	if (!entry)
		return NULL;
	*entry = (struct used_name){object, name, 2};
	found = tsearch(entry, &s->names, compare_used);
	if (!found)
		return NULL;
	*added = *found == entry;
	return *found;
}

static bool use_all(struct crashinfo_scrubber *s, crashinfo_json_node object)
{
	bool added;

	if (!use(s, object, KNOWN, &added))
		return false;
	if (!added)
		return true;
	for (crashinfo_json_node name = crashinfo_json_first(s->json, object);
	     name != CRASHINFO_JSON_NONE; name = crashinfo_json_next(s->json, object, name)) {
		struct crashinfo_slice raw = json_quoted(s->json, &s->json->nodes[name]);
		const char *copy = arena_memdup(&s->result->arena, raw.data, raw.size);

		if (!copy || !use(s, object, copy, &added))
			return false;
	}
	return true;
}

struct crashinfo_error *scrub_names_add(struct crashinfo_scrubber *s, crashinfo_json_node object,
					const struct strbuf *name, const char **ret)
{
	const char *base =
		arena_memdup(&s->result->arena, name->data ? name->data : "", name->size);
	struct used_name *entry;
	const char *unique = base;
	bool added;

	if (!base || !use_all(s, object))
		return crashinfo_error_no_memory();
	entry = use(s, object, base, &added);
	while (entry && !added) {
		_strbuf_ struct strbuf numbered = {0};

		strbuf_addf(&numbered, "%s %u", base, entry->next++);
		unique = numbered.failed
				 ? NULL
				 : arena_memdup(&s->result->arena, numbered.data, numbered.size);
		if (!unique || !use(s, object, unique, &added))
			return crashinfo_error_no_memory();
	}
	if (!entry)
		return crashinfo_error_no_memory();
	*ret = unique;
	return NULL;
}

static void keep(void *entry)
{
	(void)entry; /* it is the arena's */
}

void scrub_names_clear(struct crashinfo_scrubber *s)
{
	tdestroy(s->names, keep);
	s->names = NULL;
}
