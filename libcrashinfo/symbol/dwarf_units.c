/* SPDX-License-Identifier: Apache-2.0 */
#include <dwarf.h>
#include <stdlib.h>

#include "symbol/lookup.h"

static struct crashinfo_error *add_range(struct dwarf_units *units, uint64_t start, uint64_t end,
					 Dwarf_Off die)
{
	struct dwarf_unit_range *range;

	/* linkers give dropped code the address 0, or one of the highest two */
	if (start >= end || !start || start >= UINT64_MAX - 1)
		return NULL;
	range = vec_push(&units->ranges);
	if (!range)
		return crashinfo_error_no_memory();
	*range = (struct dwarf_unit_range){start, end, die};
	return NULL;
}

/* The ranges of one entry, unit or function; `*any_ret` when it has some. */
static struct crashinfo_error *add_ranges(struct dwarf_units *units, Dwarf_Die *die, Dwarf_Off unit,
					  bool *any_ret)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;
	struct crashinfo_error *error = NULL;

	while (!error && (at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		error = add_range(units, start, end, unit);
		*any_ret = true;
	}
	units->damaged |= at < 0;
	return error;
}

struct function_ranges {
	struct dwarf_units *units;
	Dwarf_Off unit;
	bool any;
};

static struct crashinfo_error *visit_function(void *user, Dwarf_Die *die, int tag, size_t depth,
					      bool *descend)
{
	struct function_ranges *ranges = user;

	(void)depth;
	*descend = tag != DW_TAG_inlined_subroutine;
	if (tag != DW_TAG_subprogram)
		return NULL;
	return add_ranges(ranges->units, die, ranges->unit, &ranges->any);
}

static struct crashinfo_error *add_unit(struct dwarf_units *units, Dwarf_Die *unit)
{
	struct function_ranges functions = {.units = units, .unit = dwarf_dieoffset(unit)};
	bool any = false;
	struct crashinfo_error *error = add_ranges(units, unit, functions.unit, &any);

	if (error || any)
		return error;
	/* a producer that lists no ranges for the unit has them at its functions */
	return dwarf_walk(unit, visit_function, &functions, &units->damaged);
}

static int by_start(const void *a, const void *b)
{
	const struct dwarf_unit_range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	/* of two that begin together the shorter one is looked at first, from behind */
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	/* of equal ones the first in the file, as our reader does */
	return x->die > y->die ? -1 : x->die < y->die;
}

struct crashinfo_error *dwarf_units_read(Dwarf *dwarf, struct dwarf_units *units)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;
	struct crashinfo_error *error = NULL;
	int more;

	while (!error && !(more = dwarf_get_units(dwarf, cu, &cu, NULL, &type, &unit, NULL)))
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			error = add_unit(units, &unit);
	if (!error)
		units->damaged |= more < 0;
	if (units->ranges.size)
		qsort(units->ranges.data, units->ranges.size, sizeof(*units->ranges.data),
		      by_start);
	return error;
}

/* Ranges that begin before this many others are not looked at: units hardly ever overlap. */
#define OVERLAP_STEPS 64

const struct dwarf_unit_range *dwarf_units_find(const struct dwarf_units *units, uint64_t address)
{
	size_t low = 0, high = units->ranges.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (units->ranges.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i > 0 && low - i < OVERLAP_STEPS; i--)
		if (address < units->ranges.data[i - 1].end)
			return &units->ranges.data[i - 1];
	return NULL;
}
