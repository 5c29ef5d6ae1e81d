/* SPDX-License-Identifier: Apache-2.0 */
/* All addresses of one module through libdw: grouped by unit, each unit touched once. */
#include <stdlib.h>

#include "symbol/lookup.h"

static int by_unit(const void *a, const void *b)
{
	const struct lookup *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

/* Functions of different units may lie mixed (.text.hot), so the lookups are sorted anew. */
static void assign_units(const struct dwarf_units *units, struct lookups *lookups)
{
	for (size_t i = 0; i < lookups->count; i++) {
		struct lookup *lookup = &lookups->data[i];
		const struct dwarf_unit_range *unit = dwarf_units_find(units, lookup->address);

		lookup->unit = unit ? unit->die : 0;
		lookup->damaged = !unit && units->damaged;
	}
	lookups_sort_by(lookups, by_unit);
}

static struct crashinfo_error *resolve_run(Dwarf *dwarf, const struct crashinfo_limits *limits,
					   struct lookups *run)
{
	Dwarf_Die unit;

	if (dwarf_offdie(dwarf, run->data->unit, &unit))
		return dwarf_unit_resolve(&unit, limits, run);
	for (size_t i = 0; i < run->count; i++)
		run->data[i].damaged = true;
	return NULL;
}

struct crashinfo_error *dwarf_resolve(Dwarf *dwarf, const struct crashinfo_limits *limits,
				      struct lookups *lookups)
{
	struct dwarf_units units = {0};
	struct crashinfo_error *error = dwarf_units_read(dwarf, &units);
	size_t i = 0;

	assign_units(&units, lookups);
	free(units.ranges.data);
	while (i < lookups->count && !error) {
		struct lookups run = {.data = &lookups->data[i]};

		while (i < lookups->count && lookups->data[i].unit == run.data->unit) {
			run.count++;
			i++;
		}
		if (run.data->unit)
			error = resolve_run(dwarf, limits, &run);
	}
	return error;
}
