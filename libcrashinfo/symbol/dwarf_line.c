/* SPDX-License-Identifier: Apache-2.0 */
/* The last row of the line table at or below an address, unless a sequence ended there. */
#include <dwarf.h>

#include "symbol/lookup.h"

static bool row_address(Dwarf_Lines *lines, size_t index, Dwarf_Addr *ret)
{
	Dwarf_Line *line = dwarf_onesrcline(lines, index);

	return line && !dwarf_lineaddr(line, ret);
}

/* libdw gives the rows sorted by address, ends of sequences before rows that begin there. */
static Dwarf_Line *row_at(Dwarf_Lines *lines, size_t count, uint64_t address)
{
	size_t low = 0, high = count;
	Dwarf_Line *line;
	Dwarf_Addr at;
	bool ended;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (!row_address(lines, middle, &at))
			return NULL;
		if (at <= address)
			low = middle + 1;
		else
			high = middle;
	}
	line = low ? dwarf_onesrcline(lines, low - 1) : NULL;
	if (!line || dwarf_lineendsequence(line, &ended) || ended)
		return NULL;
	return line;
}

void dwarf_line_at(Dwarf_Die *unit, uint64_t address, struct lookup_frame *frame)
{
	Dwarf_Attribute attribute;
	Dwarf_Lines *lines;
	Dwarf_Line *line;
	size_t count;
	int number;

	if (dwarf_getsrclines(unit, &lines, &count))
		return;
	line = row_at(lines, count, address);
	if (!line)
		return;
	if (!dwarf_lineno(line, &number) && number > 0)
		frame->line = (uint32_t)number;
	if (!dwarf_linecol(line, &number) && number > 0)
		frame->column = (uint32_t)number;
	frame->file = dwarf_linesrc(line, NULL, NULL);
	if (dwarf_attr(unit, DW_AT_comp_dir, &attribute))
		frame->comp_dir = dwarf_formstring(&attribute);
}
