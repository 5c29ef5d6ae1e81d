/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/suggest.h"

#include <stdbool.h>
#include <string.h>

#define SUGGEST_MAX 64

/* Costs, so that another case of a letter is nearer than another letter. */
#define COST_EDIT 4
#define COST_CASE 1

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static unsigned replace_cost(char a, char b)
{
	if (a == b)
		return 0;
	return is_letter(a) && (a | 0x20) == (b | 0x20) ? COST_CASE : COST_EDIT;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours from `a` to `b`. */
static unsigned edit_distance(struct crashinfo_slice a, struct crashinfo_slice b)
{
	unsigned rows[3][SUGGEST_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.size; j++)
		last[j] = (unsigned)j * COST_EDIT;
	for (size_t i = 1; i <= a.size; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i * COST_EDIT;
		for (size_t j = 1; j <= b.size; j++) {
			row[j] = least(last[j], row[j - 1]) + COST_EDIT;
			row[j] = least(row[j],
				       last[j - 1] + replace_cost(a.data[i - 1], b.data[j - 1]));
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
			    a.data[i - 2] == b.data[j - 1])
				row[j] = least(row[j], before[j - 2] + COST_EDIT);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b.size];
}

void suggestion_offer(struct suggestion *s, struct crashinfo_slice candidate)
{
	size_t longer = s->text.size > candidate.size ? s->text.size : candidate.size;
	unsigned distance, most;

	if (!s->text.size || !candidate.size || longer > SUGGEST_MAX)
		return;
	/* a third of the letters may be wrong */
	most = (unsigned)(longer / 3) * COST_EDIT;
	if (most < COST_EDIT)
		most = COST_CASE * (unsigned)longer;
	distance = edit_distance(s->text, candidate);
	if (distance > most || (s->best.data && distance >= s->distance))
		return;
	s->best = candidate;
	s->distance = distance;
}
